"""`kubeboot init` and `kubeboot plan`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from kubeboot.cli.completing import complete_files, complete_preflight
from kubeboot.cli.inventory import inventory_option, parallel_option

WAIT_S = 3600


def run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that every command with hosts has, in the order of its help."""
    options = (
        inventory_option,
        click.option(
            "--ignore-preflight-errors",
            "ignored",
            default="",
            metavar="NAMES",
            help="Preflight findings to waive, by name, separated by commas.",
            shell_complete=complete_preflight,
        ),
        parallel_option,
        click.option(
            "-K", "--ask-sudo-password", "is_sudo_asked", is_flag=True, help="Ask for the sudo password first."
        ),
        click.option(
            "--sudo-password-file",
            "sudo_file",
            default="",
            metavar="FILE",
            help="Take the sudo password from the first line of FILE.",
            shell_complete=complete_files,
        ),
        click.option("-v", "--verbose", is_flag=True, help="Show everything that is looked at, with its output."),
        click.option("-q", "--quiet", is_flag=True, help="Show only the summary, and errors."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@click.option(
    "--wait",
    "wait_s",
    is_flag=False,
    flag_value=WAIT_S,
    default=0,
    metavar="[SECONDS]",
    type=click.IntRange(0, 86400),
    help=f"When another run is at work, wait for its end (at most {WAIT_S} s when no number is given).",
)
@click.option("--dry-run", is_flag=True, help="Change nothing, show what would be done: `kubeboot plan`.")
@run_options
def init(dry_run: bool, **options: Any) -> int:
    """Make the cluster of an inventory.

    Looks at every host, changes only what differs, and checks again. Run it again after it stopped, for whatever
    reason: it goes on. Run it on a finished cluster: it says 0 changed.
    """
    return _run("init", "plan" if dry_run else "apply", **options)


@click.command()
@run_options
def plan(**options: Any) -> int:
    """Show what init would do, and change nothing.

    Exit code 0: nothing to do. 5: changes are pending.
    """
    return _run("plan", "plan", **options)


def _run(
    command: str, mode: Any, *, path: str, ignored: str, verbose: bool, quiet: bool, sudo_file: str, **others: Any
) -> int:
    if verbose and quiet:
        raise click.UsageError("--verbose and --quiet exclude each other.", click.get_current_context())
    if sudo_file and others["is_sudo_asked"]:
        message = "--ask-sudo-password and --sudo-password-file exclude each other."
        raise click.UsageError(message, click.get_current_context())
    from kubeboot.cli.run import Options, run_workflow
    from kubeboot.cli.waivers import waived_names
    from kubeboot.workflows import INIT

    verbosity = 1 if verbose else -1 if quiet else 0
    names = waived_names(ignored)
    return run_workflow(INIT, Options(command, mode, path, names, verbosity, sudo_file=sudo_file, **others))
