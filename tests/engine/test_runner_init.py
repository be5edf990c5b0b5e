"""The Runner and the real workflow of init: it comes to its end whatever fails, and takes no more than it must."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from kubeboot.context import PENDING
from kubeboot.engine import events
from kubeboot.engine.script import Mode
from kubeboot.errors import Blocked
from kubeboot.workflows import INIT
from tests.engine.conftest import KUBECONFIG
from tests.engine.hosts import DONE, b64, files, line, result
from tests.engine.world import HOSTS, World, fails


@pytest.mark.parametrize("is_bare", (True, False))
@pytest.mark.parametrize("mode", ("plan", "apply"))
def test_the_real_init_workflow_comes_to_its_end(mode: Mode, is_bare: bool) -> None:
    """Every host has every phase that selects it; nothing waits for ever; outputs flow where they are needed."""

    def answer(host: str, phase: str) -> Iterable[str] | None:
        if mode == "apply" and phase == "control-plane":
            made = (
                ("join-token", "abcdef.0123456789abcdef"),
                ("certificate-key", "canary-key"),
                ("kubeconfig", KUBECONFIG),
            )
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
    join = next(
        each
        for each in world.transports["w1"].payloads
        if b"KB_DIR=/run/kubeboot/runs/20260101-000000-abcd/join\n" in each
    )
    assert PENDING in files(join)["secrets/join.yaml"]
    assert "KB_MODE='plan'" in files(join)["script.new"]
