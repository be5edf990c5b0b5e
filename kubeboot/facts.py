"""What one host is like: `Facts`, made of what templates/probe.sh printed there.

The probe prints each field under the field's own name, so the annotations below are the whole format: probe.READERS
turns the printed values into a field by its type. A fact that the host could not tell has its type's empty value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from kubeboot import probe
from kubeboot.probe import Route, probe_script

__all__ = ["Facts", "Route", "parse_facts", "probe_script"]

CONTROL_PLANE_MANIFESTS = frozenset({"kube-apiserver", "kube-controller-manager", "kube-scheduler"})
CONTAINERS = frozenset({"systemd-nspawn", "lxc", "lxc-libvirt", "docker", "podman", "openvz", "rkt", "wsl", "proot"})
TIME_SERVICES = ("chrony", "chronyd", "systemd-timesyncd", "ntp", "ntpd", "ntpsec", "openntpd")
OTHER_RUNTIMES = ("docker", "docker.socket", "cri-docker", "crio", "podman.socket")
OTHER_CLUSTERS = (
    "k3s",
    "k3s-agent",
    "rke2-server",
    "rke2-agent",
    "k0scontroller",
    "k0sworker",
    "snap.microk8s.daemon-kubelite",
)
SUPPORTED_RELEASES = {"debian": ("11", "12", "13"), "ubuntu": ("20.04", "22.04", "24.04")}


@dataclass(frozen=True, slots=True)
class Facts:
    """One host as the probe saw it. Empty, 0, None or False: not so, or not to be told."""

    host: str

    # The system.
    os_id: str = ""  # debian, ubuntu
    os_id_like: tuple[str, ...] = ()
    os_version: str = ""  # 12, 22.04
    os_codename: str = ""
    os_name: str = ""  # for people
    is_linux: bool = False
    is_systemd: bool = False
    kernel: str = ""
    arch: str = ""  # as `uname -m` says; see debian_arch
    cpus: int = 0
    memory_mb: int = 0
    hostname: str = ""
    machine_id: str = ""
    product_uuid: str = ""
    boot_id: str = ""
    time_zone: str = ""
    virtualization: str = ""  # as systemd-detect-virt says; empty on bare metal
    is_root_writable: bool = False
    is_reboot_required: bool = False
    swap_devices: tuple[str, ...] = ()
    selinux: str = ""  # enforcing, permissive; empty without SELinux
    has_apparmor: bool = False
    active_units: frozenset[str] = frozenset()  # of those the probe asks for
    is_ufw_enabled: bool = False
    cgroup_version: str = ""  # 1, 2, hybrid
    cgroup_controllers: frozenset[str] = frozenset()
    disk_free_mb: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))  # by path
    inodes_free: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))  # by path

    # The kernel.
    kernel_features: frozenset[str] = frozenset()  # loaded, built in, or the feature shows
    loadable_modules: frozenset[str] = frozenset()  # module files of the running kernel
    can_load_modules: bool = False
    can_lower_oom_score: bool = False
    conntrack_max: int | None = None  # None: nf_conntrack is not loaded yet
    can_set_conntrack_max: bool | None = None  # None: cannot be told before nf_conntrack is loaded
    is_ipv6_enabled: bool = False

    # The network.
    macs: tuple[str, ...] = ()  # without loopback and what container runtimes make
    interfaces: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # "address/length" -> interface
    routes: tuple[Route, ...] = ()
    nameservers: tuple[str, ...] = ()
    upstream_nameservers: tuple[str, ...] = ()  # systemd-resolved's own
    proxies: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # of /etc/environment
    listening_ports: frozenset[int] = frozenset()
    listeners: Mapping[str, str] = field(
        default_factory=lambda: MappingProxyType({})
    )  # port -> process, where it matters

    # Packages.
    packages: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # installed, of those that matter
    held_packages: frozenset[str] = frozenset()
    broken_packages: frozenset[str] = frozenset()  # half installed or half configured
    is_dpkg_interrupted: bool = False
    apt_lock_holder: str = ""  # the process's name

    # Kubernetes.
    has_admin_conf: bool = False
    has_kubelet_conf: bool = False
    has_bootstrap_kubelet_conf: bool = False
    has_etcd_data: bool = False
    static_manifests: frozenset[str] = frozenset()  # names without suffix
    ca_sha256: str = ""  # of the PEM lines of the first certificate in /etc/kubernetes/pki/ca.crt
    admin_server: str = ""  # https://host:port, of admin.conf
    admin_context: str = ""  # kubernetes-admin@CLUSTER
    kubelet_server: str = ""  # of kubelet.conf
    kubelet_context: str = ""
    kubeboot_mark: str = ""  # cluster name in /etc/kubernetes/kubeboot/cluster

    # The clock: seconds since 1970 at the probe's end, and how far it is ahead of the controller's.
    clock_s: float = 0.0
    clock_offset_s: float = 0.0
    clock_error_s: float = 0.0  # the true offset is within clock_offset_s ± this
    round_trip_s: float = 0.0

    @property
    def os_family(self) -> str:
        """`debian`, `rhel` or `other`, by os-release's own idea of kinship."""
        names = {self.os_id, *self.os_id_like}
        if names & {"debian", "ubuntu"}:
            return "debian"
        return "rhel" if names & {"rhel", "fedora", "centos"} else "other"

    @property
    def is_supported_os(self) -> bool:
        """Whether kubeboot is tried on this very release."""
        return self.os_version in SUPPORTED_RELEASES.get(self.os_id, ())

    @property
    def debian_arch(self) -> str:
        """`amd64`, `arm64`, or what uname says where Debian's name is not known."""
        return {"x86_64": "amd64", "aarch64": "arm64"}.get(self.arch, self.arch)

    @property
    def is_container(self) -> bool:
        """The kernel, its clock and its modules are shared with others."""
        return self.virtualization in CONTAINERS

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address of the host as "address/length"."""
        return tuple(self.interfaces)

    @property
    def default_interface(self) -> str:
        """The interface of the first default route; empty when there is none."""
        return next((route.interface for route in self.routes if route.subnet == "0.0.0.0/0"), "")

    @property
    def time_services(self) -> tuple[str, ...]:
        """Active services that keep the clock."""
        return tuple(unit for unit in TIME_SERVICES if unit in self.active_units)

    @property
    def is_ntp_active(self) -> bool:
        return bool(self.time_services)

    @property
    def firewall_services(self) -> tuple[str, ...]:
        """Active firewalls. ufw's unit is active on every Ubuntu, so its configuration has to say yes as well."""
        ufw = self.is_ufw_enabled and "ufw" in self.active_units
        return ("ufw",) * ufw + tuple(unit for unit in ("firewalld", "nftables") if unit in self.active_units)

    @property
    def other_runtimes(self) -> tuple[str, ...]:
        """Active container runtimes besides containerd."""
        return tuple(unit for unit in OTHER_RUNTIMES if unit in self.active_units)

    @property
    def is_kubelet_active(self) -> bool:
        return "kubelet" in self.active_units

    @property
    def containerd_version(self) -> str:
        """The package's version, whichever package it is; empty when not installed."""
        return self.packages.get("containerd.io", "") or self.packages.get("containerd", "")

    @property
    def kubeadm_version(self) -> str:
        return self.packages.get("kubeadm", "")

    @property
    def kubelet_version(self) -> str:
        return self.packages.get("kubelet", "")

    @property
    def kubectl_version(self) -> str:
        return self.packages.get("kubectl", "")

    @property
    def api_server(self) -> str:
        """The API this host's kubelet (or admin) talks to, as https://host:port."""
        return self.kubelet_server or self.admin_server

    @property
    def cluster_name(self) -> str:
        """The cluster's name by admin.conf, else by kubelet.conf; joined workers' kubelets do not know it."""
        for context in (self.admin_context, self.kubelet_context):
            if "@" in context:
                return context.rpartition("@")[2]
        return ""

    @property
    def node_state(self) -> str:
        """`blank`, `control-plane`, `worker`, or `partial`: some of the files, not enough of them."""
        if self.has_kubelet_conf and self.has_admin_conf and self.static_manifests >= CONTROL_PLANE_MANIFESTS:
            return "control-plane"
        if self.has_kubelet_conf and not (self.has_admin_conf or self.static_manifests or self.has_etcd_data):
            return "worker"
        return "partial" if self.has_kubernetes_files else "blank"

    @property
    def has_kubernetes_files(self) -> bool:
        """Anything that kubeadm leaves; kubeboot's own mark does not count."""
        files_there = (
            self.has_admin_conf,
            self.has_kubelet_conf,
            self.has_bootstrap_kubelet_conf,
            self.has_etcd_data,
            bool(self.static_manifests),
            bool(self.ca_sha256),
        )
        return any(files_there)

    def has_feature(self, name: str) -> bool:
        """Whether the kernel has it, or can load it now."""
        return name in self.kernel_features or (self.can_load_modules and name in self.loadable_modules)


def parse_facts(host: str, lines: Iterable[str], received_at: float, sent_at: float) -> Facts:
    """Read what the probe printed between `sent_at` and `received_at` (the controller's time.time()).

    Lines that are not the probe's (message of the day, shell noise) are passed over. HostError "facts-unreadable" when
    the probe did not come to its end or did not tell the time.
    """
    printed = probe.collect(host, lines)
    values: dict[str, Any] = {
        item.name: probe.READERS[str(item.type)](printed[item.name]) for item in fields(Facts) if item.name in printed
    }
    clock = probe.read_clock(host, printed, received_at, sent_at)
    values |= {
        "host": host,
        "clock_s": clock.time_s,
        "clock_offset_s": clock.offset_s,
        "clock_error_s": clock.error_s,
        "round_trip_s": clock.round_trip_s,
    }
    return Facts(**values)
