"""What a run came to, in a few lines."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from kubeboot.engine.runner import Outcome
from kubeboot.engine.script import Mode
from kubeboot.model import Cluster


def print_summary(
    console: Console, mode: Mode, cluster: Cluster, outcome: Outcome, kubeconfig: Path | None, elapsed_s: float
) -> None:
    """Nodes, versions, addresses, time per phase, where the kubeconfig is, what to type next."""
    if mode == "apply" and not outcome.errors:
        _print_nodes(console, cluster, outcome)
        _print_times(console, outcome)
    if kubeconfig and not outcome.errors:
        console.print(f"API         https://{cluster.endpoint}")
        console.print(f"kubeconfig  {kubeconfig}", markup=False)
        console.print(f"next        kubectl --kubeconfig {kubeconfig} get nodes -o wide", markup=False)
    tally = outcome.tally
    word = f"{tally.drifted} would change" if mode == "plan" else f"{tally.changed} changed"
    state = f", {len(outcome.errors)} failed" if outcome.errors else ""
    console.print(f"{word}, {tally.unchanged} in place{state}, {elapsed_s:.1f} s", style="bold")


def _print_nodes(console: Console, cluster: Cluster, outcome: Outcome) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("NODE", "ROLE", "VERSION", "ADDRESS", "RUNTIME"):
        table.add_column(column, no_wrap=True)
    roles = {host.name: "control-plane" if host.is_control_plane else "worker" for host in cluster.hosts}
    for line in outcome.outputs.get("nodes", "").splitlines():
        name, *rest = line.split()
        table.add_row(name, roles.get(name, "not in the inventory"), *rest)
    console.print()
    console.print(table)


def _print_times(console: Console, outcome: Outcome) -> None:
    """From the first host's start of a phase to the last one's end; phases of different hosts overlap."""
    times = (f"{phase} {ms / 1000:.1f}" for phase, ms in outcome.phases_ms.items() if ms >= 100)
    console.print(f"seconds     {', '.join(times)}", style="dim")
