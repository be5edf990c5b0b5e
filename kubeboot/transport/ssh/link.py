"""One logged-in hop, over TCP, a ProxyCommand or the hop before; and the retries that getting there may take."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import paramiko

from kubeboot.errors import Unreachable
from kubeboot.transport.hostkeys import KEY_TYPES, HostKey, Verdict, Vouchers, known_name, vouchers
from kubeboot.transport.ssh import handshake, problems
from kubeboot.transport.ssh.keyring import KeyLocked, KeyRing
from kubeboot.transport.ssh.pulse import Pulse
from kubeboot.transport.ssh.route import Hop
from kubeboot.transport.ssh.sockets import ProxyProcess, Wire, open_tcp

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 2.0
PROXY_TRIES = 3
TURNED_AWAY_FACTOR = 3
"""So many connect timeouts long an sshd is asked again that is there and turns away: with MaxStartups 2 a bastion lets
30 hosts in at a few per second."""

Authenticate = Callable[[paramiko.Transport], None]
"""Logs in; raises KeyLocked, Unreachable, or paramiko's errors of the connection."""


@dataclass(slots=True)
class Link:
    """A logged-in connection; what it was made through is closed by whoever made that, except the proxy process."""

    transport: paramiko.Transport
    wire: Wire
    proxy: ProxyProcess | None = None
    pulse: Pulse | None = None

    def close(self) -> None:
        """Close connection and proxy process."""
        if self.pulse:
            self.pulse.stop()
        handshake.close(self.transport, self.wire)
        if self.proxy:
            self.proxy.close()


class Linker:
    """Makes the link of one hop. `below` is the hop before; `files` are the known_hosts files, the most trusted first.

    `link` raises Unreachable, HostKeyUnknown or HostKeyChanged.
    """

    def __init__(
        self,
        host: str,
        hop: Hop,
        below: Link | None,
        files: Sequence[Path],
        authenticate: Authenticate,
        keys: KeyRing,
    ) -> None:
        self._host = host
        self._authenticate = authenticate
        self._keys = keys
        self._hop = hop
        self._below = below
        self._deadline = 0.0
        self._known = self._vouchers(files)

    def _vouchers(self, files: Sequence[Path]) -> Vouchers:
        name = self._hop.known_as or known_name(self._hop.address, self._hop.port)
        try:
            return vouchers(name, self._hop.host_key, files)
        except ValueError as error:
            raise problems.bad_pin(self._host, str(error)) from error
        except OSError as error:
            raise problems.config_unusable(self._host, f"{error.filename} cannot be read: {error.strerror}") from error

    def link(self) -> Link:
        """Connect, check the host's key, log in. sshd turning us away (MaxStartups) is met with another try.

        A passphrase is asked for while no connection is held: sshd gives half-made ones little time and room.
        """
        patience_s = TURNED_AWAY_FACTOR * self._hop.connect_timeout_s
        give_up_at = time.monotonic() + patience_s
        pause_s, tries = FIRST_PAUSE_S, 0
        while True:
            tries += 1
            self._deadline = time.monotonic() + self._hop.connect_timeout_s
            try:
                return self._trusted()
            except KeyLocked as locked:
                self._keys.unlock(locked.path)
                give_up_at = time.monotonic() + patience_s
            except handshake.Busy as error:
                # Full jitter: hosts that were turned away together must not come back together.
                wait_s = random.uniform(pause_s / 2, pause_s)  # noqa: S311 (not a secret)
                is_last = time.monotonic() + wait_s >= give_up_at
                if is_last or (self._hop.proxy_command and tries >= PROXY_TRIES):
                    raise self._gave_up(error, tries) from error
                time.sleep(wait_s)
                pause_s = min(LONGEST_PAUSE_S, pause_s * 2)

    def _gave_up(self, error: handshake.Busy, tries: int) -> Unreachable:
        if self._hop.proxy_command:
            what = f"the ProxyCommand {self._hop.proxy_command!r} gave no connection"
            return problems.proxy_failed(self._host, what, str(error) or "it ended")
        return problems.turned_away(self._host, self._hop, tries)

    def _trusted(self) -> Link:
        """With a pinned fingerprint each type of key is asked for before the key is called changed: the pin does not
        say of which type it is."""
        presented: list[HostKey] = []
        kinds = ("", *KEY_TYPES) if self._known.is_fingerprint_only else ("",)
        for kind in kinds:
            if kind in (key.kind for key in presented):
                continue
            try:
                return self._attempt(kind)
            except handshake.WrongType:
                continue
            except handshake.Mistrusted as error:
                presented.append(error.key)
                if not self._known.is_fingerprint_only or error.verdict is not Verdict.CHANGED:
                    raise self._refused(presented, error.verdict, error.detail) from error
        if not presented:
            raise problems.no_host_key(self._host, self._hop, self._known.key_types)
        raise self._refused(presented, Verdict.CHANGED, "")

    def _refused(self, presented: list[HostKey], verdict: Verdict, detail: str) -> Unreachable:
        return problems.bad_host_key(self._host, self._hop, presented, self._known, verdict, detail)

    def _attempt(self, kind: str) -> Link:
        wire, proxy = self._open()
        try:
            transport = handshake.shake_hands(self._host, self._hop, wire, self._known, self._deadline, kind)
            self._log_in(transport, wire)
            is_direct = not (self._below or proxy)
            return Link(transport, wire, proxy, None if is_direct else Pulse(transport, wire))
        except handshake.Busy as error:
            wire.close()
            raise handshake.Busy(proxy.last_words() if proxy else "") from error
        except BaseException:
            wire.close()
            if proxy:
                proxy.close()
            raise

    def _log_in(self, transport: paramiko.Transport, wire: Wire) -> None:
        try:
            self._authenticate(transport)
        except (EOFError, OSError, paramiko.SSHException) as error:
            handshake.close(transport, wire)
            raise handshake.Busy from error
        except BaseException:
            handshake.close(transport, wire)
            raise

    def _open(self) -> tuple[Wire, ProxyProcess | None]:
        hop = self._hop
        if self._below:
            return Wire(self._through(self._below)), None
        if hop.proxy_command:
            proxy = ProxyProcess(hop.proxy_command)
            return Wire(proxy.socket), proxy
        try:
            return Wire(open_tcp(hop.address, hop.port, self._deadline)), None
        except ConnectionResetError as error:
            raise handshake.Busy from error
        except OSError as error:
            raise problems.socket_failed(self._host, hop, error) from error

    def _through(self, below: Link) -> paramiko.Channel:
        hop = self._hop
        left_s = max(1.0, self._deadline - time.monotonic())
        what = f"the jump host could not reach {hop.address} port {hop.port}"
        try:
            return below.transport.open_channel(
                "direct-tcpip", (hop.address, hop.port), ("127.0.0.1", 0), timeout=left_s
            )
        except paramiko.ChannelException as error:
            raise problems.proxy_failed(self._host, what, error.text) from error
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise problems.proxy_failed(self._host, what, str(error) or "the connection to it was lost") from error
