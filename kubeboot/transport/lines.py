"""From chunks of bytes to lines: cut at a limit, decoded with replacement. For every transport alike."""

from __future__ import annotations

from collections.abc import Iterator

LINE_LIMIT_BYTES = 1 << 20
STDERR_TAIL_BYTES = 8 << 10


class LineCutter:
    """Collects chunks and gives whole lines; of a line longer than `limit` only its beginning is kept."""

    def __init__(self, limit: int = LINE_LIMIT_BYTES) -> None:
        self._limit = limit
        self._pending = bytearray()
        self._is_full = False

    def feed(self, chunk: bytes) -> Iterator[str]:
        """Every line that ends within `chunk`, without its newline."""
        *complete, rest = chunk.split(b"\n")
        for part in complete:
            self._keep(part)
            yield self._take()
        self._keep(rest)

    def rest(self) -> Iterator[str]:
        """The last line when it had no newline. Not to be asked for after a lost connection: it may be half a line."""
        if self._pending:
            yield self._take()

    def _keep(self, part: bytes) -> None:
        if part and not self._is_full:
            self._pending += part[: self._limit - len(self._pending)]
            self._is_full = len(self._pending) >= self._limit

    def _take(self) -> str:
        line = self._pending.decode("utf-8", "replace")
        self._pending.clear()
        self._is_full = False
        return line


class Tail:
    """The last bytes of a stream."""

    def __init__(self, limit: int = STDERR_TAIL_BYTES) -> None:
        self._limit = limit
        self._kept = b""

    def feed(self, chunk: bytes) -> None:
        self._kept = (self._kept + chunk)[-self._limit :]

    def text(self) -> str:
        return self._kept.decode("utf-8", "replace")
