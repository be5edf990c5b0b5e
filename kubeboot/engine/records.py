"""What a host says while a script runs: one tab-separated line per record, free text in base64.

Lines without the run's nonce are somebody else's (a login banner, a noisy profile) and are not ours to read. A line
with the nonce that does not parse is a Garbage record: the host cannot be believed any more.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Literal, cast

from kubeboot.redaction import redact

Status = Literal["ok", "drift", "changed", "failed", "not-converged", "unknown"]
MOST_DIGITS = 15
STATUSES = ("ok", "drift", "changed", "failed", "not-converged", "unknown")


@dataclass(frozen=True, slots=True)
class Booted:
    """First line of every connection: which boot of the host this is."""

    boot_id: str


@dataclass(frozen=True, slots=True)
class StepStarted:
    name: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the host is waiting for right now."""

    text: str


@dataclass(frozen=True, slots=True)
class Result:
    """A resource is done. `number` is its place in the script."""

    number: int
    status: Status
    exit_code: int
    duration_ms: int
    reason: str
    output: str


@dataclass(frozen=True, slots=True)
class Diff:
    number: int
    text: str


@dataclass(frozen=True, slots=True)
class OutputValue:
    name: str
    value: str = field(repr=False)
    is_secret: bool = False


@dataclass(frozen=True, slots=True)
class Locked:
    """The script may not run: another run owns the host (`owner` as in its lock), or `unit` does not end."""

    owner: str
    unit: str


@dataclass(frozen=True, slots=True)
class Ended:
    """Last record of a script that ran to its own end: done, failed, locked or stopped."""

    status: str


@dataclass(frozen=True, slots=True)
class Died:
    """The unit did not come to its own end: systemd's result (timeout, oom-kill, signal) and exit status."""

    result: str
    status: str


@dataclass(frozen=True, slots=True)
class Gone:
    """The unit's files are not there any more: the host has rebooted since."""


@dataclass(frozen=True, slots=True)
class Garbage:
    line: str


Record = Booted | StepStarted | Waiting | Result | Diff | OutputValue | Locked | Ended | Died | Gone | Garbage


def parse_record(line: str, nonce: str) -> Record | None:
    """The record in `line`, or None when the line is not ours. Never raises."""
    head, _, rest = line.partition("\t")
    if head != nonce:
        return None
    kind, *fields = rest.split("\t")
    try:
        return _parse(kind, fields)
    except (ValueError, IndexError, binascii.Error):
        return Garbage(_shown(kind, line))


def _parse(kind: str, fields: list[str]) -> Record:  # noqa: C901, PLR0911 - one case per kind of record
    match kind, fields:
        case "B", [boot_id]:
            return Booted(boot_id)
        case "S", [name]:
            return StepStarted(name)
        case "W", [text]:
            return Waiting(_text(text))
        case "R", [number, status, code, duration, reason, output] if status in STATUSES:
            return Result(
                _count(number), cast(Status, status), _count(code), _count(duration), _text(reason), _text(output)
            )
        case "D", [number, text]:
            return Diff(_count(number), _text(text))
        case "O", [name, value]:
            return OutputValue(name, _clean(value))
        case "K", [name, value]:
            return OutputValue(name, _clean(value), is_secret=True)
        case "L", [owner, unit]:
            return Locked(owner, _text(unit))
        case "E", [status] if status in ("done", "failed", "locked", "stopped"):
            return Ended(status)
        case "X", [result, code]:
            return Died(result, code)
        case "G", []:
            return Gone()
    raise ValueError(kind)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > MOST_DIGITS:
        raise ValueError(text)
    return int(text)


def _shown(kind: str, line: str) -> str:
    """What is told of a line that cannot be read: of an output, which may be a secret, only how long it is."""
    return f"an output of {len(line)} characters" if kind in ("O", "K") else line[:200]


def _text(encoded: str) -> str:
    """Base64 to text that may be shown: without secrets, and safe to print."""
    return redact(_clean(encoded))


def _clean(encoded: str) -> str:
    """Base64 to text that is safe to print: control characters but tab and newline become spaces."""
    text = base64.b64decode(encoded, validate=True).decode("utf-8", "replace")
    return "".join(char if char.isprintable() or char in "\n\t" else " " for char in text)
