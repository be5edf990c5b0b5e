"""Text -> YAML with marks -> plain values that know where they stand.

The reader works on pyyaml's events, not on its constructors: so no tag can build an object, no alias can explode, depth
and size are bounded, and every problem has its line and column. Plain scalars follow YAML 1.2's core schema: `yes`,
`on` and `22:22` are text, only `true` and `false` are booleans.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from kubeboot.errors import Problem
from kubeboot.inventory.problems import Path, path_text, quoted

Event = Any  # what an event holds depends on its kind, which pyyaml's stubs do not know

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 30
MAX_ALIASES = 64
MAX_VALUES = 50_000

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})|0x[0-9a-fA-F]{1,15}|0o[0-7]{1,20}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,50}|[0-9]{1,50}(\.[0-9]{0,50})?)([eE][-+]?[0-9]{1,3})?")
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class Unreadable(Exception):
    """Reading cannot go on after this problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(slots=True)
class Node:
    """One YAML value: the plain value, the scalar's own text, its place (counted from 1), what it holds."""

    line: int
    column: int
    value: Any = None
    text: str = ""
    children: dict[str | int, Node] = field(default_factory=dict)
    key_marks: dict[str, tuple[int, int]] = field(default_factory=dict)
    size: int = 1

    def find(self, path: Path) -> Node | None:
        """The node at that path below this one."""
        node: Node | None = self
        for part in path:
            node = node.children.get(part) if node else None
        return node

    def place(self, path: Path) -> tuple[int, int]:
        """Line and column of the deepest node on the path that exists; of its key if the value is no scalar."""
        node, place = self, (self.line, self.column)
        for part in path:
            child = node.children.get(part)
            if child is None:
                break
            place = (child.line, child.column)
            if child.children and isinstance(part, str):
                place = node.key_marks[part]
            node = child
        return place


def read_document(data: bytes) -> tuple[Node, list[Problem]]:
    """The document's root and the problems of its YAML; Unreadable when there is no tree to go on with."""
    if len(data) > MAX_BYTES:
        raise Unreadable(Problem("", f"larger than {MAX_BYTES // 1024} KiB", "one inventory describes one cluster"))
    reader = _Reader(_decode(data))
    try:
        return reader.document(), reader.problems
    except yaml.MarkedYAMLError as error:
        raise Unreadable(_syntax_problem(error)) from None
    except yaml.YAMLError as error:
        raise Unreadable(Problem("", f"not YAML: {error}")) from None
    except (ValueError, OverflowError):  # pyyaml leaks chr()'s and int()'s own errors for impossible escapes
        raise Unreadable(reader.problem((), "a character escape that does not exist")) from None


