"""What happened in a run, for every sink. Events carry no secret and no rendering. Times are seconds since 1970."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Protocol

from kubeboot.engine.records import Status
from kubeboot.errors import Finding, HostError


@dataclass(frozen=True, slots=True)
class RunStarted:
    time_s: float
    run_id: str
    command: str
    mode: str
    cluster: str
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FactsGathered:
    time_s: float
    host: str
    summary: str


@dataclass(frozen=True, slots=True)
class PreflightEnded:
    time_s: float
    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    waived: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class PhaseStarted:
    time_s: float
    host: str
    phase: str
    title: str


@dataclass(frozen=True, slots=True)
class PhaseWaits:
    """The host is ready for a phase and waits for what another host has to give; `on` names what as `phase@host`."""

    time_s: float
    host: str
    phase: str
    waits_for: str
    on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StepBegan:
    time_s: float
    host: str
    phase: str
    step: str
    title: str


@dataclass(frozen=True, slots=True)
class HostWaits:
    """A step waits for something and says what."""

    time_s: float
    host: str
    phase: str
    step: str
    text: str


@dataclass(frozen=True, slots=True)
class ResourceDone:
    """A resource's verdict. `is_change`: a drift would be changed; otherwise it is waited for, or only read."""

    time_s: float
    host: str
    phase: str
    step: str
    label: str
    status: Status
    duration_ms: int
    reason: str = ""
    output: str = ""
    diff: str = ""
    is_change: bool = True


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step's own verdict: the worst of its resources'."""

    time_s: float
    host: str
    phase: str
    step: str
    title: str
    status: Status
    duration_ms: int
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the user should know that is no step: a lost link, a reboot, a lock taken over. `host` may be empty."""

    time_s: float
    host: str
    text: str


@dataclass(frozen=True, slots=True)
class PhaseDone:
    time_s: float
    host: str
    phase: str
    status: str
    duration_ms: int


@dataclass(frozen=True, slots=True)
class HostFailed:
    time_s: float
    host: str
    error: HostError


@dataclass(frozen=True, slots=True)
class RunDone:
    """How the run ended. `error` is what ended it where that was no host's failure."""

    time_s: float
    status: str
    changed: int
    drifted: int
    unchanged: int
    duration_ms: int
    phases_ms: tuple[tuple[str, int], ...] = field(default=())
    exit_code: int = 0
    error: str = ""


Event = (
    RunStarted
    | FactsGathered
    | PreflightEnded
    | PhaseStarted
    | PhaseWaits
    | StepBegan
    | HostWaits
    | ResourceDone
    | StepDone
    | Notice
    | PhaseDone
    | HostFailed
    | RunDone
)


class EventSink(Protocol):
    """Gets every event, from several threads, one at a time."""

    def handle(self, event: Event) -> None: ...


class Sinks:
    """Several sinks as one."""

    def __init__(self, *sinks: EventSink) -> None:
        self._sinks = sinks
        self._lock = threading.Lock()

    def handle(self, event: Event) -> None:
        with self._lock:
            for sink in self._sinks:
                sink.handle(event)
