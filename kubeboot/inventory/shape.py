"""The document against the schema: pydantic's errors in plain words, at their line and column."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from kubeboot.inventory.draft import Draft
from kubeboot.inventory.problems import Invalid, Path, path_text, quoted
from kubeboot.inventory.schema import Inventory

_KINDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}
NO_SECRETS = (
    "give sudoPasswordFile or sudoPasswordCommand, or --ask-sudo-password on the command line; a key's passphrase is "
    "asked for, or is ssh-agent's to know; to log in by key alone, run kubeboot ssh-setup once"
)
_OLD_WORDS = {"master": "control-plane", "controlplane": "control-plane", "control_plane": "control-plane"}


def check_shape(draft: Draft) -> Inventory | None:
    """The inventory when its shape is right; otherwise every error has become a problem of the draft."""
    try:
        return Inventory.model_validate(draft.root.value)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            _report(draft, detail)
    return None


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word most like this one, or an empty string."""
    words = {known_word.lower(): known_word for known_word in known}
    found = difflib.get_close_matches(word.lower().replace("_", "").replace("-", ""), words, n=1, cutoff=0.6)
    return words[found[0]] if found else ""


def known_keys(path: Path) -> list[str]:
    """The keys the schema has at this path."""
    annotation: Any = Inventory
    for part in path:
        annotation = _below(annotation, part)
    model = _model(annotation)
    return _aliases(model) if model else []


def _aliases(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _below(annotation: Any, part: str | int) -> Any:
    """The annotation of what stands under this key or index."""
    model = _model(annotation)
    if model is None:
        arguments = [argument for argument in get_args(annotation) if argument is not type(None)]
        return arguments[-1] if arguments else None
    return next((field.annotation for name, field in model.model_fields.items() if (field.alias or name) == part), None)


def _model(annotation: Any) -> type[BaseModel] | None:
    """The model that this annotation is, or is with None or metadata around it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    candidates = [_model(argument) for argument in get_args(annotation) if not isinstance(annotation, type)]
    if getattr(annotation, "__origin__", None) in (list, dict):
        return None
    return next((candidate for candidate in candidates if candidate), None)


def _report(draft: Draft, detail: ErrorDetails) -> None:
    path: Path = detail["loc"]
    kind = detail["type"]
    if path and path[-1] == "[key]":
        error = detail["ctx"]["error"]
        draft.reject_key(path[:-1], error.message, error.hint)
    elif kind == "extra_forbidden":
        _report_unknown(draft, path)
    else:
        draft.reject(_existing(draft, path, kind), *_words(draft, detail))


def _existing(draft: Draft, path: Path, kind: str) -> Path:
    """Without the `url` that a shorthand string does not have in the file."""
    if kind != "missing" and draft.root.find(path) is None and path[-1] == "url":
        return path[:-1]
    return path


def _report_unknown(draft: Draft, path: Path) -> None:
    if "ssh" in path[:-1] and re.search("pass|secret|become", str(path[-1]).lower()):
        draft.reject_key(path, "is not for the inventory, which others read", NO_SECRETS)
        return
    known = known_keys(path[:-1])
    guess = nearest(str(path[-1]), known)
    hint = f"did you mean {guess}?" if guess else f"known here: {', '.join(known)}"
    draft.reject_key(path, "unknown key", hint)


def _words(draft: Draft, detail: ErrorDetails) -> tuple[str, str]:
    """Message and hint for one of pydantic's errors."""
    kind, context = detail["type"], detail.get("ctx", {})
    if isinstance(error := context.get("error"), Invalid):
        return error.message, error.hint
    if kind == "missing":
        return "is required", _EXAMPLES.get(str(detail["loc"][-1]), "")
    if kind == "literal_error":
        return _not_one_of(detail["input"], context["expected"])
    if kind in ("greater_than_equal", "less_than_equal"):
        return f"{detail['input']} is out of range", f"must be {detail['msg'].partition('be ')[2]}"
    if kind == "too_short":
        return "is empty", "give at least one"
    return _wrong_kind(draft, detail)


_EXAMPLES = {
    "cluster": "cluster: {kubernetesVersion: 1.29.15}",
    "hosts": "hosts: [{name: node1, address: 192.168.10.11}]",
    "kubernetesVersion": "kubernetesVersion: 1.29.15",
    "name": "name: node1",
    "address": "address: 192.168.10.11",
    "url": "url: https://example.com",
}


def _not_one_of(value: object, expected: str) -> tuple[str, str]:
    allowed = [word.strip("'") for word in expected.replace(" or ", ", ").split(", ") if word.strip("'")]
    guess = _OLD_WORDS.get(str(value).lower()) or nearest(str(value), allowed)
    if guess in allowed:
        return f"{quoted(value)} is not known", f"did you mean {guess}?"
    return f"{quoted(value)} is not known", f"known: {', '.join(allowed)}"


def _wrong_kind(draft: Draft, detail: ErrorDetails) -> tuple[str, str]:
    wanted = _KINDS.get(detail["type"], "")
    if not wanted:  # a kind of error no field of the schema has today
        return detail["msg"], ""
    value = detail["input"]
    if isinstance(value, dict | list):
        return f"is a {'mapping' if isinstance(value, dict) else 'list'}; it must be {wanted}", ""
    node = draft.root.find(detail["loc"])
    text = node.text if node else str(value)
    if wanted == "text":
        found = "true or false" if isinstance(value, bool) else "a number" if value is not None else "empty"
        return f"{quoted(text)} is {found}; it must be text", f'put it in quotes: "{text}"' if node else ""
    hint = _hint_for(wanted, value, path_text(detail["loc"]))
    return f"{quoted(text)} is not {wanted}", hint


def _hint_for(wanted: str, value: object, path: str) -> str:
    words = {"yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"}
    if wanted == "true or false":
        return f"write {words.get(str(value).lower(), 'true or false')} without quotes"
    if wanted == "a whole number" and isinstance(value, str) and value.isdigit():
        return f"write {value.lstrip('0') or '0'} without quotes"
    if wanted == "a list":
        return "write it as [a, b]"
    return f"write its keys below {path}" if wanted == "a mapping" and path else ""
