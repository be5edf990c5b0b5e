"""A healthy cluster of three hosts and its facts, to be bent by each test."""

from __future__ import annotations

import dataclasses
from typing import Any

from kubeboot.errors import Finding
from kubeboot.facts import Facts, Route
from kubeboot.model import Cluster, Host, Mirrors, PackageRepository, Role
from kubeboot.preflight import CHECKS, check_name

GB = 1024
CONTROL_PLANES = frozenset({Role.CONTROL_PLANE})
WORKERS = frozenset({Role.WORKER})
DISKS = ("/", "/var/lib/containerd", "/var/lib/kubelet", "/var/lib/etcd", "/var/log")
MODULES = frozenset({"ip_vs", "ip_vs_rr", "ip_vs_wrr", "ip_vs_sh", "vxlan", "ipip"})
UP = {"has_kubelet_conf": True, "ca_sha256": "ours", "kubelet_server": "https://10.0.0.1:6443", "kubeboot_mark": "lab"}
CONTROL_PLANE_UP = UP | {
    "has_admin_conf": True,
    "admin_context": "kubernetes-admin@lab",
    "has_etcd_data": True,
    "static_manifests": frozenset({"kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"}),
}


def make_cluster(**changes: Any) -> Cluster:
    """m1 and m2 are control planes, w1 a worker; 10.0.0.1 to 10.0.0.3."""
    repository = PackageRepository("https://pkgs.example.com")
    hosts = (
        Host("m1", "10.0.0.1", CONTROL_PLANES),
        Host("m2", "10.0.0.2", CONTROL_PLANES),
        Host("w1", "10.0.0.3", WORKERS),
    )
    cluster = Cluster("lab", "1.29.15", hosts, Mirrors(repository, repository), endpoint_host="10.0.0.1")
    return dataclasses.replace(cluster, **changes)


def blank(name: str, number: int) -> Facts:
    """A bare Debian 12 host on which every check is content."""
    return Facts(
        name,
        os_id="debian",
        os_version="12",
        os_name="Debian GNU/Linux 12 (bookworm)",
        is_linux=True,
        is_systemd=True,
        arch="x86_64",
        cpus=2,
        memory_mb=4 * GB,
        hostname=name,
        machine_id=f"id-{number}",
        product_uuid=f"uuid-{number}",
        is_root_writable=True,
        active_units=frozenset({"systemd-timesyncd"}),
        cgroup_version="2",
        cgroup_controllers=frozenset({"cpu", "cpuset", "memory", "pids", "io"}),
        disk_free_mb=dict.fromkeys(DISKS, 20 * GB) | {"/run": 400},
        inodes_free=dict.fromkeys(DISKS, 1_000_000),
        kernel_features=frozenset({"overlay", "br_netfilter", "nf_conntrack"}),
        loadable_modules=MODULES,
        can_load_modules=True,
        macs=(f"52:54:00:00:00:0{number}",),
        interfaces={"127.0.0.1/8": "lo", f"10.0.0.{number}/24": "eth0"},
        routes=(Route("0.0.0.0/0", "eth0", "10.0.0.254"), Route("10.0.0.0/24", "eth0", "", "kernel")),
        nameservers=("10.0.0.254",),
        listening_ports=frozenset({22}),
    )


def make_facts(**changes: dict[str, Any]) -> dict[str, Facts]:
    """Facts of m1, m2 and w1; `changes` by host name, or for `all`."""
    every = changes.pop("all", {})
    hosts = {name: blank(name, number) for number, name in enumerate(("m1", "m2", "w1"), start=1)}
    return {name: dataclasses.replace(known, **every, **changes.get(name, {})) for name, known in hosts.items()}


def found(name: str, cluster: Cluster | None = None, **changes: dict[str, Any]) -> list[Finding]:
    """What the check of that name says of the changed world."""
    check = next(check for check in CHECKS if check_name(check) == name)
    return list(check(cluster or make_cluster(), make_facts(**changes)))
