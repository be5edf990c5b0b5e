"""This machine instead of a host: the same payload, under a local `bash -s`. For tests, and for the engine's own.

As root when the tests run as root; it never asks sudo.
"""

from __future__ import annotations

import subprocess
import threading
from typing import IO

from kubeboot.transport.base import OnLine
from kubeboot.transport.lines import LineCutter, Tail

CHUNK_BYTES = 1 << 16
STOP_LIMIT_S = 5
COMMAND = ("bash", "--noprofile", "--norc", "-s")


class LocalTransport:
    """Runs payloads here. There is no connection that could be lost."""

    def __init__(self) -> None:
        self._stderr = Tail()

    def connect(self) -> None:
        """Nothing to do."""

    def execute(self, payload: bytes, on_line: OnLine) -> int | None:
        """See transport.base; None when a signal ended bash. Raises OSError when there is no bash."""
        self._stderr = Tail()
        with subprocess.Popen(
            COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, umask=0o022
        ) as process:
            threads = [
                threading.Thread(target=_write, args=(process.stdin, payload), daemon=True),
                threading.Thread(target=_keep, args=(process.stderr, self._stderr), daemon=True),
            ]
            for thread in threads:
                thread.start()
            try:
                was_stopped = not _follow(process.stdout, on_line)
            except BaseException:
                process.kill()
                raise
            if was_stopped:
                process.terminate()
            status = process.wait(STOP_LIMIT_S if was_stopped else None)
            for thread in threads:
                thread.join(STOP_LIMIT_S)
        if was_stopped:
            return max(0, status)
        return status if status >= 0 else None

    def last_stderr(self) -> str:
        """The tail of what the last execute printed to stderr."""
        return self._stderr.text()

    def interject(self, payload: bytes) -> bool:
        """See transport.base."""
        return subprocess.run(COMMAND, input=payload, capture_output=True, check=False).returncode == 0

    def close(self) -> None:
        """Nothing to do."""


def _follow(stream: IO[bytes] | None, on_line: OnLine) -> bool:
    """False when on_line wanted no more."""
    assert stream is not None  # noqa: S101 (it was opened as a pipe)
    cutter = LineCutter()
    while chunk := stream.read1(CHUNK_BYTES):  # type: ignore[attr-defined]  # a pipe is a BufferedReader
        if not all(on_line(line) for line in cutter.feed(chunk)):
            return False
    return all(on_line(line) for line in cutter.rest())


def _write(stream: IO[bytes] | None, payload: bytes) -> None:
    assert stream is not None  # noqa: S101
    try:
        with stream:
            stream.write(payload)
    except BrokenPipeError:
        return


def _keep(stream: IO[bytes] | None, tail: Tail) -> None:
    assert stream is not None  # noqa: S101
    while chunk := stream.read1(CHUNK_BYTES):  # type: ignore[attr-defined]
        tail.feed(chunk)
