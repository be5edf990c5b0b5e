"""The lab's network: a hub namespace with a bridge and the mirror, a controller namespace, one namespace per host.

The controller hangs on the bridge by one leg, so its traffic alone can be delayed (see delay.py). A host's namespace is
laid anew at each of its boots by guard.sh, from the two batches written here: nothing that a host did to its network
outlives it.
"""

from __future__ import annotations

from pathlib import Path

from . import netns
from .places import Lab
from .process import run, succeeds

BRIDGE = "br0"
LEG = "leg"


def lay(lab: Lab) -> None:
    """Make the hub and the controller's namespace; nothing to do if they are there."""
    if netns.is_alive(lab.hub_namespace) and netns.is_alive(lab.controller_namespace):
        return
    for namespace in (lab.hub_namespace, lab.controller_namespace):
        succeeds(["ip", "netns", "delete", namespace])
        run(["ip", "netns", "add", namespace])
    mac = f"02:66:00:{lab.index:02x}:00"
    batch(
        lab.hub_namespace,
        [
            "link set lo up",
            f"link add {BRIDGE} address {mac}:01 type bridge",
            f"address add {lab.mirror_address}/24 dev {BRIDGE}",
            f"link set {BRIDGE} up",
            f"link add {LEG} type veth peer name eth0 address {mac}:02 netns {lab.controller_namespace}",
            f"link set {LEG} master {BRIDGE} up",
        ],
    )
    batch(
        lab.controller_namespace,
        [
            "link set lo up",
            f"address add {lab.controller_address}/24 dev eth0",
            "link set eth0 up",
        ],
    )
    with netns.inside(lab.hub_namespace):
        for kind in ("iptables", "ip6tables", "arptables"):
            switch = Path(f"/proc/sys/net/bridge/bridge-nf-call-{kind}")
            if switch.exists():
                switch.write_text("0")
        # No way out is said at once (a router without a route answers), instead of letting connections time out.
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1")


def batch(namespace: str, commands: list[str]) -> None:
    """Run several `ip` commands in a namespace by one process."""
    run(["ip", "-n", namespace, "-batch", "-"], stdin="\n".join(commands) + "\n", what=f"network set-up of {namespace}")


def host_batch(lab: Lab, number: int) -> str:
    """`ip` commands, run in the host's namespace, that give it its one interface and a default route."""
    mac = f"02:66:00:{lab.index:02x}:01:{number:02x}"
    return (
        "\n".join(
            [
                "link set lo up",
                f"link add eth0 address {mac} type veth peer name {port(number)} netns {lab.hub_namespace}",
                f"address add {lab.host_address(number)}/24 dev eth0",
                "link set eth0 up",
                f"route add default via {lab.mirror_address}",
            ]
        )
        + "\n"
    )


def port_command(number: int, is_up: bool) -> str:
    """The `ip` command, run in the hub, that plugs a host in or leaves its cable out."""
    return f"link set {port(number)} master {BRIDGE} {'up' if is_up else 'down'}\n"


def port(number: int) -> str:
    """The hub's interface that leads to a host."""
    return f"port{number}"


def is_port_up(lab: Lab, number: int) -> bool:
    """Whether the hub's end of a host's cable is up."""
    return "state UP" in run(["ip", "-n", lab.hub_namespace, "-o", "link", "show", "dev", port(number)])


def delete_namespaces(lab: Lab) -> None:
    """Delete every namespace of the lab, also those that an interrupted `up` left half made."""
    if netns.FOLDER.is_dir():
        for path in netns.FOLDER.glob(f"{lab.namespace_prefix}*"):
            succeeds(["ip", "netns", "delete", path.name])
            path.unlink(missing_ok=True)
