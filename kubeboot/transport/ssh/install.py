"""The key that kubeboot logs in with: found or made here, and put into a host's authorized_keys as ssh-copy-id does."""

from __future__ import annotations

import getpass
import os
import socket
from pathlib import Path
from typing import Any

import paramiko
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from kubeboot.model import Host
from kubeboot.transport.hostkeys import HostKey
from kubeboot.transport.lines import Tail
from kubeboot.transport.ssh import problems
from kubeboot.transport.ssh.keyring import KeyEncrypted, KeyLocked, KeyRing, KeyUnusable, public_blob
from kubeboot.transport.ssh.link import Authenticate
from kubeboot.transport.ssh.login import default_keys
from kubeboot.transport.ssh.password import log_in_by_password
from kubeboot.transport.ssh.route import Hop
from kubeboot.transport.ssh.transport import SshTransport

RUN_LIMIT_S = 60
CHUNK_BYTES = 1 << 14
DONE = "KUBEBOOT-KEY"
# One line of /bin/sh under any login shell, see shell.py. authorized_keys may lack its last newline, and may hold the
# key with options in front or as a comment; sshd insists on the modes, SELinux on the labels.
INSTALL = "; ".join(
    (
        "umask 077",
        "cd || exit 1",
        "F=.ssh/authorized_keys",
        "read -r T B C",
        "mkdir -p .ssh || exit 1",
        "touch $F || exit 1",
        "S=",
        'grep -v "^[[:blank:]]*#" $F | grep -qF $B && S=there',
        'if [ -z $S ]; then [ -z "$(tail -c 1 $F)" ] || echo >>$F; echo $T $B $C >>$F || exit 1; fi',
        "chmod 700 .ssh && chmod 600 $F || exit 1",
        "if command -v restorecon >/dev/null; then restorecon -F .ssh $F; fi",
        "W=$(find . -maxdepth 0 -perm /022)",
        'if [ -n "$W" ]; then echo the home folder $PWD can be written by others, so sshd ignores its keys >&2; fi',
        f"echo; echo {DONE}",
    )
)
COMMAND = f"exec /bin/sh -c '{INSTALL}'"


def key_file(hop: Hop) -> Path:
    """The private key whose public half belongs on the host; it may not exist yet."""
    if hop.identity_file:
        return hop.identity_file
    candidates = (*hop.config_identities, *default_keys())
    return next((path for path in candidates if path.exists()), candidates[0])


def make_key(path: Path) -> None:
    """A new ed25519 key without a passphrase, and its .pub. Raises OSError, FileExistsError when one is there."""
    key = Ed25519PrivateKey.generate()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(private)
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    comment = f" {getpass.getuser()}@{socket.gethostname()}\n".encode()
    path.with_name(path.name + ".pub").write_bytes(public + comment)


def public_line(path: Path, keys: KeyRing) -> str:
    """Type, base64 and a comment: a line of authorized_keys. Raises KeyUnusable or KeyEncrypted."""
    blob = public_blob(path)
    if not blob:
        try:
            blob = keys.load(path).asbytes()
        except KeyLocked:
            keys.unlock(path)
            blob = keys.load(path).asbytes()
    return f"{HostKey(paramiko.Message(blob).get_text(), blob).line} {getpass.getuser()}@{socket.gethostname()}"


class Installer(SshTransport):
    """Logs in to the host by password, to its jump hosts by key, and installs the key that kubeboot uses."""

    def __init__(self, host: Host, password: str, *, directory: Path, keys: KeyRing, **files: Any) -> None:
        super().__init__(host, directory=directory, keys=keys, **files)
        self._password = password

    def _authenticator(self, hop: Hop, is_target: bool) -> Authenticate:
        if not is_target:
            return super()._authenticator(hop, is_target)
        self._target = hop
        self._line = self._public_line(hop)
        return lambda transport: log_in_by_password(self._host.name, hop, transport, self._password, self._line)

    def _public_line(self, hop: Hop) -> str:
        path = key_file(hop)
        try:
            return public_line(path, self._keys)
        except KeyEncrypted as error:
            raise problems.key_encrypted(self._host.name, path, is_wrong=error.is_wrong) from None
        except KeyUnusable as error:
            raise problems.key_unreadable(self._host.name, path, str(error)) from None

    def install(self) -> str:
        """Add the key to the user's authorized_keys, unless it is there; what the host found doubtful about it.

        Raises what connect raises, and Unreachable (key-not-installed).
        """
        self.connect()
        status, said = self._run(COMMAND, self._line.encode() + b"\n")
        before, is_done, after = said.partition(DONE)
        if status != 0 or not is_done:
            raise problems.not_installed(self._host.name, self._target, said)
        return (before + after).strip()

    def _run(self, command: str, stdin: bytes) -> tuple[int | None, str]:
        """A short command as the login user: exit status, and what it said on stdout and stderr."""
        try:
            channel = self._open_session(self._links[-1].transport)
            channel.settimeout(RUN_LIMIT_S)
            channel.set_combine_stderr(True)
            channel.exec_command(command)
            channel.sendall(stdin)
            channel.shutdown_write()
            said = Tail()
            while chunk := channel.recv(CHUNK_BYTES):
                said.feed(chunk)
            return (channel.exit_status if channel.status_event.wait(RUN_LIMIT_S) else None), said.text()
        except (EOFError, OSError, paramiko.SSHException) as error:
            return None, str(error) or "the connection was lost"
