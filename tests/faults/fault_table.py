"""docs/faults.md: one row per point, written when its point has ended."""

from __future__ import annotations

import fcntl
import re
import time
from dataclasses import astuple, dataclass
from pathlib import Path

from lab_hosts import Ended

TELLING = (r"FAILED \S+: .*", r"kubeboot: .*\[[a-z-]+\]", r".*(connection lost|has rebooted|goes on by itself).*")
MOST = 150
HEAD = """# What faults do

Each row is a fault at one moment of `kubeboot init` on hosts of the lab: the first run meets it, the same command is
run again, and once more. Written by `make test-faults`, a row when its point has ended; last on {date}: kubeboot
{version}, Kubernetes 1.29.15, Debian 12 (hosts of [the lab](../lab/README.md)). The points are data in
tests/faults/fault_points.py.

* kubeboot-killed: `kill -9` of kubeboot; exit -9 is the signal's. session-killed: of the host's sshd processes.
* unit-killed: `kill -9` of everything in the phase's unit on the host. power-cut: off and on again at once.
* link-3s, link-30s: the host's cable is out so long. link-gone: until the run has given up ({patience} s here).
* disk-lost: the host comes back with an empty disk, its Node or etcd member still in the cluster; the first run ends
  with exit 1, as the next step finds no kubeadm.
* kubeadm-init-X, kubeadm-join-X, kubeadm-join-plane-X: kubeadm's own phase X of init, of a worker's join, of a control
  plane's join.

Good is: the first run ends with the exit code that it owes (0 where the fault ended by itself), the second converges
with exit 0, the third changes nothing. {count} points, {good} good.

| point | first run: exit, s | what the user sees | second: exit, changed, s | third: changed | |
|---|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Row:
    """One point's outcome, as text."""

    point: str
    first: str
    seen: str
    second: str
    third: str
    verdict: str

    @property
    def is_good(self) -> bool:
        return self.verdict == "good"


def telling_line(run: Ended) -> str:
    """What a user would remember of a run's output: the failure, else what it went through, else its last line."""
    lines = run.text.replace("\r", "\n").splitlines()
    for pattern in TELLING:
        for line in lines:
            if found := re.search(pattern, line):
                return _plain(found[0])
    return _plain(next((line for line in reversed(lines) if line.strip()), ""))


def _plain(line: str) -> str:
    """Without the stamp at its beginning, and fit for a table's cell."""
    line = re.sub(r"^(\d{4}-\S+Z|\d+:[\d:.]+|\d+\.\d+s)\s+", "", line.strip())
    line = re.sub(r"\s+", " ", line).replace("|", "/")
    return line if len(line) <= MOST else line[: MOST - 3] + "..."


def rows_of(path: Path) -> dict[str, Row]:
    """Rows that are there already, by point."""
    if not path.exists():
        return {}
    lines = [line for line in path.read_text().splitlines() if line.startswith("| ") and not line.startswith("| point")]
    cells = ([cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines)
    return {row[0]: Row(*row) for row in cells if len(row) == 6}


def put(path: Path, row: Row, version: str, patience_s: int) -> None:
    """Add or replace the point's row; sessions side by side wait for each other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with Path(f"/var/tmp/kubeboot-faults-{path.parent.stat().st_ino}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        rows = {**rows_of(path), row.point: row}
        good = sum(each.is_good for each in rows.values())
        date = time.strftime("%Y-%m-%d")
        text = HEAD.format(date=date, version=version, patience=patience_s, count=len(rows), good=good)
        text += "".join(f"| {' | '.join(astuple(rows[name]))} |\n" for name in sorted(rows))
        new = path.with_suffix(".new")
        new.write_text(text)
        new.replace(path)
