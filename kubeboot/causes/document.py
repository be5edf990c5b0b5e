"""The table as a document for people: docs/causes.md."""

from __future__ import annotations

from collections.abc import Iterator

from kubeboot.causes import SECTIONS
from kubeboot.causes.cause import Cause

HEAD = """\
# Known failures

Written by `make golden` from the table in kubeboot/causes; do not edit it here.

What kubeboot recognises in what a host says, when a step fails and in `kubeboot diagnose`: the first match from the top
wins. Symptoms are regular expressions on a line of output; those that begin with `^` are words of `diagnose`.
"""


def document() -> str:
    """The whole of docs/causes.md."""
    return "\n".join((HEAD, *(line for title, causes in SECTIONS.items() for line in _section(title, causes))))


def _section(title: str, causes: tuple[Cause, ...]) -> Iterator[str]:
    yield f"## {title}\n"
    for cause in causes:
        also = [f"exit code {code}" for code in cause.exit_codes] + ([f"facts: {cause.when}"] if cause.when else [])
        yield f"### {cause.name}\n"
        yield f"- symptom: ``{cause.symptom}``" + (f" ({', '.join(also)})" if also else "")
        yield f"- why: {cause.cause}"
        yield f"- check: `{cause.check}`"
        yield f"- then: {cause.remedy}\n"
