"""Checks of file systems: writable, with room and inodes enough."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kubeboot.errors import Finding
from kubeboot.model import Cluster
from kubeboot.preflight.subjects import AllFacts, findings, is_member, seen

DISK_MB: Mapping[str, tuple[int, int]] = {
    "/": (1024, 2048),
    "/var/lib/containerd": (2048, 8192),
    "/var/lib/kubelet": (512, 2048),
    "/var/lib/etcd": (1024, 4096),
    "/var/log": (256, 1024),
    "/run": (16, 64),
}
"""Path -> megabytes below which it cannot work, and below which it soon will not."""
INODES = (20_000, 100_000)


def root_read_only(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """/, /etc and /var can be written."""
    details = {
        host.name: "/, /etc or /var is read-only" for host, known in seen(cluster, facts) if not known.is_root_writable
    }
    yield from findings(
        "root-read-only",
        details,
        why="nothing can be installed; a disk that turned read-only often means that it is failing",
        remedy="look at `dmesg | grep -i 'read-only'`, repair the file system, then `mount -o remount,rw /`",
    )


def disk_free(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """Room for packages, images, etcd and logs. A node of this cluster has most of it already: a warning then."""
    short: dict[str, str] = {}
    low: dict[str, str] = {}
    for host, known in seen(cluster, facts):
        needed = {path: limits for path, limits in DISK_MB.items() if path != "/var/lib/etcd" or host.is_control_plane}
        level, text = _shortage(needed, known.disk_free_mb, "MB")
        if text:
            is_error = level == 0 and not is_member(cluster, facts, host.name)
            (short if is_error else low)[host.name] = text
    why = "images, packages and etcd need room; below it kubelet evicts pods and apt or etcd stop in the middle"
    remedy = "make room (`apt-get clean`, `journalctl --vacuum-size=100M`) or enlarge the disk; `df -h` shows where"
    yield from findings("disk-free", short, why=why, remedy=remedy)
    yield from findings("disk-free", low, why=why, remedy=remedy, is_warning=True)


def inodes_free(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """Unpacked images are many small files."""
    short: dict[str, str] = {}
    low: dict[str, str] = {}
    for host, known in seen(cluster, facts):
        level, text = _shortage(dict.fromkeys(("/", "/var/lib/containerd"), INODES), known.inodes_free, "inodes")
        if text:
            (short if level == 0 else low)[host.name] = text
    why = "an image unpacks to tens of thousands of files; without inodes that fails as `No space left on device`"
    remedy = "remove what holds many small files (`du --inodes -x / | sort -n | tail`), or make a larger file system"
    yield from findings("inodes-free", short, why=why, remedy=remedy)
    yield from findings("inodes-free", low, why=why, remedy=remedy, is_warning=True)


def _shortage(needed: Mapping[str, tuple[int, int]], free: Mapping[str, int], unit: str) -> tuple[int, str]:
    """The worst level (0 cannot work, 1 will not for long, 2 fine) and what is short at that level."""
    levels = {path: 2 - sum(free[path] < limit for limit in limits) for path, limits in needed.items() if path in free}
    worst = min(levels.values(), default=2)
    short = [f"{path} has {free[path]} {unit} free" for path, level in levels.items() if level == worst < 2]
    return worst, ", ".join(short)
