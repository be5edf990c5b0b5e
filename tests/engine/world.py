"""A cluster of fake hosts that a Runner walks, for the tests of the Runner."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kubeboot.context import HostContext
from kubeboot.engine import events
from kubeboot.engine.runner import Inputs, Outcome, Runner
from kubeboot.engine.script import Mode
from kubeboot.facts import Facts
from kubeboot.model import Cluster, Host
from kubeboot.phases.selections import all_hosts, bootstrap_control_plane, workers
from kubeboot.resources import Emit, Phase, Resource, Secret, Shell, Step
from kubeboot.transport.fake import FakeTransport
from tests.engine.conftest import ADDON, KUBECONFIG, make_cluster
from tests.engine.hosts import DONE, FAILED, SETTINGS, Unit, b64, files, line, result

LIMIT_S = 20
Answer = Callable[[str, str], "Iterable[str] | None"]
"""Gets host and phase; None for the records of a script that runs through."""


def make_phase(name: str, select: Callable[[Cluster], tuple[Host, ...]] = all_hosts, **values: object) -> Phase:
    """A phase with one step and one resource, on hosts that `select` picks."""
    step = Step(f"{name}-step", "Do it", "safe", lambda _ctx: iter([Shell("it", "true", "true")]))
    return replace(Phase(name, f"Phase {name}", select, (step,)), **values)  # type: ignore[arg-type]


HOSTS = ("m1", "m2", "w1")


@dataclass
class World:
    """A cluster of fake hosts, and everything that happened."""

    workflow: Sequence[Phase]
    answer: Answer = lambda _host, _phase: None
    cluster: Cluster = field(default_factory=make_cluster)
    is_bare: bool = True
    mode: Mode = "apply"
    parallel: int = 20
    seen: list[events.Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.transports = {host.name: FakeTransport(Unit(self._records(host.name))) for host in self.cluster.hosts}

    def _records(self, host: str) -> Callable[[bytes], Iterable[str]]:
        def make(payload: bytes) -> Iterator[str]:
            text = files(payload)["script.new"]
            found = re.search(r"^# kubeboot: phase (\S+) on (\S+)$", text, re.MULTILINE)
            assert found
            assert found[2] == host
            answered = self.answer(host, found[1])
            return iter(runs_through(text) if answered is None else answered)

        return make

    def handle(self, event: events.Event) -> None:
        self.seen.append(event)

    def run(self) -> Outcome:
        """Runs in a thread with a limit: a test of waiting must not wait for ever."""
        facts = {host.name: Facts(host.name, has_kubelet_conf=not self.is_bare) for host in self.cluster.hosts}
        inputs = Inputs(self.cluster, facts, (ADDON,), self.transports)
        runner = Runner(self.workflow, inputs, replace(SETTINGS, mode=self.mode), (self,), self.parallel)
        ended: list[Outcome | BaseException] = []

        def run() -> None:
            try:
                ended.append(runner.run())
            except BaseException as error:
                ended.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(LIMIT_S)
        assert ended, f"deadlock; the last events: {self.seen[-5:]}"
        if isinstance(ended[0], BaseException):
            raise ended[0]
        return ended[0]

    def phases(self, host: str, kind: type[Any] = events.PhaseDone) -> list[str]:
        return [event.phase for event in self.seen if isinstance(event, kind) and event.host == host]

    def moment(self, kind: type[Any], host: str, phase: str) -> int:
        """Where in the order of events that one is."""
        return next(
            number
            for number, event in enumerate(self.seen)
            if isinstance(event, kind) and (event.host, event.phase) == (host, phase)
        )


def runs_through(script: str) -> Iterator[str]:
    """Records of a script in which every check passes and every output comes (its own command's text as value)."""
    for call in re.findall(r"^(?:kb_record S (\S+)|kb_resource (\d+) ('[^']*'|\S+) \S+ \S+)$", script, re.MULTILINE):
        step, number, label = call
        if step:
            yield line("S", step)
            continue
        name = label.strip("'").removeprefix("output ")
        if name != label.strip("'"):
            yield line("O", name, b64(KUBECONFIG if name == "kubeconfig" else f"canary-{name}"))
        yield result(int(number))
    yield DONE


def fails(output: str = "boom") -> tuple[str, ...]:
    return line("S", "x"), result(0, "failed", "", output, 1), FAILED


def fails_on(*where: tuple[str, str]) -> Answer:
    return lambda host, phase: fails() if (host, phase) in where else None


def step_that_emits(name: str) -> Step:
    return Step(f"emit-{name}", "Make it", "safe", lambda _ctx: iter([Emit(name, "true")]))


def step_that_uses(name: str) -> Step:
    def resources(ctx: HostContext) -> Iterator[Resource]:
        secret = Secret("token", ctx.output(name))
        yield Shell("join", "true", 'cat "$(secret token)"', None, (secret,))

    return Step(f"use-{name}", "Use it", "safe", resources)


def joining(**values: object) -> list[Phase]:
    join = Phase("join", "Join", workers, (step_that_uses("token"),), needs=lambda _ctx: ("token",))
    make = Phase("make", "Make", bootstrap_control_plane, (step_that_emits("token"),), provides=("token",))
    return [make_phase("early"), make, replace(join, **values)]  # type: ignore[arg-type]
