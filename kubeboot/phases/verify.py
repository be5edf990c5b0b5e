"""What `kubeboot verify` looks at beyond the steps of init. Nothing here can be applied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kubeboot.context import HostContext
from kubeboot.kubeadm_config import cluster_settings
from kubeboot.model import Cluster, Host
from kubeboot.phases.addons import IN_CLUSTER
from kubeboot.phases.diagnose import look_at_certificates, look_at_etcd
from kubeboot.phases.selections import all_hosts, bootstrap_control_plane, builds_on_cluster
from kubeboot.preflight.subjects import api_port
from kubeboot.render import template_text
from kubeboot.resources import Phase, Resource, Shell, step
from kubeboot.resources.quoting import content_command, sh


def api_server(cluster: Cluster, host: Host) -> str:
    """address:port of the API server on that control plane itself, past any load balancer."""
    address = f"[{host.address}]" if ":" in host.address else host.address
    return f"{address}:{api_port(cluster)}"


def _verified(label: str, command: str, wanted: Sequence[str] = (), first: str = "") -> Shell:
    """`command` prints a line per difference; `first` stands before everything."""
    lines = "".join(f"{line}\n" for line in wanted)
    shell = f"{first}{template_text('kubeadm/verify.sh')}wanted() {{\n{content_command(lines)}}}\n"
    return Shell(label, check_text=f'{shell}found=$({command})\ndiffers_by "$found"', diff_text=f"{shell}{command}")


@step()
def check_static_pods(ctx: HostContext) -> Iterator[Resource]:
    """Compare the control plane's own pods with the inventory's version."""
    if ctx.host.is_control_plane:
        yield _verified("static pods", f"static_pods_differ {sh(ctx.cluster.kubernetes_version)}")


@step()
def check_api(ctx: HostContext) -> Iterator[Resource]:
    """Ask the API server on this host whether it is ready."""
    if ctx.host.is_control_plane:
        server = f"https://{api_server(ctx.cluster, ctx.host)}"
        yield Shell(
            f"API on {ctx.host.name}",
            check_text=f"{IN_CLUSTER}said=$(kubectl --request-timeout=10s --server {sh(server)} get --raw /readyz 2>&1)"
            ' || drift "$(tail -1 <<<"$said")"',
        )


@step()
def check_nodes(ctx: HostContext) -> Iterator[Resource]:
    """Compare the cluster's nodes with the inventory's hosts."""
    version = ctx.cluster.kubernetes_version
    wanted = [f"{host.name} {host.node_role} v{version} {host.address}" for host in ctx.cluster.hosts]
    yield _verified("nodes", "nodes_differ", wanted, IN_CLUSTER)


@step()
def check_settings(ctx: HostContext) -> Iterator[Resource]:
    """Compare the cluster's settings with the inventory's."""
    wanted = [f"{key} {value}" for key, value in cluster_settings(ctx).items()]
    yield _verified("settings", "settings_differ", wanted, IN_CLUSTER)


@step()
def check_etcd(ctx: HostContext) -> Iterator[Resource]:
    """Compare etcd's members with the control planes."""
    yield _verified("etcd", "etcd_differs", [host.name for host in ctx.cluster.control_planes], IN_CLUSTER)


VERIFY_HOSTS = Phase(
    name="verify-host",
    title="Compare what the host runs with the inventory",
    select=all_hosts,
    steps=(look_at_certificates, check_static_pods, check_api, look_at_etcd),
)
VERIFY_CLUSTER = Phase(
    name="verify-cluster",
    title="Compare the cluster with the inventory",
    select=bootstrap_control_plane,
    steps=(check_nodes, check_settings, check_etcd),
    builds_on=builds_on_cluster,
)
