"""What `kubeboot inventory explain` prints: at most 80 columns, like kubectl explain."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from typing import Any

from kubeboot.inventory.reference import Key, find_key, keys_of
from kubeboot.report.words import wrap

MOST_WIDTH = 80
LABEL_WIDTH = 10
INTRODUCTION = "One file, one cluster. kubeboot inventory explain KEY tells more about a key, such as hosts.labels."


def explain_lines(name: str, is_recursive: bool) -> Iterator[str]:
    """The key of that dotted name; with an empty one the whole inventory. Raises UsageError for an unknown key."""
    width = min(MOST_WIDTH, shutil.get_terminal_size().columns)
    if name:
        key = find_key(name)
        yield from _head(key, width)
        below = key.keys
    else:
        yield from wrap(INTRODUCTION, width)
        below = keys_of()
    if below:
        yield ""
        yield "FIELDS:"
        yield from (_tree(below, 1, width) if is_recursive else _fields(below, width))


def _head(key: Key, width: int) -> Iterator[str]:
    kind = key.type
    rows = {
        "KEY": key.name,
        "TYPE": kind.words,
        "DEFAULT": "none: it must be given" if key.is_required else _yaml(key.default),
        "ALLOWED": ", ".join(kind.allowed) or _limits(key),
        "NAMES": kind.names,
        "FORMAT": kind.form,
        "EXAMPLE": _example(key),
    }
    for label, text in rows.items():
        if text:
            yield from wrap(text, width, f"{label + ':':<{LABEL_WIDTH}}")
    yield ""
    yield "DESCRIPTION:"
    yield from wrap(key.description, width, "  ")


def _limits(key: Key) -> str:
    kind = key.type
    return "" if kind.lowest is None or kind.highest is None else f"{kind.lowest} to {kind.highest}"


def _example(key: Key) -> str:
    if not key.type.examples:
        return ""
    example = key.type.examples[0]
    if key.type.words.startswith("list") and not isinstance(example, list):
        example = [example]
    return f"{key.path[-1]}: {_yaml(example)}"


def _yaml(value: Any) -> str:
    """A value in YAML's flow style, on one line; empty for None."""
    match value:
        case None:
            return ""
        case bool() | int():
            return json.dumps(value)
        case list():
            return f"[{', '.join(map(_yaml, value))}]"
        case dict():
            return "{" + ", ".join(f"{name}: {_yaml(item)}" for name, item in value.items()) + "}"
    is_plain = re.fullmatch(r"[A-Za-z~/][\w~./@+-]*(:\d+)?|\d+\.\d+\.[\d./]+(:\d+)?|https?://[\w./:-]+", value)
    return value if is_plain else json.dumps(value, ensure_ascii=False)


def _fields(keys: Sequence[Key], width: int) -> Iterator[str]:
    for key in keys:
        yield f"  {key.path[-1]} <{key.type.words}>{' required' if key.is_required else ''}"
        yield from wrap(first_sentence(key.description), width, "      ")


def _tree(keys: Sequence[Key], depth: int, width: int) -> Iterator[str]:
    for key in keys:
        default = "" if key.default in (None, "", [], {}) else f" = {_yaml(key.default)}"
        required = " required" if key.is_required else ""
        yield from wrap(f"{key.path[-1]} <{key.type.words}>{required}{default}", width, "  " * depth)
        yield from _tree(key.keys, depth + 1, width)


def first_sentence(text: str) -> str:
    """Up to the first full stop that ends a sentence."""
    return re.split(r"(?<=\.) ", text, maxsplit=1)[0]
