"""Equal lines of several hosts become one line with their number, when they come within a short time of each other."""

from __future__ import annotations

from dataclasses import dataclass, field

from kubeboot.report.words import seconds

SHOWN_FROM_MS = 1000


@dataclass(frozen=True, slots=True)
class Line:
    """What a line says, without its time and its hosts."""

    phase: str
    word: str
    text: str
    style: str = ""


@dataclass(slots=True)
class Folded:
    """A line with the hosts it holds for; `durations_ms` has one entry for each host that took its time."""

    line: Line
    opened_s: float
    time_s: float
    hosts: list[str] = field(default_factory=list)
    durations_ms: list[int] = field(default_factory=list)

    @property
    def text(self) -> str:
        return self.line.text + self._took()

    def _took(self) -> str:
        longest = max(self.durations_ms, default=0)
        if longest < SHOWN_FROM_MS:
            return ""
        shortest = min(self.durations_ms)
        if seconds(shortest) == seconds(longest):
            return f" ({seconds(longest)})"
        return f" ({seconds(shortest)} to {seconds(longest)})"


class Fold:
    """Holds lines back for at most `window_s` seconds, measured in the events' own time."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._open: dict[Line, Folded] = {}

    def add(self, line: Line, host: str, time_s: float, duration_ms: int = 0) -> None:
        folded = self._open.setdefault(line, Folded(line, time_s, time_s))
        folded.time_s = time_s
        folded.hosts.append(host)
        folded.durations_ms.append(duration_ms)

    def due(self, now_s: float) -> list[Folded]:
        """Those whose window is over and all that were opened before them, oldest first."""
        return self._take([each for each in self._open.values() if each.opened_s <= now_s - self._window_s])

    def drain(self) -> list[Folded]:
        return self._take(list(self._open.values()))

    def _take(self, due: list[Folded]) -> list[Folded]:
        for each in due:
            del self._open[each.line]
        return due
