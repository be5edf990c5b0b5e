"""Checks of addresses, subnets, ports and name servers."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from kubeboot.errors import Finding
from kubeboot.facts import Facts
from kubeboot.model import Cluster, Encapsulation, Host
from kubeboot.preflight.subjects import AllFacts, api_port, findings, is_member, network, overlap, seen

CONTROL_PLANE_PORTS = {2379: "etcd", 2380: "etcd", 10257: "controller manager", 10259: "scheduler"}
KUBELET_PORT = 10250
INGRESS_PORTS = (80, 443)


def address_missing(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """The inventory's address is one of the host's own: behind NAT the others could not reach it."""
    details = {}
    for host, known in seen(cluster, facts):
        own = {address.partition("/")[0] for address in known.addresses}
        if own and host.address not in own:
            details[host.name] = f"no interface has {host.address}"
    yield from findings(
        "address-missing",
        details,
        why="nodes reach each other by this address, and the API and etcd bind to it; NAT in between breaks both",
        remedy="give the host's own address in the inventory (`ip -brief address` shows them)",
    )


def port_in_use(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """Ports that Kubernetes and ingress-nginx bind are free. A node of this cluster holds them itself."""
    details = {}
    for host, known in seen(cluster, facts):
        taken = {} if is_member(cluster, facts, host.name) else _taken_ports(cluster, host, known)
        if taken:
            details[host.name] = ", ".join(_port(port, what, known) for port, what in taken.items())
    yield from findings(
        "port-in-use",
        details,
        why="what is to listen there cannot start, and kubeadm refuses to go on",
        remedy="stop what listens there (`ss -ltnp` shows it), or take another host",
    )


def _taken_ports(cluster: Cluster, host: Host, known: Facts) -> dict[int, str]:
    needed = {KUBELET_PORT: "kubelet"}
    if host.is_control_plane:
        needed |= {api_port(cluster): "the API"} | CONTROL_PLANE_PORTS
    ingress = cluster.addons.ingress_nginx
    if host.is_worker and ingress and ingress.is_host_network:
        needed |= dict.fromkeys(INGRESS_PORTS, "ingress-nginx")
    return {port: what for port, what in needed.items() if port in known.listening_ports}


def _port(port: int, what: str, known: Facts) -> str:
    holder = known.listeners.get(str(port), "")
    return f"port {port} (for {what}) is in use" + (f" by {holder}" if holder else "")


def bgp_across_subnets(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """Without encapsulation packets of pods cross only a network that all nodes share."""
    calico = cluster.addons.calico
    if calico is None or calico.encapsulation is not Encapsulation.NONE:
        return
    subnets = {}
    for host, known in seen(cluster, facts):
        own = [address for address in known.addresses if address.partition("/")[0] == host.address]
        if own and (subnet := network(own[0])) and subnet.prefixlen < subnet.max_prefixlen:
            subnets[host.name] = subnet
    if len(set(subnets.values())) > 1:
        yield from findings(
            "bgp-across-subnets",
            {name: f"is in {subnet}" for name, subnet in subnets.items()},
            why="Calico without encapsulation needs all nodes in one network, or routers that learn its routes by BGP",
            remedy="set `addons.calico.encapsulation: vxlan`, or peer the routers between these networks",
            is_warning=True,
        )


def firewall_active(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """ufw and firewalld block what nodes say to each other; rules of nftables.service may."""
    blocking: dict[str, str] = {}
    possible: dict[str, str] = {}
    for host, known in seen(cluster, facts):
        for service in known.firewall_services:
            (possible if service == "nftables" else blocking)[host.name] = f"{service} is active"
    ports = f"TCP {api_port(cluster)}, 2379-2380, 10250, 179 (BGP), UDP 4789 (VXLAN), the pod and the service subnet"
    yield from findings(
        "firewall-active",
        blocking,
        why=f"joins and pod traffic run into timeouts; nodes need from each other: {ports}",
        remedy="`ufw disable` or `systemctl disable --now firewalld`; or open these ports and waive this check",
    )
    yield from findings(
        "firewall-active",
        possible,
        why=f"its rules may block, and loading them anew wipes those of kube-proxy and Calico; needed are: {ports}",
        remedy="`nft list ruleset` shows them; `systemctl disable --now nftables` if they are not yours",
        is_warning=True,
    )


def resolv_conf(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """A name server that pods can use as well: CoreDNS forwards to the host's."""
    none: dict[str, str] = {}
    loops: dict[str, str] = {}
    for host, known in seen(cluster, facts):
        if not known.nameservers:
            none[host.name] = "/etc/resolv.conf names no server"
        elif all(map(_is_loopback, known.nameservers + known.upstream_nameservers)):
            loops[host.name] = f"/etc/resolv.conf names only {', '.join(known.nameservers)}"
    remedy = "put a `nameserver` line with a reachable address into /etc/resolv.conf"
    yield from findings(
        "resolv-conf",
        none,
        why="neither the host nor pods can look up names outside the cluster, and CoreDNS may not start",
        remedy=remedy,
        is_warning=True,
    )
    yield from findings(
        "resolv-conf",
        loops,
        why="CoreDNS would forward to itself and stop with `plugin/loop: Loop detected`",
        remedy=remedy,
        is_warning=True,
    )


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


def proxy_catches_subnets(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """A proxy in /etc/environment that no_proxy does not keep away from the cluster's own traffic."""
    networking = cluster.networking
    inside = [networking.service_subnet, networking.pod_subnet, *(host.address for host in cluster.hosts)]
    details = {}
    for host, known in seen(cluster, facts):
        proxies = {key.lower(): value for key, value in known.proxies.items()}
        if not proxies.keys() & {"http_proxy", "https_proxy", "all_proxy"}:
            continue
        exempt = [entry.strip() for entry in proxies.get("no_proxy", "").split(",")]
        caught = [subnet for subnet in inside if not any(_covers(entry, subnet) for entry in exempt)]
        if caught:
            details[host.name] = f"the proxy of /etc/environment catches {', '.join(caught)}"
    yield from findings(
        "proxy-catches-subnets",
        details,
        why="kubeadm, kubelet and pods with this environment would ask the proxy for the cluster's own addresses",
        remedy="add these to no_proxy in /etc/environment: subnets, host addresses, .svc, ." + networking.dns_domain,
        is_warning=True,
    )


def _covers(entry: str, subnet: str) -> bool:
    if entry == "*":
        return True
    outer, inner = network(entry), network(subnet)
    return outer is not None and overlap(outer, inner) and inner is not None and outer.prefixlen <= inner.prefixlen
