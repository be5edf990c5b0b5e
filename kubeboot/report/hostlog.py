"""Events of one host as the lines of its log: what every step did and printed, each with its time in UTC."""

from __future__ import annotations

import time
from collections.abc import Iterator

from kubeboot.engine import events
from kubeboot.report.words import one_line, printable, seconds


def log_lines(event: events.Event) -> Iterator[str]:
    """Nothing for what concerns no single host, or says nothing that another event does not say too."""
    headline = _headline(event)
    if not headline:
        return
    yield f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(event.time_s))}  {one_line(headline)}"
    match event:
        case events.ResourceDone():
            yield from _indented(event.output, "  | ")
            yield from _indented(event.diff, "    ")
        case events.HostFailed():
            yield from _indented(event.error.output, "  | ")
            yield from _indented(event.error.hint, "  hint: ")


def _headline(event: events.Event) -> str:  # noqa: PLR0911 - one case per kind of event
    match event:
        case events.FactsGathered():
            return f"facts: {event.summary}"
        case events.PhaseStarted() | events.StepBegan():
            step = f" {event.step}" if isinstance(event, events.StepBegan) else ""
            return f"{event.phase}{step}: {event.title}"
        case events.PhaseWaits():
            return f"{event.phase}: waits for {event.waits_for}"
        case events.HostWaits():
            return f"{event.phase} {event.step}: waiting: {event.text}"
        case events.ResourceDone():
            reason = f": {event.reason}" if event.reason else ""
            took = f" ({seconds(event.duration_ms)})"
            return f"{event.phase} {event.step}: {event.status}: {event.label}{reason}{took}"
        case events.PhaseDone():
            return f"{event.phase}: ended: {event.status} ({seconds(event.duration_ms)})"
        case events.HostFailed():
            where = " ".join(part for part in (event.error.phase, event.error.step) if part)
            return f"{where + ': ' if where else ''}FAILED: {event.error.message} [{event.error.reference}]"
        case events.Notice() if event.host:
            return event.text
    return ""


def _indented(text: str, indent: str) -> Iterator[str]:
    for line in printable(text).rstrip().splitlines():
        yield f"{indent}{line}".rstrip()
