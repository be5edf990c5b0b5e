"""What can be wrong on the way to a host, each in plain words with the next thing to do. One function per reference."""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence

from kubeboot.errors import HostKeyChanged, HostKeyUnknown, Unreachable
from kubeboot.transport.hostkeys import SSH_PORT, HostKey, Verdict, Vouchers
from kubeboot.transport.ssh.route import Hop

NO_ROUTE = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.EADDRNOTAVAIL)


def _unreachable(host: str, reference: str, message: str, hint: str) -> Unreachable:
    return Unreachable(host, message, hint=hint, reference=reference)


def socket_failed(host: str, hop: Hop, error: OSError) -> Unreachable:
    """No TCP connection: the name, refused, timeout, no route, or what the system said."""
    where = f"{hop.address} port {hop.port}"
    if isinstance(error, socket.gaierror):
        hint = "check the host's address in the inventory, and that this machine's DNS knows it"
        return _unreachable(host, "host-name-unknown", f"the name {hop.address} does not resolve", hint)
    if isinstance(error, TimeoutError):
        message = f"no answer from {where} within {hop.connect_timeout_s} s"
        hint = "is the host up, the address right, and the port open in firewalls between here and there?"
        return _unreachable(host, "connection-timeout", message, hint)
    if isinstance(error, ConnectionRefusedError):
        hint = "the host is there and nothing listens on that port: is sshd running, and is the port right?"
        return _unreachable(host, "connection-refused", f"{where} refused the connection", hint)
    if error.errno in NO_ROUTE:
        message = f"there is no route to {where}: {error.strerror}"
        return _unreachable(host, "no-route", message, "check the address, and that host and network are up")
    return _unreachable(host, "connection-failed", f"no connection to {where}: {error}", "")


def silent(host: str, hop: Hop, limit_s: float) -> Unreachable:
    """The connection was made and then nothing came."""
    message = f"{hop.address} port {hop.port} took the connection and said nothing for {limit_s:.0f} s"
    hint = "an overloaded host, or something that is no SSH server; raise connectTimeout for slow hosts"
    return _unreachable(host, "ssh-silent", message, hint)


def turned_away(host: str, hop: Hop, tries: int) -> Unreachable:
    """sshd closed the connection before its banner every time."""
    message = f"{hop.address} port {hop.port} closed the connection before logging in, {tries} times"
    hint = "sshd may be starting or stopping, or refuses many logins at once (MaxStartups), or blocks this address"
    return _unreachable(host, "ssh-turned-away", message, hint)


def not_ssh(host: str, hop: Hop, first: bytes) -> Unreachable:
    """Something else than SSH answered."""
    shown = first.split(b"\n")[0][:60].decode("ascii", "backslashreplace").strip()
    printable = "".join(letter if letter.isprintable() else "?" for letter in shown)
    message = f"{hop.address} port {hop.port} is not an SSH server; it said: {printable}"
    return _unreachable(host, "not-an-ssh-server", message, "check the port")


def protocol_mismatch(host: str, hop: Hop, detail: str) -> Unreachable:
    """An SSH server with which no common algorithm or version could be agreed on."""
    message = f"no common way to encrypt with {hop.address} port {hop.port}: {detail}"
    hint = (
        "the server offers only outdated algorithms (update OpenSSH there), or a device in between changes the traffic"
    )
    return _unreachable(host, "ssh-protocol-mismatch", message, hint)


def proxy_failed(host: str, what: str, detail: str) -> Unreachable:
    """A ProxyCommand ended, or a jump host could not go on to the next hop."""
    hint = "try the same way with `ssh -v`; ProxyJump and ProxyCommand come from ~/.ssh/config"
    return _unreachable(host, "proxy-failed", f"{what}: {detail}", hint)


def config_unusable(host: str, detail: str) -> Unreachable:
    """~/.ssh/config, or a known_hosts file, cannot be used."""
    return _unreachable(host, "ssh-config-unusable", detail, "correct the file; `ssh -G HOST` shows how ssh reads it")


def key_unreadable(host: str, path: object, detail: str) -> Unreachable:
    """The key file of the inventory cannot be used."""
    hint = "identityFile must name a private key in OpenSSH or PEM format that you can read"
    return _unreachable(host, "key-unreadable", f"the key file {path} cannot be used: {detail}", hint)


def key_encrypted(host: str, path: object, *, is_wrong: bool) -> Unreachable:
    """The key file has a passphrase that nobody gave, and the agent does not hold it."""
    message = f"the key file {path} is protected by a passphrase, and ssh-agent does not hold that key"
    if is_wrong:
        message = f"the passphrase given for the key file {path} does not fit"
    hint = f"run: eval $(ssh-agent); ssh-add {path}"
    return _unreachable(host, "key-encrypted", message, hint + ", or run kubeboot on a terminal: it asks once")


