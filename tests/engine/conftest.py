"""Inputs for compiling every script of every workflow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kubeboot.addons.addon import Addon, Rollout
from kubeboot.context import HostContext
from kubeboot.engine.script import Settings
from kubeboot.facts import Facts
from kubeboot.model import (
    Addons,
    Cluster,
    Host,
    Mirrors,
    PackageRepository,
    Preparation,
    RegistryMirror,
    Role,
    Taint,
    TimeSync,
)

KUBECONFIG = Path(__file__).with_name("kubeconfig.txt").read_text(encoding="utf-8")
SETTINGS = Settings(run_id="20260101-000000-abcd", nonce="0123456789abcdef", owner="me@here", mode="apply")
ADDON = Addon(
    "calico",
    "3.27.5",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: it's, namespace: kube-system}\n",
    ("docker.io/calico/node:v3.27.5",),
    (Rollout("daemonset", "kube-system", "calico-node"),),
    "kube-system",
)


def make_cluster() -> Cluster:
    """Three hosts that use every setting a script can depend on."""
    hosts = (
        Host("m1", "10.0.0.1", frozenset({Role.CONTROL_PLANE}), taints=(Taint("dedicated", "it", "NoSchedule"),)),
        Host("m2", "10.0.0.2", frozenset({Role.CONTROL_PLANE, Role.WORKER})),
        Host("w1", "10.0.0.3", frozenset({Role.WORKER}), labels={"disk": "ssd", "zone": "a"}),
    )
    mirrors = Mirrors(
        kubernetes_packages=PackageRepository("http://m/k8s", key="-----BEGIN PGP PUBLIC KEY BLOCK-----\n"),
        docker_packages=PackageRepository("http://m/docker", key_url="http://m/gpg", fingerprints=("AB" * 20,)),
        os_packages=PackageRepository("http://m/debian"),
        registries={
            "docker.io": (RegistryMirror("https://m:5000", ca="CA\n", username="u", password="canary-password"),),
            "registry.k8s.io": (RegistryMirror("http://m:5000", skip_verify=True),),
        },
    )
    return Cluster(
        name="lab",
        kubernetes_version="1.29.15",
        hosts=hosts,
        mirrors=mirrors,
        endpoint_host="k8s.example.com",
        addons=Addons(),
        time=TimeSync(servers=("ntp.example.com",)),
        preparation=Preparation(
            sysctls={"vm.swappiness": "1", "vm.panic_on_oom": None}, packages=("htop",), disable_ipv6=True
        ),
        waived=frozenset({"cpu-count"}),
    )


def make_context(host: str = "m1", *, is_bare: bool = True, is_known: bool = True) -> HostContext:
    """A host's context: bare or a member, before or after the outputs are known."""
    cluster = make_cluster()
    facts = Facts("", os_id="debian", os_version="12", os_codename="bookworm", has_kubelet_conf=not is_bare)
    outputs = {
        "kubeconfig": KUBECONFIG,
        "join-token": "abcdef.0123456789abcdef",
        "certificate-key": "canary-certificate-key",
        "test-pods": "m1 10.88.0.2\nw1 10.88.1.2\n",
    }
    return HostContext(
        cluster,
        cluster.host(host),
        {each.name: replace(facts, host=each.name) for each in cluster.hosts},
        (ADDON, replace(ADDON, name="mine", rollouts=(Rollout("job", "default", "it"),))),
        outputs if is_known else {},
    )


@pytest.fixture
def settings() -> Settings:
    return SETTINGS
