"""The connections of one run: a transport per host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from kubeboot.model import Cluster, Host
from kubeboot.report.terminal import Terminal, has_terminal
from kubeboot.transport.base import Transport
from kubeboot.transport.credentials import SudoPasswords
from kubeboot.transport.ssh import KeyRing, SshTransport


@contextmanager
def connections(
    cluster: Cluster, hosts: Sequence[Host], terminal: Terminal, sudo_password: str | None
) -> Iterator[Mapping[str, Transport]]:
    """A transport per host by name; closed at the end, connected by whoever needs it first."""
    passwords = SudoPasswords(terminal.secret, sudo_password)
    keys = KeyRing(terminal.secret if has_terminal() else None)
    transports = {
        host.name: SshTransport(host, directory=cluster.directory, sudo_password=passwords.of(host), keys=keys)
        for host in hosts
    }
    try:
        yield transports
    finally:
        terminal.restore()
        for transport in transports.values():
            transport.close()
