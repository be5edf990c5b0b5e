"""Larger clusters: five hosts; three control planes. Minutes each, so not part of `make test`: pytest -m lab_long."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_hosts import Lab, secrets_in

pytestmark = pytest.mark.lab_long
HOSTS = 5


@pytest.fixture
def bare(lab: Lab) -> Iterator[Lab]:
    """The lab with hosts as new, and no kubeconfig of a former cluster."""
    lab.fresh()
    yield lab
    for path in lab.folder.glob("*.kubeconfig*"):
        path.unlink()


def ready(lab: Lab) -> list[str]:
    """Names of nodes that are Ready."""
    return [
        node["metadata"]["name"]
        for node in lab.objects("nodes")
        if {"type": "Ready", "status": "True"}.items()
        <= next(each for each in node["status"]["conditions"] if each["type"] == "Ready").items()
    ]


def test_five_hosts(bare: Lab) -> None:
    inventory = bare.inventory()
    bare.kubeboot("init", inventory, timeout_s=560).assert_code(0)
    assert ready(bare) == bare.hosts
    bare.kubeboot("init", inventory).assert_code(0).assert_nothing_changed()


def test_three_control_planes(bare: Lab) -> None:
    inventory = bare.inventory("--control-planes", "3", "--hosts", *bare.hosts[:4])
    address = inventory["hosts"][0]["address"]
    inventory["cluster"]["controlPlaneEndpoint"] = f"{address}:6443"
    run = bare.kubeboot("init", inventory, timeout_s=560).assert_code(0)
    assert ready(bare) == bare.hosts[:4]
    for host in bare.hosts[:3]:
        assert bare.on(host, "ls /etc/kubernetes/manifests").split() == [
            "etcd.yaml",
            "kube-apiserver.yaml",
            "kube-controller-manager.yaml",
            "kube-scheduler.yaml",
        ]
        assert len(ready(bare)) == len(json.loads(bare.kubectl("get", "nodes", "-o", "json", host=host))["items"])
    assert not secrets_in(run.text)
    assert not bare.kubectl("-n", "kube-system", "get", "secret", "kubeadm-certs", "--ignore-not-found")
    for host in bare.hosts[:4]:
        key = (
            "grep -rlE '(^|[^:])[0-9a-f]{64}$' /var/log/kubeboot /run/kubeboot --include='*.log' --include=out || true"
        )
        assert not bare.on(host, key)
    bare.kubeboot("init", inventory).assert_code(0).assert_nothing_changed()


def test_a_worker_loses_power_and_the_others_go_on(bare: Lab) -> None:
    """Killed during packages and left off: it fails alone, the rest becomes a cluster; back again, it joins."""
    inventory = bare.inventory("--hosts", *bare.hosts[:3])
    run = bare.start("init", inventory)
    bare.wait_for_step(run, "node3", "packages", "install-packages")
    bare.lab("kill", "node3")
    ended = bare.wait(run, timeout_s=590).assert_code(4)
    ended.assert_says(r"FAILED node3: .*\[host-lost\]", "hint: ")
    assert ready(bare) == ["node1", "node2"]
    bare.lab("start", "node3")
    bare.wait_for_ssh("node3")
    bare.kubeboot("init", inventory).assert_code(0)
    assert ready(bare) == ["node1", "node2", "node3"]
    bare.kubeboot("init", inventory).assert_code(0).assert_nothing_changed()


def test_cables_and_reboots_in_the_middle(bare: Lab, tmp_path: Path) -> None:
    """node2 loses its link for 30 s, node3 reboots, while packages are installed: the run goes on by itself."""
    inventory = bare.inventory("--hosts", *bare.hosts[:3])
    run = bare.start("init", inventory)
    bare.wait_for_step(run, "node2", "packages", "install-packages")
    bare.lab("link", "node2", "down")
    bare.wait_for_step(run, "node3", "packages", "install-packages")
    bare.try_on("node3", "systemctl reboot")
    time.sleep(30)
    bare.lab("link", "node2", "up")
    ended = bare.wait(run, timeout_s=500).assert_code(0)
    ended.assert_says(r"node2 .*connection lost", r"node3 .*(connection lost|rebooted)")
    assert ready(bare) == ["node1", "node2", "node3"]
    bare.kubeboot("init", inventory).assert_code(0).assert_nothing_changed()
