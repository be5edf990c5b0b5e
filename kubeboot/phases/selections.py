"""Which hosts a phase concerns."""

from kubeboot.model import Cluster, Host


def all_hosts(cluster: Cluster) -> tuple[Host, ...]:
    return cluster.hosts


def bootstrap_control_plane(cluster: Cluster) -> tuple[Host, ...]:
    return (cluster.bootstrap_control_plane,)


def joining_control_planes(cluster: Cluster) -> tuple[Host, ...]:
    return cluster.joining_control_planes


def workers(cluster: Cluster) -> tuple[Host, ...]:
    return cluster.workers
