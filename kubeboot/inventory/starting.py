"""A first inventory: a few answers become a commented file, checked before anybody sees it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import yaml

from kubeboot.inventory.addresses import Named
from kubeboot.inventory.load import CHECKS_WITHOUT_KEYS, Reading, read_text
from kubeboot.inventory.problems import Invalid
from kubeboot.inventory.show import InventoryDumper
from kubeboot.inventory.syntax import split_endpoint
from kubeboot.inventory.versions import NEWEST_KUBERNETES
from kubeboot.render import render

POD_SUBNETS = ("10.88.0.0/16", "10.89.0.0/16", "172.28.0.0/16")
SERVICE_SUBNETS = ("10.96.0.0/16", "10.97.0.0/16", "172.29.0.0/16")
"""The default, and what else to take where hosts have addresses in it."""
MANY = 5
"""So many hosts or more get three control planes, which survive the loss of one."""


@dataclass(frozen=True, slots=True)
class StartHost:
    """One machine of the file. `comment`: what was seen on it."""

    name: str
    address: str
    roles: tuple[str, ...]
    comment: str = ""
    is_named: bool = False
    """Whether somebody said the name."""

    @property
    def is_control_plane(self) -> bool:
        return "control-plane" in self.roles


@dataclass(frozen=True, slots=True)
class Start:
    """What the file will say; empty: the default."""

    hosts: tuple[StartHost, ...]
    name: str = "kubernetes"
    version: str = NEWEST_KUBERNETES
    user: str = "root"
    identity_file: str = ""
    endpoint: str = ""


def start_hosts(control_planes: Sequence[Named], workers: Sequence[Named], others: Sequence[Named]) -> list[StartHost]:
    """Roles and names for all. `others` work; without control planes the first of them, or first three, become these.

    A host without a name gets `control1`, `worker1` and so on, passing over names that are taken.
    """
    if not control_planes:
        most = 3 if len(others) + len(workers) >= MANY else 1
        control_planes, others = others[:most], others[most:]
    workers = [*others, *workers]
    taken = {name for name, _ in (*control_planes, *workers)}
    plane_roles = ("control-plane",) if workers else ("control-plane", "worker")
    return [
        *_hosts(control_planes, plane_roles, _free_names("control", taken)),
        *_hosts(workers, ("worker",), _free_names("worker", taken)),
    ]


def _hosts(named: Iterable[Named], roles: tuple[str, ...], names: Iterator[str]) -> Iterator[StartHost]:
    for name, address in named:
        yield StartHost(name or next(names), address, roles, is_named=bool(name))


def _free_names(kind: str, taken: set[str]) -> Iterator[str]:
    names = (f"{kind}{number}" for number in count(1))
    return (name for name in names if name not in taken)


def starting_text(start: Start) -> str:
    """The file's text."""
    addresses = [host.address for host in start.hosts]
    if start.endpoint:
        addresses.append(split_endpoint(start.endpoint)[0])
    pods, services = (_free_subnet(subnets, addresses) for subnets in (POD_SUBNETS, SERVICE_SUBNETS))
    return render(
        "inventory.yaml.j2",
        cluster_name=_scalar(start.name),
        version=_scalar(start.version),
        endpoint=_scalar(start.endpoint) if start.endpoint else "",
        pod_subnet=pods,
        service_subnet=services,
        user=_scalar(start.user),
        identity_file=_scalar(start.identity_file) if start.identity_file else "",
        hosts=[
            {"name": _scalar(host.name), "address": _scalar(host.address), "roles": host.roles, "comment": host.comment}
            for host in start.hosts
        ],
    )


def check_start(start: Start, path: Path) -> tuple[str, Reading]:
    """The text and what it reads as, at that path. Raises InventoryError; a key that is missing is made later."""
    text = starting_text(start)
    return text, read_text(text.encode(), str(path), path.parent, CHECKS_WITHOUT_KEYS)


def _free_subnet(subnets: Sequence[str], addresses: Iterable[str]) -> str:
    """The first subnet that holds none of the addresses; empty when that is the default, or there is none."""
    used = []
    for address in addresses:
        try:
            used.append(ipaddress.ip_address(address))
        except ValueError:  # an endpoint's name
            continue
    free = next((each for each in subnets if not any(ip in ipaddress.ip_network(each) for ip in used)), "")
    return "" if free == subnets[0] else free


def _scalar(text: str) -> str:
    """The text as YAML on one line, quoted where it must be. Raises Invalid for what no inventory may hold."""
    if not text.isprintable():
        raise Invalid("a value holds a control character", "remove it")
    return yaml.dump(text, Dumper=InventoryDumper, width=1_000_000, allow_unicode=True).removesuffix("...\n").rstrip()
