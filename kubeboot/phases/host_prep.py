"""Prepare a bare host for the kubelet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kubeboot.context import HostContext
from kubeboot.model import Cluster
from kubeboot.phases.selections import all_hosts
from kubeboot.resources import (
    Block,
    Hostname,
    KernelModules,
    Phase,
    Resource,
    SwapOff,
    Sysctls,
    step,
)

MODULES = ("overlay", "br_netfilter", "nf_conntrack")
IPVS_MODULES = ("ip_vs", "ip_vs_rr", "ip_vs_wrr", "ip_vs_sh")
SYSCTLS: Mapping[str, str] = {
    "net.bridge.bridge-nf-call-iptables": "1",
    "net.bridge.bridge-nf-call-ip6tables": "1",
    "net.ipv4.ip_forward": "1",
    "vm.swappiness": "0",
    "vm.overcommit_memory": "1",
    "vm.panic_on_oom": "0",
    "fs.inotify.max_user_instances": "8192",
    "fs.inotify.max_user_watches": "1048576",
    "fs.file-max": "52706963",
    "fs.nr_open": "52706963",
}
CONNTRACK_MAX = ("net.netfilter.nf_conntrack_max", "2130720")


@step()
def set_host_name(ctx: HostContext) -> Iterator[Resource]:
    """Set the host name to the inventory's, now and at boot."""
    yield Hostname(ctx.host.name)


@step()
def write_hosts_file(ctx: HostContext) -> Iterator[Resource]:
    """Let every host find every other by name in /etc/hosts."""
    yield Block("/etc/hosts", "kubeboot hosts", hosts_lines(ctx.cluster))


def hosts_lines(cluster: Cluster) -> tuple[str, ...]:
    """Address and name of every host; with one control plane also the endpoint's name, which can only be that host."""
    lines = [f"{host.address} {host.name}" for host in cluster.hosts]
    names = {host.name for host in cluster.hosts} | {host.address for host in cluster.hosts}
    if (
        len(cluster.control_planes) == 1
        and cluster.endpoint_host not in names
        and not _is_address(cluster.endpoint_host)
    ):
        lines.append(f"{cluster.bootstrap_control_plane.address} {cluster.endpoint_host}")
    return tuple(lines)


def _is_address(text: str) -> bool:
    return ":" in text or text.replace(".", "").isdigit()


@step(risk="disruptive")
def disable_swap(ctx: HostContext) -> Iterator[Resource]:
    """Turn swap off, now and at boot."""
    yield SwapOff()


@step()
def load_kernel_modules(ctx: HostContext) -> Iterator[Resource]:
    """Load the kernel modules of containers and kube-proxy, now and at boot."""
    is_ipvs = ctx.cluster.kube_proxy_mode == "ipvs"
    yield KernelModules("/etc/modules-load.d/kubeboot.conf", MODULES + (IPVS_MODULES if is_ipvs else ()))


@step()
def set_kernel_parameters(ctx: HostContext) -> Iterator[Resource]:
    """Set kernel parameters with sysctl, now and at boot."""
    wanted: dict[str, str | None] = dict(SYSCTLS)
    if ctx.facts.can_set_conntrack_max is not False:
        wanted[CONNTRACK_MAX[0]] = CONNTRACK_MAX[1]
    if ctx.cluster.preparation.disable_ipv6:
        wanted["net.ipv6.conf.all.disable_ipv6"] = "1"
    wanted |= ctx.cluster.preparation.sysctls
    values = {key: value for key, value in wanted.items() if value is not None}
    if values:
        yield Sysctls("/etc/sysctl.d/99-zz-kubeboot.conf", values)


HOST_PREP = Phase(
    name="host-prep",
    title="Prepare the host",
    select=all_hosts,
    steps=(
        set_host_name,
        write_hosts_file,
        disable_swap,
        load_kernel_modules,
        set_kernel_parameters,
    ),
)
