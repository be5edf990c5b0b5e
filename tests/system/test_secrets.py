"""I9 in a whole run: no secret in any process's arguments or environment, in logs, journals or files left behind.

Two control planes, so that certificates are shared; a user with sudo; a registry that wants a password.
"""

from __future__ import annotations

import base64
import signal
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from lab_hosts import PROGRAM, Ended, Inventory, Lab, wait_until
from sampler import Sampler, root_of

pytestmark = pytest.mark.lab_long
HOSTS = 2
REGISTRY_PASSWORD = "canary-7f3a '\"$(x) of the registry"
SUDO_PASSWORD = "canary-c41e-of-sudo"
PLANTED = "canary-91d0-planted"
SEARCHED = "/etc /run/kubeboot /run/systemd /tmp /var/tmp /var/log /var/lib/kubeboot /root /home"
OWN_PLACES = {
    "client-key-data": {"/etc/kubernetes/admin.conf", "/root/.kube/config", "/home/ops/.kube/config"},
    "registry password": {"/etc/containerd/config.toml"},
}
"""Where kubeadm, kubectl and containerd keep them."""


@dataclass(frozen=True)
class Watched:
    """A whole init under watch, and the values of its secrets by what they are."""

    run: Ended
    sampler: Sampler
    secrets: dict[str, str]


@pytest.fixture(scope="module")
def inventory(lab: Lab) -> Inventory:
    password = lab.folder / "registry-password"
    password.write_text(REGISTRY_PASSWORD)
    password.chmod(0o600)
    wanted = lab.inventory("--user", "ops", "--control-planes", "2")
    sudo = lab.folder / "sudo-password"
    sudo.write_text(SUDO_PASSWORD)
    sudo.chmod(0o600)
    wanted["ssh"]["sudoPasswordFile"] = str(sudo)
    for host in lab.hosts:
        lab.on(host, f"echo 'ops:{SUDO_PASSWORD}' | chpasswd; echo 'ops ALL=(ALL) PASSWD: ALL' >/etc/sudoers.d/zz-ops")
    wanted["hosts"][1]["roles"] = ["control-plane", "worker"]
    (url,) = wanted["mirrors"]["registries"]["docker.io"]
    login = {"url": url, "username": "robot", "passwordFile": str(password)}
    wanted["mirrors"]["registries"]["docker.io"] = [login]
    return wanted


@pytest.fixture(scope="module")
def watched(lab: Lab, inventory: Inventory) -> Iterator[Watched]:
    sampler = Sampler(root_of(lab.name, "node1")).start()
    try:
        for command in (f"sleep 3 # {PLANTED}-argument", f"KEY={PLANTED}-variable exec sleep 3"):
            lab.on("node2", f"setsid bash -c '{command}; :' >/dev/null 2>&1 </dev/null &")
        run = lab.kubeboot("init", inventory, "-v", timeout_s=600)
    finally:
        sampler.stop()
    run.assert_code(0)
    key = next(line.split()[1] for line in sampler.outputs["kubeconfig"].splitlines() if "client-key-data" in line)
    secrets = {
        "join token": sampler.outputs["join-token"],
        "certificate key": sampler.outputs["certificate-key"],
        "client-key-data": key,
        "client key": base64.b64decode(key).decode().splitlines()[1],
        "registry password": REGISTRY_PASSWORD,
        "sudo password": SUDO_PASSWORD,
    }
    yield Watched(run, sampler, secrets)


def found_on(lab: Lab, host: str, value: str) -> set[str]:
    """Files of the host that hold the value, and `journal`. The value goes to stdin: here it is no argument either."""
    look = (
        f"cat >/run/value; grep -rlF -f /run/value {SEARCHED} 2>/dev/null; "
        "journalctl --no-pager -o cat | grep -qF -f /run/value && echo journal; rm /run/value"
    )
    done = subprocess.run(
        [PROGRAM, "ssh", host, look], env=lab.env, input=value, capture_output=True, text=True, check=True, timeout=120
    )
    return set(done.stdout.split())


def test_the_sampler_and_the_search_find_what_is_planted(lab: Lab, watched: Watched) -> None:
    assert watched.sampler.places_of(f"{PLANTED}-argument") == ["cmdline"]
    assert "environ" in watched.sampler.places_of(f"{PLANTED}-variable")
    lab.on("node2", f"echo {PLANTED} >/tmp/planted; logger {PLANTED}")
    wait_until(lambda: found_on(lab, "node2", PLANTED) >= {"/tmp/planted", "journal"}, "the planted secret", 20)
    lab.on("node2", "rm /tmp/planted")


