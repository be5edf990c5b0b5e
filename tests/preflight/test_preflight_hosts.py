"""Each check of hosts, kernel, identity and network: one table of what it says, one of what it lets pass."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from preflight_world import CONTROL_PLANE_UP, DISKS, GB, UP, found, make_cluster

from kubeboot.facts import Route
from kubeboot.model import Addons, Calico, Encapsulation, Host, IngressNginx, KubeadmPatches, Role, TimeSync

VXLAN = Addons(calico=Calico(encapsulation=Encapsulation.VXLAN))
IPIP = Addons(calico=Calico(encapsulation=Encapsulation.IPIP))
SINGLE = make_cluster(hosts=(Host("m1", "10.0.0.1", frozenset(Role)),))
BOUND = make_cluster(kubeadm=KubeadmPatches(init_configuration={"localAPIEndpoint": {"bindPort": 7443}}))
NO_IPVS = {"loadable_modules": frozenset({"vxlan"})}
WIRE = {"interfaces": {"10.0.0.3/24": "eth0", "10.88.4.1/24": "eth1"}}
TUNNEL = {"interfaces": {"10.0.0.3/24": "eth0", "10.88.4.1/32": "tunl0", "10.96.0.1/32": "kube-ipvs0"}}
UFW = {"active_units": frozenset({"ufw"}), "is_ufw_enabled": True}
PROXY = {"http_proxy": "http://p:1", "no_proxy": "localhost,10.0.0.0/24,10.96.0.0/12"}


def disk(**sizes: int) -> dict[str, Any]:
    paths = {name.replace("_", "/"): size for name, size in sizes.items()}
    return {"disk_free_mb": dict.fromkeys(DISKS, 20 * GB) | paths}


def ports(*numbers: int) -> dict[str, Any]:
    return {"listening_ports": frozenset(numbers)}


def route(*words: str) -> dict[str, Any]:
    return {"routes": (Route(*words),)}


ERRORS: list[tuple[str, Any, dict[str, Any], set[str], str]] = [
    ("os-unsupported", None, {"w1": {"os_id": "rhel", "os_name": "RHEL 9"}}, {"w1"}, "RHEL 9"),
    ("os-unsupported", None, {"m1": {"os_version": "10"}}, {"m1"}, "Debian"),
    ("systemd-missing", None, {"m2": {"is_systemd": False}}, {"m2"}, "systemd"),
    ("architecture", None, {"w1": {"arch": "armv7l"}}, {"w1"}, "armv7l"),
    ("cpu-count", None, {"m1": {"cpus": 1}, "m2": {"cpus": 1}, "w1": {"cpus": 1}}, {"m1", "m2"}, "m1, m2: has 1 CPU"),
    ("memory", None, {"m1": {"memory_mb": 1699}}, {"m1"}, "1699 MB"),
    ("root-read-only", None, {"w1": {"is_root_writable": False}}, {"w1"}, "read-only"),
    ("disk-free", None, {"w1": disk(_var_lib_containerd=2047)}, {"w1"}, "/var/lib/containerd has 2047 MB free"),
    ("disk-free", None, {"m1": disk(_var_lib_etcd=100)}, {"m1"}, "/var/lib/etcd"),
    ("inodes-free", None, {"w1": {"inodes_free": {"/": 10}}}, {"w1"}, "10 inodes"),
    (
        "kernel-features",
        None,
        {"w1": {"kernel_features": frozenset({"overlay"})}},
        {"w1"},
        "br_netfilter, nf_conntrack",
    ),
    ("ipvs-missing", None, {"w1": NO_IPVS}, {"w1"}, "ip_vs"),
    ("ipvs-missing", None, {"w1": {"can_load_modules": False}}, {"w1"}, "ip_vs"),
    ("encapsulation-missing", make_cluster(addons=IPIP), {"w1": NO_IPVS}, {"w1"}, "ipip"),
    ("encapsulation-missing", make_cluster(addons=VXLAN), {"m1": {"loadable_modules": frozenset()}}, {"m1"}, "vxlan"),
    ("cgroups-missing", None, {"w1": {"cgroup_controllers": frozenset({"cpu", "cpuset", "pids"})}}, {"w1"}, "memory"),
    ("cgroups-missing", None, {"w1": {"cgroup_version": "hybrid"}}, {"w1"}, "cpuacct, devices, freezer"),
    ("machine-id-duplicate", None, {"m2": {"machine_id": "id-1"}}, {"m1", "m2"}, "id-1"),
    ("mac-duplicate", None, {"w1": {"macs": ("x", "52:54:00:00:00:01")}}, {"m1", "w1"}, "52:54:00:00:00:01"),
    ("clock-skew", None, {"w1": {"clock_offset_s": 5.0}}, {"w1"}, "5.0 s ahead"),
    ("clock-skew", None, {"m1": {"clock_offset_s": -1.5}, "w1": {"clock_offset_s": 1.5}}, {"m1", "w1"}, "1.5 s behind"),
    ("address-missing", None, {"w1": {"interfaces": {"192.168.1.1/24": "eth0"}}}, {"w1"}, "10.0.0.3"),
    ("port-in-use", None, {"m1": ports(6443, 10259)}, {"m1"}, "port 6443 (for the API) is in use"),
    ("port-in-use", None, {"m1": ports(2379) | {"listeners": {"2379": "etcd"}}}, {"m1"}, "by etcd"),
    ("port-in-use", None, {"w1": ports(443, 80)}, {"w1"}, "port 80"),
    ("port-in-use", SINGLE, {"m1": ports(80)}, {"m1"}, "ingress-nginx"),
    ("port-in-use", BOUND, {"m1": ports(7443)}, {"m1"}, "7443"),
    ("subnet-overlap", None, {"w1": WIRE}, {"w1"}, "eth1 has 10.88.4.1/24, in the pod subnet 10.88.0.0/16"),
    ("subnet-overlap", None, {"w1": route("10.96.4.0/24", "eth0", "10.0.0.9")}, {"w1"}, "service subnet"),
    ("subnet-overlap", None, {"w1": route("10.0.0.0/8", "wg0", "", "static")}, {"w1"}, "wg0"),
    ("subnet-overlap", None, {"m1": {"nameservers": ("10.96.0.53",)}}, {"m1"}, "name server 10.96.0.53"),
    ("firewall-active", None, {"w1": UFW}, {"w1"}, "ufw"),
    ("firewall-active", None, {"w1": {"active_units": frozenset({"firewalld"})}}, {"w1"}, "firewalld"),
]

WARNINGS: list[tuple[str, Any, dict[str, Any], set[str], str]] = [
    ("architecture", None, {"w1": {"arch": "aarch64"}}, {"m1", "m2", "w1"}, "m1, m2: is amd64; w1: is arm64"),
    ("memory", None, {"w1": {"memory_mb": 600}}, {"w1"}, "600 MB"),
    ("disk-free", None, {"w1": disk(_var_lib_containerd=4000)}, {"w1"}, "4000"),
    ("disk-free", None, {"m1": CONTROL_PLANE_UP | disk(_var_lib_containerd=10)}, {"m1"}, "10 MB"),
    ("inodes-free", None, {"w1": {"inodes_free": {"/": 50_000}}}, {"w1"}, "50000"),
    ("selinux-enforcing", None, {"w1": {"selinux": "enforcing"}}, {"w1"}, "SELinux"),
    ("hostname-duplicate", None, {"all": {"hostname": "Debian"}}, {"m1", "m2", "w1"}, "debian"),
    ("product-uuid-duplicate", None, {"m1": {"product_uuid": "UUID-2"}}, {"m1", "m2"}, "uuid-2"),
    (
        "time-sync-missing",
        make_cluster(time=TimeSync(is_managed=False)),
        {"w1": {"active_units": frozenset()}},
        {"w1"},
        "no time service",
    ),
    ("subnet-overlap", None, {"w1": route("10.0.0.0/8", "eth0", "10.0.0.9")}, {"w1"}, "10.0.0.0/8"),
    ("bgp-across-subnets", None, {"w1": {"interfaces": {"10.0.0.3/30": "eth0"}}}, {"m1", "m2", "w1"}, "10.0.0.0/30"),
    ("firewall-active", None, {"w1": {"active_units": frozenset({"nftables"})}}, {"w1"}, "nftables"),
    ("resolv-conf", None, {"w1": {"nameservers": ()}}, {"w1"}, "names no server"),
    ("resolv-conf", None, {"w1": {"nameservers": ("127.0.0.1", "::1")}}, {"w1"}, "only 127.0.0.1, ::1"),
    ("proxy-catches-subnets", None, {"w1": {"proxies": PROXY}}, {"w1"}, "catches 10.88.0.0/16"),
    ("dpkg-broken", None, {"w1": {"is_dpkg_interrupted": True}}, {"w1"}, "interrupted"),
    ("dpkg-broken", None, {"w1": {"broken_packages": frozenset({"vim"})}}, {"w1"}, "vim"),
    ("apt-busy", None, {"w1": {"apt_lock_holder": "unattended-upgr"}}, {"w1"}, "unattended-upgr"),
    ("reboot-required", None, {"w1": {"is_reboot_required": True}}, {"w1"}, "reboot"),
]

SILENT: list[tuple[str, Any, dict[str, Any]]] = [
    ("os-unsupported", None, {"w1": {"os_id": "ubuntu", "os_version": "24.04"}}),
    ("systemd-missing", None, {}),
    ("architecture", None, {"all": {"arch": "aarch64"}}),
    ("cpu-count", None, {"w1": {"cpus": 1}}),
    ("memory", None, {"m1": {"memory_mb": 1700}, "w1": {"memory_mb": 900}}),
    ("root-read-only", None, {}),
    ("disk-free", None, {"w1": disk(_var_lib_etcd=1)}),
    ("inodes-free", None, {"w1": {"inodes_free": {}}}),
    ("kernel-features", None, {"w1": {"kernel_features": frozenset({"overlay", "br_netfilter", "nf_conntrack"})}}),
    ("ipvs-missing", make_cluster(kube_proxy_mode="iptables"), {"w1": NO_IPVS}),
    ("encapsulation-missing", None, {"w1": {"loadable_modules": frozenset()}}),
    ("encapsulation-missing", make_cluster(addons=Addons(calico=None)), {"w1": {"loadable_modules": frozenset()}}),
    ("cgroups-missing", None, {}),
    ("selinux-enforcing", None, {"w1": {"selinux": "permissive"}}),
    ("machine-id-duplicate", None, {"all": {"machine_id": ""}}),
    ("mac-duplicate", None, {"m1": {"macs": ("52:54:00:00:00:01", "52:54:00:00:00:01")}}),
    ("hostname-duplicate", None, {}),
    ("product-uuid-duplicate", None, {"all": {"product_uuid": "x", "virtualization": "systemd-nspawn"}}),
    ("clock-skew", None, {"w1": {"clock_offset_s": 1.9}}),
    ("clock-skew", None, {"w1": {"clock_offset_s": 5.0, "clock_error_s": 4.0}}),
    ("clock-skew", None, {"all": {"clock_offset_s": 500.0}}),
    ("time-sync-missing", None, {"w1": {"active_units": frozenset()}}),
    ("address-missing", None, {"w1": {"interfaces": {}}}),
    ("port-in-use", None, {"w1": ports(6443, 2379), "m2": ports(80, 443)}),
    ("port-in-use", make_cluster(addons=Addons(ingress_nginx=IngressNginx(is_host_network=False))), {"w1": ports(80)}),
    ("port-in-use", None, {"m1": CONTROL_PLANE_UP | ports(6443), "w1": UP | ports(10250)}),
    ("port-in-use", BOUND, {"m1": ports(6443)}),
    ("subnet-overlap", None, {"w1": TUNNEL}),
    ("subnet-overlap", None, {"w1": route("10.88.4.0/26", "eth0", "10.0.0.1", "bird")}),
    ("subnet-overlap", None, {"m1": CONTROL_PLANE_UP, "w1": UP | WIRE}),
    ("bgp-across-subnets", make_cluster(addons=VXLAN), {"w1": {"interfaces": {"10.0.0.3/30": "eth0"}}}),
    ("bgp-across-subnets", None, {"all": {"interfaces": {"10.0.0.1/32": "e", "10.0.0.2/32": "e", "10.0.0.3/32": "e"}}}),
    ("firewall-active", None, {"w1": {"active_units": frozenset({"ufw"})}}),
    ("resolv-conf", None, {"w1": {"nameservers": ("127.0.0.53",), "upstream_nameservers": ("10.0.0.254",)}}),
    ("proxy-catches-subnets", None, {"w1": {"proxies": PROXY | {"no_proxy": PROXY["no_proxy"] + ", 10.88.0.0/16"}}}),
    ("proxy-catches-subnets", None, {"w1": {"proxies": {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}}}),
    ("proxy-catches-subnets", None, {"w1": {"proxies": {"no_proxy": "x"}}}),
    ("dpkg-broken", None, {}),
    ("apt-busy", None, {}),
    ("reboot-required", None, {}),
]


@pytest.mark.parametrize(("name", "cluster", "changes", "hosts", "words"), ERRORS)
def test_error(name: str, cluster: Any, changes: dict[str, Any], hosts: set[str], words: str) -> None:
    errors = [finding for finding in found(name, cluster, **changes) if not finding.is_warning]
    assert len(errors) == 1 and set(errors[0].hosts) == hosts and words in errors[0].message


@pytest.mark.parametrize(("name", "cluster", "changes", "hosts", "words"), WARNINGS)
def test_warning(name: str, cluster: Any, changes: dict[str, Any], hosts: set[str], words: str) -> None:
    (finding,) = found(name, cluster, **changes)
    assert finding.is_warning and set(finding.hosts) == hosts and words in finding.message


@pytest.mark.parametrize(("name", "cluster", "changes"), SILENT)
def test_silent(name: str, cluster: Any, changes: dict[str, Any]) -> None:
    assert found(name, cluster, **changes) == []


def test_ipvs_remedy_is_the_inventory_key() -> None:
    (finding,) = found("ipvs-missing", w1=NO_IPVS)
    assert "cluster.kubeProxy.mode: iptables" in finding.remedy


def test_etcd_needs_no_room_on_workers() -> None:
    low = disk(_var_lib_etcd=1)
    (finding,) = found("disk-free", all=low)
    assert finding.hosts == ("m1", "m2")


def test_subnets_of_the_other_family_do_not_overlap() -> None:
    networking = dataclasses.replace(make_cluster().networking, pod_subnet="fd00:88::/48")
    assert found("subnet-overlap", make_cluster(networking=networking), w1=WIRE) == []
