"""The Runner: every host walks its own list of phases; what waits, what blocks, what goes on."""

from __future__ import annotations

import _thread
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import pytest

from kubeboot.context import PENDING, HostContext
from kubeboot.engine import events
from kubeboot.engine.runner import Inputs, Outcome, Runner, raise_errors
from kubeboot.engine.script import Mode
from kubeboot.errors import Blocked, HostError, HostsFailed, Interrupted, StepFailed, Unreachable
from kubeboot.facts import Facts
from kubeboot.model import Cluster, Host, Role
from kubeboot.phases.selections import all_hosts, bootstrap_control_plane, joining_control_planes, workers
from kubeboot.resources import Emit, Phase, Resource, Secret, Shell, Step
from kubeboot.transport.fake import FakeTransport
from kubeboot.workflows import INIT
from tests.engine.conftest import ADDON, KUBECONFIG, make_cluster, make_context
from tests.engine.hosts import DONE, FAILED, SETTINGS, Unit, b64, files, line, result

LIMIT_S = 20
Answer = Callable[[str, str], "Iterable[str] | None"]
"""Gets host and phase; None for the records of a script that runs through."""


def make_phase(name: str, select: Callable[[Cluster], tuple[Host, ...]] = all_hosts, **values: object) -> Phase:
    """A phase with one step and one resource, on hosts that `select` picks."""
    step = Step(f"{name}-step", "Do it", "safe", lambda _ctx: iter([Shell("it", "true", "true")]))
    return replace(Phase(name, f"Phase {name}", select, (step,)), **values)  # type: ignore[arg-type]


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

    def phases(self, host: str, kind: type = events.PhaseDone) -> list[str]:
        return [event.phase for event in self.seen if isinstance(event, kind) and event.host == host]

    def moment(self, kind: type, host: str, phase: str) -> int:
        """Where in the order of events that one is."""
        return next(
            number
            for number, event in enumerate(self.seen)
            if isinstance(event, kind) and (event.host, event.phase) == (host, phase)  # type: ignore[attr-defined]
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


HOSTS = ("m1", "m2", "w1")


def test_every_host_walks_its_phases_in_order() -> None:
    world = World([make_phase("one"), make_phase("two", workers), make_phase("three")])
    outcome = world.run()
    assert {host: world.phases(host) for host in HOSTS} == {
        "m1": ["one", "three"],
        "m2": ["one", "three"],
        "w1": ["one", "two", "three"],
    }
    assert outcome.errors == ()
    assert set(outcome.phases_ms) == {"one", "two", "three"}
    assert outcome.tally.unchanged == 7


def test_i7_one_execute_per_host_and_phase_with_something_to_do() -> None:
    nothing = Phase("nothing", "Nothing", all_hosts, (Step("empty", "Do nothing", "safe", lambda _ctx: iter(())),))
    world = World([make_phase("one"), nothing, make_phase("two", workers)])
    world.run()
    assert {name: transport.executes for name, transport in world.transports.items()} == {"m1": 1, "m2": 1, "w1": 2}
    skipped = [event for event in world.seen if isinstance(event, events.PhaseDone) and event.phase == "nothing"]
    assert {event.status for event in skipped} == {"nothing to do"}


def test_hosts_do_not_wait_for_each_other_without_a_reason() -> None:
    """m1 stays in its first phase until w1 has ended its last."""
    over = threading.Event()

    def answer(host: str, phase: str) -> None:
        if (host, phase) == ("m1", "one"):
            assert over.wait(LIMIT_S)
        if (host, phase) == ("w1", "three"):
            over.set()

    world = World([make_phase("one"), make_phase("two"), make_phase("three")], answer)
    world.run()
    assert world.moment(events.PhaseDone, "w1", "three") < world.moment(events.PhaseDone, "m1", "one")


def test_after_waits_for_every_host_that_has_the_earlier_phase() -> None:
    def answer(host: str, phase: str) -> None:
        if (host, phase) == ("w1", "early"):
            time.sleep(0.1)

    world = World([make_phase("early"), make_phase("late", bootstrap_control_plane, after=("early",))], answer)
    world.run()
    ended = max(world.moment(events.PhaseDone, host, "early") for host in HOSTS)
    assert ended < world.moment(events.PhaseStarted, "m1", "late")
    waits = [event.waits_for for event in world.seen if isinstance(event, events.PhaseWaits)]
    assert any("early on" in wait and "w1" in wait for wait in waits)


def test_after_goes_on_when_the_earlier_phase_failed_somewhere() -> None:
    workflow = [make_phase("early"), make_phase("late", bootstrap_control_plane, after=("early",))]
    world = World(workflow, fails_on(("w1", "early")))
    outcome = world.run()
    assert world.phases("m1") == ["early", "late"]
    assert [error.host for error in outcome.errors] == ["w1"]


def test_after_a_phase_that_the_workflow_does_not_have_is_no_wait() -> None:
    world = World([make_phase("late", after=("not-in-this-workflow",))])
    world.run()
    assert not any(isinstance(event, events.PhaseWaits) for event in world.seen)


@pytest.mark.parametrize("failing", (None, "m1", "m2"))
def test_a_serial_phase_runs_on_one_host_at_a_time_in_inventory_order(failing: str | None) -> None:
    running: list[str] = []
    order: list[str] = []

    def answer(host: str, phase: str) -> Iterable[str] | None:
        if phase != "join":
            time.sleep({"m1": 0.1}.get(host, 0))
            return None
        running.append(host)
        order.append(host)
        time.sleep(0.02)
        assert running == [host]
        running.remove(host)
        return fails() if host == failing else None

    outcome = World([make_phase("early"), make_phase("join", is_serial=True)], answer).run()
    assert order == list(HOSTS)
    assert [error.host for error in outcome.errors] == ([failing] if failing else [])


def test_at_most_so_many_scripts_run_at_once() -> None:
    now: set[str] = set()
    most: list[int] = []

    def answer(host: str, phase: str) -> None:
        now.add(host)
        most.append(len(now))
        time.sleep(0.02)
        now.discard(host)

    World([make_phase("one"), make_phase("two")], answer, parallel=1).run()
    assert max(most) == 1


def test_a_host_that_waits_takes_no_place_from_others() -> None:
    """With one place, workers wait for what m1 has yet to make."""
    workflow = [
        make_phase("join", workers, needs=lambda _ctx: ("token",)),
        Phase("make", "Make", bootstrap_control_plane, (step_that_emits("token"),), provides=("token",)),
    ]
    assert World(workflow, parallel=1).run().errors == ()


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


def test_i9_an_output_reaches_the_secrets_of_who_needs_it_and_nothing_else() -> None:
    world = World(joining())
    outcome = world.run()
    payload = world.transports["w1"].payloads[-1]
    carried = files(payload)
    assert carried["secrets/token"] == "canary-token"
    assert "canary-token" not in carried["script.new"] + carried["ended.sh"]
    assert b"canary-token" not in payload
    assert "canary-token" not in repr(world.seen)
    assert outcome.outputs == {"token": "canary-token"}
    for name in ("m1", "m2"):
        assert all("secrets/token" not in files(each) for each in world.transports[name].payloads)


def test_a_phase_starts_only_when_its_output_is_there() -> None:
    world = World(joining(), lambda _host, phase: time.sleep(0.1) if phase == "make" else None)
    world.run()
    assert world.moment(events.PhaseWaits, "w1", "join") < world.moment(events.PhaseStarted, "w1", "join")
    (wait,) = [event for event in world.seen if isinstance(event, events.PhaseWaits)]
    assert wait.waits_for == "token from m1"


@pytest.mark.parametrize("phase", ("early", "make"))
def test_a_failure_blocks_only_who_needs_that_host_and_names_the_cause(phase: str) -> None:
    world = World([*joining(), make_phase("more", joining_control_planes)], fails_on(("m1", phase)))
    outcome = world.run()
    assert [error.host for error in outcome.errors] == ["m1", "w1"]
    failed, blocked = outcome.errors
    assert isinstance(failed, StepFailed)
    assert isinstance(blocked, Blocked)
    assert f"m1 failed in {phase}" in blocked.message
    assert world.phases("m2") == ["early", "more"]
    assert world.phases("w1") == ["early"]


def test_an_output_that_came_before_the_failure_is_good() -> None:
    made = (line("S", "emit-token"), line("O", "token", b64("abc")), result(0, "failed", "", "late", 1), FAILED)
    world = World(joining(), lambda host, phase: made if phase == "make" else None)
    assert [error.host for error in world.run().errors] == ["m1"]
    assert world.phases("w1") == ["early", "join"]


def test_an_output_that_was_promised_and_not_made_blocks() -> None:
    world = World(joining(), lambda host, phase: (line("S", "x"), result(0), DONE) if phase == "make" else None)
    (error,) = world.run().errors
    assert isinstance(error, Blocked)
    assert "nobody provided it" in error.message


def test_errors_are_in_inventory_order_whoever_failed_first() -> None:
    def answer(host: str, phase: str) -> tuple[str, ...]:
        time.sleep({"m1": 0.1, "m2": 0.05}.get(host, 0))
        return fails(host)

    outcome = World([make_phase("one")], answer).run()
    assert [error.host for error in outcome.errors] == list(HOSTS)
    assert [error.output for error in outcome.errors] == list(HOSTS)
    with pytest.raises(HostsFailed) as raised:
        raise_errors(outcome)
    assert raised.value.errors == outcome.errors


def test_a_host_that_cannot_be_reached_is_its_own_error() -> None:
    world = World([make_phase("one"), make_phase("two")])
    world.transports["m2"].connect_error = Unreachable("m2", "no route")
    outcome = world.run()
    assert [(error.host, error.message) for error in outcome.errors] == [("m2", "no route")]
    assert world.phases("w1") == ["one", "two"]


def test_a_failed_host_is_told_once_and_starts_nothing_more() -> None:
    world = World([make_phase("one"), make_phase("two")], fails_on(("m2", "one")))
    world.run()
    assert [event.host for event in world.seen if isinstance(event, events.HostFailed)] == ["m2"]
    assert world.phases("m2", events.PhaseStarted) == ["one"]


class Bug(Exception):
    """Something nobody expected."""


def raises_bug(*_: object) -> Iterator[Resource]:
    raise Bug("here")


@pytest.mark.parametrize("where", ("step", "needs", "transport"))
def test_a_bug_in_one_hosts_thread_leaves_nobody_waiting(where: str) -> None:
    workflow = joining()
    if where == "step":
        workflow[1] = replace(workflow[1], steps=(Step("bug", "A bug", "safe", raises_bug),))
    elif where == "needs":
        workflow[1] = replace(workflow[1], needs=raises_bug)  # type: ignore[arg-type]
    world = World(workflow)
    if where == "transport":
        world.transports["m1"].connect_error = Bug("here")
    with pytest.raises(Bug):
        world.run()
    assert world.phases("m2") == ["early"]


@pytest.mark.parametrize("kind", (events.HostFailed, events.PhaseDone, events.StepDone, events.PhaseWaits))
def test_a_bug_in_a_sink_leaves_nobody_waiting(kind: type) -> None:
    class Breaking(World):
        def handle(self, event: events.Event) -> None:
            if isinstance(event, kind):
                raise Bug
            super().handle(event)

    with pytest.raises(Bug):
        Breaking(joining(), fails_on(("m1", "make"))).run()


@pytest.mark.parametrize("is_bare", (True, False))
@pytest.mark.parametrize("mode", ("plan", "apply"))
def test_the_real_init_workflow_comes_to_its_end(mode: Mode, is_bare: bool) -> None:
    """Every host has every phase that selects it; nothing waits for ever; outputs flow where they are needed."""

    def answer(host: str, phase: str) -> Iterable[str] | None:
        if mode == "apply" and phase == "control-plane":
            made = ("join-token", "abcdef.0123456789abcdef"), ("certificate-key", "canary-key"), ("kubeconfig", KUBECONFIG)
            return (*(line("O", name, b64(value)) for name, value in made), result(0), DONE)
        return (result(0, "drift"), DONE) if mode == "plan" else None

    world = World(INIT, answer, mode=mode, is_bare=is_bare)
    outcome = world.run()
    assert outcome.errors == ()
    for host in world.cluster.hosts:
        assert world.phases(host.name) == [phase.name for phase in INIT if host in phase.select(world.cluster)]
    if mode == "plan":
        assert outcome.outputs == {}


@pytest.mark.parametrize("phase", [phase.name for phase in INIT])
@pytest.mark.parametrize("host", HOSTS)
def test_whatever_fails_in_the_real_init_workflow_nobody_waits_for_ever(host: str, phase: str) -> None:
    def answer(at: str, now: str) -> Iterable[str] | None:
        if (at, now) == (host, phase):
            return fails()
        if now == "control-plane":
            made = ("join-token", "abcdef.0123456789abcdef"), ("certificate-key", "k"), ("kubeconfig", KUBECONFIG)
            return (*(line("O", name, b64(value)) for name, value in made), result(0), DONE)
        return None

    world = World(INIT, answer)
    is_there = world.cluster.host(host) in next(each for each in INIT if each.name == phase).select(world.cluster)
    failed = [error.host for error in world.run().errors if not isinstance(error, Blocked)]
    assert failed == ([host] if is_there else [])


def test_i7_the_real_init_workflow_takes_one_execute_per_phase_with_something_to_do() -> None:
    world = World(INIT)
    world.run()
    for host in world.cluster.hosts:
        busy = [
            event.phase
            for event in world.seen
            if isinstance(event, events.PhaseDone) and event.host == host.name and event.status != "nothing to do"
        ]
        failed = [event for event in world.seen if isinstance(event, events.HostFailed) and event.host == host.name]
        assert world.transports[host.name].executes == len(busy) + sum(
            not isinstance(event.error, Blocked) for event in failed
        )


def test_i1_a_plan_on_bare_hosts_renders_promises_and_no_outputs() -> None:
    world = World(INIT, lambda _host, _phase: (result(0, "drift"), DONE), mode="plan")
    assert world.run().tally.drifted > 0
    join = next(each for each in world.transports["w1"].payloads if b"KB_DIR=/run/kubeboot/runs/20260101-000000-abcd/join\n" in each)
    assert PENDING in files(join)["secrets/join.yaml"]
    assert "KB_MODE=plan" in files(join)["script.new"]


def test_ctrl_c_lets_hosts_end_what_they_do_and_starts_nothing_more() -> None:
    """In the main thread, where Python raises KeyboardInterrupt."""

    everybody = threading.Barrier(3, timeout=LIMIT_S)

    def answer(host: str, phase: str) -> None:
        everybody.wait()
        if host == "m1":
            _thread.interrupt_main()
        time.sleep(0.8)

    world = World([make_phase("one"), make_phase("two")], answer)
    facts = {host.name: Facts(host.name) for host in world.cluster.hosts}
    runner = Runner(world.workflow, Inputs(world.cluster, facts, (), world.transports), SETTINGS, (world,))
    with pytest.raises(Interrupted, match="stopped") as raised:
        runner.run()
    assert raised.value.exit_code == 130
    assert {host: world.phases(host) for host in HOSTS} == {host: ["one"] for host in HOSTS}


def test_sinks_get_one_event_at_a_time() -> None:
    class Careful(World):
        inside = 0

        def handle(self, event: events.Event) -> None:
            self.inside += 1
            assert self.inside == 1
            time.sleep(0.001)
            self.inside -= 1
            super().handle(event)

    Careful([make_phase("one"), make_phase("two")]).run()


def test_many_hosts_come_to_their_end() -> None:
    hosts = tuple(Host(f"h{number}", f"10.0.1.{number}", frozenset({Role.WORKER})) for number in range(60))
    cluster = replace(make_cluster(), hosts=(*make_cluster().hosts, *hosts))
    world = World(joining(), cluster=cluster, parallel=4)
    outcome = world.run()
    assert outcome.errors == ()
    assert outcome.tally.unchanged == 63 + 1 + 61


def test_an_error_keeps_its_type_on_the_way() -> None:
    error = HostError("m1", "records", reference="records-unreadable")
    world = World([make_phase("one")])
    world.transports["m1"].connect_error = error
    assert world.run().errors == (error,)


def test_context_of_a_step_knows_the_outputs_so_far() -> None:
    seen: list[bool] = []

    def resources(ctx: HostContext) -> Iterator[Resource]:
        seen.append(ctx.is_known("token"))
        yield Shell("it", "true")

    workflow = joining(steps=(Step("look", "Look", "safe", resources),))
    World(workflow).run()
    assert seen == [True]
    assert make_context(is_known=False).output("join-token") == PENDING
