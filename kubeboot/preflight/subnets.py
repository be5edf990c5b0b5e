"""The pod and service subnets against what hosts already reach under the same addresses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kubeboot.errors import Finding
from kubeboot.facts import Facts, Route
from kubeboot.model import Cluster
from kubeboot.preflight.subjects import AllFacts, IpNetwork, findings, is_member, network, overlap, seen

POD_INTERFACES = ("cali", "tunl0", "vxlan.calico", "wireguard.cali", "kube-ipvs0", "kube-bridge", "nodelocaldns")
"""Links that Calico and kube-proxy make. They outlive `kubeadm reset` and say nothing about the network outside."""

CALICO_PROTOCOLS = ("bird", "12", "80")
"""Who Calico says it is in routes: BIRD by name or number, Felix by number."""


def subnet_overlap(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """No address, route or name server of a host lies in the pod or the service subnet."""
    networking = cluster.networking
    subnets = {"pod": network(networking.pod_subnet), "service": network(networking.service_subnet)}
    clashes: dict[str, str] = {}
    wide: dict[str, str] = {}
    for host, known in seen(cluster, facts):
        if not is_member(cluster, facts, host.name):
            if text := "; ".join(_clashes(known, subnets)):
                clashes[host.name] = text
            elif text := "; ".join(_wide_routes(known, subnets)):
                wide[host.name] = text
    remedy = "set `cluster.networking.podSubnet` or `serviceSubnet` to a range that is free, such as 10.200.0.0/16"
    yield from findings(
        "subnet-overlap",
        clashes,
        why="packets for those addresses would go to pods or services instead, from every host and every pod",
        remedy=remedy,
    )
    yield from findings(
        "subnet-overlap",
        wide,
        why="if machines behind that route have addresses in the subnet, hosts and pods cannot reach them any more",
        remedy=f"{remedy}, unless you know that no such machine exists",
        is_warning=True,
    )


def _clashes(known: Facts, subnets: Mapping[str, IpNetwork | None]) -> Iterator[str]:
    for kind, subnet in subnets.items():
        for address, interface in known.interfaces.items():
            if not interface.startswith(POD_INTERFACES) and overlap(subnet, network(address)):
                yield f"{interface} has {address}, in the {kind} subnet {subnet}"
        for route in _outside_routes(known):
            if overlap(subnet, network(route.subnet)) and not _is_wide(route, subnet):
                yield f"the route to {route.subnet} ({route.interface}) lies in the {kind} subnet {subnet}"
        for server in known.nameservers + known.upstream_nameservers:
            if overlap(subnet, network(server)):
                yield f"the name server {server} is in the {kind} subnet {subnet}"


def _wide_routes(known: Facts, subnets: Mapping[str, IpNetwork | None]) -> Iterator[str]:
    for kind, subnet in subnets.items():
        for route in _outside_routes(known):
            if overlap(subnet, network(route.subnet)) and _is_wide(route, subnet):
                yield f"the route to {route.subnet} by {route.gateway} includes the {kind} subnet {subnet}"


def _outside_routes(known: Facts) -> Iterator[Route]:
    """Routes that neither Calico made nor a connected network's address has told of already."""
    for route in known.routes:
        is_calico = route.interface.startswith(POD_INTERFACES) or route.protocol in CALICO_PROTOCOLS
        is_told = route.protocol == "kernel" and not route.gateway
        if route.subnet != "0.0.0.0/0" and not is_calico and not is_told:
            yield route


def _is_wide(route: Route, subnet: IpNetwork | None) -> bool:
    """A route by a gateway to much more than the subnet, as to 10.0.0.0/8: a default route in all but name."""
    target = network(route.subnet)
    return bool(route.gateway and target and subnet and target.prefixlen < subnet.prefixlen)
