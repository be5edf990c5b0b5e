"""Log in by key: which keys are tried, in which order, and what is said when none will do. Never a password, never
agent forwarding.

With an identity file: that key, from the agent when it holds it. Without: the agent's keys, then the default files.
Each refused key counts against the server's MaxAuthTries (6), so nothing is tried twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import paramiko

from kubeboot.errors import Unreachable
from kubeboot.transport.ssh import problems
from kubeboot.transport.ssh.keyring import KeyEncrypted, KeyRing, KeyUnusable, public_blob
from kubeboot.transport.ssh.route import Hop

DEFAULT_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A key to try and how to call it in a message. `key` None: it could not be loaded, for the reason in `problem`."""

    name: str
    key: paramiko.PKey | None
    problem: Unreachable | None = None


def log_in(host: str, hop: Hop, transport: paramiko.Transport, keys: KeyRing) -> None:
    """Authenticate. Raises KeyLocked, Unreachable (auth-refused, key-encrypted, key-unreadable); connection errors
    pass."""
    tried: list[str] = []
    seen: set[bytes] = set()
    problem: Unreachable | None = None
    agent = _open_agent()
    try:
        for candidate in _candidates(host, hop, agent.get_keys() if agent else (), keys):
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


def default_keys() -> tuple[Path, ...]:
    """Where keys lie when nothing names one, the preferred first."""
    return tuple(Path.home() / ".ssh" / name for name in DEFAULT_KEYS)


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


def _candidates(host: str, hop: Hop, agent_keys: tuple[paramiko.AgentKey, ...], keys: KeyRing) -> Iterator[Candidate]:
    files = [hop.identity_file] if hop.identity_file else [path for path in hop.config_identities if path.exists()]
    for path in files:
        yield _from_file_or_agent(host, path, agent_keys, keys)
    if hop.identity_file or hop.is_identities_only:
        return
    for key in agent_keys:
        yield Candidate(f"agent key {key.comment or key.get_name()}", key)
    if not files:
        yield from (_from_file_or_agent(host, path, (), keys) for path in default_keys() if path.exists())


def _from_file_or_agent(host: str, path: Path, agent_keys: tuple[paramiko.AgentKey, ...], keys: KeyRing) -> Candidate:
    """The agent's key where it is the same one: it needs no passphrase."""
    public = public_blob(path)
    for key in agent_keys:
        if public and key.asbytes() == public:
            return Candidate(f"{path} (in the agent)", key)
    try:
        return Candidate(str(path), keys.load(path))
    except KeyEncrypted as error:
        return Candidate(str(path), None, problems.key_encrypted(host, path, is_wrong=error.is_wrong))
    except KeyUnusable as error:
        return Candidate(str(path), None, problems.key_unreadable(host, path, str(error)))
