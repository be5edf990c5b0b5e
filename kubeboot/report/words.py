"""Small texts that every report uses: lists of hosts, durations, lines cut or wrapped to a width. ASCII only."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

from kubeboot.redaction import redact

DRIFT_WORDS = {"verify": "differ", "diagnose": "found"}
"""What a command that changes nothing says of steps that are not in place; a plan's `would change` otherwise."""
RUN = 4
"""So many hosts or more that follow one another in the inventory are written as `first to last`."""
FEW = 3
_UNIT = re.compile(r"(?<=\d) (?=(?:s|min|MB)\b)")
_GLUE = "\N{NO-BREAK SPACE}"


def counted(count: int, noun: str) -> str:
    """`1 host`, `3 hosts`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def drift_word(command: str) -> str:
    """`3 would change`, `3 differ`."""
    return DRIFT_WORDS.get(command, "would change")


def host_list(hosts: Sequence[str], everyone: Sequence[str] = ()) -> str:
    """The hosts, as short as can be without leaving one out. `everyone`: the inventory's; without it all names."""
    if not everyone:
        return ", ".join(hosts)
    wanted = set(hosts)
    absent = [host for host in everyone if host not in wanted]
    if not absent and len(everyone) > 1:
        return f"all {len(everyone)} hosts"
    if len(absent) <= FEW and len(wanted) >= 2 * RUN:
        return f"all {len(everyone)} hosts but {', '.join(absent)}"
    return ", ".join(_runs(wanted, [*everyone, *(host for host in hosts if host not in everyone)]))


def _runs(wanted: set[str], order: Sequence[str]) -> Iterator[str]:
    run: list[str] = []
    for host in (*order, ""):
        if host in wanted:
            run.append(host)
            continue
        if len(run) >= RUN:
            yield f"{run[0]} to {run[-1]}"
        else:
            yield from run
        run = []


def seconds(milliseconds: int) -> str:
    """`0.4 s`, `41 s`, `6 min 7 s`."""
    whole = round(milliseconds / 1000)
    if whole >= 100:
        return f"{whole // 60} min {whole % 60} s"
    return f"{milliseconds / 1000:.1f} s" if milliseconds < 10_000 else f"{whole} s"


def one_line(text: str) -> str:
    """`text` on one line, without what could control a terminal."""
    return " ".join(printable(text).split())


def printable(text: str) -> str:
    """`text` with control characters but newlines and tabs made spaces, for what hosts and servers said."""
    return "".join(char if char.isprintable() or char in "\n\t" else " " for char in text).expandtabs()


def shown(text: str) -> str:
    """`text` as it may be printed: nothing that controls a terminal, and no secret. The last thing before printing."""
    return printable(redact(text))


def cut(text: str, width: int) -> str:
    """At most `width` characters; what is missing shows as three dots. 0 cuts nothing."""
    if not width or len(text) <= width:
        return text
    return text[: max(0, width - 3)].rstrip() + "..." if width > FEW else text[:width]


def cut_middle(text: str, width: int) -> str:
    """At most `width` characters: the beginning and the end."""
    if len(text) <= width:
        return text
    head = width // 2
    return f"{text[:head].rstrip()} ... {text[head + 5 - width :].lstrip()}"


def wrap(text: str, width: int, first: str = "", rest: str | None = None) -> list[str]:
    """Lines of at most `width` characters, the first after `first`, the others after `rest`. 0 wraps nothing."""
    rest = " " * len(first) if rest is None else rest
    if not width:
        return [(first + text).rstrip()]
    wrapped = textwrap.wrap(
        _UNIT.sub(_GLUE, text),
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_GLUE, " ").rstrip() for line in wrapped] or [first.rstrip()]


def table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Rows as lines with aligned columns."""
    widths = [max(len(row[column]) for row in rows if column < len(row)) for column in range(max(map(len, rows)))]
    for row in rows:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)).rstrip()
