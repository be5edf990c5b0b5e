"""Log in by key: which keys are tried, in which order, and what is said when none will do. Never a password, never
agent forwarding.

With an identity file: that key, from the agent when it holds it. Without: the agent's keys, then the default files.
Each refused key counts against the server's MaxAuthTries (6), so nothing is tried twice.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import paramiko

from kubeboot.errors import Unreachable
from kubeboot.transport.ssh import problems
from kubeboot.transport.ssh.route import Hop

DEFAULT_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A key to try and how to call it in a message. `key` None: it could not be loaded, for the reason in `problem`."""

    name: str
    key: paramiko.PKey | None
    problem: Unreachable | None = None


def log_in(host: str, hop: Hop, transport: paramiko.Transport) -> None:
    """Authenticate. Raises Unreachable (auth-refused, key-encrypted, key-unreadable); connection errors pass."""
    tried: list[str] = []
    seen: set[bytes] = set()
    problem: Unreachable | None = None
    agent = _open_agent()
    try:
        for candidate in _candidates(host, hop, agent.get_keys() if agent else ()):
            if candidate.key is None:
                problem = problem or candidate.problem
                tried.append(f"{candidate.name} (not usable)")
            elif (blob := candidate.key.asbytes()) not in seen:
                seen.add(blob)
                tried.append(candidate.name)
                if _try(host, hop, transport, candidate.key, tried):
                    return
    finally:
        if agent:
            agent.close()
    if problem and len(tried) == 1:
        raise problem
    raise problems.auth_refused(host, hop, tried, "")


def _open_agent() -> paramiko.Agent | None:
    try:
        return paramiko.Agent()
    except (paramiko.SSHException, OSError):
        return None


def _try(host: str, hop: Hop, transport: paramiko.Transport, key: paramiko.PKey, tried: list[str]) -> bool:
    try:
        missing = transport.auth_publickey(hop.user, key)
    except paramiko.BadAuthenticationType as error:
        allowed = ", ".join(error.allowed_types)
        raise problems.auth_refused(host, hop, tried, f": it allows only {allowed}") from error
    except paramiko.AuthenticationException as error:
        if not transport.is_active():
            raise problems.auth_refused(host, hop, tried, " and hung up (too many keys?)") from error
        return False
    if missing:
        raise problems.auth_refused(host, hop, tried, f": besides the key it wants {', '.join(missing)}")
    return True


def _candidates(host: str, hop: Hop, agent_keys: tuple[paramiko.AgentKey, ...]) -> Iterator[Candidate]:
    files = [hop.identity_file] if hop.identity_file else [path for path in hop.config_identities if path.exists()]
    for path in files:
        yield _from_file_or_agent(host, path, agent_keys)
    if hop.identity_file or hop.is_identities_only:
        return
    for key in agent_keys:
        yield Candidate(f"agent key {key.comment or key.get_name()}", key)
    if not files:
        folder = Path.home() / ".ssh"
        yield from (_from_file_or_agent(host, folder / name, ()) for name in DEFAULT_KEYS if (folder / name).exists())


def _from_file_or_agent(host: str, path: Path, agent_keys: tuple[paramiko.AgentKey, ...]) -> Candidate:
    """The agent's key where it is the same one: it needs no passphrase."""
    public = _public_blob(path)
    for key in agent_keys:
        if public and key.asbytes() == public:
            return Candidate(f"{path} (in the agent)", key)
    try:
        return Candidate(str(path), paramiko.PKey.from_path(path))
    except (paramiko.PasswordRequiredException, TypeError):  # cryptography: TypeError for a missing password
        return Candidate(str(path), None, problems.key_encrypted(host, path))
    except OSError as error:
        return Candidate(str(path), None, problems.key_unreadable(host, path, error.strerror or str(error)))
    except (ValueError, paramiko.SSHException, paramiko.pkey.UnknownKeyType):
        return Candidate(str(path), None, problems.key_unreadable(host, path, "it is not a private key"))


def _public_blob(path: Path) -> bytes:
    """The public half of a key file, encrypted or not; empty when it does not tell.

    From the .pub file beside it, else from an OpenSSH key's header, where it stands in clear (PROTOCOL.key).
    """
    try:
        fields = path.with_name(path.name + ".pub").read_text(encoding="utf-8").split()
        return base64.b64decode(fields[1])
    except (OSError, ValueError, IndexError):
        pass
    try:
        body = "".join(line for line in path.read_text(encoding="ascii").splitlines() if not line.startswith("-----"))
        data = base64.b64decode(body)
        magic = b"openssh-key-v1\0"
        if not data.startswith(magic):
            return b""
        message = paramiko.Message(data[len(magic) :])
        for _ in range(3):  # cipher, kdf, kdf options
            message.get_binary()
        message.get_int()
        return bytes(message.get_binary())
    except (OSError, ValueError):
        return b""
