"""Checks of what the kernel can do. A feature counts as there when it is loaded, built in, or can be loaded now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kubeboot.errors import Finding
from kubeboot.model import Cluster, Encapsulation
from kubeboot.preflight.subjects import AllFacts, findings, seen

NEEDED = ("overlay", "br_netfilter", "nf_conntrack")
IPVS = ("ip_vs", "ip_vs_rr", "ip_vs_wrr", "ip_vs_sh")
CGROUPS = ("cpu", "cpuset", "memory", "pids")
CGROUPS_V1 = ("cpuacct", "devices", "freezer")


def _missing(cluster: Cluster, facts: AllFacts, names: Iterable[str]) -> dict[str, str]:
    lacking = {
        host.name: [name for name in names if not known.has_feature(name)] for host, known in seen(cluster, facts)
    }
    return {host: f"the kernel has no {', '.join(missing)}" for host, missing in lacking.items() if missing}


def kernel_features(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """overlay, br_netfilter and nf_conntrack, without which no pod network works."""
    yield from findings(
        "kernel-features",
        _missing(cluster, facts, NEEDED),
        why="containerd needs overlay, kube-proxy and Calico need bridged packets in iptables and connection tracking",
        remedy="install the modules of the running kernel (Ubuntu: `apt-get install linux-modules-extra-$(uname -r)`), "
        "or reboot when the kernel was upgraded and its old modules are gone",
    )


def ipvs_missing(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """ip_vs and its schedulers, where the inventory asks for kube-proxy's ipvs mode."""
    if cluster.kube_proxy_mode != "ipvs":
        return
    yield from findings(
        "ipvs-missing",
        _missing(cluster, facts, IPVS),
        why="kube-proxy in ipvs mode does not start without them, so no service would be reachable on this host",
        remedy="set `cluster.kubeProxy.mode: iptables` in the inventory, or boot a kernel with ip_vs",
    )


def encapsulation_missing(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """The kernel's half of VXLAN or IPIP, where Calico shall use it."""
    calico = cluster.addons.calico
    if calico is None or calico.encapsulation is Encapsulation.NONE:
        return
    other = "vxlan" if calico.encapsulation is Encapsulation.IPIP else "ipip"
    yield from findings(
        "encapsulation-missing",
        _missing(cluster, facts, [calico.encapsulation.value]),
        why="Calico cannot make its tunnel, so pods on different hosts would not reach each other",
        remedy=f"set `addons.calico.encapsulation` to none or {other}, or boot a kernel that has it",
    )


def cgroups_missing(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """The controllers that kubelet demands. Version 1 and 2 both serve Kubernetes 1.29."""
    details = {}
    for host, known in seen(cluster, facts):
        needed = CGROUPS if known.cgroup_version == "2" else CGROUPS + CGROUPS_V1
        if missing := [name for name in needed if name not in known.cgroup_controllers]:
            details[host.name] = f"no cgroup controller {', '.join(missing)}"
    yield from findings(
        "cgroups-missing",
        details,
        why="kubelet does not start without them",
        remedy="on the kernel's command line add `cgroup_enable=memory cgroup_memory=1` (Raspberry Pi: "
        "/boot/firmware/cmdline.txt), remove any `cgroup_disable=`, and reboot",
    )


def selinux_enforcing(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """SELinux refuses what it has no policy for."""
    details = {
        host.name: "SELinux is enforcing" for host, known in seen(cluster, facts) if known.selinux == "enforcing"
    }
    yield from findings(
        "selinux-enforcing",
        details,
        why="without a policy for containers, pods and etcd may be denied their own files",
        remedy="install container-selinux, or `setenforce 0` and SELINUX=permissive in /etc/selinux/config",
        is_warning=True,
    )
