"""The phases of init under real bash on a bare host, in a private root."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kubeboot.context import HostContext
from kubeboot.phases.control_plane import user_kubeconfig
from kubeboot.phases.host_prep import HOST_PREP
from kubeboot.phases.packages import PACKAGES
from kubeboot.resources import Phase
from kubeboot.workflows import DIAGNOSE, INIT
from tests.phases.golden_world import HOSTS, golden_context
from tests.resources.sandbox import SWAPS_HEADER, Sandbox, sandboxes

CASES = [
    (phase, kind)
    for phase in (*INIT, *DIAGNOSE)
    for kind in HOSTS
    if golden_context(kind).host in phase.select(golden_context(kind).cluster)
]
ABSENT = ("kubeadm", "kubelet", "kubectl", "crictl", "ctr", "containerd")
CONFLICT = "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: {}\n    server: https://x:6443\n"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Sandbox]:
    """Bare: what Kubernetes brings is not there, whatever this machine has."""
    for sandbox in sandboxes(tmp_path):
        for name in ABSENT:
            sandbox.write(
                f"/fakes/{name}", f"#!/bin/bash\necho 'bash: {name}: command not found' >&2\nexit 127\n", 0o755
            )
        sandbox.write("/etc/hosts", "127.0.0.1 localhost\n")
        for key in ("net/ipv4/ip_forward", "vm/swappiness", "fs/file-max"):
            sandbox.write(f"/proc-sys/{key}", "7\n")
        yield sandbox


def context(kind: str, is_known: bool) -> HostContext:
    return golden_context(kind) if is_known else golden_context(kind, outputs={})


@pytest.mark.parametrize(("phase", "kind"), CASES, ids=lambda each: getattr(each, "name", each))
def test_i5_i1_on_a_bare_host_no_check_is_unknown_and_a_plan_changes_nothing(
    host: Sandbox, phase: Phase, kind: str
) -> None:
    before = host.tree()
    run = host.run_phase(phase, context(kind, is_known=False), "plan")
    assert run.error is None, (run.error.message, run.error.output)
    assert set(run.statuses) <= {"ok", "drift"}
    assert host.tree() == before
    for result in run.results:
        assert result.status == "ok" or result.reason


@pytest.mark.parametrize("kind", HOSTS)
def test_i2_i3_host_preparation_converges(host: Sandbox, kind: str) -> None:
    ctx = golden_context(kind)
    ctx = replace(ctx, cluster=replace(ctx.cluster, kube_proxy_mode="iptables"))
    for step_values in HOST_PREP.steps[-1].resources(ctx):
        for key in step_values.values:  # type: ignore[attr-defined]
            host.write(f"/proc-sys/{key.replace('.', '/')}", "7\n")
    for module in ("overlay", "br_netfilter", "nf_conntrack"):
        host.write(f"/var/lib/fake-modules/{module}", "")
    host.write("/etc/fstab", "/swapfile none swap sw 0 0\n")
    host.write("/proc-swaps", SWAPS_HEADER + "/swapfile file 1024 0 -2\n")
    first = host.run_phase(HOST_PREP, ctx)
    assert (first.error, set(first.statuses)) == (None, {"changed"})
    after = host.tree()
    second = host.run_phase(HOST_PREP, ctx)
    assert (second.error, set(second.statuses)) == (None, {"ok"})
    assert host.tree() == after
    assert "192.168.10.21 w1" in host.read("/etc/hosts")


# What talks to containerd itself needs the real one: the system tests have it.
INSTALLING = replace(PACKAGES, steps=tuple(each for each in PACKAGES.steps if each.name != "start-containerd"))


@pytest.mark.parametrize("phase", (INSTALLING,), ids=lambda phase: phase.name)
def test_i4_a_phase_that_failed_half_way_converges_when_run_again(host: Sandbox, phase: Phase) -> None:
    ctx = golden_context("control-plane")
    mirrors = replace(
        ctx.cluster.mirrors,
        kubernetes_packages=replace(ctx.cluster.mirrors.kubernetes_packages, key="KEY\n"),
        docker_packages=replace(ctx.cluster.mirrors.docker_packages, key="KEY\n"),
    )
    ctx = replace(ctx, cluster=replace(ctx.cluster, mirrors=mirrors))
    host.write("/var/lib/fake-apt/unreachable", "")
    first = host.run_phase(phase, ctx)
    assert first.error is not None
    names = [
        str(package)
        for step in PACKAGES.steps
        for each in step.resources(ctx)
        for package in getattr(each, "packages", ())
    ]
    offered = "".join(f"{name.replace('=', ' ')}{'-1.1' if '=' in name else ' 1.0'}\n" for name in names)
    host.write("/var/lib/fake-apt/repository", offered)
    host.path("/var/lib/fake-apt/unreachable").unlink()
    for unit in ("chrony", "kubelet", "containerd"):
        host.path(f"/var/lib/fake-systemd/{unit}").mkdir(exist_ok=True)
    assert host.run_phase(phase, ctx).error is None
    after = host.tree()
    third = host.run_phase(phase, ctx)
    assert (third.error, set(third.statuses)) == (None, {"ok"})
    assert host.tree() == after


def admin(host: Sandbox, authority: str = "QUJD") -> str:
    text = CONFLICT.format(authority)
    host.write("/etc/kubernetes/admin.conf", text, 0o600)
    return text


def test_i2_i3_a_users_kubeconfig_is_theirs_alone(host: Sandbox) -> None:
    text = admin(host)
    host.path("/home/ada").mkdir()
    host.converge(user_kubeconfig("ada"))
    path = host.path("/home/ada/.kube/config")
    assert path.read_text() == text
    assert (path.stat().st_mode & 0o7777, path.stat().st_uid) == (0o600, 1000)
    assert (path.parent.stat().st_mode & 0o7777, path.parent.stat().st_uid) == (0o700, 1000)


def test_a_users_kubeconfig_of_another_cluster_stays(host: Sandbox) -> None:
    admin(host)
    foreign = CONFLICT.format("WFla")
    host.write("/home/ada/.kube/config", foreign)
    run = host.run(user_kubeconfig("ada"))
    assert run.statuses == ["ok"]
    assert "leads to another cluster" in run.output
    assert host.read("/home/ada/.kube/config") == foreign


def test_a_users_older_kubeconfig_of_this_cluster_is_renewed(host: Sandbox) -> None:
    text = admin(host)
    host.write("/home/ada/.kube/config", text + "# older\n", 0o644)
    os.chown(host.path("/home/ada/.kube/config"), 1000, 1000)
    host.converge(user_kubeconfig("ada"))
    assert host.read("/home/ada/.kube/config") == text


def test_a_user_without_a_home_is_unknown_and_nothing_is_written(host: Sandbox) -> None:
    admin(host)
    run = host.run(user_kubeconfig("ada"))
    assert run.statuses == ["unknown"]
    assert "has no home folder" in run.output
