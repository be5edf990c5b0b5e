"""From a socket to an encrypted connection with a host whose key is vouched for. Nobody logs in here.

Errors: Busy when sshd turned the connection away, WrongType and Mistrusted about its key, otherwise Unreachable.
Facts: sshd_config(5) MaxStartups, paramiko 5.1 transport.py and packet.py.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress

import paramiko

from kubeboot.transport.hostkeys import HostKey, Verdict, Vouchers
from kubeboot.transport.ssh import certificates, problems
from kubeboot.transport.ssh.route import Hop
from kubeboot.transport.ssh.sockets import Wire

# Cheapest first, nothing weak. Measured, paramiko 5.1.0 against OpenSSH 9.2, CPU of this side, one Xeon core:
# connect and log in 2.6 ms with curve25519, 2.4 with nistp256, 22 with group14, 72 with group16; sending 5 MB 7 ms with
# aes128-gcm, 10 to 16 with aes-ctr and a MAC; an execute with a few lines 1 ms; an idle connection 0.1 ms per second.
KEX = (
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "mlkem768x25519-sha256",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group-exchange-sha256",
)
CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr")
MACS = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512")
AUTH_TIMEOUT_S = 30
TURNED_AWAY = (b"Exceeded MaxStartups", b"Not allowed at this time")

# Paramiko logs tracebacks of what it also raises; without a handler they would end up on stderr.
_log = logging.getLogger("paramiko")
_log.addHandler(logging.NullHandler())
_log.propagate = False
_log.setLevel(logging.CRITICAL + 1)


class Busy(Exception):
    """sshd closed the connection before it said anything: too many logins at once (MaxStartups), or restarting."""


class Mistrusted(Exception):
    """The server's key is not one to go on with."""

    def __init__(self, key: HostKey, verdict: Verdict, detail: str) -> None:
        super().__init__(verdict.value)
        self.detail = detail
        self.key = key
        self.verdict = verdict


class WrongType(Exception):
    """The server has no key of the one type that was asked for."""


def shake_hands(
    host: str, hop: Hop, wire: Wire, known: Vouchers, deadline: float, only: str = ""
) -> paramiko.Transport:
    """An encrypted, not yet authenticated connection. `only`: ask for this key type alone. Raising closes the wire."""
    transport = paramiko.Transport(wire)  # type: ignore[arg-type]  # as much of a socket as paramiko uses
    left_s = max(1.0, deadline - time.monotonic())
    transport.banner_timeout = left_s
    transport.handshake_timeout = max(left_s, float(hop.connect_timeout_s))
    transport.auth_timeout = AUTH_TIMEOUT_S
    _prefer(transport, (only,) if only else known.key_types, bool(known.authorities))
    try:
        _start(host, hop, transport, wire)
        _check(transport.get_remote_server_key(), hop, known)
    except BaseException:
        close(transport, wire)
        raise
    return transport


def _check(key: paramiko.PKey, hop: Hop, known: Vouchers) -> None:
    """A certificate that vouches, or else the key itself: what is inside a useless certificate may be recorded."""
    presented = HostKey(key.get_name(), key.asbytes())
    verdict, detail = known.judge(presented), ""
    certificate = getattr(key, "public_blob", None)
    if certificate and verdict in (Verdict.UNKNOWN, Verdict.CHANGED):
        detail = certificates.problem(certificate.key_blob, hop.known_as or hop.address, known)
        verdict = verdict if detail else Verdict.TRUSTED
    if verdict is not Verdict.TRUSTED:
        raise Mistrusted(presented, verdict, detail)


def close(transport: paramiko.Transport, wire: Wire) -> None:
    """Close both; the wire first, which wakes the reader thread that Transport.close waits for."""
    wire.close()
    with suppress(EOFError, OSError, paramiko.SSHException):
        transport.close()


def _prefer(transport: paramiko.Transport, key_types: tuple[str, ...], has_authorities: bool) -> None:
    options = transport.get_security_options()
    options.kex = [name for name in KEX if name in options.kex]
    options.ciphers = [name for name in CIPHERS if name in options.ciphers]
    options.digests = [name for name in MACS if name in options.digests]
    wanted = list(certificates.certificate_types(key_types)) if has_authorities else []
    for kind in key_types:
        wanted += ["rsa-sha2-512", "rsa-sha2-256"] if kind == "ssh-rsa" else [kind]
    options.key_types = wanted


def _start(host: str, hop: Hop, transport: paramiko.Transport, wire: Wire) -> None:
    limit_s = transport.banner_timeout + transport.handshake_timeout
    try:
        transport.start_client(timeout=limit_s)
    except paramiko.ssh_exception.IncompatiblePeer as error:
        if "host key" in str(error):
            raise WrongType from error
        raise problems.protocol_mismatch(host, hop, str(error)) from error
    except (paramiko.SSHException, EOFError, OSError) as error:
        raise _explain(host, hop, wire, error) from error
    if not transport.initial_kex_done:
        raise problems.silent(host, hop, limit_s)


def _explain(host: str, hop: Hop, wire: Wire, error: Exception) -> Exception:
    """Paramiko says "Error reading SSH protocol banner" for silence, refusal and garbage alike; the bytes tell."""
    first = wire.first.lstrip()
    if not first.startswith(b"SSH-"):
        if first.startswith(TURNED_AWAY):
            return Busy()
        if first:
            return problems.not_ssh(host, hop, first)
        if isinstance(error.__context__ or error, TimeoutError):
            return problems.silent(host, hop, hop.connect_timeout_s)
        return Busy()
    if isinstance(error, (EOFError, OSError)):
        return Busy()
    return problems.protocol_mismatch(host, hop, str(error))
