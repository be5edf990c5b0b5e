"""The inventory that kubeboot reads, printed for the lab's hosts, with the lab's mirror for every outside source."""

from __future__ import annotations

import argparse
import base64
import hashlib
from collections.abc import Sequence

from .builder import manifests
from .errors import LabError
from .host import Host, host_named, hosts_of
from .mirror import PUBLIC_KEY, REGISTRY_PORT
from .places import Lab, existing_lab

_VERSION, _CALICO, _INGRESS = "1.29.15", "3.27.5", "1.13.9"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen in the printed inventory."""
    parser.add_argument("--user", default="root", choices=("root", "ops"), help="ssh user (default: root)")
    parser.add_argument("--port", type=int, default=22, choices=(22, 2222), help="ssh port (default: 22)")
    parser.add_argument("--version", default=_VERSION, help=f"Kubernetes version (default: {_VERSION})")
    parser.add_argument("--control-planes", type=int, default=1, metavar="K", help="the first K hosts (default: 1)")
    parser.add_argument("--calico", default=_CALICO, metavar="VERSION", help=f"{_CALICO} (default) or 3.27.0")
    parser.add_argument("--encapsulation", default="none", help="Calico's: none (default), ipip or vxlan")
    parser.add_argument("--ingress", default=_INGRESS, metavar="VERSION", help=f"{_INGRESS} (default), 1.11.0 or 1.9.6")
    parser.add_argument("--hosts", nargs="+", metavar="HOST", default=[], help="only these hosts (default: all)")


def text(options: argparse.Namespace) -> str:
    """The inventory as YAML."""
    lab = existing_lab()
    hosts = [host_named(lab, name) for name in options.hosts] or hosts_of(lab)
    if not 1 <= options.control_planes <= len(hosts):
        message = f"{options.control_planes} control planes of {len(hosts)} hosts cannot be"
        raise LabError(message, "give --control-planes from 1 to the number of hosts")
    calico = _own(manifests.CALICO, options.calico)
    ingress = _own(manifests.INGRESS_NGINX, options.ingress)
    lines = [
        "cluster:",
        f"  name: {lab.name}",
        f"  kubernetesVersion: {options.version}",
        "  networking: {podSubnet: 10.88.0.0/16, serviceSubnet: 10.96.0.0/16, dnsDomain: cluster.local}",
        "  kubeProxy: {mode: iptables}          # the lab's kernel has no ip_vs",
        "  containerd: {package: containerd}    # Debian's own; containerd.io is a stand-in in the lab's mirror",
        *_mirrors(lab, options.version),
        "addons:",
        f"  calico: {{version: {options.calico}, encapsulation: {options.encapsulation}{calico}}}",
        f"  ingressNginx: {{version: {options.ingress}, hostNetwork: true{ingress}}}",
        f"ssh: {{user: {options.user}, port: {options.port}, identityFile: {lab.key}}}",
        "time: {servers: []}",
        *_hosts(hosts, options.control_planes),
    ]
    return "\n".join(lines) + "\n"


def _mirrors(lab: Lab, version: str) -> list[str]:
    web, registry = f"http://{lab.mirror_address}", f'["http://{lab.mirror_address}:{REGISTRY_PORT}"]'
    minor = ".".join(version.split(".")[:2])
    return [
        "mirrors:",
        f'  osPackages: {{url: "{web}/debian", key: {PUBLIC_KEY}}}',
        f'  dockerPackages: {{url: "{web}/docker/linux/debian", key: {PUBLIC_KEY}}}',
        f'  kubernetesPackages: {{url: "{web}/kubernetes/core:/stable:/v{minor}", key: {PUBLIC_KEY}}}',
        "  registries:",
        f"    registry.k8s.io: {registry}",
        f"    docker.io: {registry}",
        f'  manifests: "{web}/manifests"',
    ]


def _own(place: str, version: str) -> str:
    """Where the mirror has only the lab's own manifest, the inventory names it: kubeboot knows upstream's by digest."""
    path = place.format(version=version)
    replaced = manifests.FOLDER / "FALLBACK"
    is_own = replaced.exists() and path in replaced.read_text().split()
    return f", manifest: {manifests.FOLDER / path}" if is_own else ""


def _hosts(hosts: Sequence[Host], control_planes: int) -> list[str]:
    lines = ["hosts:"]
    for place, host in enumerate(hosts):
        role = "control-plane" if place < control_planes else "worker"
        roles = "control-plane, worker" if len(hosts) == 1 else role
        key = f'hostKey: "{fingerprint(host)}"'
        lines.append(f"  - {{name: {host.name}, address: {host.address}, {key}, roles: [{roles}]}}")
    return lines


def fingerprint(host: Host) -> str:
    """SHA256 fingerprint of the host's ed25519 key, as ssh-keygen -l prints it."""
    key = (host.folder / "identity/ssh_host_ed25519_key.pub").read_text().split()[1]
    digest = hashlib.sha256(base64.b64decode(key)).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")
