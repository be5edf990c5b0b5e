"""A multi-document manifest in pieces: parsed where something may be edited, upstream's own text where nothing is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from kubeboot.addons.limits import TooMuch, check_limits
from kubeboot.errors import SourceError

# In YAML, `---` at the beginning of a line ends a document wherever it stands, also inside a block scalar
# (spec 1.2, c-forbidden), so that splitting at these lines needs no parser.
_MARKER = re.compile(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)
# A key at column 0 of a block mapping can be nothing but one of the document's own keys.
_KIND = re.compile(r"^kind:(.*)$", re.MULTILINE)

_CONTENT_LINE = re.compile(r"^(?!---)[ \t]*[^\s#]", re.MULTILINE)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # its base is chosen at run time
    """Reads as kubectl does where PyYAML does not: 22:22 is text, not a number to base 60, and so is 2024-01-01."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, re.compile(r"(?!.*:)" + known.pattern, re.VERBOSE) if tag.endswith((":int", ":float")) else known)
        for tag, known in resolvers
        if not tag.endswith(":timestamp")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(slots=True)
class Document:
    """One object. `text` with its `---` line; `content` None for what was not parsed: CRDs and comments."""

    text: str
    content: dict[str, Any] | None
    line: int

    @property
    def kind(self) -> str:
        return _string(self.content, "kind")

    @property
    def name(self) -> str:
        return _string((self.content or {}).get("metadata"), "name")

    @property
    def namespace(self) -> str:
        return _string((self.content or {}).get("metadata"), "namespace")


def split(text: str) -> list[tuple[str, int]]:
    """The documents' texts with the line (from 1) each begins at. Joined they are `text` again."""
    starts = [match.start() for match in _MARKER.finditer(text)]
    if not starts or text[: starts[0]]:
        starts.insert(0, 0)
    pieces, line = [], 1
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        pieces.append((text[start:end], line))
        line += text.count("\n", start, end)
    return pieces


def parse(text: str, source: str, *, needs_all: bool = False) -> list[Document]:
    """The documents of a manifest; CRDs are passed over unless `needs_all`: they are big, and no edit concerns them.

    Raises SourceError with line and column for what is not YAML or not an object.
    """
    return [_parse_one(piece, line, source, needs_all) for piece, line in split(text)]


def _parse_one(text: str, line: int, source: str, needs_all: bool) -> Document:
    if not needs_all and [kind.strip() for kind in _KIND.findall(text)] == ["CustomResourceDefinition"]:
        return Document(text, None, line)
    try:
        check_limits(text)
        content = yaml.load(text, _Loader)  # noqa: S506 - it is a safe loader
    except TooMuch as error:
        raise invalid(source, line + error.line, 0, str(error)) from None
    except yaml.YAMLError as error:
        raise _not_yaml(error, line, source) from None
    except (ValueError, RecursionError) as error:  # an integer of 5000 digits; thousands of brackets
        raise invalid(source, line, 0, f"is not YAML: {error}") from None
    if content is None:
        return Document(text, None, line)
    if not isinstance(content, dict):
        raise invalid(source, line, 0, f"holds a {type(content).__name__} where a Kubernetes object should be")
    return Document(text, content, line)


def objects(documents: Iterable[Document], source: str) -> Iterator[dict[str, Any]]:
    """The parsed objects, Lists taken apart. Raises SourceError for one that lacks what kubectl needs to apply it."""
    for document in documents:
        if document.content is None:
            continue
        items = document.content.get("items")
        if document.kind == "List" and isinstance(items, list):
            for number, item in enumerate(items):
                yield _checked(item, f"items[{number}] ", document, source)
        else:
            yield _checked(document.content, "the object here ", document, source)


def _checked(content: Any, where: str, document: Document, source: str) -> dict[str, Any]:
    line = _first_line(document)
    if not isinstance(content, dict):
        raise invalid(source, line, 0, f"{where}is not an object")
    metadata = content.get("metadata")
    values = {"apiVersion": content.get("apiVersion"), "kind": content.get("kind")}
    values["metadata.name"] = metadata.get("name") if isinstance(metadata, dict) else None
    lacking = [key for key, value in values.items() if not (isinstance(value, str) and value)]
    if lacking:
        raise invalid(source, line, 1, f"{where}has no {' and no '.join(lacking)}")
    return content


def _first_line(document: Document) -> int:
    """The line of the document's first key, past its marker and comments."""
    match = _CONTENT_LINE.search(document.text)
    return document.line + (document.text.count("\n", 0, match.start()) if match else 0)


def dump(documents: Iterable[Document], edited: Iterable[Document]) -> str:
    """The manifest again: the edited documents anew, all others byte for byte as they came."""
    changed = {id(document) for document in edited}
    return "".join(_dump_one(document) if id(document) in changed else document.text for document in documents)


def invalid(source: str, line: int, column: int, problem: str) -> SourceError:
    """The error for a document of `source` that is not what it should be."""
    place = f"{source}, line {line}" + (f", column {column}" if column else "")
    return SourceError(
        f"{place}: {problem}", hint="kubectl apply --dry-run=client -f shows the same", reference="manifest-invalid"
    )


def _not_yaml(error: yaml.YAMLError, line: int, source: str) -> SourceError:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", "it cannot be read")
    if mark is None:
        return invalid(source, line, 0, f"is not YAML: {problem}")
    return invalid(source, line + mark.line, mark.column + 1, f"is not YAML: {problem}")


def _string(mapping: object, key: str) -> str:
    value = mapping.get(key) if isinstance(mapping, dict) else None
    return value if isinstance(value, str) else ""


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc] # its base is chosen at run time
    """Quotes all strings but plain words: kubectl reads some (1e3, 0o17) as numbers that PyYAML reads as text."""

    def ignore_aliases(self, data: object) -> bool:
        return True


_PLAIN = re.compile(r"[A-Za-z/_][A-Za-z0-9/_.-]*(?::[A-Za-z0-9/_.-]+)*")
_RESERVED = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))


def _represent_string(dumper: Any, value: str) -> yaml.Node:
    if "\n" in value:
        style: str | None = "|"
    else:
        style = None if _PLAIN.fullmatch(value) and value.lower() not in _RESERVED else '"'
    node: yaml.Node = dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)
    return node


_Dumper.add_representer(str, _represent_string)


def _dump_one(document: Document) -> str:
    body: str = yaml.dump(document.content, Dumper=_Dumper, sort_keys=False, width=1 << 16, allow_unicode=True)
    return "---\n" + body
