"""Host keys against a list that the user has from somewhere safe, and how accepted ones are recorded."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kubeboot.transport.hostkeys import HostKey, Verdict, read_known_hosts


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """The list: per name SHA256 fingerprints, and a known_hosts file's own lines. Made by `read_fingerprints`."""

    path: Path
    said: tuple[tuple[str, str], ...]

    def judge(self, names: Sequence[str], key: HostKey) -> Verdict:
        """Trusted when a line about one of the names has the key; changed when all such lines have others."""
        said = [mark for name, mark in self.said if name in names]
        entries = [entry for entry in read_known_hosts(self.path) if any(entry.matches(name) for name in names)]
        if any(entry.marker == "@revoked" and entry.key.blob == key.blob for entry in entries):
            return Verdict.REVOKED
        marks = said + [entry.key.fingerprint for entry in entries if not entry.marker]
        if any(hmac.compare_digest(mark, key.fingerprint) for mark in marks):
            return Verdict.TRUSTED
        return Verdict.CHANGED if marks else Verdict.UNKNOWN


def read_fingerprints(path: Path) -> Fingerprints:
    """Lines `NAME SHA256:...`, or those of ssh-keyscan and known_hosts, also mixed.

    Raises OSError, and ValueError (with the line's number) for a line that is neither.
    """
    known = {entry.line for entry in read_known_hosts(path)}
    said: list[tuple[str, str]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fields = line.split()
        if not fields or fields[0].startswith("#") or number in known:
            continue
        marks = [field.rstrip("=") for field in fields[1:] if field.startswith("SHA256:")]
        if len(marks) != 1:
            raise ValueError(f"line {number} is neither NAME SHA256:... nor a line of known_hosts")
        said += [(name.lower(), marks[0]) for name in fields[0].split(",")]
    return Fingerprints(path, tuple(said))


def record(path: Path, lines: Sequence[str]) -> None:
    """Add lines to a known_hosts file. Raises OSError."""
    with path.open("a+b") as stream:
        size = stream.seek(0, 2)
        if size:
            stream.seek(size - 1)
        is_cut = bool(size) and stream.read(1) != b"\n"
        stream.write(("\n" if is_cut else "").encode() + "".join(f"{line}\n" for line in lines).encode())