def _decode(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        column = error.start - before.rfind(b"\n")
        hint = "save the file as UTF-8"
        raise Unreadable(Problem("", "not UTF-8 text", hint, before.count(b"\n") + 1, column)) from None
    bad = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if bad:
        before_text = text[: bad.start()]
        line, column = before_text.count("\n") + 1, bad.start() - before_text.rfind("\n")
        message = f"the control character U+{ord(bad.group()):04X} is not allowed"
        raise Unreadable(Problem("", message, "remove it", line, column))
    return text


def _syntax_problem(error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    what = error.problem or "cannot be read"
    if "'\\t'" in what:
        return Problem("", "a tab is used for indentation", "YAML wants spaces instead", line, column)
    context = f" {error.context}" if error.context else ""
    hint = "check indentation, colons, quotes and brackets on this line and the one before it"
    return Problem("", f"not YAML:{context and context + ':'} {what}", hint, line, column)


def plain_value(text: str) -> Any:
    """What an unquoted scalar means: null, a boolean, a number, or its own text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return text


class _Reader:
    """Builds nodes from events, counting what it builds."""

    def __init__(self, text: str) -> None:
        self.events: Iterator[Event] = yaml.parse(text, Loader=yaml.SafeLoader)
        self.problems: list[Problem] = []
        self.anchors: dict[str, Node] = {}
        self.aliases = 0
        self.values = 0
        self.mark = (1, 1)

    def document(self) -> Node:
        """The only document of the stream; an empty file is an empty mapping."""
        next(self.events)  # StreamStart
        if isinstance(self.next(), yaml.StreamEndEvent):
            return Node(1, 1, value={})
        root = self.node(self.next(), (), 0)
        self.next()  # DocumentEnd
        if not isinstance(self.next(), yaml.StreamEndEvent):
            raise Unreadable(self.problem((), "a second document begins here", "one inventory is one document"))
        return root

    def next(self) -> Event:
        """The next event; its place is where problems are reported from now on."""
        event = next(self.events)
        self.mark = (event.start_mark.line + 1, event.start_mark.column + 1)
        return event

    def problem(self, path: Path, message: str, hint: str = "") -> Problem:
        """A problem at the current event."""
        return Problem(path_text(path), message, hint, *self.mark)

    def complain(self, path: Path, message: str, hint: str = "") -> None:
        """A problem that does not keep the rest from being read."""
        self.problems.append(self.problem(path, message, hint))

    def node(self, event: Event, path: Path, depth: int) -> Node:
        """The value that begins with this event."""
        self.values += 1
        if depth > MAX_DEPTH:
            raise Unreadable(self.problem((), f"nested deeper than {MAX_DEPTH} levels"))
        node = self.alias(event, path) if isinstance(event, yaml.AliasEvent) else self.tagged(event, path, depth)
        if self.values > MAX_VALUES:
            raise Unreadable(self.problem((), f"more than {MAX_VALUES} values", "one inventory describes one cluster"))
        return node

    def tagged(self, event: Event, path: Path, depth: int) -> Node:
        """A value of its own: refuses tags, remembers anchors only once complete, so none can hold itself."""
        if event.tag not in (None, "!"):
            self.problems.append(
                self.problem(path, f"the tag {quoted(event.tag)} is not allowed", "write the value alone")
            )
        before = self.values
        if isinstance(event, yaml.ScalarEvent):
            node = self.scalar(event, path)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self.sequence(path, depth)
        else:
            node = self.mapping(path, depth)
        node.size = self.values - before + 1
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def alias(self, event: Event, path: Path) -> Node:
        """The complete value the alias repeats, counted as if it were written out."""
        self.aliases += 1
        if self.aliases > MAX_ALIASES:
            raise Unreadable(self.problem((), f"more than {MAX_ALIASES} aliases (*name)", "write the values out"))
        node = self.anchors.get(event.anchor)
        if node is None:
            hint = "an alias (*name) repeats a value that was complete before it as &name"
            raise Unreadable(self.problem(path, f"*{event.anchor} refers to nothing that stands before it", hint))
        self.values += node.size
        return node

    def scalar(self, event: Event, path: Path) -> Node:
        """A single value."""
        text = event.value
        if any(
            (ord(char) < 32 and char not in "\n\t") or 0xD800 <= ord(char) < 0xE000 or char == "\x7f" for char in text
        ):
            self.complain(path, f"{quoted(text)} holds a control character", "remove it")
            text = ""
        return Node(*self.mark, value=plain_value(text) if event.implicit[0] else text, text=text)

    def sequence(self, path: Path, depth: int) -> Node:
        """A list and what it holds."""
        node = Node(*self.mark, value=[])
        while not isinstance(event := self.next(), yaml.SequenceEndEvent):
            index = len(node.value)
            child = self.node(event, (*path, index), depth + 1)
            node.children[index] = child
            node.value.append(child.value)
        return node

    def mapping(self, path: Path, depth: int) -> Node:
        """A mapping and what it holds; what stands under an unusable key is read and dropped."""
        node = Node(*self.mark, value={})
        while not isinstance(event := self.next(), yaml.MappingEndEvent):
            key = self.key(event, path, node, depth)
            mark = self.mark
            child = self.node(self.next(), (*path, key or "?"), depth + 1)
            if key is not None:
                node.children[key], node.key_marks[key], node.value[key] = child, mark, child.value
        return node

    def key(self, event: Event, path: Path, node: Node, depth: int) -> str | None:
        """The key as it is written, or None when it cannot be one. A repeated key keeps its first value."""
        mark = self.mark
        key = self.node(event, path, depth + 1)
        self.mark = mark
        if key.children or not key.text or not isinstance(event, yaml.ScalarEvent):
            self.complain(path, "a key must be a word", "write `key: value`")
        elif key.text == "<<" and event.implicit[0]:
            hint = "write the keys out; what all hosts share under `ssh` belongs into the top-level `ssh`"
            self.complain(path, "merge keys (<<) are not supported", hint)
        elif key.text in node.children:
            message = f"is given twice, first on line {node.key_marks[key.text][0]}"
            self.complain((*path, key.text), message, "keep one of the two")
        else:
            return key.text
        return None
