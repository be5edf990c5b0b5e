"""Which hosts a phase concerns, and which earlier phases it builds on there."""

from kubeboot.context import HostContext
from kubeboot.model import Cluster, Host


def all_hosts(cluster: Cluster) -> tuple[Host, ...]:
    return cluster.hosts


def bootstrap_control_plane(cluster: Cluster) -> tuple[Host, ...]:
    return (cluster.bootstrap_control_plane,)


def joining_control_planes(cluster: Cluster) -> tuple[Host, ...]:
    return cluster.joining_control_planes


def workers(cluster: Cluster) -> tuple[Host, ...]:
    return cluster.workers


def builds_on_packages(ctx: HostContext) -> tuple[str, ...]:
    """Nothing can be pulled, made or joined without containerd and kubeadm."""
    return () if ctx.facts.kubeadm_version and ctx.facts.containerd_version else ("packages",)


def builds_on_cluster(ctx: HostContext) -> tuple[str, ...]:
    """What is done to a cluster needs one."""
    return () if ctx.facts.has_admin_conf else ("control-plane",)
