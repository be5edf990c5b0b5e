"""`kubeboot phases`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import click

MOST_WIDTH = 100
RISKS = {
    "safe": "",
    "disruptive": "can interrupt what runs on the host",
    "destructive": "removes something that cannot be brought back",
}


@click.command()
def phases() -> None:
    """List what init does: phases, steps and their risk."""
    for line in phase_lines(min(MOST_WIDTH, shutil.get_terminal_size().columns)):
        click.echo(line)


def phase_lines(width: int) -> Iterator[str]:
    """The phases of init in their order; each step's name, what it does, and its risk if it has one."""
    from kubeboot.report.words import wrap
    from kubeboot.workflows import INIT

    steps = [step for phase in INIT for step in phase.steps]
    column = max(len(step.name) for step in steps)
    for phase in INIT:
        yield f"{phase.name}: {phase.title}"
        for step in phase.steps:
            risk = "" if step.risk == "safe" else f" [{step.risk}]"
            yield from wrap(f"{step.title.rstrip('.')}{risk}", width, f"  {step.name:<{column}}  ")
        yield ""
    for risk in sorted({step.risk for step in steps} - {"safe"}):
        yield f"[{risk}] {RISKS[risk]}"
