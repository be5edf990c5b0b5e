"""The way to a host: the hops that ~/.ssh/config and the inventory make together.

An inventory value that differs from its default wins; a default (user root, port 22, no identity file) gives way to
ssh_config, because nothing tells a default from the same value written down. Facts: ssh_config(5).
"""

from __future__ import annotations

import getpass
import io
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paramiko

from kubeboot.model import Host, SshSettings
from kubeboot.transport.hostkeys import SSH_PORT

MAX_HOPS = 8
MAX_INCLUDES = 16
DEFAULTS = SshSettings()


class RouteError(Exception):
    """ssh_config cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One login on the way. `identity_file` is the inventory's own; `config_identities` are ssh_config's."""

    address: str
    port: int
    user: str
    connect_timeout_s: int
    identity_file: Path | None = None
    config_identities: tuple[Path, ...] = ()
    is_identities_only: bool = False
    host_key: str = ""
    known_as: str = ""
    proxy_command: str = ""

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.user}@{host}:{self.port}"


class SshConfig:
    """The ssh_config files as one, the first found value winning."""

    def __init__(self, files: tuple[Path, ...]) -> None:
        """Read the files; those that are not there count as empty. Raises RouteError."""
        self._lines = [line for path in files for line in (*_with_includes(path, MAX_INCLUDES), "Host *")]

    def lookup(self, name: str, *, port: int = 0, user: str = "") -> dict[str, Any]:
        """What applies to `name`, keys in lower case. Port and user, where given, come before all else: %p and %r in a
        ProxyCommand have to be theirs. Raises RouteError."""
        given = [f"Port {port}"] if port else []
        given += [f"User {user}"] if user else []
        try:
            config = paramiko.SSHConfig.from_file(io.StringIO("\n".join(["Host *", *given, "Host *", *self._lines])))
            return dict(config.lookup(name))
        except (paramiko.SSHException, OSError, KeyError, ValueError) as error:
            raise RouteError(f"ssh_config cannot be applied to {name}: {error}") from error


def _with_includes(path: Path, depth: int) -> Iterator[str]:
    """The file's lines with Include put in place (paramiko ignores it). What follows belongs to the block before."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise RouteError(f"{path} cannot be read: {error.strerror}") from error
    block = "Host *"
    for line in text.splitlines():
        keyword, _, value = line.strip().replace("=", " ", 1).partition(" ")
        if keyword.lower() in ("host", "match"):
            block = line
        if keyword.lower() != "include" or depth == 0:
            yield line
            continue
        for pattern in shlex.split(value):
            for included in _expand(pattern, path.parent):
                yield from _with_includes(included, depth - 1)
        yield block


def _expand(pattern: str, folder: Path) -> list[Path]:
    absolute = folder / Path(pattern).expanduser()
    return sorted(Path(absolute.anchor).glob(str(absolute.relative_to(absolute.anchor))))


def route(host: Host, directory: Path, config: SshConfig) -> tuple[Hop, ...]:
    """The hops to `host`, jump hosts first. Raises RouteError."""
    ssh = host.ssh
    port = ssh.port if ssh.port != DEFAULTS.port else 0
    user = ssh.user if ssh.user != DEFAULTS.user else ""
    found = config.lookup(ssh.host or host.address, port=port, user=user)
    target = Hop(
        address=found["hostname"],
        port=_port(found),
        user=found.get("user", DEFAULTS.user),
        connect_timeout_s=ssh.connect_timeout_s,
        identity_file=directory / ssh.identity_file.expanduser() if ssh.identity_file else None,
        host_key=ssh.host_key,
        **_common(found),
    )
    return (*_jumps(found, config, target, MAX_HOPS), target)


def _port(found: dict[str, Any]) -> int:
    try:
        return int(found.get("port", SSH_PORT))
    except ValueError:
        raise RouteError(f"ssh_config has a Port that is no number: {found['port']}") from None


def _common(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "config_identities": tuple(Path(name).expanduser() for name in found.get("identityfile", ())),
        "is_identities_only": found.get("identitiesonly", "no") == "yes",
        "known_as": found.get("hostkeyalias", ""),
        "proxy_command": _proxy(found, "proxycommand"),
    }


def _proxy(found: dict[str, Any], keyword: str) -> str:
    """ProxyJump or ProxyCommand, whichever was written first, as ssh does."""
    first = next((key for key in found if key in ("proxyjump", "proxycommand")), "")
    value = str(found.get(keyword) or "none")
    return value if first == keyword and value.lower() != "none" else ""


def _jumps(found: dict[str, Any], config: SshConfig, target: Hop, left: int) -> Iterator[Hop]:
    """The hops of a ProxyJump value. Only the first one's own ProxyJump counts, the others are reached through it."""
    for index, jump in enumerate(filter(None, _proxy(found, "proxyjump").split(","))):
        if left == 0:
            raise RouteError(f"ssh_config: ProxyJump leads through more than {MAX_HOPS} hosts; does it go in a circle?")
        user, name, port = _split_destination(jump.strip())
        own = config.lookup(name, port=port, user=user)
        common = _common(own) if index == 0 else _common(own) | {"proxy_command": ""}
        hop = Hop(
            address=own["hostname"],
            port=_port(own),
            user=own.get("user") or getpass.getuser(),
            connect_timeout_s=target.connect_timeout_s,
            identity_file=None if own.get("identityfile") else target.identity_file,
            **common,
        )
        if index == 0:
            yield from _jumps(own, config, hop, left - 1)
        yield hop


def _split_destination(text: str) -> tuple[str, str, int]:
    """user, host and port of `[user@]host[:port]` or `ssh://...`; empty and 0 where not given."""
    user, _, rest = text.removeprefix("ssh://").rstrip("/").rpartition("@")
    if rest.startswith("["):
        name, _, port = rest[1:].partition("]")
        port = port.removeprefix(":")
    else:
        name, _, port = rest.partition(":")
    if not name or (port and not port.isdigit()):
        raise RouteError(f"ssh_config: ProxyJump {text!r} is not [user@]host[:port]")
    return user, name, int(port or 0)