def test_i9_no_process_shows_a_secret(watched: Watched) -> None:
    assert watched.sampler.rounds > 100
    assert len(watched.sampler.seen["cmdline"]) > 500
    for name, value in watched.secrets.items():
        assert len(value) > 15
        assert watched.sampler.places_of(value) == [], name


def test_i9_no_secret_is_said_or_left_on_the_controller(lab: Lab, inventory: Inventory, watched: Watched) -> None:
    """Kept runs, a saved plan, a report and a support bundle among it."""
    lab.kubeboot("plan", inventory, "-v", "--out", "plan.json").assert_code(0)
    lab.kubeboot("report", inventory, "--html", "run.html", "--junit", "run.xml").assert_code(0)
    lab.kubeboot("diagnose", inventory, "-v", "--bundle", "bundle.tar.gz")
    with tarfile.open(lab.folder / "bundle.tar.gz") as bundle:
        bundle.extractall(lab.folder / "bundle", filter="data")
    assert len(list((lab.folder / "bundle").rglob("*.txt"))) > 20
    own = {lab.folder / f"{lab.name}.kubeconfig", lab.folder / "registry-password", lab.folder / "sudo-password"}
    left = [path for path in lab.folder.rglob("*") if path.is_file() and path not in own]
    for name, value in watched.secrets.items():
        assert value not in watched.run.text, name
        assert [path for path in left if value.encode() in path.read_bytes()] == [], name


@pytest.mark.parametrize("host", ("node1", "node2"))
def test_i9_no_secret_is_left_on_a_host(lab: Lab, watched: Watched, host: str) -> None:
    for name, value in watched.secrets.items():
        assert found_on(lab, host, value) <= OWN_PLACES.get(name, set()), name
    assert lab.on(host, "stat -c %a /etc/containerd/config.toml") == "600"
    assert lab.on(host, "find /run/kubeboot/runs -type f") == ""


def test_i9_what_was_made_for_joining_is_gone(lab: Lab, watched: Watched) -> None:
    secrets = lab.objects("secrets", "-n", "kube-system")
    assert [each["metadata"]["name"] for each in secrets if each["type"] == "bootstrap.kubernetes.io/token"] == []
    assert "kubeadm-certs" not in [each["metadata"]["name"] for each in secrets]
    assert lab.on("node2", "find / -xdev -name 'super-admin.conf'") == ""


def test_i9_a_users_own_token_and_shared_certificates_stay(lab: Lab, inventory: Inventory, watched: Watched) -> None:
    """And what a killed run left is deleted by the next."""
    lab.kubectl("label", "node", "node2", "x=y")
    kubeadm = "KUBECONFIG=/etc/kubernetes/admin.conf kubeadm"
    lab.on("node1", f"{kubeadm} token create --description mine && {kubeadm} init phase upload-certs --upload-certs")
    lab.on("node1", f"{kubeadm} token create --description 'made by kubeboot'")
    lab.kubeboot("init", inventory).assert_code(0).assert_says(r"Delete join tokens")
    described = [
        base64.b64decode(each["data"].get("description", "")).decode()
        for each in lab.objects("secrets", "-n", "kube-system")
        if each["type"] == "bootstrap.kubernetes.io/token"
    ]
    assert sorted(described) == ["Proxy for managing TTL for the kubeadm-certs secret", "mine"]
    lab.kubeboot("init", inventory).assert_code(0).assert_nothing_changed()


def test_i9_outputs_of_a_killed_run_have_a_time_to_live(lab: Lab, inventory: Inventory, watched: Watched) -> None:
    runs = root_of(lab.name, "node1") / "run/kubeboot/runs"
    process = lab.start("init", inventory)
    wait_until(lambda: any(runs.glob("*/control-plane/script")), "the phase", 60, interval_s=0.01)
    lab.end(process, signal.SIGKILL)
    wait_until(lambda: "ended" in lab.on("node1", "ls /run/kubeboot/runs/*/control-plane"), "the unit's end", 60)
    assert records(lab)
    units = lab.on("node1", "systemctl show -p Unit --value 'run-*.timer'").split()
    lab.on("node1", f"systemctl start {' '.join(units)}")  # as the timers do within nine minutes
    assert not records(lab)


def records(lab: Lab) -> str:
    """The first control plane's records that hold what nobody may see."""
    return lab.on("node1", "grep -lP '\\tK\\t' /run/kubeboot/runs/*/*/records 2>/dev/null || true")
