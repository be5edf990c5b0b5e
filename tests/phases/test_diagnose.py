"""What diagnose finds, under real bash: a healthy control plane with one part broken at a time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from kubeboot.causes import BY_NAME
from tests.phases.diagnosed import ANSWERS, CONFIG, LISTENING, answers, certificate, diagnosis, host, items, pod
from tests.resources.sandbox import SWAPS_HEADER, Sandbox

__all__ = ["host"]

Break = Callable[[Sandbox], None]
EXPIRED_POD = pod("web", {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "x/y:1"'})
PULL_EVENT = {
    "involvedObject": {"name": "web", "namespace": "default"},
    "lastTimestamp": "2026-01-01T00:00:00Z",
    "message": 'Failed to pull image "x/y:1": failed to resolve reference "x/y:1": x/y:1: not found',
}
NOT_READY = {
    "metadata": {"name": "w1"},
    "status": {
        "conditions": [
            {"type": "Ready", "status": "False", "reason": "KubeletNotReady", "message": "cni plugin not initialized"}
        ]
    },
}
SILENT = {
    "metadata": {"name": "w1"},
    "status": {
        "conditions": [
            {"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown", "message": "Kubelet stopped posting"}
        ]
    },
}
BROKEN: dict[str, tuple[Break, str]] = {
    "swap-on": (lambda host: host.write("/proc-swaps", SWAPS_HEADER + "/dev/sda2 partition 1 0 -2\n"), "/dev/sda2"),
    "br-netfilter-lost": (
        lambda host: (
            host.path("/sys/module/br_netfilter").rmdir(),  # type: ignore[func-returns-value]
            host.path("/proc-sys/net/bridge/bridge-nf-call-iptables").unlink(),
        )[0],
        "br_netfilter is not loaded",
    ),
    "ip-forward-off": (lambda host: host.write("/proc-sys/net/ipv4/ip_forward", "0\n"), "ip_forward is 0"),
    "sysctl-lost": (
        lambda host: (
            host.write("/etc/sysctl.d/99-zz-kubeboot.conf", "vm.swappiness = 0\n"),  # type: ignore[func-returns-value]
            host.write("/proc-sys/vm/swappiness", "60\n"),
        )[0],
        "sysctl vm.swappiness is 60, wanted 0",
    ),
    "dpkg-interrupted": (lambda host: host.write("/var/lib/dpkg/updates/0001", "x"), "unfinished"),
    "packages-not-held": (lambda host: host.write("/var/lib/fake-apt/held", "kubeadm\nkubectl\n"), "kubelet"),
    "versions-differ": (
        lambda host: host.write("/var/lib/fake-apt/installed", "kubelet installed 1.29.1-1.1\n"),
        "kubelet is 1.29.1-1.1, the inventory says 1.29.15",
    ),
    "disk-pressure": (
        lambda host: answers(host, df="H\n/dev/a 50000 49800 200 99% /\n"),
        "/ has only 200 of 50000 MB free",
    ),
    "port-taken": (
        lambda host: answers(host, ss=LISTENING.replace("kubelet", "perl")),
        "port 10250 is taken by perl",
    ),
    "proxy-catches-cluster": (
        lambda host: host.write(
            f"{ANSWERS}/environment-containerd", "HTTPS_PROXY=http://p:1 NO_PROXY=10.96.0.0/16,.svc\n"
        ),
        "containerd.service sends 10.88.0.0/16 through a proxy",
    ),
    "sandbox-image-mismatch": (lambda host: answers(host, containerd=CONFIG.replace("3.9", "3.6")), "pause:3.6"),
    "cgroup-driver-mismatch": (lambda host: answers(host, containerd=CONFIG.replace("true", "false")), "is false"),
    "cri-plugin-disabled": (lambda host: answers(host, containerd=CONFIG.replace("[]", '["cri"]')), "cri"),
    "containerd-not-running": (lambda host: answers(host, state_containerd="failed\n"), "containerd is failed"),
    "stale-cni-config": (lambda host: host.write("/etc/cni/net.d/05-old.conf", "{}"), "05-old.conf comes before"),
    "kubelet-stopped": (lambda host: answers(host, state_kubelet="inactive\n"), "the kubelet is inactive"),
    "kubelet-not-running": (lambda host: answers(host, state_kubelet="failed\n"), "the kubelet is failed"),
    "name-unresolved": (lambda host: None, ""),
    "certificate-expired": (
        lambda host: host.write("/etc/kubernetes/pki/apiserver.crt", certificate(-3)),
        "apiserver.crt expired",
    ),
    "certificate-expiring": (
        lambda host: host.write("/etc/kubernetes/pki/etcd/server.crt", certificate(10)),
        "server.crt expires",
    ),
    "api-not-healthy": (lambda host: answers(host, readyz="[+]ping ok\n[-]poststart failed\n"), "[-]poststart"),
    "etcd-no-quorum": (lambda host: answers(host, health='{"health":"false","reason":"RAFT NO LEADER"}'), "RAFT"),
    "etcd-space-exceeded": (lambda host: answers(host, alarms='{"alarms": [{"alarm": "NOSPACE"}]}'), "NOSPACE"),
    "etcd-member-unstarted": (
        lambda host: answers(host, members='{"members": [{"ID": "77", "peerURLs": []}]}'),
        "77 never started",
    ),
    "join-token-left": (
        lambda host: answers(host, tokens="bootstrap-token-abcdef MjAyNi0wMS0wMVQwMDowMDowMFo=\n"),
        "abcdef is left, valid until 2026-01-01T00:00:00Z",
    ),
    "pod-network-not-up": (lambda host: answers(host, nodes_json=items(NOT_READY)), "node w1 is not Ready"),
    "node-not-ready": (lambda host: answers(host, nodes_json=items(SILENT)), "Kubelet stopped posting"),
    "image-not-found": (
        lambda host: answers(host, pods_json=items(EXPIRED_POD), events_json=items(PULL_EVENT)),
        "pod default/web on cp1 is not ready",
    ),
    "time-not-synchronised": (lambda host: answers(host, chrony="Leap status : Not synchronised\n"), "no time server"),
}
del BROKEN["name-unresolved"]  # needs another endpoint: below


def test_i1_nothing_is_found_on_a_healthy_control_plane(host: Sandbox) -> None:
    assert diagnosis(host) == []


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_named(host: Sandbox, name: str) -> None:
    harm, words = BROKEN[name]
    harm(host)
    (found,) = diagnosis(host)
    assert (found.name, found.host) == (name, "cp1")
    assert words in found.text
    assert found.cause is BY_NAME[name]


def test_a_silent_api_says_what_its_container_said_last(host: Sandbox) -> None:
    answers(host, readyz=None, container_log="listen tcp 0.0.0.0:6443: bind: address already in use\n")
    assert {found.name for found in diagnosis(host)} == {"port-taken"}


def test_a_kubelet_that_does_not_run_says_why(host: Sandbox) -> None:
    answers(
        host,
        state_kubelet="activating\n",
        journal='E0101 "command failed" err="failed to run Kubelet: running with swap on is not supported"\n',
    )
    (found,) = diagnosis(host)
    assert (found.name, found.text) == ("swap-on", "the kubelet is activating")


def test_a_journal_alone_is_no_finding(host: Sandbox) -> None:
    answers(host, journal='E0101 err="x509: certificate signed by unknown authority"\n')
    assert diagnosis(host) == []


def test_a_young_pod_is_no_finding_and_an_old_one_without_a_reason_is(host: Sandbox) -> None:
    answers(host, pods_json=items(pod("new", age="2999-01-01T00:00:00Z"), pod("old")))
    (found,) = diagnosis(host)
    assert (found.name, found.text.split(":")[0]) == ("pod-not-ready", "pod default/old on cp1 is not ready")


def test_the_end_of_a_long_message_is_its_reason(host: Sandbox) -> None:
    image = "registry.example.com/a-team/" + "long-name-" * 12 + "image:1"
    said = (
        f'Failed to pull image "{image}": failed to do request: Head "https://r/{image}": connect: connection refused'
    )
    answers(host, pods_json=items(EXPIRED_POD), events_json=items({**PULL_EVENT, "message": said}))
    (found,) = diagnosis(host)
    assert found.name == "image-registry-refused"
    assert len(found.text) < 800


def test_of_many_broken_pods_some_are_told(host: Sandbox) -> None:
    waiting = {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}
    answers(host, pods_json=items(*(pod(f"web-{number}", waiting) for number in range(3000))))
    assert [found.name for found in diagnosis(host)] == ["crash-loop"] * 7


def test_a_cluster_whose_api_is_silent_is_not_asked(host: Sandbox) -> None:
    answers(host, readyz="[-]etcd failed\n", tokens="bootstrap-token-abcdef MjAyNg==\n")
    assert [found.text for found in diagnosis(host)] == ["[-]etcd failed"]


@pytest.mark.parametrize("excepted", ("10.0.0.0/8", "10.88.0.0/16,10.96.0.0/16", "*"))
def test_a_proxy_with_exceptions_that_cover_the_subnets_is_fine(host: Sandbox, excepted: str) -> None:
    host.write(f"{ANSWERS}/environment-containerd", f"HTTPS_PROXY=http://p:1 NO_PROXY={excepted},.svc\n")
    assert diagnosis(host) == []


def test_a_clock_that_is_ahead(host: Sandbox) -> None:
    (found,) = diagnosis(host, clock_offset_s=150.0)
    assert (found.name, found.text) == ("clock-skew", "the clock is 75 s ahead of the other hosts")


def test_a_look_that_breaks_is_told_and_the_others_go_on(host: Sandbox) -> None:
    host.write("/fakes/df", "#!/bin/bash\nexit 3\n", 0o755)
    answers(host, state_kubelet="inactive\n")
    assert [(found.name, found.text) for found in diagnosis(host)] == [
        ("kubelet-stopped", "the kubelet is inactive"),
        ("unexplained", "this could not be looked at to its end (exit 3)"),
    ]


def test_a_lock_of_dpkg_names_its_holder(host: Sandbox) -> None:
    """Held by a process of its own: a POSIX lock goes when its process closes any handle of the file."""
    hold = (
        "import fcntl, sys; file = open(sys.argv[1], 'w'); fcntl.lockf(file, fcntl.LOCK_EX); print(); sys.stdin.read()"
    )
    host.write("/var/lib/dpkg/lock-frontend", "")
    command = [sys.executable, "-uc", hold, str(host.path("/var/lib/dpkg/lock-frontend"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout and holder.stdout.readline()
        (found,) = diagnosis(host)
        holder.communicate()
    assert found.name == "dpkg-lock-held"
    assert found.text.endswith(f"(process {holder.pid})")


def test_a_repository_key_that_expired(host: Sandbox) -> None:
    host.write("/etc/apt/keyrings/kubeboot-kubernetes.asc", "KEY\n")
    line = "pub:e:4096:1:234654DA9A296436:1661261733:1733090400::-:::sc::::::23::0:"
    host.write("/fakes/gpg", f"#!/bin/bash\nprintf '%s\\n' '{line}'\n", 0o755)
    (found,) = diagnosis(host)
    assert found.name == "repository-key-expired"
    assert found.text == "the key in /etc/apt/keyrings/kubeboot-kubernetes.asc expired on 2024-12-01"


def test_i9_no_token_is_read(host: Sandbox) -> None:
    diagnosis(host)
    assert "token-secret" not in host.read("/fakes/kubectl") + json.dumps(host.calls)
