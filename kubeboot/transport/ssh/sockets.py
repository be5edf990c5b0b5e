"""Sockets under an SSH connection: TCP that notices a dead network, and the pipe to a ProxyCommand.

Paramiko's own keep-alive sends and never looks for an answer, and its reads wait for ever. What ends them is the
kernel: with these options a black-holed connection fails after 15 s (measured 15.3 s), idle or not.
"""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from contextlib import suppress

import paramiko

KEEPALIVE_IDLE_S = 5
KEEPALIVE_INTERVAL_S = 5
KEEPALIVE_COUNT = 3
USER_TIMEOUT_S = 15
READ_POLL_S = 1.0
"""How often paramiko's reader thread wakes for nothing; its own 0.1 s costs ten times the CPU while hosts are busy."""

FIRST_BYTES = 512


def open_tcp(address: str, port: int, deadline: float) -> socket.socket:
    """A connected TCP socket, trying each of the name's addresses until `deadline` (time.monotonic()).

    Raises socket.gaierror for a name that does not resolve, TimeoutError, or the last address's OSError.
    """
    last: OSError = TimeoutError("timed out")
    candidates = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)
    for index, (family, kind, protocol, _, target) in enumerate(candidates):
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            break
        sock = socket.socket(family, kind, protocol)
        try:
            _notice_dead_peers(sock)
            sock.settimeout(left_s / (len(candidates) - index))
            sock.connect(target)
            return sock
        except OSError as error:
            sock.close()
            last = error
    raise last


def _notice_dead_peers(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        ("TCP_KEEPIDLE", KEEPALIVE_IDLE_S),
        ("TCP_KEEPINTVL", KEEPALIVE_INTERVAL_S),
        ("TCP_KEEPCNT", KEEPALIVE_COUNT),
        ("TCP_USER_TIMEOUT", USER_TIMEOUT_S * 1000),
    ):
        if hasattr(socket, option):  # macOS has no TCP_KEEPIDLE and no TCP_USER_TIMEOUT
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


class ProxyProcess:
    """A running ProxyCommand; `socket` is its stdin and stdout.

    Not paramiko.ProxyCommand: that one spins at full CPU once the command has closed its output.
    """

    def __init__(self, command: str) -> None:
        self.socket, theirs = socket.socketpair()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 (close() closes it)
        with theirs:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", f"exec {command}"], stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=self._said
            )

    def last_words(self) -> str:
        """End the command; its exit code and the end of its stderr."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(0.5)
        code = self._process.returncode
        self._said.seek(0)
        said = self._said.read()[-500:].decode("utf-8", "replace").strip().rpartition("\n")[2]
        self.close()
        return f"it ended with {'no' if code is None else code} exit code{': ' + said if said else ''}"

    def close(self) -> None:
        """End the command and reap it; safe to call twice."""
        self._said.close()
        self.socket.close()
        self._process.terminate()
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(2)


class Wire:
    """What paramiko reads and writes: the socket or channel below, remembering what came first and when it last spoke.

    The first bytes tell a busy sshd from something that is no SSH server. Paramiko reports both alike.
    """

    def __init__(self, below: socket.socket | paramiko.Channel) -> None:
        self._below = below
        self._closed = False  # paramiko's Transport.stop_thread reads it
        self.first = b""
        self.heard_at = time.monotonic()

    def recv(self, size: int) -> bytes:
        data = self._below.recv(size)
        self.heard_at = time.monotonic()
        if len(self.first) < FIRST_BYTES:
            self.first += data[:FIRST_BYTES]
        return data

    def send(self, data: bytes) -> int:
        return self._below.send(data)

    def settimeout(self, _: float | None) -> None:
        self._below.settimeout(READ_POLL_S)

    def getpeername(self) -> object:
        return self._below.getpeername()

    def close(self) -> None:
        """Shut down first: a reader in another thread wakes at once instead of at its next poll."""
        self._closed = True
        with suppress(OSError, EOFError):
            self._below.shutdown(int(socket.SHUT_RDWR))
        self._below.close()
