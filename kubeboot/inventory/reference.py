"""Every key of the inventory as plain data, read off the schema: for `kubeboot inventory explain`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, BeforeValidator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from kubeboot.errors import UsageError
from kubeboot.inventory.schema import Inventory

_WORDS = {str: "text", int: "number", bool: "true or false", Any: "any value"}
_INDEX = re.compile(r"\[[^\]]*\]")


@dataclass(frozen=True, slots=True)
class Type:
    """What a value may be. `section`: the model of a mapping with known keys, perhaps within a list or mapping.

    `form` and `names` are sentences: what the text looks like, and what the keys of a free mapping look like.
    """

    words: str
    section: type[BaseModel] | None = None
    allowed: tuple[str, ...] = ()
    lowest: int | None = None
    highest: int | None = None
    form: str = ""
    names: str = ""
    examples: tuple[Any, ...] = ()
    is_free_mapping: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """One key. `default`: what holds when it is not given; None for sections, required keys and keys without one."""

    path: tuple[str, ...]
    type: Type
    description: str
    default: Any
    is_required: bool

    @property
    def name(self) -> str:
        """Dotted, as `explain` takes it."""
        return ".".join(self.path)

    @property
    def keys(self) -> tuple[Key, ...]:
        """What stands below it."""
        return keys_of(self.type.section, self.path) if self.type.section else ()


def keys_of(section: type[BaseModel] = Inventory, path: tuple[str, ...] = ()) -> tuple[Key, ...]:
    """The section's keys in the order of the schema; without arguments the top-level ones."""
    return tuple(_key(field, (*path, field.alias or name)) for name, field in section.model_fields.items())


def all_keys(keys: Sequence[Key] = ()) -> Iterator[Key]:
    """Every key, each before those below it."""
    for key in keys or keys_of():
        yield key
        if key.keys:
            yield from all_keys(key.keys)


def find_key(name: str) -> Key:
    """The key of a dotted name; list indices do not matter, names of one's own lead to the mapping they stand in.

    Raises UsageError for a key that the schema does not have.
    """
    parts = [part for part in _INDEX.sub("", name).split(".") if part]
    found: Key | None = None
    for part in parts:
        below = {key.path[-1]: key for key in (found.keys if found else keys_of())}
        if part in below:
            found = below[part]
        elif found is None or not found.type.is_free_mapping:
            raise _unknown(name)
    if found is None:
        raise _unknown(name)
    return found


def _unknown(name: str) -> UsageError:
    by_lower = {key.name.lower(): key.name for key in all_keys()}
    wanted = _INDEX.sub("", name).lower().replace("_", "")
    last = wanted.rpartition(".")[2]
    same_end = [full for lower, full in by_lower.items() if lower.rpartition(".")[2] == last]
    near = same_end or [by_lower[each] for each in difflib.get_close_matches(wanted, by_lower, 3)]
    if not near:
        ends = {lower.rpartition(".")[2]: full for lower, full in by_lower.items()}
        near = [ends[each] for each in difflib.get_close_matches(last, ends, 3)]
    hint = f"Did you mean {' or '.join(near[:3])}?" if near else "kubeboot inventory explain lists the keys."
    return UsageError(f"the inventory has no key {name}", hint=hint, reference="key-unknown")


def _key(field: FieldInfo, path: tuple[str, ...]) -> Key:
    kind = _with_metadata(_type(field.annotation), (*field.metadata, field))
    default = None if kind.section and not kind.words.startswith("list") else field.default
    if default is PydanticUndefined:
        default = None
    return Key(path, kind, field.description or "", default, field.is_required())


def _type(annotation: Any) -> Type:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _with_metadata(_type(arguments[0]), arguments[1:])
    if origin in (Union, UnionType):
        return _type(next(each for each in arguments if each is not NoneType))
    if origin is Literal:
        return Type("text", allowed=tuple(each for each in arguments if each))
    if origin is list:
        item = _type(arguments[0])
        return replace(item, words=f"list of {item.words}s" if item.section else f"list of {item.words}")
    if origin is dict:
        names, values = map(_type, arguments)
        words = values.words.replace("list of", "lists of")
        return replace(values, words=f"mapping of {words}", names=names.form, is_free_mapping=True)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return Type("mapping", section=annotation)
    return Type(_WORDS[annotation])


def _with_metadata(kind: Type, metadata: Sequence[Any]) -> Type:
    """Limits, the validator's own words on what it takes, and examples."""
    for each in metadata:
        if isinstance(each, AfterValidator | BeforeValidator):
            kind = replace(kind, form=_first_words(each.func.__doc__ or ""))
        elif isinstance(each, FieldInfo):
            kind = replace(_with_metadata(kind, each.metadata), examples=tuple(each.examples or kind.examples))
        else:
            lowest, highest = getattr(each, "ge", kind.lowest), getattr(each, "le", kind.highest)
            kind = replace(kind, lowest=lowest, highest=highest)
    return kind


def _first_words(docstring: str) -> str:
    """Up to the first full stop or semicolon: what comes after it is for programmers."""
    text = " ".join(docstring.split())
    return re.split(r"[.;](?: |$)", text, maxsplit=1)[0] + "." if text else ""
