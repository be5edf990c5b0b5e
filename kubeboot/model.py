"""What the cluster should be: frozen values with derived properties and no I/O.

The inventory builds these; nothing to its right ever sees YAML. Subnets are strings in canonical CIDR notation,
addresses canonical IP strings, sizes and times carry their unit in the name.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any

EMPTY: Mapping[str, Any] = MappingProxyType({})


class Role(Enum):
    """What a host is for. Values are the inventory's words."""

    CONTROL_PLANE = "control-plane"
    WORKER = "worker"


class Encapsulation(Enum):
    """How Calico carries packets between nodes; `none` means BGP routes."""

    NONE = "none"
    IPIP = "ipip"
    VXLAN = "vxlan"


@dataclass(frozen=True, slots=True)
class SshSettings:
    """How to log in. `identity_file` None: agent and default keys. `host_key`: SHA256 fingerprint or public key.

    `host`: name or address to log in to; empty: the host's address. The sudo password is the first line of the file,
    or of what the command prints here; at most one of the two is given.
    """

    user: str = "root"
    port: int = 22
    identity_file: Path | None = None
    host_key: str = ""
    connect_timeout_s: int = 10
    host: str = ""
    sudo_password_file: Path | None = None
    sudo_password_command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Taint:
    """A node taint, `effect` as Kubernetes spells it."""

    key: str
    value: str
    effect: str

    def __str__(self) -> str:
        return f"{self.key}={self.value}:{self.effect}" if self.value else f"{self.key}:{self.effect}"


@dataclass(frozen=True, slots=True)
class Host:
    """A machine reached by SSH. `name` becomes its host name and its node's name."""

    name: str
    address: str
    roles: frozenset[Role]
    ssh: SshSettings = SshSettings()
    labels: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    taints: tuple[Taint, ...] = ()

    def __str__(self) -> str:
        return self.name

    @property
    def is_control_plane(self) -> bool:
        return Role.CONTROL_PLANE in self.roles

    @property
    def node_role(self) -> str:
        """What its node is: `control-plane`, also of one that works as well, or `worker`."""
        return "control-plane" if self.is_control_plane else "worker"

    @property
    def is_worker(self) -> bool:
        return Role.WORKER in self.roles


@dataclass(frozen=True, slots=True)
class Networking:
    """kubeadm's `networking`, by kubeadm's names."""

    pod_subnet: str = "10.88.0.0/16"
    service_subnet: str = "10.96.0.0/16"
    dns_domain: str = "cluster.local"

    @property
    def dns_address(self) -> str:
        """The cluster DNS service's address: the tenth of the service subnet, as kubeadm computes it."""
        return str(ipaddress.ip_network(self.service_subnet)[10])


@dataclass(frozen=True, slots=True)
class Containerd:
    """Which containerd package; `version` empty means the newest the repository has."""

    package: str = "containerd.io"
    version: str = ""


@dataclass(frozen=True, slots=True)
class KubeadmPatches:
    """Keys merged over what kubeboot writes into init.yaml, per kubeadm.k8s.io/v1beta3 document."""

    init_configuration: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    cluster_configuration: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    kubelet_configuration: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    kube_proxy_configuration: Mapping[str, Any] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True, slots=True)
class PackageRepository:
    """An apt repository. The key is armored text (`key`), else fetched by the host from `key_url`.

    With `fingerprints` the host refuses a fetched key that is not one of them.
    """

    url: str
    key: str = ""
    key_url: str = ""
    fingerprints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RegistryMirror:
    """One endpoint containerd asks before the registry itself. `ca` is PEM text; `password` is a secret."""

    url: str
    ca: str = ""
    skip_verify: bool = False
    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Mirrors:
    """Where everything from outside comes from. None or empty: the upstream source."""

    kubernetes_packages: PackageRepository
    docker_packages: PackageRepository
    os_packages: PackageRepository | None = None
    image_repository: str = "registry.k8s.io"
    registries: Mapping[str, tuple[RegistryMirror, ...]] = field(default_factory=lambda: EMPTY)
    manifests: str = ""


