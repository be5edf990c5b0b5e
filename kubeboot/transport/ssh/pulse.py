"""Notices a dead connection where the kernel cannot: behind a jump host or a ProxyCommand.

There the last TCP connection is somebody else's, so TCP_USER_TIMEOUT (sockets.py) does not see it die. Paramiko's
set_keepalive only sends. This asks after some silence and closes the connection when no answer comes: with the numbers
here at most 18 s after the last byte. A direct connection has no such thread.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress

import paramiko

from kubeboot.transport.ssh.sockets import Wire

SILENCE_S = 5.0
ANSWER_LIMIT_S = 8.0
LOOK_EVERY_S = 0.2


class Pulse:
    """Runs from construction until `stop`, or until the connection is dead."""

    def __init__(self, transport: paramiko.Transport, wire: Wire) -> None:
        self._transport = transport
        self._wire = wire
        self._is_stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="ssh pulse")
        self._thread.start()

    def stop(self) -> None:
        """End the watch; safe to call twice."""
        self._is_stopped.set()
        self._thread.join(1)

    def _watch(self) -> None:
        while not self._is_stopped.wait(SILENCE_S) and self._transport.is_active():
            if time.monotonic() - self._wire.heard_at >= SILENCE_S and not self._answers():
                self._wire.close()
                return

    def _answers(self) -> bool:
        """Whether anything comes after a question. The question has a thread of its own: paramiko waits for the answer
        without limit."""
        asked_at = time.monotonic()
        threading.Thread(target=self._ask, daemon=True, name="ssh pulse question").start()
        while self._wire.heard_at < asked_at:
            if self._is_stopped.wait(LOOK_EVERY_S) or not self._transport.is_active():
                return True
            if time.monotonic() - asked_at > ANSWER_LIMIT_S:
                return False
        return True

    def _ask(self) -> None:
        """sshd refuses a request that it does not know, and that is an answer."""
        with suppress(EOFError, OSError, paramiko.SSHException):
            self._transport.global_request("keepalive@openssh.com", wait=True)
