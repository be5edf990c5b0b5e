"""The Runner: every host walks its own list of phases; what waits, what blocks, what goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest

from kubeboot.context import PENDING, HostContext
from kubeboot.engine import events
from kubeboot.engine.runner import raise_errors
from kubeboot.errors import Blocked, HostError, HostsFailed, StepFailed, Unreachable
from kubeboot.model import Host, Role
from kubeboot.phases.selections import all_hosts, bootstrap_control_plane, joining_control_planes, workers
from kubeboot.resources import Phase, Resource, Shell, Step
from tests.engine.conftest import make_cluster, make_context
from tests.engine.hosts import DONE, FAILED, b64, files, line, result
from tests.engine.world import HOSTS, LIMIT_S, World, fails, fails_on, joining, make_phase, step_that_emits


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
    waits = [event for event in world.seen if isinstance(event, events.PhaseWaits)]
    assert any("early on" in wait.waits_for and "early@w1" in wait.on for wait in waits)


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
    assert (wait.waits_for, wait.on) == ("token from m1", ("make@m1",))


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
