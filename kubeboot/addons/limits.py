"""How deep a document is and how much its aliases make of it, before anything recursive reads it.

The C reader of PyYAML composes nodes recursively, so that a document of some ten thousand brackets ends the process.
Its events come without recursion.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

MOST_DEPTH = 200
MOST_VALUES = 1_000_000
"""With every alias counted as what it repeats."""

_LEAD = re.compile(r"^[ ?:-]*", re.MULTILINE)
_ALIAS = re.compile(r"(?:^|[\s,:\[{-])\*[^\s,*/]", re.MULTILINE)
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class TooMuch(Exception):
    """The document is too deep or too large; the text completes "LINE: "."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def check_limits(text: str) -> None:
    """Raises TooMuch, with the line counted from 0, and yaml.YAMLError for what is not YAML."""
    # Every level but a bracket's needs a column, and a list as a mapping's value needs none of its own.
    depth = text.count("[") + text.count("{") + 2 * max(map(len, _LEAD.findall(text)), default=0)
    if depth > MOST_DEPTH or _ALIAS.search(text):
        _Meter().read(text)


class _Meter:
    """Counts levels and values event by event."""

    def __init__(self) -> None:
        self._values = 0
        self._sizes: dict[str, int] = {}  # of what has an anchor and is complete
        self._open: list[tuple[str | None, int]] = []  # anchor, values before it

    def read(self, text: str) -> None:
        event: Any  # what it holds depends on its kind, which the stubs do not know
        for event in yaml.parse(text, Loader=_LOADER):
            self._take(event)
            line = event.start_mark.line
            if len(self._open) > MOST_DEPTH:
                raise TooMuch(f"is nested deeper than {MOST_DEPTH} levels", line)
            if self._values > MOST_VALUES:
                raise TooMuch(f"holds more than {MOST_VALUES} values, its aliases written out", line)

    def _take(self, event: Any) -> None:
        kind = type(event)
        if kind in (yaml.MappingStartEvent, yaml.SequenceStartEvent):
            self._open.append((event.anchor, self._values))
            self._values += 1
        elif kind in (yaml.MappingEndEvent, yaml.SequenceEndEvent):
            anchor, before = self._open.pop()
            self._keep(anchor, self._values - before)
        elif kind is yaml.ScalarEvent:
            self._values += 1
            self._keep(event.anchor, 1)
        elif kind is yaml.AliasEvent:
            if any(anchor == event.anchor for anchor, _ in self._open):
                raise TooMuch(f"holds itself (*{event.anchor})", event.start_mark.line)
            self._values += self._sizes.get(event.anchor, 1)

    def _keep(self, anchor: str | None, size: int) -> None:
        if anchor:
            self._sizes[anchor] = size
