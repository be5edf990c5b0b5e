"""Subnets, addresses and the endpoint against each other."""

from __future__ import annotations

import ipaddress
from typing import Any

from kubeboot.inventory.check_hosts import canonical, host_roles
from kubeboot.inventory.draft import Draft
from kubeboot.inventory.problems import Path, quoted
from kubeboot.inventory.syntax import split_endpoint
from kubeboot.model import Networking

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

ENDPOINT: Path = ("cluster", "controlPlaneEndpoint")
SUBNETS: dict[str, Path] = {key: ("cluster", "networking", key) for key in ("podSubnet", "serviceSubnet")}
DEFAULTS = {"podSubnet": Networking().pod_subnet, "serviceSubnet": Networking().service_subnet}
NODE_PREFIX = {4: 24, 6: 64}
MOST_NODE_BITS = 16  # kubeadm's PodSubnetNodeMaskMaxDiff
MOST_SERVICE_BITS = 20  # kubeadm's MaximumBitsForServiceSubnet
LEAST_SERVICE_BITS = 4  # kubeadm wants ten addresses


def _subnet(draft: Draft, key: str) -> Network | None:
    value = draft.get(SUBNETS[key], DEFAULTS[key])
    return ipaddress.ip_network(value) if value else None


def _origin(draft: Draft, key: str) -> str:
    return "" if draft.root.find(SUBNETS[key]) else " (the default)"


def check_subnets(draft: Draft) -> None:
    """The subnets are of one family, apart from each other, and large enough but not too large."""
    pods, services = _subnet(draft, "podSubnet"), _subnet(draft, "serviceSubnet")
    if pods:
        _check_pod_size(draft, pods)
    if services:
        _check_service_size(draft, services)
    if pods and pods.version == 6 and not _has_own_network(draft):
        hint = "use IPv4 for both subnets, or addons.calico.enabled: false and a pod network of your own"
        draft.report(SUBNETS["podSubnet"], "is IPv6, which kubeboot's Calico is not set up for", hint)
    if not pods or not services:
        return
    if pods.version != services.version:
        message = f"is IPv{services.version}, but podSubnet is IPv{pods.version}"
        draft.report(SUBNETS["serviceSubnet"], message, "use one family for both")
    elif pods.overlaps(services):
        given = "serviceSubnet" if draft.root.find(SUBNETS["serviceSubnet"]) else "podSubnet"
        other, network = ("podSubnet", pods) if given == "serviceSubnet" else ("serviceSubnet", services)
        message = f"overlaps {other} {network}{_origin(draft, other)}"
        draft.report(SUBNETS[given], message, "choose subnets that no other network uses")


def _has_own_network(draft: Draft) -> bool:
    return draft.get(("addons", "calico", "enabled"), True) is not True


def _check_pod_size(draft: Draft, pods: Network) -> None:
    node_prefix = _node_prefix(draft, pods)
    nodes = draft.count(("hosts",))
    room = 2 ** max(node_prefix - pods.prefixlen, 0) if pods.prefixlen <= node_prefix else 0
    if room < nodes:
        message = f"{pods} has room for {room} nodes, there are {nodes} hosts"
        draft.report(SUBNETS["podSubnet"], message, f"every node takes a /{node_prefix}; 10.88.0.0/16 has room for 256")
    elif node_prefix - pods.prefixlen > MOST_NODE_BITS:
        message = f"{pods} is too large"
        draft.report(SUBNETS["podSubnet"], message, f"Kubernetes wants at least /{node_prefix - MOST_NODE_BITS}")


def _node_prefix(draft: Draft, pods: Network) -> int:
    """The size of each node's part: Kubernetes' default, or what the controller manager is told by pass-through."""
    arguments: Path = ("cluster", "kubeadm", "clusterConfiguration", "controllerManager", "extraArgs")
    node = draft.root.find((*arguments, "node-cidr-mask-size"))
    if node and node.text.isdigit() and 0 < int(node.text[:4]) <= pods.max_prefixlen:
        return int(node.text)
    return NODE_PREFIX[pods.version]


def _check_service_size(draft: Draft, services: Network) -> None:
    bits = services.max_prefixlen - services.prefixlen
    largest, smallest = services.max_prefixlen - MOST_SERVICE_BITS, services.max_prefixlen - LEAST_SERVICE_BITS
    if bits > MOST_SERVICE_BITS:
        draft.report(SUBNETS["serviceSubnet"], f"{services} is too large", f"at most /{largest}")
    elif bits < LEAST_SERVICE_BITS:
        draft.report(SUBNETS["serviceSubnet"], f"{services} is too small", f"at least /{smallest}")


def check_addresses(draft: Draft) -> None:
    """No host and no endpoint stands inside the cluster's own subnets; hosts are of the subnets' family."""
    for host in draft.each("hosts"):
        path = (*host, "address")
        value = draft.get(path, "")
        if value:
            _check_address(draft, path, value)
    endpoint = draft.get(ENDPOINT, "")
    if endpoint:
        address = split_endpoint(endpoint)[0]
        if _is_ip(address):
            _check_address(draft, ENDPOINT, address)


def _check_address(draft: Draft, path: Path, value: str) -> None:
    ip = ipaddress.ip_address(value)
    for key in SUBNETS:
        network = _subnet(draft, key)
        if network and ip in network:
            message = f"{quoted(value)} lies inside {key} {network}{_origin(draft, key)}"
            draft.report(path, message, f"set cluster.networking.{key} to a subnet that no other network uses")
    pods = _subnet(draft, "podSubnet")
    if pods and ip.version != pods.version:
        message = f"{quoted(value)} is IPv{ip.version}, but podSubnet is IPv{pods.version}"
        draft.report(path, message, "hosts and subnets must be of one family")


def _is_ip(text: str) -> bool:
    return ":" in text or text.replace(".", "").isdigit()


def check_endpoint(draft: Draft) -> None:
    """The endpoint leads to control planes, and can be moved later when there are several."""
    planes, workers = _by_role(draft)
    endpoint = draft.get(ENDPOINT, "")
    if endpoint is None:
        return
    if not endpoint:
        if len(planes) > 1:
            message = f"is not given: it becomes {planes[0].get('name')}'s address, hard to move when that host is lost"
            draft.warn(ENDPOINT, message, "give a DNS name or a virtual address of all control planes")
        return
    host, port = split_endpoint(endpoint)
    for worker in workers:
        if host in (worker.get("address"), worker.get("name")):
            hint = "give a control plane's address, or one that leads to all control planes"
            draft.report(ENDPOINT, f"{quoted(host)} is the worker {worker.get('name')}", hint)
    for plane in planes:
        if host in (plane.get("address"), plane.get("name")) and port != _bind_port(draft):
            message = f"port {port} is not where {plane.get('name')} serves the API ({_bind_port(draft)})"
            draft.warn(ENDPOINT, message, "something on that host must lead this port there")


def _bind_port(draft: Draft) -> Any:
    path: Path = ("cluster", "kubeadm", "initConfiguration", "localAPIEndpoint", "bindPort")
    return draft.get(path, 6443)


def _by_role(draft: Draft) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What is known of the control planes, and of the hosts that only work."""
    planes: list[dict[str, Any]] = []
    workers: list[dict[str, Any]] = []
    for host in draft.each("hosts"):
        roles = host_roles(draft, host)
        paths = {key: (*host, key) for key in ("name", "address")}
        known = {key: canonical(path, value) for key, path in paths.items() if (value := draft.get(path, ""))}
        if roles:
            (planes if "control-plane" in roles else workers).append(known)
    return planes, workers
