"""`kubeboot phases`."""

import click


@click.command()
def phases() -> None:
    """List what init does: phases, steps and their risk."""
    from kubeboot.workflows import INIT

    for phase in INIT:
        click.echo(f"{phase.name}: {phase.title}")
        for step in phase.steps:
            risk = "" if step.risk == "safe" else f" [{step.risk}]"
            click.echo(f"  {step.name:<30} {step.title}{risk}")
