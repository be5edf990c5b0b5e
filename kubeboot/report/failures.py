"""Errors as text for people: what, where, the host's own last lines, why, and what to do next.

`width` is the terminal's; 0 wraps nothing. Errors of several hosts with the same cause are told once, with the hosts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from kubeboot.causes import BY_NAME, Cause
from kubeboot.errors import (
    Blocked,
    Finding,
    HostError,
    HostsFailed,
    InventoryError,
    KubebootError,
    PlanOutdated,
    PreflightFailed,
    Unreachable,
)
from kubeboot.report.words import counted, cut_middle, host_list, one_line, printable, wrap

OUTPUT_LINES = 20
MOST_MESSAGES = 10
MOST_MESSAGE = 120
"""Characters; a message that names every package is longer."""
AGAIN = "Mend the cause, then run the same command again"
GO_ON = f"{AGAIN}: it goes on from where it stopped."
FIRST_INVENTORY = """\
write one: kubeboot inventory new; this is the smallest that works:
    cluster: {kubernetesVersion: 1.29.15}
    hosts:
      - {name: node1, address: 192.168.56.11, roles: [control-plane]}
      - {name: node2, address: 192.168.56.12, roles: [worker]}
inventory.example.yaml in kubeboot's repository shows every key. Is it elsewhere? Name it with -i PATH."""


def format_error(error: KubebootError, width: int = 0) -> str:
    """The whole error as lines for stderr."""
    return "\n".join(_lines(error, width))


def _lines(error: KubebootError, width: int) -> Iterator[str]:
    match error:
        case InventoryError():
            yield from _inventory(error, width)
        case PreflightFailed():
            yield from _preflight(error, width)
        case HostsFailed():
            yield from _hosts(error, width)
        case HostError():
            yield from format_host_errors([error], width)
        case PlanOutdated():
            for difference in _few(error.differences):
                yield from wrap(one_line(difference), width, "", "  ")
            yield from wrap(f"kubeboot: {error.message} [{error.reference}]", width, "", "  ")
            yield from _hint(error.hint, width)
        case _:
            yield from wrap(f"kubeboot: {error.message} [{error.reference}]", width, "", "  ")
            yield from _hint(error.hint, width)


def _few(lines: Sequence[str]) -> Iterator[str]:
    yield from lines[:MOST_MESSAGES]
    if len(lines) > MOST_MESSAGES:
        yield f"and {counted(len(lines) - MOST_MESSAGES, 'more difference')}"


def _inventory(error: InventoryError, width: int) -> Iterator[str]:
    from kubeboot.inventory.problems import format_problems

    first = error.problems[0] if len(error.problems) == 1 else None
    if first is None or first.line or first.path:
        yield format_problems(error)
        yield f"kubeboot: {error.message}; no host was touched [{error.reference}]"
        return
    yield from wrap(f"kubeboot: the inventory {error.source} {first.message} [{error.reference}]", width, "", "  ")
    hint = FIRST_INVENTORY if first.message == "does not exist" else first.hint
    yield from _hint(hint or "name a file with -i PATH", width)


def _preflight(error: PreflightFailed, width: int) -> Iterator[str]:
    for finding in error.findings:
        yield from format_finding(finding, width)
    yield from wrap(f"kubeboot: {error.message} [{error.reference}]", width, "", "  ")
    names = dict.fromkeys(finding.name for finding in error.findings if not finding.is_refusal)
    if len(names) and not any(finding.is_refusal for finding in error.findings):
        yield "  If you know better, add:"
        yield f"    --ignore-preflight-errors {','.join(names)}"


def _hosts(error: HostsFailed, width: int) -> Iterator[str]:
    for alike in fold_errors(error.errors):
        yield from format_host_errors(alike, width)
        yield ""
    blocked = sum(isinstance(each, Blocked) for each in error.errors)
    failed = len(error.errors) - blocked
    counts = f"{counted(failed, 'host')} failed" + (f", {blocked} blocked by that" if blocked else "")
    next_step = f"{error.hint} {AGAIN}." if error.hint else GO_ON
    yield from wrap(f"kubeboot: {counts}. {next_step}", width, "", "  ")


