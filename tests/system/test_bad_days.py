"""What a bad day gets: the right exit code, which host, the cause, what to do next; and nothing touched where promised.

Most of these need a bare host and a second each. node2 is prepared once, by the run whose registry is down.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from lab_hosts import CACHE, Ended, Inventory, Lab, merged

pytestmark = pytest.mark.lab
HOSTS = 3
BARE = "node1"
PREPARED = "node2"
CLOSED = 5999
"""A port of the mirror on which nothing listens."""


def alone(lab: Lab, host: str = BARE, **changes: Any) -> Inventory:
    """An inventory of that host alone."""
    return lab.inventory("--hosts", host, **changes)


def with_host(inventory: Inventory, **changes: Any) -> Inventory:
    """The inventory with `changes` on its only host."""
    return {**inventory, "hosts": [merged(inventory["hosts"][0], changes)]}


@contextmanager
def untouched(lab: Lab, host: str = BARE) -> Iterator[None]:
    """Nothing of /etc and no package changes on the host meanwhile."""
    before = lab.picture(host), lab.packages(host)
    yield
    assert (lab.picture(host), lab.packages(host)) == before


@contextmanager
def full_disk(lab: Lab, host: str, folder: str, size: str) -> Iterator[None]:
    """A tiny file system over a folder of the host."""
    lab.on(host, f"mkdir -p {folder} && mount -t tmpfs -o size={size} tmpfs {folder}")
    try:
        yield
    finally:
        lab.on(host, f"umount -l {folder}")


class TestTheWayToTheHost:
    def test_refused_port(self, lab: Lab) -> None:
        run = lab.kubeboot("init", alone(lab, ssh={"port": 2223})).assert_code(4)
        run.assert_says(r"FAILED node1: .*2223 refused the connection \[connection-refused\]", r"hint: .*sshd")

    def test_an_address_that_nobody_has(self, lab: Lab) -> None:
        inventory = alone(lab, ssh={"connectTimeout": 1})
        address = inventory["hosts"][0]["address"].rpartition(".")[0] + ".250"
        run = lab.kubeboot("init", with_host(inventory, address=address)).assert_code(4)
        run.assert_says(rf"FAILED node1: .*{address} .*\[(connection-timeout|no-route)\]", "hint: ")

    def test_no_route(self, lab: Lab) -> None:
        run = lab.kubeboot("init", with_host(alone(lab), address="203.0.113.7")).assert_code(4)
        run.assert_says(r"FAILED node1: there is no route to 203.0.113.7 .*\[no-route\]", "hint: ")

    def test_every_host_keeps_its_own_error(self, lab: Lab) -> None:
        inventory = lab.inventory()
        inventory["hosts"][0]["ssh"] = {"port": 2223}
        inventory["hosts"][2]["hostKey"] = "SHA256:" + "A" * 43
        run = lab.kubeboot("init", inventory).assert_code(7)
        run.assert_says(r"FAILED node1: .*\[connection-refused\]", r"FAILED node3: .*\[host-key-changed\]")
        assert "FAILED node2" not in run.text

    def test_unknown_host_key(self, lab: Lab) -> None:
        with untouched(lab):
            run = lab.kubeboot("init", with_host(alone(lab), hostKey=None)).assert_code(7)
        run.assert_says(
            r"FAILED node1: nobody vouches for .*\[host-key-unknown\]", "hint: compare", 'hostKey: "SHA256:'
        )

    def test_changed_host_key(self, lab: Lab) -> None:
        with untouched(lab):
            run = lab.kubeboot("init", with_host(alone(lab), hostKey="SHA256:" + "A" * 43)).assert_code(7)
        run.assert_says(r"FAILED node1: the key of .* has changed.*\[host-key-changed\]", "hint: someone may")

    def test_a_key_that_the_host_does_not_know(self, lab: Lab) -> None:
        key = lab.folder / "stranger"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        run = lab.kubeboot("init", alone(lab, ssh={"identityFile": str(key)})).assert_code(4)
        run.assert_says(r"FAILED node1: .* refused the login of root.*\[auth-refused\]", "hint: .*ssh-copy-id")

    def test_a_user_without_sudo(self, lab: Lab) -> None:
        lab.on(
            "node3",
            "id plain >/dev/null 2>&1 || useradd -m -s /bin/bash plain; install -d -m 700 -o plain ~plain/.ssh; "
            "install -m 600 -o plain ~/.ssh/authorized_keys ~plain/.ssh/authorized_keys",
        )
        with untouched(lab, "node3"):
            run = lab.kubeboot("init", alone(lab, "node3", ssh={"user": "plain"})).assert_code(3)
        run.assert_says(r"FAILED node3: sudo .*\[sudo-refused\]", "hint: .*as root", "sudoers")

    def test_a_host_without_power(self, lab: Lab) -> None:
        lab.lab("kill", "node3")
        try:
            run = lab.kubeboot("init", lab.inventory(ssh={"connectTimeout": 2})).assert_code(4)
        finally:
            lab.lab("start", "node3")
        # The lab answers for a host without power: refused, where a real network says nothing.
        run.assert_says(r"FAILED node3: .*\[(connection-timeout|connection-refused|no-route)\]", "hint: ")
        assert "kubeboot" not in lab.on("node1", "ls /etc/apt/sources.list.d /etc/kubernetes 2>&1 || true")
        lab.wait_for_ssh("node3")


class TestTheInventory:
    def test_versions_that_do_not_exist(self, lab: Lab) -> None:
        with untouched(lab):
            for version, said in (("1.29.99", "1.29.99"), ("1.31.0", "1.31 is not supported"), ("latest", "latest")):
                run = lab.kubeboot("init", alone(lab, cluster={"kubernetesVersion": version})).assert_code(2)
                run.assert_says(r"inventory.yaml:\d+:\d+", said, "no host was touched")

    def test_no_such_file(self, lab: Lab) -> None:
        lab.kubeboot("init", lab.folder / "nothing.yaml").assert_code(2).assert_says("nothing.yaml")


class TestPreflight:
    def test_port_of_the_api_is_taken(self, lab: Lab) -> None:
        listen = "IO::Socket::INET->new(Listen => 1, LocalPort => 6443, ReuseAddr => 1) or die; sleep 600"
        lab.on(BARE, f"systemd-run -q --unit squatter perl -MIO::Socket::INET -e 'my $s = {listen}'")
        try:
            with untouched(lab):
                run = lab.kubeboot("init", alone(lab)).assert_code(3)
        finally:
            lab.on(BARE, "systemctl stop squatter")
        run.assert_says(r"ERROR port-in-use \(node1\): .*port 6443 \(for the API\) is in use by perl", "do: +stop what")

    def test_a_full_disk_is_seen_beforehand(self, lab: Lab) -> None:
        with full_disk(lab, BARE, "/var/lib/containerd", "30m"), untouched(lab):
            run = lab.kubeboot("init", alone(lab)).assert_code(3)
        run.assert_says(r"ERROR disk-free \(node1\): .*/var/lib/containerd", "do: ")

    def test_a_host_of_another_cluster(self, lab: Lab) -> None:
        kubelet = r"current-context: system:node:x@other\n    server: https://192.0.2.1:6443\n"
        lab.on(BARE, f"mkdir -p /etc/kubernetes/pki && printf '{kubelet}' >/etc/kubernetes/kubelet.conf")
        try:
            with untouched(lab):
                run = lab.kubeboot("init", lab.inventory()).assert_code(7)
                lab.kubeboot("init", lab.inventory(), "--ignore-preflight-errors", "foreign-cluster").assert_code(2)
            run.assert_says(r"REFUSED foreign-cluster \(node1\): .*cluster 'other'", "do: ", "nothing was changed")
        finally:
            lab.on(BARE, "rm -rf /etc/kubernetes")


@contextmanager
def mounted(lab: Lab, mount: str, folder: str) -> Iterator[None]:
    """Something mounted over a folder of the bare host."""
    lab.on(BARE, f"mkdir -p {folder} && {mount}")
    try:
        yield
    finally:
        lab.on(BARE, f"umount -l {folder}")


class TestFileSystems:
    def test_var_is_read_only(self, lab: Lab) -> None:
        with mounted(lab, "mount --bind /var /var && mount -o remount,bind,ro /var", "/var"), untouched(lab):
            run = lab.kubeboot("init", alone(lab)).assert_code(3)
        run.assert_says(r"ERROR root-read-only \(node1\): .*is read-only", "do: ")

    def test_no_inodes_are_seen_beforehand(self, lab: Lab) -> None:
        folder = "/var/lib/containerd"
        with mounted(lab, f"mount -t tmpfs -o nr_inodes=9 tmpfs {folder}", folder), untouched(lab):
            run = lab.kubeboot("init", alone(lab)).assert_code(3)
        run.assert_says(r"ERROR inodes-free \(node1\): .*/var/lib/containerd has \d+ inodes free", "do: ")

    def test_inodes_that_run_out(self, lab: Lab) -> None:
        folder = "/var/cache/apt/archives"
        with mounted(lab, f"mount -t tmpfs -o nr_inodes=9 tmpfs {folder}", folder):
            run = lab.kubeboot("init", alone(lab)).assert_code(1)
        run.assert_says(r"FAILED node1: packages: install-packages: ", "why: +The disk is full")

    def test_run_is_full(self, lab: Lab) -> None:
        folder = "/run/kubeboot"
        fill = f"head -c 1000000 /dev/zero >{folder}/zero; true"
        with mounted(lab, f"mount -t tmpfs -o size=64k tmpfs {folder}; {{ {fill}; }} 2>/dev/null", folder):
            for command in ("plan", "init"):
                lab.kubeboot(command, alone(lab)).assert_code(1).assert_says(r"FAILED node1: .*/run", "hint: ")

    def test_run_is_read_only(self, lab: Lab) -> None:
        folder = "/run/kubeboot"
        with mounted(lab, f"mount -t tmpfs -o ro tmpfs {folder}", folder):
            for command in ("plan", "init"):
                lab.kubeboot(command, alone(lab)).assert_code(1).assert_says(r"FAILED node1: .*/run", "hint: ")


class TestPackages:
    def test_a_repository_that_is_down(self, lab: Lab) -> None:
        inventory = alone(lab)
        for name in ("osPackages", "kubernetesPackages"):
            url = inventory["mirrors"][name]["url"].replace(":/" + "/", "://").replace(".1/", f".1:{CLOSED}/", 1)
            broken = merged(inventory, {"mirrors": {name: {"url": url}}})
            run = lab.kubeboot("init", broken).assert_code(1)
            run.assert_says(r"FAILED node1: packages: install-packages: ", rf"\| .*{CLOSED}")
            run.assert_says("why: .*reach the package repository", r"log: .*/var/log/kubeboot/\S+-packages\.log")

    def test_a_key_that_is_not_upstreams(self, lab: Lab) -> None:
        inventory = alone(lab)
        url = inventory["mirrors"]["kubernetesPackages"]["url"]
        inventory["mirrors"]["kubernetesPackages"] = url
        run = lab.kubeboot("init", inventory).assert_code(1)
        run.assert_says(
            r"FAILED node1: packages: add-kubernetes-repository: ", "Refusing the key", "then: .*fingerprints"
        )

    def test_packages_signed_by_another_key(self, lab: Lab) -> None:
        wrong = _another_key(lab.folder)
        broken = alone(lab, mirrors={"kubernetesPackages": {"key": str(wrong)}})
        run = lab.kubeboot("init", broken).assert_code(1)
        run.assert_says(r"FAILED node1: packages: install-packages: ", "NO_PUBKEY", "why: +The repository's signature")

    def test_a_version_that_the_mirror_lacks(self, lab: Lab) -> None:
        run = lab.kubeboot("init", alone(lab, cluster={"kubernetesVersion": "1.29.10"})).assert_code(1)
        run.assert_says(r"FAILED node1: packages: install-packages: ", r"No repository has kube\w+ 1.29.10")
        run.assert_says("they offer: .*1.29.15", "why: +The package repository lacks that version")

    def test_a_disk_that_runs_full(self, lab: Lab) -> None:
        with full_disk(lab, BARE, "/var/cache/apt/archives", "12m"):
            run = lab.kubeboot("init", alone(lab)).assert_code(1)
        run.assert_says(r"FAILED node1: packages: install-packages: ", "why: +The disk is full")


def _another_key(folder: Path) -> Path:
    """An armored public key that signed nothing."""
    home, path = folder / "gpg", folder / "another-key.asc"
    home.mkdir(mode=0o700, exist_ok=True)
    gpg = ["gpg", "--homedir", home, "--batch", "--quiet"]
    subprocess.run([*gpg, "--passphrase", "", "--quick-gen-key", "nobody@localhost", "ed25519"], check=True, stderr=-3)
    path.write_bytes(subprocess.run([*gpg, "--armor", "--export"], check=True, capture_output=True).stdout)
    subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=True)
    return path


@pytest.fixture(scope="module")
def registry_down(lab: Lab) -> Ended:
    """The run that prepares node2 as far as it can: its registry does not listen."""
    inventory = alone(lab, PREPARED)
    nobody = inventory["mirrors"]["registries"]["docker.io"][0].replace("5000", str(CLOSED))
    registries = {"registry.k8s.io": [nobody], "docker.io": [nobody]}
    return lab.kubeboot("init", merged(inventory, {"mirrors": {"registries": registries}}))


class TestImages:
    def test_registry_down(self, registry_down: Ended) -> None:
        registry_down.assert_code(1).assert_says(
            r"FAILED node2: images: pull-images: ", r"\| .*cannot pull", "why: .*reach the image registry"
        )

    def test_image_missing(self, lab: Lab, registry_down: Ended) -> None:
        manifest = lab.folder / "calico.yaml"
        (upstream,) = (CACHE / "mirror/web/manifests").rglob("v3.27.5/manifests/calico.yaml")
        manifest.write_text(upstream.read_text().replace("calico/node:v3.27.5", "calico/node:v3.99.0"))
        broken = alone(lab, PREPARED, addons={"calico": {"manifest": str(manifest)}})
        run = lab.kubeboot("init", broken).assert_code(1)
        run.assert_says(r"FAILED node2: images: pull-images: ", r"cannot pull \S*calico/node:v3.99.0")
        run.assert_says("why: +(No mirror gave this image|The registry does not have this image)")
        assert not lab.on(PREPARED, "find /etc/kubernetes/manifests -type f 2>/dev/null || true")
