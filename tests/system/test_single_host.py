"""One host that is everything, and everything that can be different at once.

A user with sudo, port 2222, a name of its own, 1.29.1, Calico 3.27.0 with VXLAN, ingress-nginx 1.9.6, an endpoint by
name; killed on the way, more than once (I4).

The tests run in the order in which they stand here, on the same host.
"""

from __future__ import annotations

import signal

import pytest
from lab_hosts import Inventory, Lab, merged

pytestmark = pytest.mark.lab
HOSTS = 1
HOST = "node1"
BROKEN_ETCD = {
    "clusterConfiguration": {
        "apiServer": {"timeoutForControlPlane": "12s"},
        "etcd": {"local": {"extraArgs": {"no-such-flag": "1"}}},
    }
}


@pytest.fixture(scope="module")
def inventory(lab: Lab) -> Inventory:
    options = "--user ops --port 2222 --version 1.29.1 --calico 3.27.0 --encapsulation vxlan --ingress 1.9.6"
    wanted = lab.inventory(*options.split(), cluster={"controlPlaneEndpoint": "k8s.example.com:6443"})
    wanted["hosts"][0]["name"] = "alpha"
    return wanted


def test_i4_killed_while_packages_are_installed(lab: Lab, inventory: Inventory) -> None:
    run = lab.start("init", inventory)
    lab.wait_for_step(run, HOST, "packages", "install-packages", also="pgrep -x dpkg")
    lab.end(run, signal.SIGKILL)
    lab.power_cut(HOST)


def test_kubeadm_that_fails_says_why(lab: Lab, inventory: Inventory) -> None:
    """Also the run that goes on after the power cut."""
    broken = merged(inventory, {"cluster": {"kubeadm": merged(inventory["cluster"]["kubeadm"], BROKEN_ETCD)}})
    run = lab.kubeboot("init", broken).assert_code(1)
    run.assert_says(
        r"FAILED alpha: control-plane: init-control-plane: ", r"\| .*no-such-flag", "why: ", "check: ", "then: "
    )
    run.assert_says(r"log: .*/var/log/kubeboot/\S+-control-plane\.log")
    assert "timed out waiting for the condition" in lab.on(HOST, "cat /var/log/kubeboot/*-control-plane.log")


def test_i4_power_cut_during_kubeadm_init(lab: Lab, inventory: Inventory) -> None:
    """The inventory is mended; the half-made control plane is gone on with, and the power goes in the middle."""
    run = lab.start("init", inventory)
    lab.wait_for_step(run, HOST, "control-plane", "init-control-plane", also="pgrep -x kube-apiserver")
    lab.end(run, signal.SIGKILL)
    lab.power_cut(HOST)


def test_i4_killed_once_more_then_it_converges(lab: Lab, inventory: Inventory) -> None:
    run = lab.start("init", inventory)
    lab.wait_for_step(run, HOST, "addons", "apply-calico")
    lab.end(run, signal.SIGKILL)
    run = lab.kubeboot("init", inventory).assert_code(0)
    run.assert_says(r"alpha +control-plane +v1.29.1 +10\.66\.", "https://k8s.example.com:6443")


def test_i3_again_nothing_changes(lab: Lab, inventory: Inventory) -> None:
    before = lab.picture(HOST)
    lab.kubeboot("init", inventory).assert_code(0).assert_nothing_changed()
    assert lab.picture(HOST) == before


def test_what_was_asked_for(lab: Lab) -> None:
    (node,) = lab.objects("nodes")
    assert node["metadata"]["name"] == "alpha"
    assert not node["spec"].get("taints")
    assert node["status"]["nodeInfo"]["kubeletVersion"] == "v1.29.1"
    assert lab.on(HOST, "cat /etc/hostname") == "alpha"
    assert "k8s.example.com" in lab.on(HOST, "grep k8s /etc/hosts")
    assert "https://k8s.example.com:6443" in lab.on(HOST, "grep server: /etc/kubernetes/kubelet.conf")
    assert lab.on(HOST, "stat -c '%a %U' ~ops/.kube/config ~root/.kube/config").split("\n") == ["600 ops", "600 root"]
    assert "alpha" in lab.lab("ssh", "--user", "ops", "--port", "2222", HOST, "kubectl get nodes")


def test_vxlan_as_far_as_configuration_goes(lab: Lab) -> None:
    (settings,) = lab.objects("configmaps", "-n", "kube-system", "--field-selector", "metadata.name=calico-config")
    assert settings["data"]["calico_backend"] == "vxlan"
    (daemon,) = lab.objects("daemonsets", "-n", "kube-system", "-l", "k8s-app=calico-node")
    (container,) = daemon["spec"]["template"]["spec"]["containers"]
    assert container["image"].endswith("calico/node:v3.27.0")
    assert "bird" not in str([container["livenessProbe"], container["readinessProbe"]])
    variables = {each["name"]: each.get("value") for each in container["env"]}
    assert (variables["CALICO_IPV4POOL_VXLAN"], variables["CALICO_IPV4POOL_IPIP"]) == ("Always", "Never")
    (controller,) = lab.objects("deployments", "-n", "ingress-nginx")
    assert controller["spec"]["template"]["spec"]["containers"][0]["image"].endswith("controller:v1.9.6")
