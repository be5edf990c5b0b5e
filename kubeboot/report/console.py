"""Events as lines for people.

A line is final once it is printed, so a log file and a screen say the same. On a terminal a live table below shows what
each host does now; elsewhere what hosts wait for becomes lines of its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Group
from rich.live import Live
from rich.text import Text

from kubeboot.engine import events
from kubeboot.errors import Blocked, HostError
from kubeboot.report.failures import format_finding
from kubeboot.report.folding import Fold, Folded, Line
from kubeboot.report.live import Activity, Row
from kubeboot.report.planned import Planned
from kubeboot.report.printer import Printer
from kubeboot.report.words import counted, cut, host_list, one_line, printable, wrap

FOLD_FROM = 8
"""With more hosts than this, equal lines are folded; with fewer, only what was in place already."""
FOLD_WINDOW_S = 5.0
WAIT_SHOWN_EVERY_S = 15.0
WIDE = 100
"""From this width on there is a column for the phase."""
PHASE_WIDTH, WORD_WIDTH, MOST_NAME_WIDTH = 13, 8, 24
STATUS_STYLES = {"changed": "green", "ok": "dim", "drift": "yellow"}
STATUS_WORDS = {"drift": "differs", "ok": "in place"}
IN_PLACE = "in place"


class ConsoleSink:
    """`verbosity`: -1 only the end, 0 what changed, 1 everything with output."""

    def __init__(self, printer: Printer, verbosity: int = 0) -> None:
        self._printer = printer
        self._verbosity = verbosity
        self._started_s = time.time()
        self._printed_s = 0.0
        self._hosts: tuple[str, ...] = ()
        self._is_plan = False
        self._is_closed = False
        self._name_width = 0
        self._activity = Activity()
        self._planned = Planned()
        self._fold = Fold(FOLD_WINDOW_S)
        self._in_place: dict[tuple[str, str], int] = {}
        self._waited: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()
        self._live: Live | None = None
        self._handlers: dict[type, Callable[[Any], None]] = {
            events.RunStarted: self._start,
            events.FactsGathered: self._facts,
            events.PreflightEnded: self._preflight,
            events.PhaseStarted: self._phase_started,
            events.PhaseWaits: self._phase_waits,
            events.StepBegan: self._step_began,
            events.HostWaits: self._host_waits,
            events.ResourceDone: self._resource,
            events.StepDone: self._step,
            events.Notice: self._link,
            events.PhaseDone: self._phase_done,
            events.HostFailed: self._host_failed,
        }

    def handle(self, event: events.Event) -> None:
        with self._lock:
            if self._is_closed:  # a host's thread that Ctrl-C left behind
                return
            if handler := self._handlers.get(type(event)):
                handler(event)
            self._print_folded(self._fold.due(event.time_s))

    def close(self) -> None:
        """Print what was held back, take the live table away, and tell the plan."""
        with self._lock:
            self._is_closed = True
            self._print_folded(self._fold.drain())
            if self._live:
                self._live.stop()
                self._live = None
            if self._is_plan and self._verbosity >= 0:
                for line, style in self._planned.lines(self._printer.width):
                    self._printer.line(line, style)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Without the live table, while somebody is asked something. Lines still come."""
        live = self._live
        if live:
            live.stop()
        try:
            yield
        finally:
            if live and self._live is live:  # not closed meanwhile
                live.start()

    def __rich__(self) -> Group:
        """The live table."""
        size = self._printer.console.size
        return Group(
            *(
                Text.assemble((host, "bold"), rest, no_wrap=True, overflow="crop")
                for host, rest in self._activity.render(size.width, size.height, time.time())
            )
        )

    def _start(self, event: events.RunStarted) -> None:
        self._started_s, self._hosts, self._is_plan = event.time_s, event.hosts, event.mode == "plan"
        self._planned.hosts, self._planned.command = event.hosts, event.command
        folded = f"{len(event.hosts)} hosts" if len(event.hosts) > 1 else ""
        self._name_width = min(MOST_NAME_WIDTH, max(map(len, (folded, *event.hosts))))
        if self._verbosity < 0:
            return
        text = f"kubeboot {event.command}: cluster {event.cluster}, {counted(len(event.hosts), 'host')}"
        stamp = "" if self._printer.is_terminal else self._printer.stamp(event.time_s, self._started_s)
        self._printer.line(stamp + text, "bold")
        if self._printer.is_interactive:
            for host in event.hosts:
                self._activity.set(host, Row("facts", "Connect and look at the host", event.time_s))
            self._live = Live(self, console=self._printer.console, refresh_per_second=4, transient=True)
            self._live.start()

    def _facts(self, event: events.FactsGathered) -> None:
        self._activity.clear(event.host)
        if self._verbosity > 0:
            self._line(event.time_s, event.host, Line("facts", "", event.summary, "dim"))

    def _preflight(self, event: events.PreflightEnded) -> None:
        if self._verbosity < 0:
            return
        for finding in event.warnings:
            self._printer.lines(format_finding(finding, self._printer.width, self._hosts), "yellow")
        for finding in event.waived:
            hosts = f" ({host_list(finding.hosts, self._hosts)})" if finding.hosts else ""
            self._printer.lines(
                wrap(f"waived {finding.name}{hosts}: {one_line(finding.message)}", self._printer.width, "", "  "), "dim"
            )

    def _phase_started(self, event: events.PhaseStarted) -> None:
        self._activity.set(event.host, Row(event.phase, event.title, event.time_s))

    def _phase_waits(self, event: events.PhaseWaits) -> None:
        text = one_line(event.waits_for)
        self._activity.set(event.host, Row(event.phase, f"waits for {text}", event.time_s, is_waiting=True))
        if not self._live and not self._is_plan:  # a plan is content with promises
            self._add(event.time_s, event.host, Line(event.phase, "waiting", f"for {text}", "dim"))

    def _step_began(self, event: events.StepBegan) -> None:
        self._activity.set(event.host, Row(event.phase, event.title.rstrip("."), event.time_s))

    def _host_waits(self, event: events.HostWaits) -> None:
        text = one_line(event.text)
        self._activity.say(event.host, Row(event.phase, f"waiting: {text}", event.time_s))
        key = (event.host, event.step)
        is_due = event.time_s - self._waited.get(key, 0) >= WAIT_SHOWN_EVERY_S
        if self._verbosity > 0 or (is_due and not self._live):
            self._waited[key] = event.time_s
            self._add(event.time_s, event.host, Line(event.phase, "waiting", text, "dim"))

    def _resource(self, event: events.ResourceDone) -> None:
        if self._is_plan:
            self._planned.add_resource(event)
        if self._verbosity < 1:
            return
        reason = f": {one_line(event.reason)}" if event.reason else ""
        word = STATUS_WORDS.get(event.status, event.status)
        self._line(event.time_s, event.host, Line(event.phase, word, f"{event.label}{reason}", "dim"))
        self._printer.lines((f"  | {line}" for line in printable(event.output).rstrip().splitlines()), "dim")
        if not self._is_plan:
            self._printer.lines(f"    {line}" for line in printable(event.diff).rstrip().splitlines())

    def _step(self, event: events.StepDone) -> None:
        if self._is_plan:
            self._planned.add_step(event)
        if event.status == "ok":
            key = (event.host, event.phase)
            self._in_place[key] = self._in_place.get(key, 0) + 1
        elif event.status == "changed":
            line = Line(event.phase, "changed", event.title.rstrip("."), STATUS_STYLES["changed"])
            self._add(event.time_s, event.host, line, event.duration_ms)

    def _link(self, event: events.Notice) -> None:
        if self._verbosity >= 0:
            self._line(event.time_s, event.host, Line("", "", one_line(event.text), "yellow"))

    def _phase_done(self, event: events.PhaseDone) -> None:
        self._activity.clear(event.host)
        count = self._in_place.pop((event.host, event.phase), 0)
        if count and not self._is_plan and self._verbosity >= 0:
            line = Line(event.phase, IN_PLACE, counted(count, "step"), "dim")
            if self._verbosity > 0 or len(self._hosts) == 1:
                self._line(event.time_s, event.host, line)
            else:
                self._fold.add(line, event.host, event.time_s)

    def _host_failed(self, event: events.HostFailed) -> None:
        self._activity.fail(event.host)
        error = event.error
        word, style = ("blocked", "yellow") if isinstance(error, Blocked) else ("FAILED", "bold red")
        if self._verbosity >= 0:
            self._line(event.time_s, event.host, Line(error.phase, word, self._why(error), style), is_cut=True)

    def _why(self, error: HostError) -> str:
        """The failure in one line: the step and the last thing the host said; the whole of it comes at the end."""
        said = error.output.rstrip().rpartition("\n")[2] if error.step else ""
        return ": ".join(part for part in (error.step, said or error.message) if part)

    def _add(self, time_s: float, host: str, line: Line, duration_ms: int = 0) -> None:
        """A line that may be one of many equal ones."""
        if self._verbosity < 0:
            return
        if self._verbosity == 0 and len(self._hosts) > FOLD_FROM:
            self._fold.add(line, host, time_s, duration_ms)
        else:
            self._line(time_s, host, line, duration_ms)

    def _line(self, time_s: float, host: str, line: Line, duration_ms: int = 0, *, is_cut: bool = False) -> None:
        """A line of one host, after all that was held back. A failure does not wait for that."""
        if not is_cut:
            self._print_folded(self._fold.drain())
        self._print(Folded(line, time_s, time_s, [host], [duration_ms]), is_cut)

    def _print_folded(self, lines: list[Folded]) -> None:
        for each in lines:
            self._print(each)

    def _print(self, folded: Folded, is_cut: bool = False) -> None:
        line, width = folded.line, self._printer.width
        text = one_line(folded.text)
        host = folded.hosts[0] if len(folded.hosts) == 1 else f"{len(folded.hosts)} hosts"
        self._printed_s = max(self._printed_s, folded.time_s)  # a line that was held back has an older time
        stamp = self._printer.stamp(self._printed_s, self._started_s)
        head = f"{stamp}{host:<{self._name_width}}  "
        if not width or width >= WIDE:
            head += f"{line.phase:<{PHASE_WIDTH}}  "
        elif line.word == IN_PLACE:
            text = f"{line.phase}: {text}"
        word_at = len(head)
        head += f"{line.word:<{WORD_WIDTH}}  "
        if is_cut:
            text = cut(text, max(1, width - len(head)) if width else 0)
        indent = " " * (len(head) if len(head) <= width // 2 else 4)
        for number, each in enumerate(wrap(text, width, head, indent)):
            styled = Text(each, style="dim" if line.style == "dim" else "")
            if number == 0:
                styled.stylize("dim", 0, len(stamp))
                styled.stylize("bold", len(stamp), len(stamp) + len(host))
                styled.stylize(line.style, word_at, word_at + len(line.word) if line.word else len(each))
            self._printer.text(styled)
