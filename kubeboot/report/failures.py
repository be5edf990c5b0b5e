"""Errors as text for people: what, where, the host's own last lines, why, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator

from kubeboot.errors import Blocked, Finding, HostError, HostsFailed, InventoryError, KubebootError, PreflightFailed

OUTPUT_LINES = 20


def format_error(error: KubebootError) -> str:
    """The whole error as lines for stderr."""
    return "\n".join(_lines(error))


def _lines(error: KubebootError) -> Iterator[str]:
    match error:
        case InventoryError():
            from kubeboot.inventory.problems import format_problems

            yield format_problems(error)
            yield f"kubeboot: {error.message}; no host was touched"
        case PreflightFailed():
            for finding in error.findings:
                yield from format_finding(finding)
            yield f"kubeboot: {error.message} [{error.reference}]"
            waivable = [finding.name for finding in error.findings if not finding.is_refusal]
            if waivable:
                yield f"  If you know better: --ignore-preflight-errors {','.join(dict.fromkeys(waivable))}"
        case HostsFailed():
            for each in error.errors:
                yield from format_host_error(each)
                yield ""
            yield f"kubeboot: {error.message}"
        case HostError():
            yield from format_host_error(error)
        case _:
            yield f"kubeboot: {error.message} [{error.reference}]"
            yield from _hint(error.hint)


def format_host_error(error: HostError) -> Iterator[str]:
    """One host's error: a headline, its output, the cause and the log."""
    where = ": ".join(part for part in (error.host, error.phase, error.step) if part)
    mark = "BLOCKED" if isinstance(error, Blocked) else "FAILED"
    yield f"{mark} {where}: {error.message} [{error.reference}]"
    for line in error.output.splitlines()[-OUTPUT_LINES:]:
        yield f"  | {line}"
    yield from _hint(error.hint)
    if error.log_path:
        yield f"  log: {error.host}:{error.log_path}"


def format_finding(finding: Finding) -> Iterator[str]:
    """A preflight finding: its name, the hosts, why it matters and what to do."""
    kind = "WARNING" if finding.is_warning else "REFUSED" if finding.is_refusal else "ERROR"
    hosts = f" ({', '.join(finding.hosts)})" if finding.hosts else ""
    yield f"{kind} {finding.name}{hosts}: {finding.message}"
    yield f"  why: {finding.why}"
    yield f"  do:  {finding.remedy}"


def _hint(hint: str) -> Iterator[str]:
    for number, line in enumerate(hint.splitlines()):
        yield f"  {'hint: ' if number == 0 else '      '}{line}"
