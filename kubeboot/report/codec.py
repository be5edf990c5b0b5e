"""Events to JSON objects and back: the lines of events.jsonl, format 1. docs/events.md is their schema.

Whatever writes them hides secrets first, in every text but names: a host, phase or step is who something happened to.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, cast, get_args, get_origin, get_type_hints

from kubeboot import errors
from kubeboot.engine import events
from kubeboot.engine.records import MOST_DIGITS
from kubeboot.errors import Finding, HostError

FORMAT = 1
NAMES = frozenset({"event", "run_id", "command", "mode", "cluster", "host", "hosts", "phase", "step", "status", "on"})
"""Keys whose values are names from the inventory or from kubeboot, told by themselves."""
ERROR_TEXTS = ("reference", "message", "hint", "phase", "step", "output", "log_path")


MOST_S = 1 << 33
"""No time is later: in seconds since 1970 that is the year 2242."""
MOST = 10**MOST_DIGITS
"""No count is larger: what a host may say (engine/records)."""


def event_name(kind: type) -> str:
    """`PhaseStarted` is `phase-started` in the file."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()


KINDS: dict[str, type[Any]] = {event_name(kind): kind for kind in get_args(events.Event)}
_HINTS: dict[type[Any], dict[str, Any]] = {kind: get_type_hints(kind) for kind in (*KINDS.values(), Finding)}


@cache
def _error_kinds() -> dict[str, type[HostError]]:
    """Every class of host errors by its own reference."""

    def below(kind: type[HostError]) -> Iterator[type[HostError]]:
        yield kind
        for each in kind.__subclasses__():
            yield from below(each)

    return {kind.reference: kind for kind in below(errors.HostError)}


def encode(event: events.Event) -> dict[str, Any]:
    """The event as JSON values: `event`, then the fields. The error of HostFailed becomes fields of the event."""
    found: dict[str, Any] = {"event": event_name(type(event))}
    for field in dataclasses.fields(event):
        value = getattr(event, field.name)
        if isinstance(value, HostError):
            found |= {"kind": type(value).reference, **{name: getattr(value, name) for name in ERROR_TEXTS}}
            found |= {"cause": value.cause, "exit_code": value.exit_code}
        else:
            found[field.name] = _plain(value)
    return found


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Finding):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return value


def decode(found: Mapping[str, Any]) -> events.Event | None:
    """The event; None for one this kubeboot does not know. Raises ValueError for what is no event at all.

    Keys that are not known are left out, so that what a later kubeboot adds does not matter.
    """
    kind = KINDS.get(str(found.get("event")))
    if kind is None:
        return None
    if kind is events.HostFailed:
        return events.HostFailed(_read(float, found.get("time_s")), _read(str, found.get("host")), _error(found))
    return cast(events.Event, _build(kind, found))


def _build(kind: type[Any], found: Mapping[str, Any]) -> object:
    hints = _HINTS[kind]
    given = {name: _read(hints[name], found[name]) for name in hints if name in found}
    try:
        return kind(**given)
    except TypeError as error:
        raise ValueError(f"{kind.__name__}: {error}") from None


def _read(hint: Any, value: Any) -> Any:
    """`value` as the type that `hint` is, or ValueError."""
    if get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise ValueError(f"not a list: {value!r}")
        kinds = get_args(hint)
        inner = [kinds[0]] * len(value) if kinds[-1] is ... else kinds
        return tuple(_read(each, item) for each, item in zip(inner, value, strict=True))
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, dict):
            raise ValueError(f"not an object: {value!r}")
        return _build(cast(type[Any], hint), value)
    if choices := get_args(hint):
        wanted: Any = value in choices
    else:
        wanted = isinstance(value, (int, float) if hint is float else hint)
    if not wanted or (hint in (int, float) and not abs(value) < (MOST_S if hint is float else MOST)):
        raise ValueError(f"unexpected {value!r}")
    return value


def _error(found: Mapping[str, Any]) -> HostError:
    texts = {name: _read(str, found.get(name, "")) for name in ("host", *ERROR_TEXTS)}
    kind = _error_kinds().get(_read(str, found.get("kind", "")), errors.HostError)
    error = kind(texts.pop("host"), texts.pop("message"), **texts)
    error.cause = _read(str, found.get("cause", ""))
    code = _read(int, found.get("exit_code", error.exit_code))
    if code != error.exit_code:
        error.exit_code = code
    return error


def each_text(value: Any, change: Callable[[str], str], key: str = "") -> Any:
    """The same JSON value with every text changed that is no name."""
    match value:
        case str():
            return value if key in NAMES or not value else change(value)
        case list():
            return [each_text(item, change, key) for item in value]
        case dict():
            return {name: each_text(item, change, name) for name, item in value.items()}
    return value


def to_line(found: Mapping[str, Any]) -> str:
    """One line of ASCII with its newline: what is no valid text in UTF-8 survives too."""
    return json.dumps(found, separators=(",", ":")) + "\n"


def from_line(line: str) -> dict[str, Any]:
    """Raises ValueError for what is not a JSON object, such as a line that was cut."""
    found = json.loads(line)
    if not isinstance(found, dict):
        raise ValueError("not an object")
    return found
