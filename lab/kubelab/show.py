"""What the lab tells: the table of its hosts, and the inventory that kubeboot reads."""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

from . import cgroups, delay, mirror, network
from .errors import LabError
from .host import Host, host_named, hosts_of
from .places import CACHE, Lab, existing_lab
from .process import run

PUBLIC_KEY = CACHE / "signing" / "lab-key.asc"
DEFAULT_VERSION = "1.29.15"


def hosts_as_json() -> str:
    """All facts of all hosts, as JSON."""
    return json.dumps([_facts(host) for host in hosts_of(existing_lab())], indent=2)


def hosts_as_table() -> str:
    """One line per host."""
    rows = [("HOST", "ADDRESS", "STATE", "UPTIME", "PID", "MEMORY")]
    for host in hosts_of(existing_lab()):
        facts = _facts(host)
        uptime, memory = facts["uptime_s"], f"{facts['memory_bytes'] / 1e6:.0f} MB"
        cells = (f"{uptime // 60} m {uptime % 60} s", str(facts["pid"]), memory) if facts["pid"] else ("-", "-", "-")
        rows.append((host.name, host.address, facts["state"], *cells))
    lab, note = existing_lab(), ""
    if round_trip := delay.round_trip_ms(lab):
        note = f"\nthe round trip between controller and hosts is {round_trip:g} ms longer"
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines) + note


def _facts(host: Host) -> dict[str, Any]:
    pids = cgroups.processes(host.cgroup)
    booted = host.folder / "booted"
    state = "off"
    if pids:
        state = "up" if network.is_port_up(host.lab, host.number) else "unplugged"
    return {
        "name": host.name,
        "address": host.address,
        "state": state,
        "uptime_s": int(time.time() - int(booted.read_text())) if pids and booted.exists() else 0,
        "pid": min(pids, default=0),
        "memory_bytes": cgroups.memory_bytes(host.lab.name, host.name) if pids else 0,
    }


def add_inventory_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen in the printed inventory."""
    parser.add_argument("--user", default="root", choices=("root", "ops"), help="ssh user (default: root)")
    parser.add_argument("--port", type=int, default=22, choices=(22, 2222), help="ssh port (default: 22)")
    parser.add_argument("--version", default=DEFAULT_VERSION, help=f"Kubernetes version (default: {DEFAULT_VERSION})")
    parser.add_argument("--control-planes", type=int, default=1, metavar="K", help="the first K hosts (default: 1)")
    parser.add_argument("--hosts", nargs="+", metavar="HOST", default=[], help="only these hosts (default: all)")


def inventory(options: argparse.Namespace) -> str:
    """A kubeboot inventory of the lab's hosts, with the lab's mirror for all outside sources."""
    lab = existing_lab()
    hosts = [host_named(lab, name) for name in options.hosts] or hosts_of(lab)
    if not 1 <= options.control_planes <= len(hosts):
        raise LabError(f"{options.control_planes} control planes of {len(hosts)} hosts", "choose a number from 1 to the number of hosts")
    lines = [
        "cluster:",
        f"  name: {lab.name}",
        f"  kubernetesVersion: {options.version}",
        "  networking: {podSubnet: 10.88.0.0/16, serviceSubnet: 10.96.0.0/16, dnsDomain: cluster.local}",
        "  kubeProxy: {mode: iptables}          # the lab's kernel has no ip_vs",
        "  containerd: {package: containerd}    # Debian's own; containerd.io is a stand-in in the lab's mirror",
        *_mirror_lines(lab, options.version),
        "addons:",
        "  calico: {version: 3.27.5, encapsulation: none}",
        "  ingressNginx: {version: 1.13.9, hostNetwork: true}",
        f"ssh: {{user: {options.user}, port: {options.port}, identityFile: {lab.key}}}",
        "time: {servers: []}",
        "hosts:",
    ]
    for place, host in enumerate(hosts):
        roles = ["control-plane"] if place < options.control_planes else ["worker"]
        if len(hosts) == 1:
            roles = ["control-plane", "worker"]
        print_key = f'hostKey: "{fingerprint(host)}"'
        lines.append(f"  - {{name: {host.name}, address: {host.address}, {print_key}, roles: [{', '.join(roles)}]}}")
    return "\n".join(lines) + "\n"


def _mirror_lines(lab: Lab, version: str) -> list[str]:
    web, registry = f"http://{lab.mirror_address}", f'["http://{lab.mirror_address}:{mirror.REGISTRY_PORT}"]'
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


def fingerprint(host: Host) -> str:
    """SHA256 fingerprint of the host's ed25519 key, as ssh-keygen prints it."""
    return run(["ssh-keygen", "-lf", host.folder / "identity/ssh_host_ed25519_key.pub"]).split()[1]
