"""A printer that writes into memory, as a terminal of some width or as a pipe."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from kubeboot.engine import events
from kubeboot.report.console import ConsoleSink
from kubeboot.report.printer import Printer

START_S = 1_767_225_600.0
"""2026-01-01T00:00:00Z"""


class Screen:
    """A sink and what it printed, without the live table. `width` 0 is a pipe."""

    def __init__(self, width: int, verbosity: int = 0) -> None:
        self.file = io.StringIO()
        console = Console(
            file=self.file,
            width=width or 80,
            force_terminal=bool(width),
            color_system=None,
            _environ={"TERM": "xterm"},
            highlight=False,
        )
        self.printer = Printer(console)
        self.printer.is_interactive = False
        self.sink = ConsoleSink(self.printer, verbosity)

    def start(self, *hosts: str, mode: str = "apply") -> None:
        command = "plan" if mode == "plan" else "init"
        self.sink.handle(events.RunStarted(START_S, "run", command, mode, "lab", hosts))

    def show(self, *many: events.Event) -> list[str]:
        """The lines after the header once the run is over."""
        for event in many:
            self.sink.handle(event)
        self.sink.close()
        return self.lines[1:]

    @property
    def lines(self) -> list[str]:
        return self.file.getvalue().splitlines()


@pytest.fixture
def screen() -> Callable[..., Screen]:
    return Screen
