"""Events of a whole run, put in order: who did what from when to when, and what each waited for. Seconds since 1970."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from kubeboot.engine import events
from kubeboot.engine.records import Status
from kubeboot.errors import Blocked, HostError
from kubeboot.report.runs import Record

FACTS = "facts"
BLOCKED, FAILED, STOPPED = "blocked", "failed", "stopped"
NOTICED_FROM_S = 0.05
"""Shorter pauses are no waits: threads take turns."""


@dataclass
class Step:
    """A step on one host; without `status` it never ended."""

    name: str
    title: str
    start_s: float
    end_s: float
    status: Status | str = ""
    reasons: tuple[str, ...] = ()
    results: list[events.ResourceDone] = field(default_factory=list)


@dataclass
class Wait:
    """`on`: what was waited for, as (phase, host); empty where it was a free place (`--parallel`)."""

    start_s: float
    end_s: float
    text: str
    on: tuple[tuple[str, str], ...] = ()


@dataclass
class Phase:
    """A phase on one host. `start_s` is 0 for one that waited and never began."""

    name: str
    host: str
    title: str = ""
    start_s: float = 0.0
    end_s: float = 0.0
    status: str = ""
    waits: list[Wait] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


@dataclass
class Host:
    """One host's way through the run."""

    name: str
    facts: str = ""
    phases: list[Phase] = field(default_factory=list)
    error: HostError | None = None

    @property
    def result(self) -> str:
        if self.error:
            return BLOCKED if isinstance(self.error, Blocked) else FAILED
        if any(phase.status == STOPPED for phase in self.phases):
            return STOPPED
        return "ok" if self.phases else "not begun"

    def steps(self, status: str) -> int:
        return sum(step.status == status for phase in self.phases for step in phase.steps)

    @property
    def worked_s(self) -> float:
        return sum(phase.end_s - phase.start_s for phase in self.phases if phase.start_s)

    @property
    def waited_s(self) -> float:
        return sum(wait.end_s - wait.start_s for phase in self.phases for wait in phase.waits)


@dataclass
class Story:
    """The run. `end_s`: of its last event. Hosts are in inventory order."""

    record: Record
    start_s: float
    end_s: float
    hosts: dict[str, Host]
    preflight: events.PreflightEnded | None = None
    notices: list[events.Notice] = field(default_factory=list)

    @property
    def phases(self) -> list[Phase]:
        return [phase for host in self.hosts.values() for phase in host.phases]


def tell(record: Record) -> Story:
    """The story of a kept run, also of one without an end."""
    started = record.kept.started
    end_s = max(event.time_s for event in record.events)
    story = Story(record, started.time_s, end_s, {name: Host(name) for name in started.hosts})
    _Teller(story).hear(record.events)
    return story


class _Teller:
    def __init__(self, story: Story) -> None:
        self._story = story
        self._open: dict[str, Phase] = {}  # by host
        self._handlers: dict[type, Callable[[Host, Any], None]] = {
            events.FactsGathered: self._facts,
            events.PhaseWaits: self._waits,
            events.PhaseStarted: self._started,
            events.StepBegan: self._step_began,
            events.ResourceDone: self._resource,
            events.StepDone: self._step_done,
            events.PhaseDone: self._phase_done,
            events.HostFailed: self._failed,
        }

    def hear(self, happened: Iterable[events.Event]) -> None:
        for event in happened:
            if isinstance(event, events.PreflightEnded):
                self._story.preflight = event
            elif isinstance(event, events.Notice):
                self._story.notices.append(event)
            host = self._story.hosts.get(getattr(event, "host", ""))
            handler = self._handlers.get(type(event))
            if host and handler:
                handler(host, event)
        for phase in list(self._open.values()):
            self._close(phase, self._story.end_s, STOPPED)

    def _facts(self, host: Host, event: events.FactsGathered) -> None:
        """Looking at a host begins with the run; asked again (`--wait`), the last answer counts."""
        host.facts = event.summary
        looked = Phase(FACTS, host.name, "Connect and look at the host", self._story.start_s, event.time_s, "ok")
        host.phases = [looked, *(phase for phase in host.phases if phase.name != FACTS)]

    def _phase(self, host: Host, name: str) -> Phase:
        phase = self._open.get(host.name)
        if phase is None or phase.name != name:
            phase = self._open[host.name] = Phase(name, host.name)
            host.phases.append(phase)
        return phase

    def _waits(self, host: Host, event: events.PhaseWaits) -> None:
        phase = self._phase(host, event.phase)
        self._end_wait(phase, event.time_s)
        on = tuple((name, other) for name, _, other in (each.partition("@") for each in event.on))
        phase.waits.append(Wait(event.time_s, event.time_s, event.waits_for, on))

    def _started(self, host: Host, event: events.PhaseStarted) -> None:
        phase = self._phase(host, event.phase)
        self._end_wait(phase, event.time_s)
        phase.title, phase.start_s = event.title, event.time_s
        before = host.phases[-2] if len(host.phases) > 1 else None
        if not phase.waits and before:
            self._idle(phase, before.end_s)

    def _idle(self, phase: Phase, since_s: float) -> None:
        """Between phases without a reason of its own: preflight after the facts, a free place later."""
        preflight = self._story.preflight
        if preflight and since_s < preflight.time_s:
            phase.waits.append(Wait(since_s, phase.start_s, "the look at all hosts, and preflight"))
        elif phase.start_s - since_s > NOTICED_FROM_S:
            phase.waits.append(Wait(since_s, phase.start_s, "its turn (--parallel)"))

    def _end_wait(self, phase: Phase, time_s: float) -> None:
        if phase.waits:
            phase.waits[-1].end_s = time_s

    def _step(self, host: Host, event: Any) -> Step:
        phase = self._phase(host, event.phase)
        step = phase.steps[-1] if phase.steps else None
        if step is None or step.name != event.step or step.status:
            took_s = getattr(event, "duration_ms", 0) / 1000
            step = Step(event.step, getattr(event, "title", event.step), event.time_s - took_s, event.time_s)
            phase.steps.append(step)
        return step

    def _step_began(self, host: Host, event: events.StepBegan) -> None:
        phase = self._phase(host, event.phase)
        phase.steps.append(Step(event.step, event.title, event.time_s, event.time_s))

    def _resource(self, host: Host, event: events.ResourceDone) -> None:
        step = self._step(host, event)
        step.results.append(event)
        step.end_s = event.time_s

    def _step_done(self, host: Host, event: events.StepDone) -> None:
        step = self._step(host, event)
        step.title, step.status, step.reasons, step.end_s = event.title, event.status, event.reasons, event.time_s

    def _phase_done(self, host: Host, event: events.PhaseDone) -> None:
        self._close(self._phase(host, event.phase), event.time_s, event.status)

    def _failed(self, host: Host, event: events.HostFailed) -> None:
        host.error = event.error
        if phase := self._open.get(host.name):
            self._close(phase, event.time_s, host.result)

    def _close(self, phase: Phase, time_s: float, status: str) -> None:
        self._open.pop(phase.host, None)
        phase.end_s, phase.status = time_s, status
        if not phase.start_s:
            self._end_wait(phase, time_s)
        for step in phase.steps:
            if not step.status:
                step.end_s = time_s
