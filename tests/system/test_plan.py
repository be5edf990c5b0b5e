"""Plans on a bare, a half-made and a made cluster of one host: nothing is touched. Then saved plans, verify, status.

The tests run in the order of this file.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from lab_hosts import Inventory, Lab, merged

pytestmark = pytest.mark.lab
HOSTS = 1
HOST = "node1"

# What a living host writes by itself: etcd, the kubelet, containerd, Calico, chrony, systemd's timers and random seed.
OWN_LIFE = "etcd|containerd|kubelet|calico|cni|chrony|systemd|dhcp|private|logrotate|NetworkManager"
TREE = (
    "find /etc /var/lib /opt -xdev -regextype posix-extended "
    rf"-regex '/var/lib/({OWN_LIFE})(/.*)?' -prune -o -printf '%p %y %m %u:%g %s %T@ %l\n' | LC_ALL=C sort; "
    "find /etc /opt -xdev -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum"
)
PROCESSES = "ps -eo args= | grep -v '^\\[' | grep -E 'kubeboot|apt|dpkg' | grep -v grep || true"
# Heartbeats change by themselves: leases, events, and the status of nodes and pods.
OBJECTS = (
    "export KUBECONFIG=/etc/kubernetes/admin.conf; [ -f $KUBECONFIG ] || exit 0; "
    "kinds=$(kubectl api-resources --verbs=list -o name | grep -vE '^(events|leases|nodes|pods|componentstatuses)' "
    "| paste -sd,); kubectl get $kinds -A --no-headers --ignore-not-found --show-kind "
    "-o custom-columns=K:.kind,S:.metadata.namespace,N:.metadata.name,V:.metadata.resourceVersion | sort; "
    "kubectl get pods -A --no-headers -o custom-columns=N:.metadata.name,U:.metadata.uid | sort; "
    "kubectl -n kube-system get leases --no-headers -o custom-columns=N:.metadata.name"
)


def world(lab: Lab) -> dict[str, str]:
    """All that a plan might touch."""
    looks = {"files": TREE, "processes": PROCESSES, "objects": OBJECTS}
    return {name: lab.on(HOST, command) for name, command in looks.items()}


def plan_touches_nothing(lab: Lab, inventory: Inventory, *options: str, code: int) -> str:
    before = world(lab)
    run = lab.kubeboot("plan", inventory, *options).assert_code(code)
    after = world(lab)
    for name, seen in before.items():
        assert after[name].splitlines() == seen.splitlines(), name
    return run.text


@pytest.fixture(scope="module")
def inventory(lab: Lab) -> Inventory:
    return lab.inventory(addons={"ingressNginx": {"enabled": False}})


def test_i1_i5_on_a_bare_host(lab: Lab, inventory: Inventory) -> None:
    said = plan_touches_nothing(lab, inventory, code=5)
    assert not re.search(r"\b(unknown|FAILED|BLOCKED)\b", said), said
    assert "kubeadm: not installed -> 1.29.15" in said
    assert "(known after init)" in said


@pytest.mark.parametrize(
    ("options", "said"),
    (
        (("--phases", "control-plane"), "control-plane builds on packages, which was not done on node1 yet"),
        (("--phases", "rollout"), "rollout builds on control-plane"),
        (("--hosts", "node9"), "there is no host of the inventory 'node9'"),
    ),
)
def test_selections_that_make_no_sense(lab: Lab, inventory: Inventory, options: tuple[str, ...], said: str) -> None:
    lab.kubeboot("init", inventory, *options).assert_code(2).assert_says(said)


def test_i1_on_a_half_made_host(lab: Lab, inventory: Inventory) -> None:
    lab.kubeboot("init", inventory, "--phases", "host-prep,packages").assert_code(0).assert_says("packages")
    assert lab.on(HOST, "ls /etc/kubernetes/admin.conf 2>/dev/null || echo none") == "none"
    said = plan_touches_nothing(lab, inventory, code=5)
    assert "Install containerd, kubeadm" not in said
    assert "Make the control plane with kubeadm init" in said


def test_a_saved_plan_is_done_exactly(lab: Lab, inventory: Inventory) -> None:
    lab.kubeboot("plan", inventory, "--out", "plan.json").assert_code(5).assert_says("kubeboot apply plan.json")
    lab.on(HOST, "echo '# mine' >>/etc/crictl.yaml")
    refused = lab.kubeboot("apply", None, "plan.json").assert_code(7)
    refused.assert_says(r"node1: packages: file /etc/crictl.yaml: content differs; planned: in place", "plan-outdated")
    assert lab.on(HOST, "tail -1 /etc/crictl.yaml") == "# mine"
    lab.on(HOST, "sed -i '$d' /etc/crictl.yaml")
    lab.kubeboot("apply", None, "plan.json").assert_code(0).assert_says(r"node1 +control-plane +v1.29.15")


def test_another_inventory_is_not_what_was_planned(lab: Lab, inventory: Inventory) -> None:
    lab.kubeboot("plan", inventory, "--out", "done.json").assert_code(0)
    lab.write(merged(inventory, {"timeouts": {"api": 121}}))
    lab.kubeboot("apply", None, "done.json").assert_code(7).assert_says("the inventory's timeouts is not what it was")
    lab.write(inventory)
    lab.kubeboot("apply", None, "done.json").assert_code(0).assert_nothing_changed()


def test_i1_i2_on_a_made_cluster(lab: Lab, inventory: Inventory) -> None:
    said = plan_touches_nothing(lab, inventory, code=0)
    assert "0 would change" in said


def test_json_is_for_programs(lab: Lab, inventory: Inventory) -> None:
    run = lab.kubeboot("plan", inventory, "--json").assert_code(0)
    found = json.loads(run.out)
    assert (found["format"], found["wouldChange"]) == (1, 0)
    assert {each["host"] for each in found["resources"]} == {HOST}


def test_verify_sees_drift_on_hosts_and_in_the_cluster(lab: Lab, inventory: Inventory) -> None:
    lab.kubeboot("verify", inventory).assert_code(0).assert_says("0 differ")
    lab.on(HOST, "sysctl -qw net.ipv4.ip_forward=0")
    lab.kubectl("cordon", HOST)
    lab.kubectl("label", "node", HOST, "node-role.kubernetes.io/control-plane-")
    run = lab.kubeboot("verify", inventory).assert_code(5)
    run.assert_says(
        "net.ipv4.ip_forward is 0, wanted 1", "node1 is cordoned", "node1 is not a control plane by its label"
    )
    before = world(lab)
    lab.kubeboot("verify", inventory).assert_code(5)
    assert world(lab) == before
    lab.kubectl("uncordon", HOST)
    lab.kubectl("label", "node", HOST, "node-role.kubernetes.io/control-plane=")
    lab.on(HOST, "sysctl -qw net.ipv4.ip_forward=1")
    lab.kubeboot("verify", inventory, "-q").assert_code(0)


def test_an_add_on_changed_by_hand_shows_its_difference(lab: Lab, inventory: Inventory) -> None:
    lab.kubectl("-n", "kube-system", "set", "resources", "daemonset/calico-node", "--requests=cpu=251m")
    run = lab.kubeboot("plan", inventory).assert_code(5)
    run.assert_says("changed in the cluster since: DaemonSet calico-node", r"-\s+cpu: 251m", r"\+\s+cpu: 250m")
    lab.kubeboot("init", inventory).assert_code(0)
    lab.kubeboot("plan", inventory).assert_code(0)


def test_status_on_one_screen(lab: Lab, inventory: Inventory) -> None:
    run = lab.kubeboot("status", inventory).assert_code(0)
    run.assert_says(r"1 of 1 node Ready", r"node1 +ok +active +leader", r"36\d days", "calico 3.27.5", "all ready")
    found = json.loads(lab.kubeboot("status", inventory, "--json").assert_code(0).out)
    assert found["nodes"][0]["name"] == HOST


def test_diagnose_finds_nothing_and_then_what_is_wrong(lab: Lab, inventory: Inventory) -> None:
    """More of it, symptom by symptom: test_symptoms.py."""
    before = world(lab)
    lab.kubeboot("diagnose", inventory).assert_code(0).assert_says("nothing found")
    assert world(lab) == before
    lab.on(
        HOST,
        "sed -i 's/SystemdCgroup = true/SystemdCgroup = false/' /etc/containerd/config.toml; systemctl stop kubelet",
    )
    run = lab.kubeboot("diagnose", inventory, "--bundle", "bundle.tar.gz").assert_code(5)
    run.assert_says(
        "FOUND cgroup-driver-mismatch", "FOUND kubelet-stopped", "why: ", "then: ", r"bundle.tar.gz, \d+ files"
    )
    lab.kubeboot("init", inventory).assert_code(0)
    lab.kubeboot("diagnose", inventory).assert_code(0)


def test_a_run_is_kept_and_becomes_a_page(lab: Lab, inventory: Inventory) -> None:
    lab.kubeboot("report", inventory, "--list").assert_code(0).assert_says(r"\d{8}-\d{6}-\w+ +init ", "verify", "apply")
    lab.kubeboot("report", inventory, "--html", "run.html", "--junit", "run.xml").assert_code(0)
    assert "<script src" not in (page := (lab.folder / "run.html").read_text())
    assert "Cluster" in page
    assert ElementTree.parse(lab.folder / "run.xml").getroot().tag == "testsuites"  # noqa: S314 - our own file


def test_i9_saved_plans_hold_no_secret(lab: Lab) -> None:
    for path in Path(lab.folder).glob("*.json"):
        assert "PRIVATE KEY" not in path.read_text()
        assert not re.search(r"\b[a-z0-9]{6}\.[a-z0-9]{16}\b", path.read_text())
