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
@click.argument("command", default="init", metavar="[COMMAND]")
def phases(command: str) -> None:
    """List what a command does: phases, steps and their risk.

    COMMAND is init (the default; plan does the same, looking only) or verify. --phases and --skip take these names.
    """
    from kubeboot.workflows import WORKFLOWS

    if command not in WORKFLOWS:
        raise click.UsageError(f"COMMAND is one of {', '.join(WORKFLOWS)}.", click.get_current_context())
    for line in phase_lines(command, min(MOST_WIDTH, shutil.get_terminal_size().columns)):
        click.echo(line)


def phase_lines(command: str, width: int) -> Iterator[str]:
    """The command's phases in their order; each step's name, what it does, and its risk if it has one."""
    from kubeboot.report.words import wrap
    from kubeboot.workflows import WORKFLOWS

    workflow = WORKFLOWS[command]
    steps = [step for phase in workflow for step in phase.steps]
    column = max(len(step.name) for step in steps)
    for phase in workflow:
        yield f"{phase.name}: {phase.title}"
        for step in phase.steps:
            risk = "" if step.risk == "safe" else f" [{step.risk}]"
            yield from wrap(f"{step.title.rstrip('.')}{risk}", width, f"  {step.name:<{column}}  ")
        yield ""
    for risk in sorted({step.risk for step in steps} - {"safe"}):
        yield f"[{risk}] {RISKS[risk]}"
