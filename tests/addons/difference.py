"""What differs between two manifests, as values at paths: independent of kubeboot's own reading of YAML documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

ABSENT = "(absent)"
Changes = dict[str, tuple[Any, Any]]


def changes(before: str, after: str) -> Changes:
    """`Kind/name path` -> (value before, value after), for every value that differs. Variables go by their name."""
    old, new = _values(before), _values(after)
    keys = [*old, *(key for key in new if key not in old)]
    return {key: (old.get(key, ABSENT), new.get(key, ABSENT)) for key in keys if _differ(old, new, key)}


def unchanged_texts(before: str, after: str) -> tuple[int, list[str]]:
    """How many of the documents' texts are in both, and the kinds and names of those that are not."""
    old, new = before.split("\n---\n"), after.split("\n---\n")
    assert len(old) == len(new)
    touched = [a for a, b in zip(old, new, strict=True) if a.rstrip("\n") != b.rstrip("\n")]
    return len(old) - len(touched), [_title(yaml.safe_load(text)) for text in touched]


def _differ(old: dict[str, Any], new: dict[str, Any], key: str) -> bool:
    return (key in old) != (key in new) or old[key] != new[key] or type(old[key]) is not type(new[key])


def _values(text: str) -> dict[str, Any]:
    documents = [item for item in yaml.load_all(text, yaml.CSafeLoader) if item]
    return {f"{_title(item)} {path}": value for item in documents for path, value in _leaves(item, "")}


def _title(document: dict[str, Any]) -> str:
    return f"{document['kind']}/{document['metadata']['name']}"


def _leaves(node: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict) and node:
        for key, value in node.items():
            yield from _leaves(value, f"{path}.{key}".removeprefix("."))
    elif isinstance(node, list) and node and all(isinstance(item, dict) and "name" in item for item in node):
        for item in node:
            yield from _leaves({key: value for key, value in item.items() if key != "name"}, f"{path}[{item['name']}]")
    else:
        yield path, node
