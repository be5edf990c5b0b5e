"""`kubeboot version`."""

import click

from kubeboot import __version__


@click.command()
def version() -> None:
    """Print kubeboot's version and the Kubernetes versions it knows."""
    from kubeboot.inventory.versions import KUBERNETES_MINOR, NEWEST_KUBERNETES

    click.echo(f"kubeboot {__version__}")
    click.echo(f"Kubernetes {KUBERNETES_MINOR}.0 to {NEWEST_KUBERNETES}")