@dataclass(frozen=True, slots=True)
class Calico:
    """The pod network add-on. `manifest`: a path or URL instead of the known version's."""

    version: str = "3.27.5"
    encapsulation: Encapsulation = Encapsulation.NONE
    manifest: str = ""
    manifest_sha256: str = ""


@dataclass(frozen=True, slots=True)
class IngressNginx:
    """The ingress add-on: on ports 80 and 443 of the node it runs on, or behind a NodePort."""

    version: str = "1.13.9"
    is_host_network: bool = True
    manifest: str = ""
    manifest_sha256: str = ""


@dataclass(frozen=True, slots=True)
class UserManifest:
    """A manifest of the user's own: by absolute path, or by URL with its sha256."""

    name: str
    path: str = ""
    url: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Addons:
    """What is installed into the cluster once its API is up. None: not wanted."""

    calico: Calico | None = Calico()
    ingress_nginx: IngressNginx | None = IngressNginx()
    manifests: tuple[UserManifest, ...] = ()


@dataclass(frozen=True, slots=True)
class TimeSync:
    """Time servers for chrony. Empty: the distribution's defaults stay; `is_managed` False: chrony is left alone."""

    servers: tuple[str, ...] = ()
    is_managed: bool = True


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds before giving up; see the inventory's schema for what each is about."""

    link_s: int = 300
    lock_s: int = 600
    step_s: int = 1800
    package_lock_s: int = 600
    network_s: int = 90
    api_s: int = 120
    ready_s: int = 420


@dataclass(frozen=True, slots=True)
class Preparation:
    """What hosts get besides Kubernetes. A sysctl of None is dropped from kubeboot's own list."""

    sysctls: Mapping[str, str | None] = field(default_factory=lambda: EMPTY)
    packages: tuple[str, ...] = ()
    disable_ipv6: bool = False


@dataclass(frozen=True, slots=True)
class Cluster:
    """The whole inventory, valid and with defaults filled in. `directory` is the inventory's folder."""

    name: str
    kubernetes_version: str
    hosts: tuple[Host, ...]
    mirrors: Mirrors
    endpoint_host: str
    endpoint_port: int = 6443
    networking: Networking = Networking()
    kube_proxy_mode: str = "ipvs"
    containerd: Containerd = Containerd()
    kubeadm: KubeadmPatches = KubeadmPatches()
    addons: Addons = Addons()
    time: TimeSync = TimeSync()
    preparation: Preparation = Preparation()
    waived: frozenset[str] = frozenset()
    timeouts: Timeouts = Timeouts()
    directory: Path = Path()

    @property
    def endpoint(self) -> str:
        """host:port of the API, IPv6 in brackets."""
        host = f"[{self.endpoint_host}]" if ":" in self.endpoint_host else self.endpoint_host
        return f"{host}:{self.endpoint_port}"

    @property
    def control_planes(self) -> tuple[Host, ...]:
        return tuple(host for host in self.hosts if host.is_control_plane)

    @property
    def bootstrap_control_plane(self) -> Host:
        """Where `kubeadm init` runs: the first control plane listed."""
        return self.control_planes[0]

    @property
    def joining_control_planes(self) -> tuple[Host, ...]:
        return self.control_planes[1:]

    @property
    def workers(self) -> tuple[Host, ...]:
        """Hosts that only work; a control plane that also works is not among them."""
        return tuple(host for host in self.hosts if not host.is_control_plane)

    @property
    def minor_version(self) -> str:
        """`1.29` of `1.29.15`."""
        return ".".join(self.kubernetes_version.split(".")[:2])

    def host(self, name: str) -> Host:
        """The host of that name; KeyError when there is none."""
        for host in self.hosts:
            if host.name == name:
                return host
        raise KeyError(name)
