"""The probe's text (templates/probe.sh) and the format of what it prints: lines of key and value, a reader per type."""

from __future__ import annotations

import ipaddress
import itertools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from kubeboot.errors import HostError

Printed = Mapping[str, list[str]]
"""Every value that was printed for a key, in order; no key without a value."""

_LINE = re.compile(r"KBF1\t([a-z0-9_]+)\t(.+)")
_ESCAPE = re.compile(r"\\(.)")
_END = "KBF1\tend"


@dataclass(frozen=True, slots=True)
class Route:
    """One IPv4 route of the main table. `protocol` is who made it (kernel, static, bird, ...), empty when not told."""

    subnet: str
    interface: str = ""
    gateway: str = ""
    protocol: str = ""


@dataclass(frozen=True, slots=True)
class Clock:
    """A host's clock against ours: ahead of it by `offset_s`, give or take `error_s`."""

    time_s: float
    offset_s: float
    error_s: float
    round_trip_s: float


def probe_script() -> str:
    """The text of the probe: the whole payload of one `bash -s`, or a part of one."""
    return (files("kubeboot") / "templates" / "probe.sh").read_text(encoding="utf-8")


def collect(host: str, lines: Iterable[str]) -> Printed:
    """The probe's lines by key, until its end; HostError "facts-unreadable" when the end does not come."""
    printed: dict[str, list[str]] = {}
    for line in lines:
        line = line.rstrip("\r\n")
        if line == _END:
            return printed
        if match := _LINE.fullmatch(line):
            printed.setdefault(match[1], []).append(_clean(_ESCAPE.sub(_unescape, match[2])))
    raise _unreadable(host, "the probe did not come to its end")


def read_clock(host: str, printed: Printed, received_at: float, sent_at: float) -> Clock:
    """The clock by NTP's formula: the time that the probe itself took is not network time."""
    started, ended = (_float(printed.get(key, [""])) for key in ("clock_started_s", "clock_s"))
    if not (started > 0 and ended > 0):
        raise _unreadable(host, "the probe did not tell the time")
    round_trip = max(0.0, (received_at - sent_at) - max(0.0, ended - started))
    # bash before 5.0 tells whole seconds, cut off.
    grain = 0.0 if "." in printed["clock_s"][-1] else 1.0
    offset = ((started - sent_at) + (ended - received_at) + grain) / 2
    return Clock(time_s=ended, offset_s=offset, error_s=round_trip / 2 + grain, round_trip_s=round_trip)


def _clean(value: str) -> str:
    """What the probe's own `put` does, for a host that answers by something else: no control characters, no NUL."""
    return "".join(char if char.isprintable() or char in "\n\t" else "?" for char in value)


def _unescape(match: re.Match[str]) -> str:
    return {"t": "\t", "n": "\n"}.get(match[1], match[1])


def _unreadable(host: str, message: str) -> HostError:
    hint = "Log in and look at `bash --version` (4.2 or newer is needed) and at what the shell's start files print."
    return HostError(host, message, hint=hint, reference="facts-unreadable")


def _text(values: list[str]) -> str:
    return values[-1]


def _flag(values: list[str]) -> bool:
    return values[-1] == "1"


def _int(values: list[str]) -> int:
    return int(values[-1]) if re.fullmatch(r"[0-9]{1,18}", values[-1]) else 0


def _float(values: list[str]) -> float:
    return float(values[-1]) if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,9})?", values[-1]) else 0.0


def _texts(values: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _pairs(values: list[str]) -> Mapping[str, str]:
    """Values of the form "key rest"."""
    split = (value.partition(" ") for value in values)
    return MappingProxyType({key: rest for key, _, rest in split if key})


def _numbers(values: list[str]) -> Mapping[str, int]:
    return MappingProxyType({key: _int([rest]) for key, rest in _pairs(values).items()})


def _routes(values: list[str]) -> tuple[Route, ...]:
    """As `ip route` prints them; a first word that is no subnet (blackhole, unreachable, ...) is a kind of route."""
    routes = (_route(value.split()) for value in values)
    return tuple(route for route in routes if route is not None)


def _route(words: list[str]) -> Route | None:
    try:
        if words[0] in ("blackhole", "unreachable", "prohibit", "throw", "unicast"):
            words = words[1:]
        subnet = "0.0.0.0/0" if words[0] == "default" else str(ipaddress.ip_network(words[0], strict=False))
    except (ValueError, IndexError):
        return None
    after = dict(itertools.pairwise(words))
    gateway = after.get("via", "")
    if gateway == "0.0.0.0":  # noqa: S104  # /proc/net/route's word for none; nothing is bound to it
        gateway = ""
    return Route(subnet, after.get("dev", ""), gateway, after.get("proto", ""))


READERS: Mapping[str, Callable[[list[str]], Any]] = MappingProxyType(
    {
        "str": _text,
        "bool": _flag,
        "bool | None": _flag,
        "int": _int,
        "int | None": _int,
        "float": _float,
        "tuple[str, ...]": _texts,
        "frozenset[str]": frozenset,
        "frozenset[int]": lambda values: frozenset(int(value) for value in values if re.fullmatch("[0-9]{1,5}", value)),
        "Mapping[str, str]": _pairs,
        "Mapping[str, int]": _numbers,
        "tuple[Route, ...]": _routes,
    }
)
"""How the values of a key become a field of Facts, by the field's annotation. None of them raises."""
