"""How problems of an inventory are named and printed."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from kubeboot.errors import InventoryError, Problem
from kubeboot.redaction import redact

Path = tuple[str | int, ...]

QUOTED_LIMIT = 60
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,60}")


class Invalid(ValueError):
    """A value that cannot be used: what is wrong with it and what would be right."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def path_text(path: Path) -> str:
    """`hosts[2].address`; keys that are not plain words stand in brackets and quotes."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_KEY.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += f"[{quoted(part)}]"
    return text


def quoted(value: object) -> str:
    """The value in quotes, made printable, cut to a readable length, without secrets."""
    text = redact(str(value)[: 10 * QUOTED_LIMIT])
    if len(text) > QUOTED_LIMIT:
        text = text[:QUOTED_LIMIT] + "…"
    return json.dumps(text, ensure_ascii=not text.isprintable())


def in_order(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Without repetitions, in the order of the file."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: (problem.line, problem.column)))


def format_problem(source: str, problem: Problem) -> str:
    """`file:line:column: path: message`, and the hint indented on the next line."""
    place = f"{source}:{problem.line}:{problem.column}" if problem.line else source
    kind = "warning: " if problem.is_warning else ""
    path = f"{problem.path}: " if problem.path else ""
    hint = f"\n    {problem.hint}" if problem.hint else ""
    return f"{place}: {kind}{path}{problem.message}{hint}"


def format_problems(error: InventoryError) -> str:
    """Every problem of the error on its own lines, problems before warnings."""
    ranked = sorted(error.problems, key=lambda problem: problem.is_warning)
    return "\n".join(format_problem(error.source, problem) for problem in ranked)


def counted(count: int, noun: str) -> str:
    """`1 host`, `3 hosts`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
