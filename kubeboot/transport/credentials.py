"""Sudo passwords: where each host's comes from. Read once and only when a host's sudo wants it; never kept on disk.

In this order: what the command line gave, the host's file or command, a question on the terminal.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Hashable
from pathlib import Path

from kubeboot.errors import SudoRefused
from kubeboot.model import Host
from kubeboot.redaction import learn

COMMAND_LIMIT_S = 120
MOST_BYTES = 4096

Ask = Callable[[str], str | None]
"""Asks for a secret on the terminal, from any thread; None when there is no terminal or no answer."""


class Unusable(Exception):
    """A password cannot be had from its source; the message says why, and never holds what was read."""


class SudoPasswords:
    """Sudo passwords of all hosts. `given` serves every host; `ask` is asked once per user."""

    def __init__(self, ask: Ask, given: str | None = None) -> None:
        self._ask = ask
        self._given = given
        self._lock = threading.Lock()
        self._known: dict[Hashable, str | None] = {}

    def of(self, host: Host) -> Callable[[], str | None]:
        """What to call when sudo of that host wants a password: the password, None for none, or SudoRefused."""
        return lambda: self._given if self._given is not None else self._find(host)

    def _find(self, host: Host) -> str | None:
        ssh = host.ssh
        source: Hashable = ssh.sudo_password_file or ssh.sudo_password_command or ssh.user
        with self._lock:
            if source not in self._known:
                try:
                    self._known[source] = self._read(host)
                except Unusable as error:
                    hint = "correct it, or give the password with --ask-sudo-password (-K)"
                    raise SudoRefused(host.name, str(error), hint=hint, reference="sudo-password-unusable") from None
            return self._known[source]

    def _read(self, host: Host) -> str | None:
        ssh = host.ssh
        if ssh.sudo_password_file:
            return password_in_file(ssh.sudo_password_file)
        if ssh.sudo_password_command:
            return _printed_by(ssh.sudo_password_command)
        return self._ask(f"sudo password of {ssh.user} on {host.name} (other hosts that want one get the same): ")


def password_in_file(path: Path) -> str:
    """The first line of a file or pipe. Raises Unusable."""
    try:
        with path.open("rb") as stream:
            return _first_line(stream.read(MOST_BYTES), f"the password file {path}")
    except OSError as error:
        raise Unusable(f"the password file {path} cannot be read: {error.strerror}") from None


def _printed_by(command: tuple[str, ...]) -> str:
    """The first line that the command prints. It may use the terminal, for a passphrase of its own."""
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=COMMAND_LIMIT_S)
    except (OSError, ValueError) as error:
        raise Unusable(f"sudoPasswordCommand {command[0]} cannot be run: {error}") from None
    except subprocess.TimeoutExpired:
        raise Unusable(f"sudoPasswordCommand {command[0]} said nothing for {COMMAND_LIMIT_S} s") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2][-200:]
        raise Unusable(f"sudoPasswordCommand {command[0]} failed (exit {done.returncode}): {said or 'it said nothing'}")
    return _first_line(done.stdout, f"the output of sudoPasswordCommand {command[0]}")


def _first_line(data: bytes, what: str) -> str:
    try:
        line = data.split(b"\n", 1)[0].rstrip(b"\r").decode()
    except UnicodeDecodeError:
        raise Unusable(f"{what} is not UTF-8 text") from None
    if not line or not line.isprintable():
        raise Unusable(f"{what} does not begin with a line that is a password")
    learn(line)
    return line