def fold_errors(errors: Sequence[HostError]) -> list[list[HostError]]:
    """Errors with the same cause together, the causes first and what they block after them."""
    groups: dict[tuple[object, ...], list[HostError]] = {}
    for each in sorted(errors, key=lambda error: isinstance(error, Blocked)):
        groups.setdefault(_cause(each), []).append(each)
    return list(groups.values())


def _cause(error: HostError) -> tuple[object, ...]:
    """Equal for errors that one explanation serves. Where no cause is known, the host's own last line decides."""
    if isinstance(error, Unreachable) and not error.output:
        return (type(error), error.reference)
    last = error.hint or error.output.rstrip().rpartition("\n")[2]
    texts = (re.sub(r"\d+", "0", text.replace(error.host, "")) for text in (error.message, last))
    return (type(error), error.reference, error.phase, error.step, *texts)


def format_host_errors(errors: Sequence[HostError], width: int = 0) -> Iterator[str]:
    """Errors of one cause: a headline, the host's output, the cause and the log."""
    first = errors[0]
    hosts = host_list([error.host for error in errors])
    mark = "BLOCKED" if isinstance(first, Blocked) else "FAILED"
    where = ": ".join(part for part in (hosts, first.phase, first.step) if part)
    if _is_same(errors, lambda error: error.message):
        message = cut_middle(one_line(first.message), MOST_MESSAGE)
        yield from wrap(f"{mark} {where}: {message} [{first.reference}]", width, "", "  ")
    else:
        yield from wrap(f"{mark} {where} [{first.reference}]", width, "", "  ")
        for error in errors[:MOST_MESSAGES]:
            yield from wrap(f"{error.host}: {one_line(error.message)}", width, "  ", "    ")
        if more := [error.host for error in errors[MOST_MESSAGES:]]:
            yield from wrap(f"and alike on {', '.join(more)}", width, "  ", "    ")
    yield from _output(errors, width)
    cause = BY_NAME.get(first.cause)
    if cause:
        yield from format_cause(cause, width)
    else:
        example = "" if _is_same(errors, lambda error: error.hint) else f"for {first.host}, the others alike: "
        yield from _hint(example + first.hint if first.hint else "", width)
    if first.log_path:
        yield f"  {'log:':<{7 if cause else 6}}{first.log_path} on {first.host if len(errors) == 1 else 'each of them'}"


def format_cause(cause: Cause, width: int = 0) -> Iterator[str]:
    """Why, how to see whether it is so, and what to do. A command is never broken in two."""
    yield from wrap(cause.cause, width, "  why:   ")
    yield f"  check: {cause.check}"
    yield from wrap(cause.remedy, width, "  then:  ")


def _output(errors: Sequence[HostError], width: int) -> Iterator[str]:
    """The last lines of the host's own output, each once: a program that tries again says the same again."""
    lines = list(dict.fromkeys(printable(errors[0].output).rstrip().splitlines()))[-OUTPUT_LINES:]
    if lines and not _is_same(errors, lambda error: error.output):
        yield f"  {errors[0].host} said:"
    for line in lines:
        is_long = width and len(line) + 4 > width
        yield from wrap(line.rstrip(), width, "  | ", "  |   ") if is_long else (f"  | {line}".rstrip(),)


def _is_same(errors: Sequence[HostError], read: Callable[[HostError], str]) -> bool:
    return len({read(error) for error in errors}) == 1


def format_finding(finding: Finding, width: int = 0, everyone: Sequence[str] = ()) -> Iterator[str]:
    """A preflight finding: its name, the hosts, why it matters and what to do."""
    kind = "WARNING" if finding.is_warning else "REFUSED" if finding.is_refusal else "ERROR"
    hosts = f" ({host_list(finding.hosts, everyone)})" if finding.hosts else ""
    yield from wrap(f"{kind} {finding.name}{hosts}: {one_line(finding.message)}", width, "", "  ")
    yield from wrap(one_line(finding.why), width, "  why:  ")
    yield from wrap(one_line(finding.remedy), width, "  do:   ")


def _hint(hint: str, width: int) -> Iterator[str]:
    """The hint's own line breaks stay; indented lines are commands or files, which wrapping would break."""
    for number, line in enumerate(printable(hint).splitlines()):
        yield from wrap(line.lstrip(), 0 if line.startswith(" ") else width, _hint_indent(number, line))


def _hint_indent(number: int, line: str) -> str:
    return ("  hint: " if number == 0 else " " * 8) + line[: len(line) - len(line.lstrip())]
