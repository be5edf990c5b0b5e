"""What each host does now, as rows for the bottom of a terminal: never more of them than half the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kubeboot.report.words import counted, cut

MOST_ROWS = 20
HOST_WIDTH = 20
PHASE_WIDTH = 13


@dataclass(frozen=True, slots=True)
class Row:
    """What a host does, since when, and whether it only waits for another host."""

    phase: str
    text: str
    since_s: float
    is_waiting: bool = False


class Activity:
    """The rows of all hosts. Safe to read while another thread writes."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}
        self._failed = 0

    def set(self, host: str, row: Row) -> None:
        self._rows[host] = row

    def say(self, host: str, row: Row) -> None:
        """A new text for what the host does; in the same phase it goes on from when that began."""
        before = self._rows.get(host, row)
        since_s = before.since_s if before.phase == row.phase else row.since_s
        self.set(host, Row(row.phase, row.text, since_s, row.is_waiting))

    def clear(self, host: str) -> None:
        self._rows.pop(host, None)

    def fail(self, host: str) -> None:
        self.clear(host)
        self._failed += 1

    def render(self, width: int, height: int, now_s: float) -> list[tuple[str, str]]:
        """(host, the rest of the line) per row: who works first, the longest first; then who waits."""
        rows = sorted(self._rows.copy().items(), key=lambda item: (item[1].is_waiting, item[1].since_s))
        room = max(1, min(MOST_ROWS, height // 2))
        hidden = rows[room - 1 :] if len(rows) > room else []
        shown = rows[: len(rows) - len(hidden)]
        names = min(HOST_WIDTH, max((len(host) for host, _ in shown), default=0))
        lines = [self._line(host, row, names, width, now_s) for host, row in shown]
        last = ", ".join([*self._more([row for _, row in hidden]), *self._failures()])
        return [*lines, ("", cut(last, width))] if last else lines

    def _line(self, host: str, row: Row, names: int, width: int, now_s: float) -> tuple[str, str]:
        name = f"{cut(host, names):<{names}}"
        elapsed = f"{max(0, now_s - row.since_s):4.0f}s"
        rest = f"  {cut(row.phase, PHASE_WIDTH):<{PHASE_WIDTH}} {elapsed}  {row.text}"
        return name, cut(rest, max(1, width - names))

    def _more(self, hidden: Sequence[Row]) -> list[str]:
        if not hidden:
            return []
        waiting = sum(row.is_waiting for row in hidden)
        more = f"and {counted(len(hidden), 'more host')}"
        return [f"{more}, {waiting} of them waiting" if waiting else more]

    def _failures(self) -> list[str]:
        return [f"{counted(self._failed, 'host')} failed"] if self._failed else []
