"""Checks of each host for itself: operating system, size, packages."""

from __future__ import annotations

from collections.abc import Iterator

from kubeboot.errors import Finding
from kubeboot.facts import SUPPORTED_RELEASES, Facts
from kubeboot.model import Cluster
from kubeboot.preflight.subjects import AllFacts, findings, seen

MIN_CONTROL_PLANE_CPUS = 2  # kubeadm's NumCPU
MIN_CONTROL_PLANE_MEMORY_MB = 1700  # kubeadm's Mem
LOW_WORKER_MEMORY_MB = 700


def os_unsupported(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """Debian 11 to 13 and Ubuntu 20.04 to 24.04; others are not tried."""
    details = {
        host.name: f"runs {known.os_name or known.os_id or 'an unknown system'}"
        for host, known in seen(cluster, facts)
        if not known.is_supported_os
    }
    names = "; ".join(f"{name.capitalize()} {', '.join(versions)}" for name, versions in SUPPORTED_RELEASES.items())
    yield from findings(
        "os-unsupported",
        details,
        why="kubeboot installs packages with apt and is tried on a few releases; elsewhere nothing is known to work",
        remedy=f"install one of: {names}; a relative of these may work when this check is waived",
    )


def systemd_missing(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """kubelet and containerd are systemd services, and kubeboot's own scripts run as systemd units."""
    details = {host.name: "does not run under systemd" for host, known in seen(cluster, facts) if not known.is_systemd}
    yield from findings(
        "systemd-missing",
        details,
        why="containerd, kubelet and kubeboot's own work on a host run as systemd units",
        remedy="boot the host with systemd as its init",
    )


def architecture(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """amd64 or arm64, and the same on all hosts."""
    archs = {host.name: known.debian_arch for host, known in seen(cluster, facts) if known.debian_arch}
    yield from findings(
        "architecture",
        {name: f"is {arch}" for name, arch in archs.items() if arch not in ("amd64", "arm64")},
        why="packages and images for Kubernetes, Calico and ingress-nginx exist for amd64 and arm64",
        remedy="use a 64-bit Intel, AMD or Arm host with a 64-bit system",
    )
    if len(set(archs.values())) > 1:
        yield from findings(
            "architecture",
            {name: f"is {arch}" for name, arch in archs.items()},
            why="images of one architecture only cannot start on the others' nodes",
            remedy="use multi-architecture images, or keep such pods to their nodes by the label kubernetes.io/arch",
            is_warning=True,
        )


def cpu_count(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """Two processors on a control plane."""
    details = {
        host.name: f"has {known.cpus} CPU"
        for host, known in seen(cluster, facts)
        if host.is_control_plane and 0 < known.cpus < MIN_CONTROL_PLANE_CPUS
    }
    yield from findings(
        "cpu-count",
        details,
        why=f"kubeadm refuses a control plane with fewer than {MIN_CONTROL_PLANE_CPUS} CPUs",
        remedy="give the machine another CPU, or take another host as control plane",
    )


def memory(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """1700 MB on a control plane; a worker with little is worth a word."""
    planes: dict[str, str] = {}
    workers: dict[str, str] = {}
    for host, known in seen(cluster, facts):
        minimum = MIN_CONTROL_PLANE_MEMORY_MB if host.is_control_plane else LOW_WORKER_MEMORY_MB
        if 0 < known.memory_mb < minimum:
            (planes if host.is_control_plane else workers)[host.name] = f"has {known.memory_mb} MB of memory"
    yield from findings(
        "memory",
        planes,
        why=f"kubeadm refuses a control plane with less than {MIN_CONTROL_PLANE_MEMORY_MB} MB",
        remedy="give the machine 2 GB or more, or take another host as control plane",
    )
    yield from findings(
        "memory",
        workers,
        why="kubelet, containerd, kube-proxy and Calico take about 500 MB, so hardly a pod will fit",
        remedy="give the machine 1 GB or more",
        is_warning=True,
    )


def dpkg_broken(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """An interrupted dpkg; kubeboot repairs it before it installs anything."""
    details = {host.name: text for host, known in seen(cluster, facts) if (text := _dpkg_trouble(known))}
    yield from findings(
        "dpkg-broken",
        details,
        why="apt installs nothing until this is repaired; kubeboot runs `dpkg --configure -a` first",
        remedy="to do it yourself: dpkg --configure -a && apt-get -f install",
        is_warning=True,
    )


def _dpkg_trouble(known: Facts) -> str:
    if known.broken_packages:
        return f"half-installed packages ({', '.join(sorted(known.broken_packages))})"
    return "dpkg was interrupted" if known.is_dpkg_interrupted else ""


def apt_busy(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """Somebody else is installing packages at this moment."""
    details = {
        host.name: f"{known.apt_lock_holder} holds the package lock"
        for host, known in seen(cluster, facts)
        if known.apt_lock_holder
    }
    yield from findings(
        "apt-busy",
        details,
        why="kubeboot waits for the lock, so this run may take longer",
        remedy="nothing, or wait until it is done: `systemctl status apt-daily.service apt-daily-upgrade.service`",
        is_warning=True,
    )


def reboot_required(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """A new kernel waits: modules of the running one may be gone already."""
    details = {host.name: "waits for a reboot" for host, known in seen(cluster, facts) if known.is_reboot_required}
    yield from findings(
        "reboot-required",
        details,
        why="after a kernel upgrade modules of the running kernel can be missing, and rebooting later drains a node",
        remedy="reboot now, while nothing runs there: `systemctl reboot`",
        is_warning=True,
    )
