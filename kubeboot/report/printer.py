"""Where lines go: a terminal of some width with colours, or a file or pipe that gets plain lines, never wrapped."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from kubeboot.report.words import shown

NARROWEST = 40


class QuietConsole(Console):
    """A console whose reader may leave (`| head`): it falls silent, and the run goes on."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        stream = sys.stderr if self.stderr else sys.stdout
        if stream is not None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def stdout_console() -> Console:
    """Colours and a width on a terminal only, whatever the environment asks for."""
    return _console(is_stderr=False)


def stderr_console() -> Console:
    """The same beside a stdout that is for programs."""
    return _console(is_stderr=True)


def _console(*, is_stderr: bool) -> Console:
    stream = sys.stderr if is_stderr else sys.stdout
    return QuietConsole(
        force_terminal=None if stream is not None and stream.isatty() else False,
        stderr=is_stderr,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
    )


class Printer:
    """Prints whole lines. `width` is 0 where nothing is to be wrapped or cut."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.is_terminal = console.is_terminal
        self.is_interactive = console.is_terminal and not console.is_dumb_terminal
        self._is_dead = False

    @property
    def width(self) -> int:
        return max(NARROWEST, self.console.width) if self.is_terminal else 0

    def text(self, text: Text) -> None:
        """One line with styles of its own. A disk that is full under a log must not stop a run."""
        if (plain := shown(text.plain)) != text.plain:
            text = Text(plain, text.style)
        text.rstrip()
        if self._is_dead:
            return
        try:
            self.console.print(text, soft_wrap=True)
        except OSError:
            self._is_dead = True

    def line(self, text: str = "", style: str = "") -> None:
        self.text(Text(text, style=style))

    def lines(self, lines: Iterable[str], style: str = "") -> None:
        for each in lines:
            self.line(each, style)

    def stamp(self, time_s: float, started_s: float) -> str:
        """What a line begins with: seconds since the start on a terminal, the time of day in UTC elsewhere."""
        if self.is_terminal:
            return f"{time_s - started_s:6.1f}s  "
        return time.strftime("%Y-%m-%dT%H:%M:%SZ  ", time.gmtime(time_s))
