"""One bare host, two kubeboots, and somebody with a finger on Ctrl-C. The tests run in the order of this file."""

from __future__ import annotations

import signal

import pytest
from lab_hosts import Inventory, Lab, wait_until

pytestmark = pytest.mark.lab
HOSTS = 1
HOST = "node1"
UNITS = "systemctl list-units 'kubeboot-*.service' --plain --no-legend"


@pytest.fixture(scope="module")
def inventory(lab: Lab) -> Inventory:
    return lab.inventory()


def test_two_at_once_one_works_and_one_says_who(lab: Lab, inventory: Inventory) -> None:
    run = lab.start("init", inventory)
    lab.wait_for_step(run, HOST, "packages", "install-packages")
    second = lab.kubeboot("init", inventory, "--wait", "4").assert_code(6)
    second.assert_says("waiting: locked by ", r"FAILED node1: locked by .* pid \d+; runs kubeboot-")
    lab.kubeboot("plan", inventory).assert_code(5)
    run.send_signal(signal.SIGINT)
    ended = lab.wait(run).assert_code(130)
    ended.assert_says("stopping: node1 end the step they are in", "nothing is left running on any host")
    assert lab.on(HOST, f"{UNITS}; ls -d /run/kubeboot/owner 2>/dev/null; ls /run/kubeboot/runs") == ""
    assert "ok installed" in lab.on(HOST, "dpkg-query -W -f '${Status}' kubelet")


def test_a_second_ctrl_c_leaves_at_once_and_the_host_goes_on(lab: Lab, inventory: Inventory) -> None:
    lab.on(
        HOST,
        "dpkg --purge jq >/dev/null 2>&1; mkdir -p /etc/dpkg/dpkg.cfg.d; "
        "printf '#!/bin/sh\\nsleep 12\\n' >/usr/local/bin/slow; chmod +x /usr/local/bin/slow; "
        "echo 'pre-invoke=/usr/local/bin/slow' >/etc/dpkg/dpkg.cfg.d/slow",
    )
    run = lab.start("init", inventory)
    lab.wait_for_step(run, HOST, "packages", "install-packages", also="pgrep -x slow")
    run.send_signal(signal.SIGINT)
    wait_until(lambda: "stopping:" in lab.said(), "the first Ctrl-C", 10)
    run.send_signal(signal.SIGINT)
    lab.wait(run, 8).assert_code(130).assert_says("left while work was running: packages on node1; it goes on there by")
    assert "kubeboot-packages-" in lab.on(HOST, UNITS)


def test_the_next_run_takes_the_dead_owners_lock_and_waits_for_its_unit(lab: Lab, inventory: Inventory) -> None:
    run = lab.start("init", inventory)
    wait_until(lambda: "what an interrupted run left running here to end: packages" in lab.said(), "the wait", 20)
    assert "takes over the lock of " in lab.said()
    assert "that process is gone" in lab.said()
    lab.on(HOST, "rm /etc/dpkg/dpkg.cfg.d/slow")
    lab.wait_for_step(run, HOST, "images", "pull-images")
    run.send_signal(signal.SIGTERM)
    lab.wait(run).assert_code(130).assert_says("nothing is left running on any host")
