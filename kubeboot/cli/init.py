"""`kubeboot init` and `kubeboot plan`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from kubeboot.cli.inventory import inventory_option


def run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that every command with hosts has."""
    for option in (
        inventory_option,
        click.option(
            "--ignore-preflight-errors",
            "ignored",
            default="",
            metavar="NAMES",
            help="Findings to waive, by name, separated by commas.",
        ),
        click.option("--parallel", default=20, show_default=True, type=click.IntRange(1, 500), help="Hosts at a time."),
        click.option("-v", "--verbose", is_flag=True, help="Show every resource and its output."),
        click.option("-q", "--quiet", is_flag=True, help="Show only the summary."),
    ):
        command = option(command)
    return command


@click.command()
@run_options
@click.option("--dry-run", is_flag=True, help="The same as `kubeboot plan`.")
def init(path: str, ignored: str, parallel: int, verbose: bool, quiet: bool, dry_run: bool) -> int:
    """Make the cluster of an inventory.

    Looks at every host, changes only what differs, and checks again. Run it again after it stopped anywhere.
    """
    from kubeboot.cli.run import Options, run_workflow
    from kubeboot.workflows import INIT

    return run_workflow(
        INIT,
        Options("init", "plan" if dry_run else "apply", path, _names(ignored), parallel, _verbosity(verbose, quiet)),
    )


@click.command()
@run_options
def plan(path: str, ignored: str, parallel: int, verbose: bool, quiet: bool) -> int:
    """Show what init would do, and change nothing.

    Exit code 0: nothing to do. 5: changes are pending.
    """
    from kubeboot.cli.run import Options, run_workflow
    from kubeboot.workflows import INIT

    return run_workflow(INIT, Options("plan", "plan", path, _names(ignored), parallel, _verbosity(verbose, quiet)))


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",") if name.strip())


def _verbosity(verbose: bool, quiet: bool) -> int:
    return 1 if verbose else -1 if quiet else 0
