"""A short answer of a host, as to the probe: bounded in size and in time, whatever talks there."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from kubeboot.errors import HostLost
from kubeboot.transport.base import Transport

MOST_CHARACTERS = 4_000_000
"""Of the whole answer; a busy host's facts are some ten thousand."""
MOST_S = 120
"""How long an answer may take; a slow host's facts take some two seconds."""


@dataclass
class Answer:
    """Its lines, when it was asked for (seconds since 1970), and how long it took by a clock that nobody sets."""

    lines: list[str] = field(default_factory=list)
    asked_at: float = field(default_factory=lambda: time.time())
    took_s: float = 0.0
    _size: int = 0
    _began_s: float = field(default_factory=lambda: time.monotonic())

    @property
    def waited_s(self) -> float:
        return time.monotonic() - self._began_s

    def keep(self, line: str) -> bool:
        """False when it is enough, whatever follows."""
        self.took_s = self.waited_s
        self._size += len(line) + 100  # what Python needs for a line
        is_short = self._size <= MOST_CHARACTERS
        if is_short:
            self.lines.append(line)
        return is_short


def ask(transport: Transport, host: str, payload: bytes, doing: str) -> Answer:
    """The answer to `payload`. Raises HostLost; `doing` is for its message: "looking at the host"."""
    answer = Answer()
    # A host that never ends its answer; closing ends the execute.
    limit = threading.Timer(MOST_S, transport.close)
    limit.daemon = True
    limit.start()
    try:
        status = transport.execute(payload, answer.keep)
    finally:
        limit.cancel()
    if status is None:
        is_late = answer.waited_s >= MOST_S
        why = f"the host did not end its answer within {MOST_S} s" if is_late else "the connection went"
        raise HostLost(host, f"{why} while {doing}", hint="Run the same command again.")
    return answer
