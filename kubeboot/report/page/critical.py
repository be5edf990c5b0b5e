"""The critical path: the chain of phases that made the run as long as it was; making others shorter gains nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kubeboot.report.page.story import FACTS, Phase, Step, Story

Key = tuple[str, str]
"""Phase and host."""


@dataclass(frozen=True)
class Link:
    """One phase of the path, for the part of it that the next one had to wait for. `why` it follows the one before."""

    phase: Phase
    start_s: float
    end_s: float
    why: str = ""

    @property
    def longest(self) -> Step | None:
        """The step that took most of that part."""
        steps = [step for step in self.phase.steps if step.start_s < self.end_s]
        return max(steps, key=lambda step: min(step.end_s, self.end_s) - step.start_s, default=None)


def critical_path(story: Story) -> list[Link]:
    """From the first to the last, walked backwards from the phase that ended last."""
    known: dict[Key, Phase] = {(phase.name, phase.host): phase for phase in story.phases if phase.start_s}
    last = max(known.values(), key=lambda phase: phase.end_s, default=None)
    path: list[Link] = []
    end_s = last.end_s if last else 0.0
    while last:
        before, why = _before(story, last, known)
        path.append(Link(last, last.start_s, end_s, why))
        known.pop((last.name, last.host))  # a path never comes back, whatever a damaged file says
        if before:
            end_s = min(before.end_s, last.start_s)
        last = before
    return path[::-1]


def _before(story: Story, phase: Phase, known: Mapping[Key, Phase]) -> tuple[Phase | None, str]:
    """What this phase could not begin before, and why: the former phase of its host, or what it waited for last."""
    own = story.hosts[phase.host].phases
    former = next((each for each in reversed(own[: own.index(phase)]) if each.start_s), None)
    candidates = [(former, "next on the same host")] if former and (former.name, former.host) in known else []
    if former and former.name == FACTS:
        looked = [each for (name, _), each in known.items() if name == FACTS]
        slowest = max(looked, key=lambda each: each.end_s)
        candidates = [(slowest, "nothing begins before all hosts were looked at")]
    for wait in phase.waits:
        asked = [known[key] for key in wait.on if key in known]
        if asked and wait.end_s > wait.start_s:
            ended = max(asked, key=lambda each: min(each.end_s, wait.end_s))
            candidates.append((ended, f"waited for {wait.text}"))
    if not candidates:
        return None, ""
    # Of equals the last: who waited was free before.
    return max(reversed(candidates), key=lambda each: min(each[0].end_s, phase.start_s))
