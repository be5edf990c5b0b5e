"""The dotted names of the inventory's keys, for Tab: read from the schema's source.

Importing the schema would take pydantic, and with it as long as a person waits for Tab.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

SOURCES = ("schema.py", "schema_ssh.py")
ROOT = "Inventory"
Fields = Mapping[str, Sequence[tuple[str, str]]]
"""Section -> its keys, each with the section that stands below it, or an empty string."""


def key_names() -> list[str]:
    """Every key, each before those below it."""
    trees = [ast.parse((Path(__file__).parent / source).read_text(encoding="utf-8")) for source in SOURCES]
    statements = [statement for tree in trees for statement in tree.body]
    classes = [each for each in statements if isinstance(each, ast.ClassDef)]
    sections = {each.name: each.name for each in classes}
    for each in statements:  # RepositoryOrUrl = Annotated[Repository, ...]
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name):
            sections[each.targets[0].id] = _section(each.value, sections)
    fields = {each.name: list(_fields(each, sections)) for each in classes}
    return list(_names(fields, ROOT, ""))


def _names(fields: Fields, section: str, prefix: str) -> Iterator[str]:
    for key, below in fields[section]:
        yield prefix + key
        if below:
            yield from _names(fields, below, f"{prefix}{key}.")


def _fields(section: ast.ClassDef, sections: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for each in section.body:
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            yield _alias(each.target.id, each.value), _section(each.annotation, sections)


def _alias(name: str, value: ast.expr | None) -> str:
    """The name in the file: the field's own alias, or camelCase."""
    for keyword in value.keywords if isinstance(value, ast.Call) else ():
        if keyword.arg == "alias" and isinstance(keyword.value, ast.Constant):
            return str(keyword.value.value)
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def _section(annotation: ast.expr, sections: Mapping[str, str]) -> str:
    """The section that is named in an annotation; empty without one."""
    names = (node.id for node in ast.walk(annotation) if isinstance(node, ast.Name))
    return next((sections[name] for name in names if sections.get(name)), "")
