"""`make bench`: measure, print ratios, and say under which conditions."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.ground import ROOT, Use, hosts, in_lab, measure

PYTHON = str(ROOT / ".venv" / "bin" / "python")
KUBEBOOT = str(ROOT / ".venv" / "bin" / "kubeboot")
Row = tuple[str, str, str]
TURNS = 7


def bench_help() -> Iterator[Row]:
    """How long a user waits for help."""
    for _ in range(3):
        measure([KUBEBOOT, "--help"])
    help_s = statistics.median(measure([KUBEBOOT, "--help"]).wall_s for _ in range(15))
    pass_s = statistics.median(measure([PYTHON, "-c", "pass"]).wall_s for _ in range(15))
    yield (
        "kubeboot --help",
        f"{help_s * 1000:.0f} ms",
        f"{help_s / pass_s:.1f} x python -c pass (at most 5, and 150 ms)",
    )


def bench_prepare() -> Iterator[Row]:
    """Ten hosts at 20 ms: kubeboot against the same scripts over plain OpenSSH, first and second run of each."""
    with hosts(10, delay_ms=20) as inventory:
        plain = _plain(inventory, "plain")
    with hosts(10, delay_ms=20) as inventory:
        first = _prepare(inventory, "first")
        # By turns and the median of each, so that what else the machine does hits both alike.
        turns = [(_prepare(inventory, f"a{turn}"), _plain(inventory, f"b{turn}")) for turn in range(TURNS)]
    again, plain_again = (statistics.median(each[side].wall_s for each in turns) for side in (0, 1))
    for which, ours, theirs in (("first", first.wall_s, plain.wall_s), ("second", again, plain_again)):
        ratio = f"{ours / theirs:.2f} x plain OpenSSH ({theirs:.1f} s; at most 1.25)"
        yield f"prepare 10 hosts at 20 ms, {which} run", f"{ours:.1f} s", ratio
    yield (
        "controller, first run",
        f"{first.cpu_s * 1000 / 30:.0f} ms",
        "CPU per host and phase, facts included (at most 50)",
    )
    yield "controller, memory", f"{first.memory_mb} MB", "with 10 hosts (at most 150)"


def _prepare(inventory: Path, run_id: str) -> Use:
    return _checked(measure(in_lab(PYTHON, "-m", "bench.prepare", str(inventory), "--run-id", run_id)))


def _plain(inventory: Path, run_id: str) -> Use:
    """One ssh per host, all at once, each with the host's scripts on stdin."""
    folder = inventory.parent / "scripts"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    _checked(
        measure(in_lab(PYTHON, "-m", "bench.prepare", str(inventory), "--scripts", str(folder), "--run-id", run_id))
    )
    from kubeboot.inventory.load import load_inventory

    options = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
    lines = [
        f"ssh {options} -i {host.ssh.identity_file} root@{host.address} bash -s <{folder / host.name} &"
        for host in load_inventory(inventory)[0].hosts
    ]
    used = measure(in_lab("bash", "-c", "\n".join([*lines, "wait"])))
    if used.output.count("\tE\tdone") != 20:
        sys.exit(f"bench: plain OpenSSH did not come to its end:\n{used.output}")
    return used


def bench_init() -> Iterator[Row]:
    """Three bare hosts to everything Ready, and again; and the same commands by hand."""
    with hosts(3) as inventory:
        by_hand = _checked(measure(in_lab(PYTHON, "-m", "bench.by_hand", str(inventory))))
    with hosts(3) as inventory:
        command = in_lab(KUBEBOOT, "init", "-i", str(inventory))
        first, second = _checked(measure(command)), _checked(measure(command))
    ratio = first.wall_s / by_hand.wall_s
    yield (
        "init of 3 bare hosts",
        f"{first.wall_s:.1f} s",
        f"{ratio:.2f} x the same commands by hand ({by_hand.wall_s:.1f} s; at most 1.15)",
    )
    yield "init again", f"{second.wall_s:.1f} s", f"{second.output.strip().splitlines()[-1]} (at most 3 s)"


def bench_plan() -> Iterator[Row]:
    """Ten prepared hosts at 20 ms: a plan of what init would do against a second run of it."""
    with hosts(10, delay_ms=20) as inventory:
        selected = ("-i", str(inventory), "--phases", "host-prep,packages")
        _checked(measure(in_lab(KUBEBOOT, "init", *selected)))
        turns = [
            tuple(_checked(measure(in_lab(KUBEBOOT, command, *selected))).wall_s for command in ("plan", "init"))
            for _ in range(TURNS)
        ]
    plan_s, again_s = (statistics.median(each) for each in zip(*turns, strict=True))
    ratio = f"{plan_s / again_s:.2f} x a second run of init ({again_s:.1f} s; at most 1.1)"
    yield "plan of 10 hosts at 20 ms, two phases", f"{plan_s:.1f} s", ratio


def _checked(used: Use) -> Use:
    if used.exit_code:
        sys.exit(f"bench: failed ({used.exit_code}):\n{used.output[-3000:]}")
    return used


BENCHES: dict[str, Callable[[], Iterator[Row]]] = {
    "help": bench_help,
    "init": bench_init,
    "plan": bench_plan,
    "prepare": bench_prepare,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHES], help="default: all")
    names = parser.parse_args().names or list(BENCHES)
    load = os.getloadavg()[0]
    print(f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}, load before {load:.1f}")
    for name in names:
        for what, value, ratio in BENCHES[name]():
            print(f"| {what} | {value} | {ratio} |", flush=True)


if __name__ == "__main__":
    main()
