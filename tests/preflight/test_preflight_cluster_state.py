"""Hosts that carry Kubernetes already: another cluster is refused, a half-made one of our own goes on."""

from __future__ import annotations

from typing import Any

import pytest
from preflight_world import CONTROL_PLANE_UP, UP, found, make_cluster, make_facts

from kubeboot.model import KubeadmPatches
from kubeboot.preflight import UNWAIVABLE, run_preflight

NO_MARK = {"kubeboot_mark": ""}
THERE = "https://10.9.9.9:6443"
ELSEWHERE = UP | NO_MARK | {"kubelet_server": THERE, "ca_sha256": "theirs"}
OTHER_PLANE = CONTROL_PLANE_UP | NO_MARK | {"admin_context": "kubernetes-admin@prod", "ca_sha256": "theirs"}
SAME_NAME_THERE = CONTROL_PLANE_UP | NO_MARK | {"kubelet_server": THERE, "ca_sha256": "theirs"}
HALF_INIT = {
    "kubeboot_mark": "lab",
    "ca_sha256": "ours",
    "has_admin_conf": True,
    "admin_context": "kubernetes-admin@lab",
}
HALF_JOIN = {"kubeboot_mark": "lab", "ca_sha256": "ours", "has_bootstrap_kubelet_conf": True}

FOREIGN: dict[str, tuple[dict[str, Any], set[str]]] = {
    "bootstrap blank, worker joined elsewhere": ({"w1": ELSEWHERE}, {"w1"}),
    "bootstrap blank, worker joined elsewhere, CA file gone": ({"w1": ELSEWHERE | {"ca_sha256": ""}}, {"w1"}),
    "bootstrap blank, only a CA on the worker": ({"w1": {"ca_sha256": "theirs"}}, {"w1"}),
    "bootstrap blank, joining control plane lives without mark": ({"m2": CONTROL_PLANE_UP | NO_MARK}, {"m2"}),
    "bootstrap is a worker without mark": ({"m1": ELSEWHERE}, {"m1"}),
    "bootstrap is a worker at our own endpoint without mark": ({"m1": UP | NO_MARK}, {"m1"}),
    "bootstrap is of another name": ({"m1": OTHER_PLANE}, {"m1"}),
    "bootstrap is of another name, our mark or not": ({"m1": OTHER_PLANE | {"kubeboot_mark": "lab"}}, {"m1"}),
    "bootstrap of our name at another address": ({"m1": SAME_NAME_THERE}, {"m1"}),
    "bootstrap bears another mark": ({"m1": CONTROL_PLANE_UP | {"kubeboot_mark": "prod"}}, {"m1"}),
    "worker bears another mark": ({"m1": CONTROL_PLANE_UP, "w1": UP | {"kubeboot_mark": "prod"}}, {"w1"}),
    "worker has another CA": ({"m1": CONTROL_PLANE_UP, "w1": UP | {"ca_sha256": "theirs"}}, {"w1"}),
    "half-joined worker has another CA": ({"m1": CONTROL_PLANE_UP, "w1": HALF_JOIN | {"ca_sha256": "theirs"}}, {"w1"}),
    "worker without CA speaks to another API": ({"m1": CONTROL_PLANE_UP, "w1": ELSEWHERE | {"ca_sha256": ""}}, {"w1"}),
    "joining control plane is another cluster's": ({"m1": CONTROL_PLANE_UP, "m2": OTHER_PLANE}, {"m2"}),
    "k3s runs": ({"w1": {"active_units": frozenset({"k3s-agent"})}}, {"w1"}),
    "everything is another cluster's": ({"m1": OTHER_PLANE, "m2": OTHER_PLANE, "w1": ELSEWHERE}, {"m1", "m2"}),
}

GOES_ON: dict[str, dict[str, Any]] = {
    "all blank": {},
    "all blank with our mark": {"all": {"kubeboot_mark": "lab"}},
    "complete": {"m1": CONTROL_PLANE_UP, "m2": CONTROL_PLANE_UP, "w1": UP},
    "complete without marks": {"m1": CONTROL_PLANE_UP | NO_MARK, "m2": CONTROL_PLANE_UP | NO_MARK, "w1": UP | NO_MARK},
    "new worker": {"m1": CONTROL_PLANE_UP, "m2": CONTROL_PLANE_UP},
    "init stopped halfway": {"m1": HALF_INIT},
    "join stopped halfway": {"m1": CONTROL_PLANE_UP, "w1": HALF_JOIN, "m2": HALF_JOIN},
    "init stopped before the CA": {"m1": {"kubeboot_mark": "lab", "static_manifests": frozenset({"etcd"})}},
}


