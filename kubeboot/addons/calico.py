"""The edits of Calico's manifest: pod subnet, encapsulation with all that it implies, and which address nodes use."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

from kubeboot.addons.edit import Manifest, has_variable, set_variable
from kubeboot.errors import SourceError
from kubeboot.model import Encapsulation

NAMESPACE = "kube-system"


@dataclass(frozen=True, slots=True)
class _Mode:
    """What one encapsulation means: the IP pool's two settings, and who carries routes between nodes."""

    ipip: str
    vxlan: str
    backend: str


_MODES = {
    Encapsulation.NONE: _Mode(ipip="Never", vxlan="Never", backend="bird"),
    Encapsulation.IPIP: _Mode(ipip="Always", vxlan="Never", backend="bird"),
    Encapsulation.VXLAN: _Mode(ipip="Never", vxlan="Always", backend="vxlan"),
}
# With backend vxlan no BIRD runs: with its probes left, all turns Ready but calico-node, which restarts for ever.
_BIRD_PROBES = {"livenessProbe": "-bird-live", "readinessProbe": "-bird-ready"}


@dataclass(frozen=True, slots=True)
class CalicoEdits:
    """All that the inventory says about Calico's manifest. `mirrored`: registries that have a mirror."""

    pod_subnet: str
    encapsulation: Encapsulation
    mirrored: tuple[str, ...]

    def apply(self, manifest: Manifest) -> None:
        """Make them. Raises SourceError for a manifest of another shape, and for an IPv6 pod subnet."""
        if ipaddress.ip_network(self.pod_subnet).version != 4:
            raise SourceError(
                f"Calico for the IPv6 pod subnet {self.pod_subnet} is not supported",
                hint="use an IPv4 podSubnet, or addons.calico.enabled: false and a pod network of your own",
                reference="pod-subnet-unsupported",
            )
        mode = _MODES[self.encapsulation]
        _set_backend(manifest, mode)
        self._set_node(manifest, mode)
        manifest.drop_digests(frozenset(self.mirrored))

    def _set_node(self, manifest: Manifest, mode: _Mode) -> None:
        daemon_set = manifest.object("DaemonSet", NAMESPACE, "calico-node")
        container = manifest.container(daemon_set, "calico-node")
        set_variable(container, "CALICO_IPV4POOL_IPIP", mode.ipip)
        set_variable(container, "CALICO_IPV4POOL_VXLAN", mode.vxlan)
        set_variable(container, "CALICO_IPV4POOL_CIDR", self.pod_subnet)
        if not has_variable(container, "IP_AUTODETECTION_METHOD"):  # a user's own choice stays
            # the first address found is the wrong one on hosts with several networks
            set_variable(container, "IP_AUTODETECTION_METHOD", "kubernetes-internal-ip")
        if mode.backend == "vxlan":
            _remove_bird_probes(manifest, daemon_set, container)


def _set_backend(manifest: Manifest, mode: _Mode) -> None:
    config = manifest.object("ConfigMap", NAMESPACE, "calico-config")
    data = manifest.at(config, "data")
    if "calico_backend" not in data:
        raise manifest.missing(f"data.calico_backend in ConfigMap {NAMESPACE}/calico-config")
    data["calico_backend"] = mode.backend


def _remove_bird_probes(manifest: Manifest, daemon_set: dict[str, Any], container: dict[str, Any]) -> None:
    for probe, flag in _BIRD_PROBES.items():
        command = _command(container, probe)
        if not command:
            raise manifest.missing(f"{probe}.exec.command in container calico-node of {daemon_set['kind']} calico-node")
        command[:] = [word for word in command if word != flag]
        if any("bird" in str(word) for word in command):
            raise manifest.missing(f"{flag} as a word of its own in the {probe} of container calico-node")


def _command(container: dict[str, Any], probe: str) -> list[Any]:
    node: Any = container
    for key in (probe, "exec", "command"):
        node = node.get(key) if isinstance(node, dict) else None
    return node if isinstance(node, list) else []
