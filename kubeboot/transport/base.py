"""The transport protocol: run one payload as root on one host and read its lines back.

A payload is the complete stdin of a root `bash -s` on the host (a launcher that the engine rendered). Everything secret
travels in it and nowhere else. Lines come back while it runs; what they mean is the engine's business.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

OnLine = Callable[[str], bool]
"""Gets one decoded line without its newline; returns False to stop following (the channel is closed then)."""


class Transport(Protocol):
    """One host's connection. Not thread-safe: one per host and thread.

    `connect` raises Unreachable, HostKeyUnknown, HostKeyChanged or SudoRefused.
    """

    def connect(self) -> None:
        """Make the connection if there is none (also after it was lost)."""
        ...

    def execute(self, payload: bytes, on_line: OnLine) -> int | None:
        """Feed `payload` to a root `bash -s`, pass on every line of its stdout, and return its exit status.

        None means the connection went before the exit status came: the result is unknown, never "failed".
        Lines are cut at 1 MiB and decoded as UTF-8 with replacement. Stderr is kept for `last_stderr`.
        """
        ...

    def last_stderr(self) -> str:
        """The tail (at most 8 KiB) of what the last execute printed to stderr."""
        ...

    def interject(self, payload: bytes) -> bool:
        """Run a short payload beside the running execute, from any thread, and drop what it prints.

        Only over a connection that stands: it never makes one. False when it did not run to its end.
        """
        ...

    def close(self) -> None:
        """Close the connection; safe to call twice."""
        ...


TransportFactory = Callable[[str], Transport]
"""Makes the transport of the host of that name."""
