"""A real control plane, broken in one way after another: diagnose names each, changes nothing, and then it is mended.

One host for all of it. Each break is given back at once, and the last test finds the cluster as healthy as the first.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from lab_hosts import Ended, Inventory, Lab, secrets_in, wait_until

pytestmark = pytest.mark.lab_long
HOSTS = 1
HOST = "node1"
CONFIG = "/etc/containerd/config.toml"
READY = "kubectl --kubeconfig /etc/kubernetes/admin.conf get --raw /readyz"
SQUATTER = "IO::Socket::INET->new(Listen => 1, LocalPort => 10256, ReuseAddr => 1) or die; sleep 600"


@pytest.fixture(scope="module")
def inventory(lab: Lab) -> Inventory:
    wanted = lab.inventory()
    lab.kubeboot("init", wanted, timeout_s=600).assert_code(0)
    return wanted


def diagnosed(lab: Lab, inventory: Inventory, *said: str, code: int = 5) -> Ended:
    return lab.kubeboot("diagnose", inventory).assert_code(code).assert_says(*said)


@contextmanager
def broken(lab: Lab, harm: str, mend: str) -> Iterator[None]:
    lab.on(HOST, harm)
    try:
        yield
    finally:
        lab.on(HOST, mend)


@contextmanager
def another_config(lab: Lab, change: str) -> Iterator[None]:
    """containerd's configuration changed by sed; it is not restarted, so the cluster goes on."""
    with broken(lab, f"cp -p {CONFIG} /root/kept.toml && sed -i {change} {CONFIG}", f"mv /root/kept.toml {CONFIG}"):
        yield


def test_on_a_bare_host_it_ends_well(lab: Lab) -> None:
    before = lab.picture(HOST)
    lab.kubeboot("diagnose", lab.inventory()).assert_says(r"\d+ looks at 1 host")
    assert lab.picture(HOST) == before


def test_i1_nothing_is_found_on_a_healthy_cluster_and_nothing_changes(lab: Lab, inventory: Inventory) -> None:
    before = lab.picture(HOST)
    run = diagnosed(lab, inventory, r"^nothing found|\nnothing found", code=0)
    assert run.seconds < 15
    assert lab.picture(HOST) == before


def test_cgroup_driver_and_sandbox_image(lab: Lab, inventory: Inventory) -> None:
    change = "'s/SystemdCgroup = true/SystemdCgroup = false/; s|/pause:3.9|/pause:3.6|'"
    with another_config(lab, change):
        diagnosed(lab, inventory, "FOUND cgroup-driver-mismatch", "FOUND sandbox-image-mismatch", "pause:3.6")


def test_cri_plugin_disabled(lab: Lab, inventory: Inventory) -> None:
    as_packaged = f"""cp -p {CONFIG} /root/kept.toml && echo 'disabled_plugins = ["cri"]' >{CONFIG}"""
    with broken(lab, as_packaged, f"mv /root/kept.toml {CONFIG}"):
        diagnosed(lab, inventory, "FOUND cri-plugin-disabled", "then: +Run kubeboot init")


def test_several_at_once_each_with_its_own_cause(lab: Lab, inventory: Inventory) -> None:
    drop_in = "/etc/systemd/system/containerd.service.d/zz-proxy.conf"
    harm = (
        "echo '{}' >/etc/cni/net.d/05-old.conf; apt-mark unhold kubelet >/dev/null; "
        f"mkdir -p {drop_in.rpartition('/')[0]}; "
        f"printf '[Service]\\nEnvironment=HTTPS_PROXY=http://203.0.113.1:3128\\n' >{drop_in}; systemctl daemon-reload; "
        "KUBECONFIG=/etc/kubernetes/admin.conf kubeadm token create --ttl 1h >/dev/null"
    )
    mend = (
        f"rm -f /etc/cni/net.d/05-old.conf {drop_in}; systemctl daemon-reload; apt-mark hold kubelet >/dev/null; "
        "kubectl --kubeconfig /etc/kubernetes/admin.conf -n kube-system delete secrets "
        "--field-selector type=bootstrap.kubernetes.io/token"
    )
    with broken(lab, harm, mend):
        diagnosed(
            lab,
            inventory,
            r"FOUND stale-cni-config \(node1\): /etc/cni/net.d/05-old.conf comes before",
            r"FOUND packages-not-held \(node1\): not held: kubelet",
            r"FOUND proxy-catches-cluster",
            r"FOUND join-token-left",
        )


def test_a_full_disk(lab: Lab, inventory: Inventory) -> None:
    with broken(lab, "mount -t tmpfs -o size=8m tmpfs /var/log", "umount -l /var/log"):
        diagnosed(lab, inventory, r"FOUND disk-pressure \(node1\): /var/log has only \d+ of 8 MB free")


