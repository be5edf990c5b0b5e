"""Finds the command, runs it, and maps every error to its exit code; nothing else does."""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import sys
from difflib import get_close_matches
from typing import Any, NoReturn

import click
from click.shell_completion import CompletionItem

from kubeboot import __version__
from kubeboot.cli import COMMANDS, HELP_OPTIONS, help_text
from kubeboot.errors import EXIT_BUG, EXIT_DONE, EXIT_INTERRUPTED, EXIT_USAGE, KubebootError

DEBUG = "KUBEBOOT_DEBUG"


class LazyGroup(click.Group):
    """Imports a command's module when the command runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        if incomplete.startswith("-"):
            return click.Command.shell_complete(self, ctx, incomplete)
        lines = {name: line for name, (_, _, line) in COMMANDS.items() if name.startswith(incomplete)}
        return [CompletionItem(name, help=line) for name, line in lines.items()]

    def get_help(self, ctx: click.Context) -> str:
        return help_text()

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"There is no command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    no_args_is_help=False,
    context_settings={"help_option_names": list(HELP_OPTIONS), "max_content_width": 100},
)
@click.version_option(__version__, message="kubeboot %(version)s")
def cli() -> None:
    """kubeboot; its help is kubeboot.cli.help_text."""


def run_and_leave(args: list[str]) -> NoReturn:
    """The command line to its end. Threads that still wait for hosts do not hold an interrupted program."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # closed (`>&-`)
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    _hear_signals()
    code = run(args)
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except OSError:  # whoever read our output is gone (`| head`)
        os._exit(code)
    if code == EXIT_INTERRUPTED:
        os._exit(code)
    sys.exit(code)


def _hear_signals() -> None:
    """An end asked for by a program, or a terminal that closes, is a Ctrl-C; what is ignored (nohup) stays so."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)


def run(args: list[str]) -> int:
    """The command line as a function: its exit code."""
    try:
        result: Any = cli.main(args=args, prog_name="kubeboot", standalone_mode=False)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        return _usage(error, args)
    except KubebootError as error:
        _show(error)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        _say("kubeboot: interrupted; nothing is left running. The same command again goes on from here.")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        return EXIT_DONE
    except SystemExit as left:  # click's answer to a broken pipe
        return left.code if isinstance(left.code, int) and left.code > 1 else EXIT_DONE
    except Exception as bug:  # the outermost boundary: everything expected is a KubebootError
        return _show_bug(bug)
    return result if isinstance(result, int) else EXIT_DONE


def _usage(error: click.ClickException, args: list[str]) -> int:
    """One sentence about what is wrong and the command that tells more."""
    message = error.format_message()
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        _say(message)
        return EXIT_USAGE
    context = error.ctx if isinstance(error, click.UsageError) else None
    command = context.command_path if context else " ".join(["kubeboot", *args[: args[0] in COMMANDS]])
    _say(f"kubeboot: {message}{'' if message.endswith(('.', '?', ')')) else '.'}")
    _say(f"  See: {command} --help")
    return EXIT_USAGE


def _show(error: KubebootError) -> None:
    from kubeboot.report.failures import format_error

    is_terminal = sys.stderr is not None and sys.stderr.isatty()
    _say(format_error(error, shutil.get_terminal_size().columns if is_terminal else 0))
    _trace(error)


def _show_bug(bug: Exception) -> int:
    import traceback

    frames = traceback.extract_tb(bug.__traceback__)
    where = next((frame for frame in reversed(frames) if "kubeboot" in frame.filename), frames[-1])
    text = " ".join(str(bug).split())
    _say(f"kubeboot: a bug in kubeboot {__version__}: {type(bug).__name__}: {text} ({where.filename}:{where.lineno})")
    _say(f"  Please report it; {DEBUG}=1 shows the traceback. Running the same command again is safe.")
    _trace(bug)
    return EXIT_BUG


def _trace(error: BaseException) -> None:
    if os.environ.get(DEBUG, "0") not in ("", "0"):
        import traceback

        _say("".join(traceback.format_exception(error)).rstrip())


def _say(text: str) -> None:
    """To stderr, after all that went to stdout; without secrets and without what controls a terminal."""
    from kubeboot.report.words import shown

    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        pass
    click.echo(shown(text), err=True)
