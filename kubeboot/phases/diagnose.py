"""What `kubeboot diagnose` looks at: read only, each look by itself, on a made, half-made or broken cluster."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from kubeboot.context import HostContext
from kubeboot.phases.containerd import pause_image
from kubeboot.phases.packages import KUBERNETES_PACKAGES
from kubeboot.phases.selections import all_hosts
from kubeboot.render import template_text
from kubeboot.resources import Look, Phase, Resource, step
from kubeboot.resources.quoting import sh

MOST_SKEW_S = 1.0
CONTROL_PLANE_PORTS = (
    *("6443=kube-apiserver", "2379=etcd", "2380=etcd", "10250=kubelet", "10256=kube-proxy"),
    *("10257=kube-controller", "10259=kube-scheduler"),  # the kernel keeps 15 characters of a program's name
)
WORKER_PORTS = ("10250=kubelet", "10256=kube-proxy")


def _shell(name: str) -> str:
    return template_text(f"diagnose/{name}.sh")


@step()
def look_at_clock(ctx: HostContext) -> Iterator[Resource]:
    """Compare the clock with the other hosts', and see who keeps it."""
    offset = ctx.facts.clock_offset_s - statistics.median(facts.clock_offset_s for facts in ctx.all_facts.values())
    if abs(offset) - ctx.facts.clock_error_s > MOST_SKEW_S:
        side = "ahead of" if offset > 0 else "behind"
        yield Look("clock", f"found {sh(f'the clock is {abs(offset):.0f} s {side} the other hosts')}")
    if ctx.cluster.time.is_managed and not ctx.facts.is_container:  # a container's clock is its machine's to keep
        yield Look("time servers", _shell("clock"))


@step()
def look_at_disks(ctx: HostContext) -> Iterator[Resource]:
    """See how much space and how many inodes are left."""
    yield Look("disks", _shell("disks"))


@step()
def look_at_kernel(ctx: HostContext) -> Iterator[Resource]:
    """See whether swap, modules and kernel parameters are as they were made."""
    yield Look("kernel", _shell("kernel"))


@step()
def look_at_packages(ctx: HostContext) -> Iterator[Resource]:
    """See whether packages are whole, held and at their versions, and keys valid."""
    names = " ".join((ctx.cluster.containerd.package, *KUBERNETES_PACKAGES))
    settings = f"VERSION={sh(ctx.cluster.kubernetes_version)} PACKAGES={sh(names)}\n"
    yield Look("packages", settings + _shell("packages"))
    yield Look("repository keys", _shell("keys"))


@step()
def look_at_ports(ctx: HostContext) -> Iterator[Resource]:
    """See whether others listen on the cluster's ports."""
    expected = CONTROL_PLANE_PORTS if ctx.host.is_control_plane else WORKER_PORTS
    yield Look("ports", f"EXPECTED={sh(' '.join(expected))}\n{_shell('ports')}")


@step()
def look_at_proxies(ctx: HostContext) -> Iterator[Resource]:
    """See whether a proxy catches the cluster's own addresses."""
    networking = ctx.cluster.networking
    subnets = f"{networking.service_subnet} {networking.pod_subnet}"
    yield Look("proxies", f"SUBNETS={sh(subnets)}\n{_shell('proxies')}")


@step()
def look_at_containerd(ctx: HostContext) -> Iterator[Resource]:
    """See whether containerd runs, with the configuration that kubeadm needs."""
    yield Look("containerd", f"SANDBOX_IMAGE={sh(pause_image(ctx.cluster))}\n{_shell('containerd')}")


@step()
def look_at_pod_network(ctx: HostContext) -> Iterator[Resource]:
    """See whether another network's configuration comes before Calico's."""
    if ctx.cluster.addons.calico:
        yield Look("CNI configuration", _shell("cni"))


@step()
def look_at_kubelet(ctx: HostContext) -> Iterator[Resource]:
    """See whether the kubelet runs, and what it said last."""
    yield Look("kubelet", _shell("kubelet"))


@step()
def look_at_certificates(ctx: HostContext) -> Iterator[Resource]:
    """See whether a certificate has expired, or will within 30 days."""
    yield Look("certificates", _shell("certificates"))


@step()
def look_at_api(ctx: HostContext) -> Iterator[Resource]:
    """Ask the API whether it is ready, at the endpoint and on this host."""
    settings = f"NAME={sh(ctx.cluster.endpoint_host)} ENDPOINT={sh(ctx.cluster.endpoint)}\n"
    yield Look("API", settings + _shell("api"))


@step()
def look_at_etcd(ctx: HostContext) -> Iterator[Resource]:
    """Ask etcd for its members, health, alarms and size."""
    if ctx.host.is_control_plane:
        yield Look("etcd", _shell("etcd"))


def speaks_for_cluster(ctx: HostContext) -> bool:
    """Whether this host is the first control plane that was reached and can ask the API: the others need not."""
    able = (host for host in ctx.cluster.control_planes if host.name in ctx.all_facts)
    return next((host for host in able if ctx.all_facts[host.name].has_admin_conf), None) == ctx.host


@step()
def look_at_cluster(ctx: HostContext) -> Iterator[Resource]:
    """Ask for nodes and pods that are not ready, why, and for join tokens."""
    if speaks_for_cluster(ctx):
        for label in ("nodes", "pods", "tokens"):
            yield Look(label, _shell("tools") + _shell(label))


@step()
def read_journals(ctx: HostContext) -> Iterator[Resource]:
    """Read what containerd and the kubelet complained about of late."""
    yield Look("journals", _shell("journals"))


DIAGNOSIS = Phase(
    name="diagnose",
    title="Look for what is wrong",
    select=all_hosts,
    steps=(
        look_at_clock,
        look_at_disks,
        look_at_kernel,
        look_at_packages,
        look_at_ports,
        look_at_proxies,
        look_at_containerd,
        look_at_pod_network,
        look_at_kubelet,
        look_at_certificates,
        look_at_api,
        look_at_etcd,
        look_at_cluster,
        read_journals,
    ),
)
