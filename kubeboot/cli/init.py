"""The commands that run a workflow: `init`, `plan`, `apply` and `verify`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from kubeboot.cli.completing import complete_files, complete_hosts, complete_phases, complete_preflight
from kubeboot.cli.inventory import inventory_option, parallel_option

WAIT_S = 3600
Decorated = Callable[..., Any]


def _options(*options: Callable[[Decorated], Decorated]) -> Callable[[Decorated], Decorated]:
    """Several options as one decorator, in the order of the help."""

    def decorate(command: Decorated) -> Decorated:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


hosts_option = click.option(
    "--hosts",
    default="",
    metavar="NAMES",
    help="Only these hosts: names or patterns, separated by commas.",
    shell_complete=complete_hosts,
)
selection_options = _options(
    hosts_option,
    click.option(
        "--phases",
        default="",
        metavar="NAMES",
        help="Only these phases; `kubeboot phases` lists them.",
        shell_complete=complete_phases,
    ),
    click.option("--skip", default="", metavar="NAMES", help="Not these phases.", shell_complete=complete_phases),
)
waiver_option = click.option(
    "--ignore-preflight-errors",
    "ignored",
    default="",
    metavar="NAMES",
    help="Preflight findings to waive, by name, separated by commas.",
    shell_complete=complete_preflight,
)


def _one_sudo_password(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """The two options that give one exclude each other, whichever comes first."""
    (other,) = {"is_sudo_asked", "sudo_file"} - {parameter.name}
    if value and context.params.get(other):
        raise click.UsageError("--ask-sudo-password and --sudo-password-file exclude each other.", context)
    return value


access_options = _options(
    parallel_option,
    click.option(
        "-K",
        "--ask-sudo-password",
        "is_sudo_asked",
        is_flag=True,
        callback=_one_sudo_password,
        help="Ask for the sudo password first.",
    ),
    click.option(
        "--sudo-password-file",
        "sudo_file",
        default="",
        callback=_one_sudo_password,
        metavar="FILE",
        help="Take the sudo password from the first line of FILE.",
        shell_complete=complete_files,
    ),
)
verbosity_options = _options(
    click.option("-v", "--verbose", is_flag=True, help="Show everything that is looked at, with its output."),
    click.option("-q", "--quiet", is_flag=True, help="Show only the summary, and errors."),
)
wait_option = click.option(
    "--wait",
    "wait_s",
    is_flag=False,
    flag_value=WAIT_S,
    default=0,
    metavar="[SECONDS]",
    type=click.IntRange(0, 86400),
    help=f"When another run is at work, wait for its end (at most {WAIT_S} s when no number is given).",
)
json_option = click.option(
    "--json", "is_json", is_flag=True, help="Print the result as JSON, and everything else to stderr."
)


@click.command()
@wait_option
@click.option("--dry-run", is_flag=True, help="Change nothing, show what would be done: `kubeboot plan`.")
@inventory_option
@selection_options
@waiver_option
@access_options
@verbosity_options
def init(dry_run: bool, **options: Any) -> int:
    """Make the cluster of an inventory.

    Looks at every host, changes only what differs, and checks again. Run it again after it stopped, for whatever
    reason: it goes on. Run it on a finished cluster: it says 0 changed.
    """
    if dry_run and options.pop("wait_s"):
        raise click.UsageError("--dry-run never waits for other runs.", click.get_current_context())
    return _run_init("plan" if dry_run else "init", "plan" if dry_run else "apply", **options)


@click.command()
@click.option(
    "--out",
    default="",
    metavar="FILE",
    help="Save the plan; `kubeboot apply FILE` does exactly that.",
    shell_complete=complete_files,
)
@json_option
@inventory_option
@selection_options
@waiver_option
@access_options
@verbosity_options
def plan(**options: Any) -> int:
    """Show what init would do, and change nothing.

    Exit code 0: nothing to do. 5: changes are pending.
    """
    return _run_init("plan", "plan", **options)


@click.command()
@click.argument("path", metavar="FILE", shell_complete=complete_files)
@wait_option
@access_options
@verbosity_options
def apply(path: str, **options: Any) -> int:
    """Do exactly what a saved plan says.

    Looks at the hosts again first, and refuses (exit code 7) when a host, the inventory or kubeboot is not as it was
    when `kubeboot plan --out FILE` made the plan.
    """
    from pathlib import Path

    from kubeboot.report.saved_plan import load_plan

    planned = load_plan(Path(path))
    given = {name: ",".join(getattr(planned, name)) for name in ("hosts", "phases", "skip")}
    given |= {"path": planned.inventory, "ignored": ",".join(planned.waived)}
    return _run_init("apply", "apply", planned=planned, plan_path=path, **given, **options)


@click.command()
@json_option
@inventory_option
@selection_options
@access_options
@verbosity_options
def verify(**options: Any) -> int:
    """Compare hosts and cluster with the inventory, and change nothing.

    Exit code 0: all is as the inventory says. 5: something differs. For cron: `kubeboot verify -q`.
    """
    from kubeboot.workflows import VERIFY

    return _run(VERIFY, "verify", "plan", ignored="", **options)


def _run_init(command: str, mode: Any, **options: Any) -> int:
    from kubeboot.workflows import INIT

    return _run(INIT, command, mode, **options)


def _run(workflow: Any, command: str, mode: Any, *, path: str, ignored: str, **others: Any) -> int:
    is_verbose, is_quiet = others.pop("verbose"), others.pop("quiet")
    if is_verbose and is_quiet:
        raise click.UsageError("--verbose and --quiet exclude each other.", click.get_current_context())
    from kubeboot.cli.run import Options, run_workflow
    from kubeboot.cli.waivers import waived_names
    from kubeboot.selection import Selection

    verbosity = 1 if is_verbose else -1 if is_quiet else 0
    selection = Selection(**{name: names_in(others.pop(name)) for name in ("hosts", "phases", "skip")})
    given = Options(command, mode, path, waived_names(ignored), verbosity, selection=selection, **others)
    return run_workflow(workflow, given)


def names_in(text: str) -> tuple[str, ...]:
    """The names in a list with commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())
