"""Events as lines on the terminal. The only import of rich.

Every line that a step's end gives is final, so a log file and a screen say the same; on a terminal a live table below
shows what each host does now.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from kubeboot.engine import events
from kubeboot.report.failures import format_finding, format_host_error

STATUS_STYLES = {
    "changed": "green",
    "ok": "dim",
    "drift": "yellow",
    "failed": "bold red",
    "not-converged": "bold red",
    "unknown": "bold red",
}
STATUS_WORDS = {"drift": "would change", "ok": "in place"}
LIVE_ROWS = 20


@dataclass
class _Row:
    """What a host does now."""

    phase: str = ""
    text: str = ""
    since_s: float = 0.0


class ConsoleSink:
    """`verbosity`: -1 only the end, 0 what changed, 1 everything with output."""

    def __init__(self, console: Console, verbosity: int = 0) -> None:
        self._console = console
        self._verbosity = verbosity
        self._started_s = time.time()
        self._rows: dict[str, _Row] = {}
        self._in_place: dict[tuple[str, str], int] = {}
        self._width = 6
        self._lock = threading.Lock()
        self._live: Live | None = None

    def close(self) -> None:
        """Take the live table away."""
        if self._live:
            self._live.stop()
            self._live = None

    def handle(self, event: events.Event) -> None:
        with self._lock:
            self._show(event)

    def _show(self, event: events.Event) -> None:
        match event:
            case events.RunStarted():
                self._start(event)
            case events.PreflightEnded():
                for finding in event.warnings:
                    self._lines("\n".join(format_finding(finding)), "yellow")
                for finding in event.waived:
                    self._lines(f"waived {finding.name}: {finding.message}", "dim")
            case events.PhaseStarted():
                self._rows[event.host] = _Row(event.phase, event.title, event.time_s)
            case events.PhaseWaits():
                self._rows[event.host] = _Row(event.phase, f"waits for {event.waits_for}", event.time_s)
            case events.StepBegan():
                self._rows[event.host] = _Row(event.phase, event.title, event.time_s)
            case events.HostWaits():
                self._waits(event)
            case events.ResourceDone():
                self._resource(event)
            case events.StepDone():
                self._step(event)
            case events.LinkLost():
                self._line(event.time_s, event.host, "", "", event.text, "yellow")
            case events.PhaseDone():
                self._phase(event)
            case events.HostFailed():
                self._rows[event.host] = _Row("", "failed", event.time_s)
                first = next(iter(format_host_error(event.error)))
                self._line(event.time_s, event.host, event.error.phase, "", first, "bold red")
            case _:
                pass

    def _start(self, event: events.RunStarted) -> None:
        self._started_s = event.time_s
        self._width = max(6, *(len(host) for host in event.hosts))
        if self._verbosity >= 0:
            count = len(event.hosts)
            hosts = f"{count} host{'s' if count != 1 else ''}"
            self._console.print(
                f"kubeboot {event.command}: cluster {event.cluster}, {hosts}", style="bold", highlight=False
            )
            if self._console.is_terminal:
                self._live = Live(self, console=self._console, refresh_per_second=4, transient=True)
                self._live.start()

    def _waits(self, event: events.HostWaits) -> None:
        row = self._rows.setdefault(event.host, _Row())
        row.text = f"waits for {event.text}"
        if not self._console.is_terminal or self._verbosity > 0:
            self._line(event.time_s, event.host, event.phase, "waits", event.text, "dim")

    def _resource(self, event: events.ResourceDone) -> None:
        if self._verbosity < 1 and not (event.status == "drift" and event.diff):
            return
        if self._verbosity > 0:
            reason = f" ({event.reason})" if event.reason else ""
            self._line(event.time_s, event.host, event.phase, event.status, f"{event.label}{reason}", "dim")
            self._lines("\n".join(f"  | {line}" for line in event.output.rstrip().splitlines()), "dim")
        self._lines("\n".join(f"    {line}" for line in event.diff.rstrip().splitlines()), "")

    def _step(self, event: events.StepDone) -> None:
        key = (event.host, event.phase)
        if event.status == "ok" and self._verbosity < 1:
            self._in_place[key] = self._in_place.get(key, 0) + 1
            return
        word = STATUS_WORDS.get(event.status, event.status)
        title = event.title.rstrip(".")
        seconds = f" ({event.duration_ms / 1000:.1f} s)" if event.duration_ms >= 1000 else ""
        reason = f": {event.reasons[0]}" if event.status == "drift" and event.reasons else ""
        self._line(
            event.time_s, event.host, event.phase, word, f"{title}{seconds}{reason}", STATUS_STYLES[event.status]
        )

    def _phase(self, event: events.PhaseDone) -> None:
        self._rows[event.host] = _Row("", "", event.time_s)
        count = self._in_place.pop((event.host, event.phase), 0)
        if count:
            text = f"{count} step{'s' if count != 1 else ''} in place"
            self._line(event.time_s, event.host, event.phase, "", text, "dim")

    def _line(self, time_s: float, host: str, phase: str, word: str, text: str, style: str) -> None:
        if self._verbosity < 0:
            return
        elapsed = time_s - self._started_s
        line = Text(f"{elapsed:6.1f}s  ", style="dim")
        line.append(f"{host:<{self._width}}  ", style="bold")
        line.append(f"{phase:<15} ", style="cyan")
        line.append(f"{word} " if word else "", style=style)
        line.append(text, style=style if not word else "")
        self._console.print(line, soft_wrap=True)

    def _lines(self, text: str, style: str) -> None:
        if text and self._verbosity >= 0:
            self._console.print(Text(text, style=style), soft_wrap=True)

    def __rich__(self) -> Table:
        """The live table: hosts that do something, in the order they began."""
        table = Table.grid(padding=(0, 1))
        rows = [(host, row) for host, row in list(self._rows.items()) if row.text]
        for host, row in rows[:LIVE_ROWS]:
            seconds = max(0, time.time() - row.since_s)
            table.add_row(Text(host, style="bold"), Text(row.phase, style="cyan"), f"{seconds:4.0f}s", Text(row.text))
        if len(rows) > LIVE_ROWS:
            table.add_row("", "", "", f"and {len(rows) - LIVE_ROWS} more hosts")
        return table
