"""Who vouches for a host's key: the inventory's pin, then known_hosts files, each one's first word being final.

The format is sshd(8)'s "SSH_KNOWN_HOSTS FILE FORMAT": plain, wildcard, negated and hashed names, `[host]:port`, and the
markers @revoked and @cert-authority. Nothing here needs an SSH library: keys are compared as their raw bytes.
"""

from __future__ import annotations

import base64
import binascii
import fnmatch
import hashlib
import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

KEY_TYPES = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa")
"""Types that can be asked for, the preferred first."""

SSH_PORT = 22


@dataclass(frozen=True, slots=True)
class HostKey:
    """A public host key: `blob` is the base64 part of its line, decoded."""

    kind: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """As ssh-keygen -l prints it: SHA256 and unpadded base64."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")

    @property
    def line(self) -> str:
        """Type and base64, as in a public key file."""
        return f"{self.kind} {base64.b64encode(self.blob).decode()}"

    @classmethod
    def parse(cls, kind: str, encoded: str) -> HostKey:
        """The key of a public key line's first two fields; ValueError when they do not fit each other."""
        try:
            blob = base64.b64decode(encoded, validate=True)
        except binascii.Error as error:
            raise ValueError(f"not base64: {error}") from None
        size = int.from_bytes(blob[:4], "big")
        if blob[4 : 4 + size] != kind.encode():
            raise ValueError(f"the key is not of type {kind}")
        return cls(kind, blob)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a known_hosts file. `marker` is empty, @revoked or @cert-authority."""

    marker: str
    names: str
    key: HostKey
    path: Path
    line: int

    def matches(self, name: str) -> bool:
        """Whether the line is about `name` (a host, or `[host]:port`)."""
        if self.names.startswith("|"):
            return _matches_hashed(self.names, name)
        patterns = self.names.lower().split(",")
        if any(pattern[0] == "!" and matches_pattern(pattern[1:], name) for pattern in patterns if pattern):
            return False
        return any(matches_pattern(pattern, name) for pattern in patterns)


def matches_pattern(pattern: str, name: str) -> bool:
    """sshd's wildcards are * and ? only; the brackets of `[host]:port` stand for themselves."""
    return fnmatch.fnmatchcase(name, pattern.replace("[", "[[]"))


def _matches_hashed(field: str, name: str) -> bool:
    try:
        _, version, salt, digest = field.split("|")
        expected = base64.b64decode(digest, validate=True)
        actual = hmac.new(base64.b64decode(salt, validate=True), name.encode(), hashlib.sha1).digest()
    except ValueError:
        return False
    return version == "1" and hmac.compare_digest(expected, actual)


def read_known_hosts(path: Path) -> Iterator[Entry]:
    """Every usable line of the file; none when it is not there. Lines that make no sense are passed over, as ssh does.

    Raises OSError when the file is there and cannot be read: a file of revoked keys must not be skipped silently.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.split()
        marker = fields.pop(0) if fields and fields[0].startswith("@") else ""
        if len(fields) < 3 or fields[0].startswith("#") or marker not in ("", "@revoked", "@cert-authority"):
            continue
        try:
            yield Entry(marker, fields[0], HostKey.parse(fields[1], fields[2]), path, number)
        except ValueError:
            continue


def known_name(host: str, port: int) -> str:
    """What known_hosts calls a host on a port."""
    return host.lower() if port == SSH_PORT else f"[{host.lower()}]:{port}"


class Verdict(Enum):
    """What the records say of a presented key."""

    TRUSTED = "trusted"
    UNKNOWN = "unknown"
    CHANGED = "changed"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Vouchers:
    """Everything recorded about one host (`name` as in known_hosts). Made by `vouchers`."""

    name: str
    pin: str = ""
    pinned: HostKey | None = None
    recorded: tuple[Entry, ...] = ()
    authorities: tuple[Entry, ...] = ()
    revoked: tuple[Entry, ...] = ()

    @property
    def is_fingerprint_only(self) -> bool:
        """The pin tells the key but not its type: each type has to be tried."""
        return bool(self.pin) and self.pinned is None

    @property
    def key_types(self) -> tuple[str, ...]:
        """The types to ask for, recorded ones first: a host known by one type is not to be refused for another."""
        if self.pinned:
            return (self.pinned.kind,)
        recorded = tuple(dict.fromkeys(entry.key.kind for entry in self.recorded if entry.key.kind in KEY_TYPES))
        return recorded + tuple(kind for kind in KEY_TYPES if kind not in recorded)

    def judge(self, key: HostKey) -> Verdict:
        """Trusted only when recorded. A key of a type that is not recorded, of a host that is, counts as changed:
        whoever sits in between could choose to offer only that type."""
        if any(hmac.compare_digest(entry.key.blob, key.blob) for entry in self.revoked):
            return Verdict.REVOKED
        if self.pinned:
            return Verdict.TRUSTED if hmac.compare_digest(self.pinned.blob, key.blob) else Verdict.CHANGED
        if self.pin:
            return Verdict.TRUSTED if hmac.compare_digest(self.pin, key.fingerprint) else Verdict.CHANGED
        if any(hmac.compare_digest(entry.key.blob, key.blob) for entry in self.recorded):
            return Verdict.TRUSTED
        return Verdict.CHANGED if self.recorded else Verdict.UNKNOWN


def vouchers(name: str, pin: str, files: Sequence[Path]) -> Vouchers:
    """What is recorded for `name`: the pin, else the first file that knows the host. Revoked keys come from all files.

    Raises ValueError for a pin that is neither a SHA256 fingerprint nor a public key, OSError for an unreadable file.
    """
    pinned = None if not pin or pin.startswith("SHA256:") else _parse_pin(pin)
    entries = [[entry for entry in read_known_hosts(path) if entry.matches(name)] for path in files]
    recorded: list[Entry] = next((plain for found in entries if (plain := [e for e in found if not e.marker])), [])
    everything = [entry for found in entries for entry in found]
    return Vouchers(
        name=name,
        pin=pin.rstrip("="),
        pinned=pinned,
        recorded=() if pin else tuple(recorded),
        authorities=() if pin else tuple(entry for entry in everything if entry.marker == "@cert-authority"),
        revoked=tuple(entry for entry in everything if entry.marker == "@revoked"),
    )


def _parse_pin(pin: str) -> HostKey:
    fields = pin.split()
    if len(fields) < 2:
        raise ValueError("neither a SHA256:... fingerprint nor a public key")
    return HostKey.parse(fields[0], fields[1])
