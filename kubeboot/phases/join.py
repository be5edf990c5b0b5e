"""Join hosts to the cluster."""

from __future__ import annotations

from collections.abc import Iterator

from kubeboot.context import HostContext
from kubeboot.kubeadm_config import CRI_SOCKET, go_on_yaml, join_yaml
from kubeboot.phases.control_plane import give_admin_access
from kubeboot.phases.selections import builds_on_packages, joining_control_planes, workers
from kubeboot.render import template_text
from kubeboot.resources import Phase, Resource, Secret, Shell, step
from kubeboot.resources.quoting import content_command, sh

MATERIAL = ("kubeconfig", "join-token")


def worker_needs(ctx: HostContext) -> tuple[str, ...]:
    """A host that is a node already needs nothing to join."""
    return () if ctx.facts.has_kubelet_conf else MATERIAL


def control_plane_needs(ctx: HostContext) -> tuple[str, ...]:
    return () if ctx.facts.has_kubelet_conf else (*MATERIAL, "certificate-key")


@step(risk="disruptive")
def join_node(ctx: HostContext) -> Iterator[Resource]:
    """Join the cluster with kubeadm join."""
    secrets: tuple[Secret, ...] = ()
    if not ctx.facts.has_kubelet_conf:
        token, kubeconfig = (ctx.output(name).strip() for name in ("join-token", "kubeconfig"))
        key = ctx.output("certificate-key").strip() if ctx.host.is_control_plane else ""
        secrets = (Secret("join.yaml", join_yaml(ctx, token, kubeconfig, key)),)
    settings = f"NODE={sh(ctx.host.name)} ENDPOINT={sh(ctx.cluster.endpoint)} CRI_SOCKET={CRI_SOCKET}\n"
    if ctx.host.is_control_plane:
        settings += f"go_on_config() {{\n{content_command(go_on_yaml(ctx))}}}\n"
    shell = settings + template_text("kubeadm/join.sh")
    yield Shell(
        f"node {ctx.host.name}",
        check_text=shell + "join_check",
        apply_text=shell + "join_apply",
        secret_values=secrets,
    )


JOIN_CONTROL_PLANES = Phase(
    name="join-control-plane",
    title="Join the other control planes",
    select=joining_control_planes,
    steps=(join_node, give_admin_access),
    needs=control_plane_needs,
    is_serial=True,
    builds_on=builds_on_packages,
)
JOIN_WORKERS = Phase(
    name="join",
    title="Join the workers",
    select=workers,
    steps=(join_node,),
    needs=worker_needs,
    builds_on=builds_on_packages,
)
