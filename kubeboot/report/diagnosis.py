"""What `kubeboot diagnose` found: looks at hosts -> findings with their causes -> lines for people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kubeboot.causes import CAUSES, Cause, recognise
from kubeboot.engine import events
from kubeboot.facts import Facts
from kubeboot.report.failures import format_cause
from kubeboot.report.words import host_list, one_line, wrap
from kubeboot.resources.look import FINDING

JOURNALS = "journals"
"""The look that finds nothing itself and explains what others found."""
_POD = re.compile(r"pod \S+/(\S+)")
_ORDER = {cause.name: number for number, cause in enumerate(CAUSES)}


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that is wrong on a host; `cause` None: seen, but nothing of the table explains it."""

    host: str
    text: str
    cause: Cause | None

    @property
    def name(self) -> str:
        return self.cause.name if self.cause else "unexplained"


class Diagnosis:
    """An event sink that collects what was looked at."""

    def __init__(self) -> None:
        self.looks = 0
        self._found: list[tuple[str, str, str]] = []  # host, finding, what it was found by
        self._journals: dict[str, str] = {}

    def handle(self, event: events.Event) -> None:
        if not isinstance(event, events.ResourceDone):
            return
        self.looks += 1
        lines = event.output.splitlines()
        evidence = "\n".join(line for line in lines if not line.startswith(FINDING))
        if event.label == JOURNALS:
            self._journals[event.host] = evidence
        if event.status == "ok":
            return
        texts = [line.removeprefix(FINDING) for line in lines if line.startswith(FINDING)]
        self._found += [(event.host, one_line(text), evidence) for text in texts or [f"{event.label}: {event.reason}"]]

    def findings(self, facts: Mapping[str, Facts]) -> list[Found]:
        """In the table's order: what explains much first, what only says that something is wrong last."""
        found = [
            Found(host, text, self._cause(host, text, evidence, facts.get(host)))
            for host, text, evidence in dict.fromkeys(self._found)
        ]
        return sorted(found, key=lambda each: _ORDER.get(each.name, len(_ORDER)))

    def _cause(self, host: str, text: str, evidence: str, facts: Facts | None) -> Cause | None:
        """By the finding's words; where they only say that something is wrong, by its evidence, then by journals."""
        own = recognise(text, facts=facts)
        if own and not own.is_general:
            return own
        named = next((name for name in self._journals if f" {name} " in f"{text} "), host)
        for output in (evidence, self._journals.get(named, "")):
            why = recognise(_about(text, output), facts=facts)
            if why and not why.is_general:
                return why
        return own


def _about(text: str, output: str) -> str:
    """Of what was said of many pods, what was said of the finding's; all of it when the finding is not about a pod."""
    pod = _POD.match(text)
    return "\n".join(line for line in output.splitlines() if pod[1] in line) if pod else output


def diagnosis_lines(findings: Sequence[Found], everyone: Sequence[str], width: int) -> Iterator[tuple[str, str]]:
    """(line, style): each cause once, with what was seen where, why, how to check it, and what to do."""
    groups: dict[str, list[Found]] = {}
    for each in findings:
        groups.setdefault(each.name, []).append(each)
    for name, alike in groups.items():
        yield from _group(name, alike, everyone, width)


def _group(name: str, alike: Sequence[Found], everyone: Sequence[str], width: int) -> Iterator[tuple[str, str]]:
    texts: dict[str, list[str]] = {}
    for each in alike:
        texts.setdefault(each.text, []).append(each.host)
    hosts = host_list([host for host in everyone if any(host == each.host for each in alike)], everyone)
    if len(texts) == 1:
        yield from ((line, "bold") for line in wrap(f"FOUND {name} ({hosts}): {alike[0].text}", width, "", "  "))
    else:
        yield from ((line, "bold") for line in wrap(f"FOUND {name} ({hosts})", width, "", "  "))
        for text, where in texts.items():
            yield from ((line, "") for line in wrap(f"{host_list(where, everyone)}: {text}", width, "  - ", "    "))
    cause = alike[0].cause
    if cause:
        yield from ((line, "") for line in format_cause(cause, width))
    yield "", ""
