"""A host over SSH, as transport.base wants it."""

from __future__ import annotations

import time
from pathlib import Path

import paramiko

from kubeboot.errors import HostError
from kubeboot.model import Host
from kubeboot.transport.base import OnLine
from kubeboot.transport.lines import Tail
from kubeboot.transport.ssh import problems
from kubeboot.transport.ssh.execution import Execution, SudoPassword
from kubeboot.transport.ssh.keyring import KeyRing
from kubeboot.transport.ssh.link import Authenticate, Link, Linker
from kubeboot.transport.ssh.login import log_in
from kubeboot.transport.ssh.refusals import no_session
from kubeboot.transport.ssh.route import Hop, RouteError, SshConfig, route
from kubeboot.transport.ssh.shell import Access

SESSION_TIMEOUT_S = 30
INTERJECT_TIMEOUT_S = 5


def user_known_hosts() -> tuple[Path, ...]:
    """The user's and the machine's known_hosts, as ssh reads them."""
    return (Path.home() / ".ssh/known_hosts", Path("/etc/ssh/ssh_known_hosts"))


def user_ssh_config() -> tuple[Path, ...]:
    """The user's and the machine's ssh_config, as ssh reads them."""
    return (Path.home() / ".ssh/config", Path("/etc/ssh/ssh_config"))


class SshTransport:
    """One host over SSH. `directory` is the inventory's: its known_hosts comes before those of `known_hosts`.

    `sudo_password` is asked only when sudo on the host wants a password; `keys` are shared by all hosts of a run.
    Not thread-safe.
    """

    def __init__(
        self,
        host: Host,
        *,
        directory: Path,
        known_hosts: tuple[Path, ...] | None = None,
        ssh_config: tuple[Path, ...] | None = None,
        sudo_password: SudoPassword | None = None,
        keys: KeyRing | None = None,
    ) -> None:
        self._host = host
        self._directory = directory
        files = user_known_hosts() if known_hosts is None else known_hosts
        self._known_hosts = tuple(dict.fromkeys((directory / "known_hosts", *files)))
        self._ssh_config = user_ssh_config() if ssh_config is None else ssh_config
        self._sudo_password = sudo_password
        self._keys = keys or KeyRing()
        self._links: list[Link] = []
        self._access = Access.UNKNOWN
        self._stderr = Tail()

    def hops(self) -> tuple[Hop, ...]:
        """The way to the host, itself last. Raises Unreachable."""
        try:
            return route(self._host, self._directory, SshConfig(self._ssh_config))
        except RouteError as error:
            raise problems.config_unusable(self._host.name, str(error)) from error

    def connect(self) -> None:
        """Make the connection if there is none. Raises Unreachable, HostKeyUnknown or HostKeyChanged.

        Whether the user may become root shows in the first execute, which saves a round trip.
        """
        if self._links and all(link.transport.is_active() for link in self._links):
            return
        self.close()
        hops = self.hops()
        try:
            for hop in hops:
                below = self._links[-1] if self._links else None
                authenticate = self._authenticator(hop, hop is hops[-1])
                linker = Linker(self._host.name, hop, below, self._known_hosts, authenticate, self._keys)
                self._links.append(linker.link())
        except BaseException:
            self.close()
            raise

    def _authenticator(self, hop: Hop, is_target: bool) -> Authenticate:
        """How to log in at that hop: by key."""
        return lambda transport: log_in(self._host.name, hop, transport, self._keys)

    def execute(self, payload: bytes, on_line: OnLine) -> int | None:
        """See transport.base. Connects first when there never was a connection or it was closed.

        Raises what connect raises, SudoRefused, and HostError (bash-missing).
        """
        if not self._links:
            self.connect()
        self._stderr = Tail()
        try:
            channel = self._open_session(self._links[-1].transport)
        except (EOFError, OSError, paramiko.SSHException):
            return None
        execution = Execution(self._host.name, channel, self._access, self._sudo_password)
        self._stderr = execution.stderr
        status = execution.run(payload, on_line)
        self._access = execution.access
        return status

    def _open_session(self, transport: paramiko.Transport) -> paramiko.Channel:
        """A session. sshd counts a closing session against MaxSessions for a moment: one more try."""
        try:
            return transport.open_session(timeout=SESSION_TIMEOUT_S)
        except paramiko.ChannelException:
            time.sleep(1)
        try:
            return transport.open_session(timeout=SESSION_TIMEOUT_S)
        except paramiko.ChannelException as error:
            raise no_session(self._host.name, error.text) from error

    def interject(self, payload: bytes) -> bool:
        """See transport.base. sshd may refuse a second session (MaxSessions 1): then it did not run."""
        links = tuple(self._links)
        if not links:
            return False
        try:
            channel = links[-1].transport.open_session(timeout=INTERJECT_TIMEOUT_S)
            execution = Execution(self._host.name, channel, self._access, self._sudo_password)
            return execution.run(payload, lambda _: True) == 0
        except (EOFError, OSError, paramiko.SSHException, HostError):
            return False

    def last_stderr(self) -> str:
        """The tail of what the last execute printed to stderr."""
        return self._stderr.text()

    def close(self) -> None:
        """Close the connection and its jump hosts; safe to call twice."""
        while self._links:
            self._links.pop().close()
        self._access = Access.UNKNOWN
