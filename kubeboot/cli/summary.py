"""What a run came to, in a few lines; the last one always says how much changed."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from kubeboot.engine.runner import Outcome
from kubeboot.engine.script import Mode
from kubeboot.errors import Blocked
from kubeboot.model import Cluster
from kubeboot.report.words import counted, drift_word, host_list, seconds, table, wrap

KEY_WIDTH = 12
MOST_NODES = 20
SHOWN_FROM_MS = 100
COLUMNS = ("NODE", "ROLE", "VERSION", "ADDRESS", "RUNTIME")


def summary_lines(
    mode: Mode,
    cluster: Cluster,
    outcome: Outcome,
    kubeconfig: Path | None,
    elapsed_s: float,
    width: int,
    command: str = "",
) -> Iterator[tuple[str, str]]:
    """(line, style): nodes, versions, addresses, time per phase, the kubeconfig, what to type next, and the tally."""
    if mode == "apply" and not outcome.errors:
        yield "", ""
        yield from _nodes(cluster, outcome)
        yield "", ""
        yield from _pair("time", _times(outcome), width)
        if kubeconfig:
            path = shlex.quote(_short(kubeconfig))
            yield from _pair("API", f"https://{cluster.endpoint}", width)
            yield from _pair("kubeconfig", path, width)
            yield from _pair("next", f"kubectl --kubeconfig {path} get nodes -o wide", 0)
    yield _tally(mode, command, outcome, elapsed_s), "bold"


def _nodes(cluster: Cluster, outcome: Outcome) -> Iterator[tuple[str, str]]:
    roles = {host.name: host.node_role for host in cluster.hosts}
    rows = []
    for line in filter(str.strip, outcome.outputs.get("nodes", "").splitlines()):
        name, *rest = line.split()
        rows.append((name, roles.get(name, "not in the inventory"), *rest))
    for row in table((COLUMNS, *(_folded(rows, list(roles)) if len(rows) > MOST_NODES else rows))):
        yield row, "dim" if row.startswith(COLUMNS[0]) else ""


def _folded(rows: Sequence[tuple[str, ...]], order: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Nodes that differ only in name and address share a row."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, role, version, _, *rest in rows:
        groups.setdefault((role, version, *rest), []).append(name)
    for (role, version, *rest), names in groups.items():
        yield host_list(names, order), role, version, "", *rest


def _times(outcome: Outcome) -> str:
    """From the first host's start of a phase to the last one's end; phases of different hosts overlap."""
    times = [f"{phase} {seconds(ms)}" for phase, ms in outcome.phases_ms.items() if ms >= SHOWN_FROM_MS]
    return ", ".join(times)


def _pair(key: str, value: str, width: int) -> Iterator[tuple[str, str]]:
    if value:
        yield from ((line, "") for line in wrap(value, width, f"{key:<{KEY_WIDTH}}"))


def _short(path: Path) -> str:
    """Relative to where the user is, when it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _tally(mode: Mode, command: str, outcome: Outcome, elapsed_s: float) -> str:
    tally = outcome.tally
    blocked = sum(isinstance(error, Blocked) for error in outcome.errors)
    failed = len(outcome.errors) - blocked
    parts = [
        f"{tally.drifted} {drift_word(command)}" if mode == "plan" else f"{tally.changed} changed",
        f"{tally.unchanged} in place",
        f"{counted(failed, 'host')} failed" if failed else "",
        f"{blocked} blocked" if blocked else "",
        seconds(int(elapsed_s * 1000)),
    ]
    return ", ".join(part for part in parts if part)
