"""Which hosts and phases a run is about, and selections that make no sense."""

from __future__ import annotations

import re

import pytest

from kubeboot.errors import UsageError
from kubeboot.facts import Facts
from kubeboot.model import Cluster
from kubeboot.resources import Phase
from kubeboot.selection import Selection, select_hosts, select_phases, sensible_phases
from kubeboot.workflows import INIT
from tests.engine.conftest import make_cluster

CLUSTER = make_cluster()
BARE = {host.name: Facts(host.name) for host in CLUSTER.hosts}
PREPARED = {name: Facts(name, packages={"kubeadm": "1.29.15-1.1", "containerd": "1.7"}) for name in BARE}
MADE = {
    name: Facts(name, packages=facts.packages, has_kubelet_conf=True, has_admin_conf=name != "w1")
    for name, facts in PREPARED.items()
}


def names(found: tuple[object, ...]) -> list[str]:
    return [str(getattr(each, "name", each)) for each in found]


def chosen(selection: Selection, cluster: Cluster = CLUSTER) -> tuple[Phase, ...]:
    return select_phases(INIT, selection, select_hosts(cluster, selection))


def sensible(selection: Selection, facts: dict[str, Facts]) -> list[str]:
    hosts = {host.name for host in select_hosts(CLUSTER, selection)}
    seen = {name: facts[name] for name in facts if name in hosts}
    return names(sensible_phases(INIT, selection, chosen(selection), CLUSTER, seen))


def senseless(selection: Selection, facts: dict[str, Facts]) -> str:
    """Why it makes no sense; empty when it does."""
    try:
        sensible(selection, facts)
    except UsageError as error:
        assert error.exit_code == 2
        return error.message
    return ""


def test_hosts_by_name_and_pattern_stay_in_inventory_order() -> None:
    assert names(select_hosts(CLUSTER, Selection())) == ["m1", "m2", "w1"]
    assert names(select_hosts(CLUSTER, Selection(hosts=("w*", "m1")))) == ["m1", "w1"]


@pytest.mark.parametrize(
    ("selection", "said"),
    (
        (Selection(hosts=("m3",)), "--hosts: there is no host of the inventory 'm3'"),
        (Selection(hosts=("x*",)), "--hosts: there is no host of the inventory 'x*'"),
        (Selection(phases=("jion",)), "--phases: there is no phase 'jion'; did you mean join?"),
        (Selection(skip=("nothing",)), "--skip: there is no phase 'nothing'"),
        (Selection(phases=("join",), skip=("join",)), "no phase is left to run"),
    ),
)
def test_what_is_not_there_is_refused(selection: Selection, said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        chosen(selection)


def test_phases_keep_the_workflows_order() -> None:
    assert names(chosen(Selection(phases=("packages", "host-prep")))) == ["host-prep", "packages"]
    assert "network" not in names(chosen(Selection(skip=("network",))))


def test_phases_are_about_the_chosen_hosts_only() -> None:
    found = chosen(Selection(hosts=("w1",)))
    assert {name for phase in found for name in names(phase.select(CLUSTER))} == {"w1"}


@pytest.mark.parametrize("facts", (BARE, PREPARED, MADE), ids=("bare", "prepared", "made"))
def test_everything_makes_sense(facts: dict[str, Facts]) -> None:
    assert senseless(Selection(), facts) == ""


def test_a_join_without_init_is_refused_with_the_reason() -> None:
    said = senseless(Selection(phases=("packages", "join")), BARE)
    assert said == "this selection makes no sense: join on w1 needs the kubeconfig, which control-plane on m1 gives"


def test_nothing_is_made_on_hosts_without_packages() -> None:
    said = senseless(Selection(phases=("control-plane",)), BARE)
    assert said == "this selection makes no sense: control-plane builds on packages, which was not done on m1 yet"
    assert senseless(Selection(phases=("control-plane",)), PREPARED) == ""


def test_hosts_that_are_nodes_need_nothing_of_others() -> None:
    assert sensible(Selection(phases=("join",)), MADE) == ["join"]
    assert sensible(Selection(hosts=("w1",)), MADE)[:3] == ["host-prep", "packages", "images"]


def test_a_test_that_lacks_what_it_needs_is_left_out_unless_it_was_named() -> None:
    assert "network" in sensible(Selection(), MADE)
    assert "network" not in sensible(Selection(hosts=("w1",)), MADE)
    assert "network" not in sensible(Selection(skip=("rollout",)), MADE)
    said = senseless(Selection(hosts=("w1",), phases=("network",)), MADE)
    assert "network on w1 needs the test pods, which rollout on m1 gives" in said


def test_a_new_host_alone_needs_the_control_plane() -> None:
    facts = MADE | {"w1": Facts("w1")}
    assert "control-plane on m1" in senseless(Selection(hosts=("w1",)), facts)
    assert senseless(Selection(hosts=("m1", "w1")), facts) == ""


def test_what_is_done_to_a_cluster_needs_one() -> None:
    assert "rollout builds on control-plane" in senseless(Selection(phases=("rollout",)), PREPARED)
    assert senseless(Selection(phases=("rollout",)), MADE) == ""
