"""A host that answers what a test says, and can lose its connection where the test says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice

from kubeboot.transport.base import OnLine

Respond = Callable[[bytes], "Iterable[str] | Exception"]


class FakeTransport:
    """Answers each payload with the lines of `respond(payload)`, or raises the exception it returns.

    `statuses` are the exit statuses in turn, 0 when used up. `lose_after`: lines after which an execute loses its
    connection (result None); one number per execute, None or used up for "not lost". Payloads are kept in `payloads`.
    """

    def __init__(
        self,
        respond: Respond = lambda _: (),
        *,
        statuses: Iterable[int] = (),
        lose_after: Iterable[int | None] = (),
        stderr: str = "",
        connect_error: Exception | None = None,
    ) -> None:
        self._respond = respond
        self._statuses = iter(statuses)
        self._lose_after = iter(lose_after)
        self._stderr = stderr
        self.connect_error = connect_error
        self.payloads: list[bytes] = []
        self.interjected: list[bytes] = []
        self.connects = 0
        self.closes = 0
        self.is_connected = False

    @property
    def executes(self) -> int:
        """How many payloads were executed."""
        return len(self.payloads)

    def connect(self) -> None:
        """Connect, or raise `connect_error`."""
        if self.connect_error:
            raise self.connect_error
        self.connects += not self.is_connected
        self.is_connected = True

    def execute(self, payload: bytes, on_line: OnLine) -> int | None:
        """See transport.base."""
        self.connect()
        self.payloads.append(payload)
        answer = self._respond(payload)
        if isinstance(answer, Exception):
            raise answer
        limit = next(self._lose_after, None)
        for line in islice(answer, limit):
            if not on_line(line):
                return 0
        if limit is not None:
            self.is_connected = False
            return None
        return next(self._statuses, 0)

    def last_stderr(self) -> str:
        """What the test said."""
        return self._stderr

    def interject(self, payload: bytes) -> bool:
        """Kept in `interjected`."""
        self.interjected.append(payload)
        return self.is_connected

    def close(self) -> None:
        """Counted in `closes`."""
        self.closes += 1
        self.is_connected = False
