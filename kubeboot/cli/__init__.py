"""The command line. The only place that maps errors to exit codes."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from kubeboot import __version__
from kubeboot.errors import EXIT_BUG, EXIT_INTERRUPTED, KubebootError

COMMANDS = {
    "init": ("kubeboot.cli.init", "init", "Make the cluster of an inventory; run again to go on or to see 0 changed."),
    "plan": ("kubeboot.cli.init", "plan", "Show what init would do, and change nothing."),
    "phases": ("kubeboot.cli.phases", "phases", "List what init does: phases, steps and their risk."),
    "inventory": (
        "kubeboot.cli.inventory",
        "inventory",
        "Check an inventory, show it with defaults, print its schema.",
    ),
    "version": ("kubeboot.cli.version", "version", "Print kubeboot's version and the Kubernetes versions it knows."),
}
"""Command -> module, attribute, one line of help: the list is all that `--help` has to load."""


class LazyGroup(click.Group):
    """Imports a command's module when the command runs, so that help is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"There is no command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="kubeboot %(version)s")
def cli() -> None:
    """Turn bare Linux hosts into a Kubernetes cluster over SSH, with kubeadm.

    Start with: kubeboot init -i inventory.yaml
    """


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(run(sys.argv[1:]))


def run(args: list[str]) -> int:
    """The command line as a function: its exit code."""
    try:
        result: Any = cli.main(args=args, prog_name="kubeboot", standalone_mode=False)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except KubebootError as error:
        _show(error)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("kubeboot: interrupted. The same command again goes on from here.", err=True)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        return _broken_pipe()
    except Exception as bug:  # the outermost boundary: everything expected is a KubebootError
        return _show_bug(bug)
    return result if isinstance(result, int) else 0


def _show(error: KubebootError) -> None:
    from kubeboot.report.failures import format_error

    click.echo(format_error(error), err=True)


def _broken_pipe() -> int:
    """Whoever read our output is gone (`| head`): leave quietly, as other tools do."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _show_bug(bug: Exception) -> int:
    import traceback

    where = traceback.extract_tb(bug.__traceback__)[-1]
    click.echo(f"kubeboot: a bug in kubeboot ({__version__}): {type(bug).__name__}: {bug}", err=True)
    click.echo(f"  in {where.filename}:{where.lineno}, {where.name}", err=True)
    click.echo("  Please report it with these two lines. Running the same command again is safe.", err=True)
    return EXIT_BUG
