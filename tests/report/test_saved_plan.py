"""Saved plans: what is in the file, and what no longer fits."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeboot.engine import events
from kubeboot.errors import SourceError
from kubeboot.facts import Facts
from kubeboot.model import Role
from kubeboot.report.saved_plan import (
    PlanRecorder,
    SavedPlan,
    differences,
    digests,
    load_plan,
    machines,
    save_plan,
)
from tests.engine.conftest import ADDON, make_cluster

CLUSTER = make_cluster()


def resource(host: str, label: str, status: str, reason: str = "", *, is_change: bool = True) -> events.ResourceDone:
    return events.ResourceDone(
        1.0,
        host,
        "packages",
        "install",
        label,
        status,
        5,
        reason,
        "",
        "",
        is_change,  # type: ignore[arg-type]
    )


def plan(*found: events.ResourceDone, **changes: object) -> SavedPlan:
    recorder = PlanRecorder()
    for event in found:
        recorder.handle(event)
    values: dict[str, object] = {
        "made": "2026-01-01T00:00:00Z",
        "command": "plan",
        "cluster": "lab",
        "inventory": "/i.yaml",
        "inputs": {},
        "machines": {},
        "would_change": 1,
        "in_place": 0,
        "resources": recorder.resources(["m1", "m2", "w1"]),
    }
    return SavedPlan.model_validate(values | changes)


BEFORE = plan(resource("m1", "swap", "drift", "is on"), resource("m2", "file /a", "ok"))


def test_it_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    save_plan(BEFORE, path)
    assert load_plan(path) == BEFORE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
    assert json.loads(path.read_text())["wouldChange"] == 1


def test_the_same_again_fits() -> None:
    assert list(differences(BEFORE, BEFORE)) == []


def test_hosts_stay_in_order_whoever_answered_first() -> None:
    found = plan(resource("w1", "x", "ok"), resource("m1", "x", "ok"))
    assert [each.host for each in found.resources] == ["m1", "w1"]


@pytest.mark.parametrize(
    ("now", "said"),
    (
        (
            plan(resource("m1", "swap", "ok"), resource("m2", "file /a", "ok")),
            "m1: packages: swap: in place; planned: is on",
        ),
        (
            plan(resource("m1", "swap", "drift", "is on"), resource("m2", "file /a", "drift", "missing")),
            "m2: packages: file /a: missing; planned: in place",
        ),
        (plan(resource("m2", "file /a", "ok")), "m1: packages: swap: not looked at; planned: is on"),
        (BEFORE.model_copy(update={"kubeboot": "9.9"}), "kubeboot is 9.9, the plan was made by "),
        (
            BEFORE.model_copy(update={"inputs": {"host m1 in the inventory": "x"}}),
            "host m1 in the inventory is not what",
        ),
        (BEFORE.model_copy(update={"machines": {"m1": {"machineId": "b"}}}), "m1: machineId is b, was not there"),
    ),
)
def test_what_is_not_as_planned_is_told(now: SavedPlan, said: str) -> None:
    found = list(differences(BEFORE, now))
    assert len(found) == 1
    assert said in found[0]


def test_what_is_only_waited_for_does_not_count() -> None:
    before = plan(resource("m1", "pods", "drift", "waits for a", is_change=False))
    now = plan(resource("m1", "pods", "drift", "waits for b", is_change=False))
    assert list(differences(before, now)) == []


def test_inputs_name_what_changed_and_hold_no_value() -> None:
    before = digests(CLUSTER, (ADDON,))
    more = replace(CLUSTER, kubernetes_version="1.29.14")
    assert _changed(before, digests(more, (ADDON,))) == ["the inventory's kubernetesVersion"]
    host = replace(CLUSTER.hosts[2], labels={"disk": "hdd"})
    labelled = replace(CLUSTER, hosts=(*CLUSTER.hosts[:2], host))
    assert _changed(before, digests(labelled, (ADDON,))) == ["host w1 in the inventory"]
    assert _changed(before, digests(CLUSTER, (replace(ADDON, manifest="x"),))) == ["the manifest of calico"]
    assert "canary-password" not in str(before)


def _changed(before: dict[str, str], now: dict[str, str]) -> list[str]:
    return [name for name in before if before[name] != now.get(name)]


def test_the_order_of_sets_does_not_count() -> None:
    roles = frozenset({Role.WORKER, Role.CONTROL_PLANE}), frozenset({Role.CONTROL_PLANE, Role.WORKER})
    one, two = (replace(CLUSTER, hosts=(replace(CLUSTER.hosts[0], roles=each),)) for each in roles)
    assert digests(one, ()) == digests(two, ())


def test_machines_are_told_apart() -> None:
    assert machines({"m1": Facts("m1", machine_id="a")})["m1"]["machineId"] == "a"


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_any_other_file_is_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("plan") / "plan.json"
    path.write_bytes(content)
    with pytest.raises(SourceError, match="no plan"):
        load_plan(path)


def test_a_plan_of_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(BEFORE.text().replace('"format": 1', '"format": 2'))
    with pytest.raises(SourceError, match="format"):
        load_plan(path)


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be written"):
        save_plan(BEFORE, tmp_path / "nowhere" / "plan.json")
