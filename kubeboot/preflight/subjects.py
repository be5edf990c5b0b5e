"""What every check starts from: hosts there are facts of, ports, networks, and the wording of findings."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from kubeboot.errors import Finding
from kubeboot.facts import Facts
from kubeboot.model import Cluster, Host

AllFacts = Mapping[str, Facts]
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


def seen(cluster: Cluster, facts: AllFacts) -> Iterator[tuple[Host, Facts]]:
    """Every host that could be probed, in inventory order."""
    return ((host, facts[host.name]) for host in cluster.hosts if host.name in facts)


def findings(
    name: str, details: Mapping[str, str], *, why: str, remedy: str, is_warning: bool = False, is_refusal: bool = False
) -> Iterator[Finding]:
    """One finding about all hosts in `details` (host name -> what is so there), or none when there are none.

    Hosts of which the same is true are named together.
    """
    if not details:
        return
    hosts_of: dict[str, list[str]] = {}
    for host, detail in details.items():
        hosts_of.setdefault(detail, []).append(host)
    message = "; ".join(f"{', '.join(hosts)}: {detail}" for detail, hosts in hosts_of.items())
    yield Finding(name, message, why, remedy, tuple(details), is_warning, is_refusal)


def expected_cluster_name(cluster: Cluster) -> str:
    """The name that kubeadm gives the cluster: the inventory's, unless a kubeadm patch says otherwise."""
    return str(cluster.kubeadm.cluster_configuration.get("clusterName", cluster.name))


def api_port(cluster: Cluster) -> int:
    """Where the API server listens on each control plane; a load balancer's port may differ."""
    endpoint: Any = cluster.kubeadm.init_configuration.get("localAPIEndpoint", {})
    port = endpoint.get("bindPort", 6443) if isinstance(endpoint, Mapping) else 6443
    return port if isinstance(port, int) else 6443


def is_member(cluster: Cluster, facts: AllFacts, name: str) -> bool:
    """Whether that host already runs as part of this very cluster: its ports, routes and addresses are then our own."""
    host = facts[name]
    if host.node_state == "blank":
        return False
    bootstrap = facts.get(cluster.bootstrap_control_plane.name)
    if bootstrap and bootstrap.ca_sha256 and host.ca_sha256:
        is_same_ca = bootstrap.ca_sha256 == host.ca_sha256
        return is_same_ca and _names_this(cluster, bootstrap)
    return _names_this(cluster, host)


def _names_this(cluster: Cluster, host: Facts) -> bool:
    """Whether kubeboot's mark says so, or without a mark the kubeconfigs."""
    if host.kubeboot_mark or host.cluster_name:
        names = {host.kubeboot_mark or cluster.name, host.cluster_name or expected_cluster_name(cluster)}
        return names == {cluster.name, expected_cluster_name(cluster)}
    return host.api_server == f"https://{cluster.endpoint}"


def network(subnet: str) -> IpNetwork | None:
    """The network of "address/length" or of an address; None for what is neither."""
    try:
        return ipaddress.ip_network(subnet.partition("%")[0], strict=False)
    except ValueError:
        return None


def overlap(one: IpNetwork | None, other: IpNetwork | None) -> bool:
    """Whether two networks share addresses; never for networks of different families."""
    return one is not None and other is not None and one.version == other.version and one.overlaps(other)