def auth_refused(host: str, hop: Hop, tried: Sequence[str], detail: str) -> Unreachable:
    """The server accepted none of the keys."""
    keys = "; ".join(tried) if tried else "no key at all: no agent holds one and ~/.ssh has no default key"
    message = f"{hop.address} port {hop.port} refused the login of {hop.user}{detail}. Tried: {keys}"
    target = f"-p {hop.port} " if hop.port != SSH_PORT else ""
    hint = (
        "is the user right? kubeboot ssh-setup installs your key on all hosts, with a password typed once; "
        f"for one host alone: ssh-copy-id {target}{hop.user}@{hop.address}"
    )
    return _unreachable(host, "auth-refused", message, hint)


def password_refused(host: str, hop: Hop) -> Unreachable:
    """The password is wrong, or this user may not use one. It is sent once only."""
    message = f"{hop.address} port {hop.port} refused the password of {hop.user}"
    hint = "it was tried once. Another password on this host? Run ssh-setup for it alone: kubeboot ssh-setup HOST"
    if hop.user == "root":
        hint += "\nsshd often lets root in by key only (PermitRootLogin prohibit-password): take another ssh.user"
    return _unreachable(host, "password-refused", message, hint)


def no_password_login(host: str, hop: Hop, allowed: Sequence[str], public_key: str) -> Unreachable:
    """sshd takes no passwords at all, so the key has to come by another way."""
    message = f"{hop.address} port {hop.port} takes no password from {hop.user}; it allows only {', '.join(allowed)}"
    hint = f"add this line to ~{hop.user}/.ssh/authorized_keys there, by its console or cloud-init:\n  {public_key}"
    return _unreachable(host, "password-not-allowed", message, hint)


def not_installed(host: str, hop: Hop, output: str) -> Unreachable:
    """Logged in by password, and the key could not be written."""
    message = f"the key could not be added to {hop.user}'s authorized_keys"
    return Unreachable(host, message, hint="see the output", reference="key-not-installed", output=output)


def bad_pin(host: str, detail: str) -> Unreachable:
    """The inventory's hostKey cannot be understood."""
    hint = 'hostKey is a fingerprint ("SHA256:...", see ssh-keygen -lf) or a public key ("ssh-ed25519 AAAA...")'
    return _unreachable(host, "host-key-pin-invalid", f"the inventory's hostKey: {detail}", hint)


def no_host_key(host: str, hop: Hop, kinds: Sequence[str]) -> Unreachable:
    """The server has no key of any type that could be accepted: it cannot be the one that was recorded."""
    message = f"{hop.address} port {hop.port} has no host key of the recorded type ({', '.join(kinds)})"
    hint = "the host was set up anew or is another one; compare with the host's console before recording its new key"
    return HostKeyChanged(host, message, hint=hint, reference="host-key-changed")


def bad_host_key(
    host: str, hop: Hop, presented: Sequence[HostKey], known: Vouchers, verdict: Verdict, detail: str
) -> HostKeyUnknown | HostKeyChanged:
    """Unknown, changed or revoked, with what was presented, what was expected, and where that stands.

    `detail` says why the certificate that came with the key did not help.
    """
    shown = ", ".join(f"{key.kind} {key.fingerprint}" for key in presented) + (f" ({detail})" if detail else "")
    if verdict is Verdict.UNKNOWN:
        return _unknown(host, hop, shown, presented[0], known.name)
    if verdict is Verdict.REVOKED:
        entry = next(entry for entry in known.revoked if entry.key.blob == presented[0].blob)
        message = f"the key that {known.name} presented ({shown}) is marked @revoked in {entry.path} line {entry.line}"
        return HostKeyChanged(host, message, hint="do not connect; find out who revoked it and why")
    return _changed(host, shown, known)


def _unknown(host: str, hop: Hop, shown: str, key: HostKey, name: str) -> HostKeyUnknown:
    port = f"-p {hop.port} " if hop.port != SSH_PORT else ""
    message = f"nobody vouches for the key of {hop.address} port {hop.port}: {shown}"
    hint = (
        "compare it with the host's console (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then accept it:\n"
        "  kubeboot ssh-setup -i INVENTORY\n"
        "shows the keys of all hosts and asks once. Or add to the host in the inventory\n"
        f'  hostKey: "{key.fingerprint}"\n'
        f"or record it beside the inventory: ssh-keyscan {port}{hop.address} >> known_hosts"
    )
    error = HostKeyUnknown(host, message, hint=hint)
    error.known_hosts_line = f"{name} {key.line}"
    return error


def _changed(host: str, shown: str, known: Vouchers) -> HostKeyChanged:
    careful = "someone may sit in between, or the host was set up anew; compare with its console first. Then"
    if known.pin:
        expected = known.pinned.fingerprint if known.pinned else known.pin
        where = f"the inventory's hostKey is {expected}"
        hint = f"{careful} correct hostKey in the inventory"
    else:
        recorded = [f"{e.key.kind} {e.key.fingerprint} ({e.path} line {e.line})" for e in known.recorded]
        where = f"recorded is {', '.join(recorded)}"
        hint = f"{careful} remove the old one: ssh-keygen -f {known.recorded[0].path} -R '{known.name}'"
    return HostKeyChanged(host, f"the key of {known.name} has changed: it presented {shown}; {where}", hint=hint)
