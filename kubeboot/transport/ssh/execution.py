"""One command on one channel: the payload goes in while lines come out, and sudo is answered only when it asks.

Nothing may block on the other direction: a payload larger than the channel's window is written by a thread of its own.
Why not recv_exit_status: it waits without limit (paramiko #1815).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

import paramiko

from kubeboot.errors import HostError
from kubeboot.transport.base import OnLine
from kubeboot.transport.lines import LineCutter, Tail
from kubeboot.transport.ssh import shell
from kubeboot.transport.ssh.refusals import no_bash, no_shell, shell_silent, sudo_refused, wrong_password
from kubeboot.transport.ssh.shell import Access

CHUNK_BYTES = 1 << 16
POLL_S = 0.5
READY_LIMIT_S = 60
EXIT_LIMIT_S = 30
LINGER_S = 2

SudoPassword = Callable[[], str | None]
"""The sudo password, asked for when sudo wants one; None when there is none to give. May raise SudoRefused."""


class Stopped(Exception):
    """on_line does not want any more lines."""


class Execution:
    """Runs one payload. `access` is what is known before and, after READY, what was learnt."""

    def __init__(self, host: str, channel: paramiko.Channel, access: Access, password: SudoPassword | None) -> None:
        self._host = host
        self._channel = channel
        self._asked_access = access
        self._password = password
        self._is_ready = False
        self._writer: threading.Thread | None = None
        self._noise = Tail()
        self._ready_by = 0.0
        self.access = access
        self.stderr = Tail()

    def run(self, payload: bytes, on_line: OnLine) -> int | None:
        """The exit status; 0 when on_line stopped it before there was one; None when the connection went first.

        Raises SudoRefused, Unreachable (no usable shell) or HostError (no bash). A bash that a signal killed has no
        exit status either: None.
        """
        self._payload = payload
        self._on_line = on_line
        try:
            self._channel.settimeout(POLL_S)
            self._channel.exec_command(shell.remote_command(self._asked_access))
            if self._asked_access.is_known_to_need_nothing:
                self._send(payload)
            return self._follow()
        except Stopped:
            return max(0, self._channel.exit_status)
        except (EOFError, OSError, paramiko.SSHException):
            return None
        finally:
            self._channel.close()
            if self._writer:
                self._writer.join(POLL_S)

    def _follow(self) -> int | None:
        cutter = LineCutter()
        self._ready_by = time.monotonic() + READY_LIMIT_S
        while (chunk := self._receive()) != b"":
            self._drain_stderr()
            for line in cutter.feed(chunk or b""):
                self._take(line)
            if not self._is_ready:
                self._watch_ready()
        status = self._exit_status()
        self._drain_stderr()
        if status is not None:
            for line in cutter.rest():
                self._take(line)
            if not self._is_ready:
                raise self._never_ready()
        return status

    def _receive(self) -> bytes | None:
        """A chunk of stdout, None when none came, b"" at its end. A background process that the payload left behind
        may hold stdout open for ever: it ends LINGER_S after the exit status."""
        try:
            return self._channel.recv(CHUNK_BYTES)
        except TimeoutError:
            if not self._channel.status_event.is_set():
                return None
        self._channel.settimeout(LINGER_S)
        try:
            return self._channel.recv(CHUNK_BYTES)
        except TimeoutError:
            return b""

    def _drain_stderr(self) -> None:
        while self._channel.recv_stderr_ready():
            chunk = self._channel.recv_stderr(CHUNK_BYTES)
            if not chunk:
                return
            self.stderr.feed(chunk)

    def _exit_status(self) -> int | None:
        """After the end of stdout: sshd sends the status before or after, never much later."""
        deadline = time.monotonic() + EXIT_LIMIT_S
        transport = self._channel.get_transport()
        while not self._channel.status_event.wait(POLL_S):
            if time.monotonic() > deadline or not transport.is_active():
                return None
        status = self._channel.exit_status
        return status if status >= 0 else None

    def _take(self, line: str) -> None:
        if self._is_ready:
            if not self._on_line(line):
                raise Stopped
            return
        marker, _, detail = line.strip().partition(" ")
        if marker == shell.READY:
            self._ready()
        elif marker == shell.VIA_SUDO:
            self.access = Access.SUDO
        elif marker == shell.VIA_SUDO_TTY:
            self.access = Access.SUDO_TTY
        elif marker == shell.PASSWORD:
            self.access = Access.SUDO_PASSWORD
            self._send_password()
        elif marker == shell.NO_SUDO:
            raise sudo_refused(self._host, detail)
        elif marker == shell.NO_BASH:
            raise no_bash(self._host)
        else:
            self._noise.feed(line.encode() + b"\n")

    def _ready(self) -> None:
        self._is_ready = True
        if self._asked_access.is_known_to_need_nothing:
            return
        if self.access is Access.UNKNOWN:
            self.access = Access.ROOT
        self._send(self._payload)

    def _send_password(self) -> None:
        """Somebody may have to type it: the time that takes does not count."""
        password = self._password() if self._password else None
        if password is None:
            raise sudo_refused(self._host, "a password is required")
        self._channel.sendall(password.encode() + b"\n")
        self._ready_by = time.monotonic() + READY_LIMIT_S

    def _watch_ready(self) -> None:
        said = self.stderr.text()
        if said.count(shell.PROMPT) > 1 or "Sorry, try again" in said:
            raise wrong_password(self._host)
        if time.monotonic() > self._ready_by:
            raise shell_silent(self._host, READY_LIMIT_S, self._noise.text() + said)

    def _never_ready(self) -> HostError:
        said = self.stderr.text().replace(shell.PROMPT, "").strip()
        if self.access in (Access.SUDO, Access.SUDO_TTY, Access.SUDO_PASSWORD):
            return sudo_refused(self._host, said)
        return no_shell(self._host, (self._noise.text() + said).strip())

    def _send(self, payload: bytes) -> None:
        if len(payload) <= self._channel.out_window_size:
            self._write(payload)
            return
        self._writer = threading.Thread(target=self._write, args=(payload,), daemon=True, name=f"stdin {self._host}")
        self._writer.start()

    def _write(self, payload: bytes) -> None:
        """Errors are the reader's to find: a command may well end without reading all of its stdin."""
        view = memoryview(payload)
        with suppress(EOFError, OSError, paramiko.SSHException):
            while view:
                try:
                    view = view[self._channel.send(bytes(view[:CHUNK_BYTES])) :]
                except TimeoutError:
                    continue
            self._channel.shutdown_write()
