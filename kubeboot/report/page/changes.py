"""What changed, or would: per phase and step, each difference once with the hosts that have it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from kubeboot.report.page.story import Step, Story
from kubeboot.report.planned import Difference, folded
from kubeboot.report.words import host_list

MOST_DIFFERENCES = 40
"""Per step; a difference that no two hosts share comes once per host."""
MOST_CHARACTERS, MOST_LINES = 12_000, 300
"""Of one diff."""
ALL_CHARACTERS = 1_000_000
"""Of all diffs together: a page is to open at once, and the hosts' logs have the whole."""
_KINDS = {"+": "add", "-": "del", "@": "at"}


@dataclass(frozen=True)
class Change:
    """One difference. `lines` are (kind, text) of the unified diff; `is_cut` when that is not all of it."""

    hosts: str
    headline: str
    lines: list[tuple[str, str]]
    is_cut: bool


@dataclass
class StepChanges:
    title: str
    changes: list[Change] = field(default_factory=list)
    more: int = 0


@dataclass
class PhaseChanges:
    name: str
    steps: list[StepChanges] = field(default_factory=list)


def changes(story: Story) -> list[PhaseChanges]:
    """Phases and steps in the order in which the first host came to them; only those with a change."""
    everyone = tuple(story.hosts)
    found: dict[str, dict[str, dict[Difference, list[str]]]] = {}
    titles: dict[tuple[str, str], str] = {}
    for phase, step, host, difference in _differences(story):
        titles[phase, step.name] = step.title
        found.setdefault(phase, {}).setdefault(step.name, {}).setdefault(difference, []).append(host)
    budget = _Budget(ALL_CHARACTERS)
    return [
        PhaseChanges(phase, [_step(titles[phase, name], each, everyone, budget) for name, each in steps.items()])
        for phase, steps in found.items()
    ]


def _differences(story: Story) -> Iterator[tuple[str, Step, str, Difference]]:
    for phase in story.phases:
        for step in phase.steps:
            for result in step.results:
                if result.status in ("changed", "drift"):
                    yield phase.name, step, phase.host, Difference(result.label, result.reason, result.diff)


class _Budget:
    """How much text the page may still hold."""

    def __init__(self, characters: int) -> None:
        self._left = characters

    def lines(self, diff: str) -> tuple[list[tuple[str, str]], bool]:
        cut = diff[: min(MOST_CHARACTERS, self._left)]
        self._left -= len(cut)
        lines = cut.rstrip().splitlines()
        is_cut = len(cut) < len(diff) or len(lines) > MOST_LINES
        return [(_kind(line), line) for line in lines[:MOST_LINES]], is_cut


def _kind(line: str) -> str:
    return "at" if line.startswith(("+++ ", "--- ")) else _KINDS.get(line[:1], "")


def _step(
    title: str, differences: dict[Difference, list[str]], everyone: Sequence[str], budget: _Budget
) -> StepChanges:
    shared = folded(differences)
    step = StepChanges(title.rstrip("."), more=max(0, len(shared) - MOST_DIFFERENCES))
    for difference, hosts in list(shared.items())[:MOST_DIFFERENCES]:
        lines, is_cut = budget.lines(difference.diff)
        step.changes.append(Change(host_list(hosts, everyone), difference.headline, lines, is_cut))
    return step