@pytest.mark.parametrize("case", FOREIGN)
def test_foreign_cluster_is_refused(case: str) -> None:
    changes, hosts = FOREIGN[case]
    (finding,) = found("foreign-cluster", **changes)
    assert finding.is_refusal and not finding.is_warning and set(finding.hosts) >= hosts
    assert "kubeadm reset" in finding.remedy


def test_a_control_plane_that_lost_its_kubelet_conf_beside_members_is_not_made_anew() -> None:
    (finding,) = found("second-cluster", m1=HALF_INIT, w1=UP, m2=HALF_JOIN)
    assert finding.is_refusal and finding.hosts == ("w1",)
    assert "m1 has no kubelet.conf" in finding.message
    assert "kubeadm init phase kubeconfig kubelet --config /etc/kubernetes/kubeboot/init.yaml" in finding.remedy


@pytest.mark.parametrize("case", GOES_ON)
def test_our_own_cluster_goes_on(case: str) -> None:
    for name in ("foreign-cluster", "second-cluster", "leftovers", "role-changed"):
        assert found(name, **GOES_ON[case]) == []


def test_kubeadms_own_cluster_name_may_differ_from_the_inventorys() -> None:
    cluster = make_cluster(kubeadm=KubeadmPatches(cluster_configuration={"clusterName": "prod"}))
    plane = CONTROL_PLANE_UP | {"admin_context": "kubernetes-admin@prod"}
    assert found("foreign-cluster", cluster, m1=plane, w1=UP) == []
    assert found("port-in-use", cluster, m1=plane | {"listening_ports": frozenset({6443})}) == []


@pytest.mark.parametrize(
    ("changes", "hosts"),
    [
        ({"m2": CONTROL_PLANE_UP, "w1": UP}, {"m2", "w1"}),
        ({"w1": HALF_JOIN}, {"w1"}),
        ({"m1": UP}, {"m1"}),
    ],
)
def test_init_beside_living_members_is_refused(changes: dict[str, Any], hosts: set[str]) -> None:
    assert found("foreign-cluster", **changes) == []
    (finding,) = found("second-cluster", **changes)
    assert finding.is_refusal and set(finding.hosts) == hosts and "second cluster" in finding.why


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"w1": {"static_manifests": frozenset({"etcd"})}}, "/etc/kubernetes/manifests"),
        ({"m1": {"has_etcd_data": True}}, "/var/lib/etcd/member"),
        ({"m1": {"ca_sha256": "own"}}, "/etc/kubernetes/pki/ca.crt"),
        ({"w1": {"has_bootstrap_kubelet_conf": True}}, "bootstrap-kubelet.conf"),
        ({"w1": {"kubeboot_mark": "prod"}}, "'prod'"),
    ],
)
def test_leftovers_are_an_error_with_the_remedy(changes: dict[str, Any], words: str) -> None:
    (finding,) = found("leftovers", **changes)
    assert not finding.is_refusal and not finding.is_warning
    assert set(finding.hosts) == changes.keys() and words in finding.message and "kubeadm reset" in finding.remedy
    assert found("foreign-cluster", **changes) == []


def test_role_changed() -> None:
    (finding,) = found("role-changed", m1=CONTROL_PLANE_UP, m2=UP, w1=CONTROL_PLANE_UP)
    assert finding.hosts == ("m2", "w1")


def test_version_differs_on_nodes_only() -> None:
    old = {"packages": {"kubelet": "1.29.1-1.1"}}
    (finding,) = found("version-differs", m1=CONTROL_PLANE_UP | old, w1=UP | {"packages": {"kubelet": "1.29.15-1.1"}})
    assert finding.hosts == ("m1",) and "1.29.1," in finding.message
    assert found("version-differs", all=old) == []


def test_other_runtime_on_hosts_that_are_not_nodes_yet() -> None:
    docker = {"active_units": frozenset({"docker", "docker.socket"})}
    (finding,) = found("other-runtime", w1=docker)
    assert finding.hosts == ("w1",) and not finding.is_warning
    assert found("other-runtime", m1=CONTROL_PLANE_UP, w1=UP | docker) == []
    assert found("other-runtime", w1={"active_units": frozenset({"podman.socket", "containerd"})}) == []


def test_every_refusal_is_unwaivable() -> None:
    for changes, _ in FOREIGN.values():
        result = run_preflight(make_cluster(), make_facts(**changes), ignore=UNWAIVABLE)
        assert any(finding.is_refusal for finding in result.errors)
