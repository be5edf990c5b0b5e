"""Templates: jinja2 with StrictUndefined for documents, plain text for shell. The only import of jinja2."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def template_text(name: str) -> str:
    """The template's own text. `name` is relative to templates/."""
    return (files("kubeboot") / "templates" / name).read_text(encoding="utf-8")


@cache
def _environment(is_html: bool) -> Environment:
    from jinja2 import Environment, StrictUndefined, select_autoescape

    return Environment(
        undefined=StrictUndefined,
        autoescape=select_autoescape(default=is_html),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render(name: str, **values: Any) -> str:
    """The template filled in. A name the template uses and nobody gave is an error (jinja2.UndefinedError)."""
    return _environment(name.endswith(".html.j2")).from_string(template_text(name)).render(**values)
