"""The Runner when kubeboot itself is at fault, or the user has had enough: nobody is left waiting."""

from __future__ import annotations

import _thread
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from kubeboot.engine import events
from kubeboot.engine.runner import Inputs, Runner
from kubeboot.errors import Interrupted
from kubeboot.facts import Facts
from kubeboot.resources import Resource, Step
from tests.engine.hosts import SETTINGS
from tests.engine.world import HOSTS, LIMIT_S, World, fails_on, joining, make_phase


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


@pytest.fixture
def heard_ctrl_c() -> Iterator[None]:
    """A job in the background of a shell script ignores SIGINT from birth; these tests must not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard_ctrl_c")
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
