"""Looking at every host once: facts in inventory order, or one error per host that could not be looked at."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from kubeboot.engine.gather import gather_facts
from kubeboot.errors import HostError, HostLost, HostsFailed, SudoRefused, Unreachable
from kubeboot.facts import Facts
from kubeboot.transport.fake import FakeTransport
from tests.engine.conftest import make_cluster

PROBE = (Path(__file__).parents[1] / "facts/debian12-bare.txt").read_text(encoding="utf-8").splitlines()
HOSTS = ("m1", "m2", "w1")


def gather(transports: Mapping[str, FakeTransport]) -> tuple[dict[str, Facts], list[str]]:
    told: list[str] = []
    facts = gather_facts(make_cluster(), transports, lambda each: told.append(each.host), parallel=10)
    return facts, told


def good() -> FakeTransport:
    return FakeTransport(lambda _: PROBE)


def test_i7_one_execute_per_host_and_facts_in_inventory_order() -> None:
    transports = {name: good() for name in reversed(HOSTS)}
    facts, told = gather(transports)
    assert list(facts) == list(HOSTS)
    assert sorted(told) == sorted(HOSTS)
    assert [transport.executes for transport in transports.values()] == [1, 1, 1]
    assert all(facts[name].host == name and facts[name].os_id == "debian" for name in HOSTS)


def test_the_probe_cannot_eat_its_own_script() -> None:
    transport = good()
    gather({name: transport if name == "m1" else good() for name in HOSTS})
    (payload,) = transport.payloads
    assert payload.startswith(b"main() {\n")
    assert payload.endswith(b"}\nmain </dev/null\n")


def test_every_host_that_cannot_be_looked_at_is_an_error_of_its_own() -> None:
    transports = {
        "m1": FakeTransport(connect_error=Unreachable("m1", "no route")),
        "m2": good(),
        "w1": FakeTransport(lambda _: SudoRefused("w1", "may not")),
    }
    with pytest.raises(HostsFailed) as raised:
        gather(transports)
    assert [(type(error), error.host) for error in raised.value.errors] == [(Unreachable, "m1"), (SudoRefused, "w1")]
    assert transports["m2"].executes == 1


def test_a_connection_that_goes_while_looking_is_lost() -> None:
    with pytest.raises(HostsFailed) as raised:
        gather({name: FakeTransport(lambda _: PROBE, lose_after=[5]) if name == "m2" else good() for name in HOSTS})
    (error,) = raised.value.errors
    assert (type(error), error.host, error.exit_code) == (HostLost, "m2", 4)


@pytest.mark.parametrize("lines", ((), PROBE[:10], ("Welcome", "sh: 1: probe: not found"), ("x",) * 100_000))
def test_an_answer_that_is_no_probe_is_unreadable(lines: tuple[str, ...]) -> None:
    with pytest.raises(HostsFailed) as raised:
        gather({name: FakeTransport(lambda _: lines) if name == "w1" else good() for name in HOSTS})
    (error,) = raised.value.errors
    assert type(error) is HostError
    assert error.reference == "facts-unreadable"


def test_hosts_are_looked_at_at_the_same_time() -> None:
    together = threading.Barrier(3, timeout=10)

    def respond(_: bytes) -> list[str]:
        together.wait()
        return PROBE

    gather({name: FakeTransport(respond) for name in HOSTS})
