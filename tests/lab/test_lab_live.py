"""The lab itself, with real hosts: every command once, and nothing left behind. About 15 seconds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubelab import cgroups, fleet, netns
from kubelab.places import STATE

LAB = Path(__file__).resolve().parents[2] / "lab" / "lab"
NAME = "labtest"

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(not fleet.ROOT_FILE_SYSTEM.exists(), reason="needs a built lab (./lab/lab build)"),
]


def lab(*words: str, code: int = 0) -> str:
    done = subprocess.run(
        [LAB, *words],
        env={**os.environ, "KUBEBOOT_LAB": NAME},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def on(host: str, command: str) -> str:
    return lab("ssh", host, command).strip()


def facts() -> dict[str, dict[str, Any]]:
    return {host["name"]: host for host in json.loads(lab("ps", "--json"))}


def leftovers() -> list[str]:
    """What there is of the lab on this machine."""
    found = [str(tree / cgroups.TOP / NAME) for tree in cgroups.trees() if (tree / cgroups.TOP / NAME).exists()]
    found += [str(path) for path in netns.FOLDER.glob(f"kubelab.{NAME}.*")]
    found += [line for line in Path("/proc/self/mounts").read_text().splitlines() if f"/{NAME}/" in line]
    found += [str(STATE / NAME)] if (STATE / NAME).exists() else []
    return found


@pytest.fixture
def no_lab() -> Iterator[None]:
    lab("down")
    yield
    lab("down")
    assert leftovers() == []


@pytest.fixture(scope="module")
def two_hosts() -> Iterator[None]:
    lab("down")
    lab("up", "2")
    yield
    lab("down")
    assert leftovers() == []


@pytest.mark.parametrize("after_s", [0.2, 0.4, 0.6])
def test_down_removes_what_a_killed_up_left(after_s: float, no_lab: None) -> None:
    with subprocess.Popen([LAB, "up", "4"], env={**os.environ, "KUBEBOOT_LAB": NAME}, stdout=subprocess.DEVNULL) as up:
        time.sleep(after_s)
        up.send_signal(signal.SIGKILL)
    lab("down")
    assert leftovers() == []


@pytest.mark.usefixtures("two_hosts")
class TestHosts:
    """One pair of hosts for all; each test leaves them running."""

    def test_hosts_are_bare_and_tell_each_other_by_name(self) -> None:
        assert on("node1", "systemctl is-system-running --wait") == "running"
        assert on("node1", "hostname; command -v kubelet containerd || echo none").split() == ["node1", "none"]
        assert on("node1", "getent hosts node2").split()[0] == facts()["node2"]["address"]
        assert on("node1", "cat /etc/machine-id") != on("node2", "cat /etc/machine-id")

    def test_both_users_and_both_ports(self) -> None:
        assert lab("ssh", "--user", "ops", "--port", "2222", "node1", "sudo id -un; id -un").split() == ["root", "ops"]

    def test_names_that_are_not_the_labs_do_not_exist_and_say_so_at_once(self) -> None:
        began = time.monotonic()
        on("node1", "! getent hosts example.org")
        assert time.monotonic() - began < 2

    def test_exit_codes_come_through(self) -> None:
        lab("ssh", "node1", "exit 7", code=7)
        lab("ctl", "sh", "-c", "exit 9", code=9)

    def test_a_power_cut_keeps_the_disk_and_fresh_does_not(self) -> None:
        on("node1", "echo kept > /root/file; sync")
        lab("kill", "node1")
        lab("kill", "node1")
        assert facts()["node1"]["state"] == "off"
        lab("ssh", "node1", "true", code=2)
        lab("start", "node1")
        lab("start", "node1")
        assert on("node1", "cat /root/file") == "kept"
        key = on("node1", "cat /etc/ssh/ssh_host_ed25519_key.pub /etc/machine-id")
        lab("fresh", "node1")
        assert on("node1", "ls /root") == ""
        assert on("node1", "cat /etc/ssh/ssh_host_ed25519_key.pub /etc/machine-id") == key

    def test_a_saved_host_comes_back_as_it_was_as_often_as_wanted(self) -> None:
        blobs = "/var/lib/containerd/io.containerd.content.v1.content/blobs"
        picture = f"cat /root/file {blobs}/one /var/lib/etcd/data; ls /usr/share/doc | wc -l; stat -c %U:%a /root/file"
        on(
            "node1",
            f"mkdir -p {blobs}; echo kept | tee /root/file {blobs}/one /var/lib/etcd/data; rm -r /usr/share/doc/sudo",
        )
        on("node1", "chown ops /root/file; chmod 640 /root/file")
        before, boot = on("node1", picture), on("node1", "cat /proc/sys/kernel/random/boot_id")
        lab("save", "kept", "node1")
        assert on("node1", picture) == before
        lab("save", "kept", code=2)
        for _ in range(2):
            on(
                "node1",
                f"echo new | tee /root/file {blobs}/two /var/lib/etcd/data; rm -r /usr/share/doc/bash /etc/motd",
            )
            lab("link", "node1", "down")
            lab("restore", "kept")
            assert on("node1", picture) == before
            assert on("node1", f"ls {blobs}; test -e /etc/motd") == "one"
            assert on("node1", "cat /proc/sys/kernel/random/boot_id") != boot
        on("node1", "echo later >/root/later")
        lab("save", "later", "node1")
        lab("restore", "kept")
        on("node1", "test ! -e /root/later")
        lab("restore", "later", "node1")
        assert on("node1", f"cat /root/later; {picture}") == f"later\n{before}"
        lab("restore", "kept", "node2", code=2)
        lab("restore", "nothing", code=2)
        lab("fresh", "node1")
        assert on("node1", "ls /root") == ""

    def test_a_reboot_comes_back_with_a_new_network(self) -> None:
        on("node1", "ip link add left-over type bridge")
        booted = Path(STATE / NAME / "hosts/node1/booted")
        before = booted.stat().st_mtime_ns
        on("node1", "(sleep 0.2; systemctl reboot) >/dev/null 2>&1 &")
        deadline = time.monotonic() + 30
        while booted.stat().st_mtime_ns == before and time.monotonic() < deadline:
            time.sleep(0.1)
        lab("start", "node1")  # waits for nothing if it runs already
        while "left-over" in (links := _links()) or "eth0" not in links:
            assert time.monotonic() < deadline
            time.sleep(0.2)

    def test_a_cable_stays_out_until_it_is_in_again(self) -> None:
        lab("link", "node2", "down")
        assert facts()["node2"]["state"] == "unplugged"
        on("node1", "! ping -c1 -W1 node2")
        lab("kill", "node2")
        lab("start", "node2")
        assert facts()["node2"]["state"] == "unplugged"
        lab("link", "node2", "up")
        on("node1", "ping -c1 -W2 node2")

    def test_delay_is_between_controller_and_hosts_only(self) -> None:
        controller = str(facts()["node1"]["address"]).rpartition(".")[0] + ".2"
        lab("delay", "40")
        try:
            assert 39 < _round_trip_ms("node1", controller) < 70
            assert _round_trip_ms("node1", "node2") < 20
            assert _round_trip_ms("node1", "mirror.lab") < 20
        finally:
            lab("delay", "0")
        assert _round_trip_ms("node1", controller) < 20


def _links() -> str:
    done = subprocess.run(
        [LAB, "ssh", "node1", "ip -br link"],
        env={**os.environ, "KUBEBOOT_LAB": NAME},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def _round_trip_ms(host: str, target: str) -> float:
    """The best of five."""
    return float(on(host, f"ping -q -c5 -i0.2 {target}").splitlines()[-1].split("=")[1].split("/")[0])