def test_a_pod_whose_image_does_not_exist(lab: Lab, inventory: Inventory) -> None:
    lab.kubectl("run", "nowhere", "--image=docker.io/lab/no-such-image:1", "--restart=Never")
    try:
        waiting = "get pod nowhere -o jsonpath='{.status.containerStatuses[0].state.waiting.reason}'"
        wait_until(lambda: "Image" in lab.kubectl(waiting), "the image that cannot be pulled", 60)
        diagnosed(
            lab, inventory, r"FOUND image-\S+ \(node1\): pod default/nowhere on node1 is not ready", "no-such-image"
        )
    finally:
        lab.kubectl("delete", "pod", "nowhere", "--now")


def test_a_port_that_is_taken(lab: Lab, inventory: Inventory) -> None:
    """kube-proxy's health port, taken while it is away; it goes on without."""
    harm = (
        "systemctl stop kubelet; crictl stop $(crictl ps -q --name kube-proxy) >/dev/null; "
        f"systemd-run -q --unit squatter perl -MIO::Socket::INET -e 'my $s = {SQUATTER}'; sleep 1; "
        "systemctl start kubelet"
    )
    with broken(lab, harm, "systemctl stop squatter"):
        diagnosed(lab, inventory, r"FOUND port-taken \(node1\): port 10256 is taken by perl")


def test_a_kubelet_that_was_stopped(lab: Lab, inventory: Inventory) -> None:
    with broken(lab, "systemctl stop kubelet", "systemctl start kubelet"):
        diagnosed(lab, inventory, r"FOUND kubelet-stopped \(node1\): the kubelet is inactive")


def test_a_kubelet_that_is_configured_otherwise(lab: Lab, inventory: Inventory) -> None:
    config = "/var/lib/kubelet/config.yaml"
    harm = f"cp -p {config} /root/kept.yaml; sed -i 's/cgroupDriver: systemd/cgroupDriver: cgroupfs/' {config}"
    with broken(lab, harm, f"mv /root/kept.yaml {config}"):
        diagnosed(lab, inventory, "FOUND cgroup-driver-mismatch", "the kubelet's cgroupDriver is cgroupfs")


def test_an_endpoint_whose_name_does_not_resolve(lab: Lab, inventory: Inventory) -> None:
    elsewhere = {**inventory, "cluster": {**inventory["cluster"], "controlPlaneEndpoint": "k8s.nowhere.example:6443"}}
    diagnosed(lab, elsewhere, r"FOUND name-unresolved \(node1\): the name k8s.nowhere.example does not resolve")


def test_an_api_that_is_down(lab: Lab, inventory: Inventory) -> None:
    manifest = "/etc/kubernetes/manifests/etcd.yaml"
    with broken(lab, f"mv {manifest} /root/", f"mv /root/etcd.yaml {manifest}"):
        wait_until(lambda: lab.try_on(HOST, f"timeout 5 {READY}").returncode != 0, "the API to go", 90)
        diagnosed(lab, inventory, r"FOUND \S+ \(node1\)")
    wait_until(lambda: lab.try_on(HOST, READY).returncode == 0, "the API to come back", 180)


def test_a_host_that_is_dead_is_reported(lab: Lab, inventory: Inventory) -> None:
    second = {**inventory["hosts"][0], "name": "node9", "roles": ["worker"]}
    second["address"] = second["address"].rpartition(".")[0] + ".250"
    run = lab.kubeboot("diagnose", {**inventory, "hosts": [*inventory["hosts"], second]}).assert_code(5)
    run.assert_says(r"FAILED node9: .*\[(connection-timeout|no-route|connection-refused)\]", r"looks at 1 host")


def test_i9_a_bundle_of_a_real_cluster(lab: Lab, inventory: Inventory) -> None:
    path = lab.folder / "bundle.tar.gz"
    lab.kubeboot("diagnose", inventory, "--bundle", str(path)).assert_says(r"bundle: \S+bundle.tar.gz, \d+ files")
    assert path.stat().st_mode & 0o777 == 0o600
    with tarfile.open(path) as archive:
        found = {each.name.partition("/")[2]: archive.extractfile(each).read().decode() for each in archive}  # type: ignore[union-attr]
    wanted = ("logs/kubelet.txt", "logs/etcd.txt", "cluster/pods.yaml", "files/etc/containerd/config.toml")
    for name in (f"{HOST}/{each}" for each in wanted):
        assert len(found[name]) > 100, name
        assert name in found["LISTING.txt"]
    for name, text in found.items():
        assert not secrets_in(text), name
    assert "kind: Secret" not in "".join(found.values())


def test_i3_at_the_end_all_is_well_again(lab: Lab, inventory: Inventory) -> None:
    wait_until(lambda: lab.kubeboot("diagnose", inventory).code == 0, "a healthy cluster", 240, interval_s=5)
