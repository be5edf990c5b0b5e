"""What is done once for the whole cluster: add-ons, nodes, and the proof that it works."""

from __future__ import annotations

from collections.abc import Iterator

from kubeboot.addons.addon import Addon, Rollout
from kubeboot.context import PENDING, HostContext
from kubeboot.model import Host, Taint
from kubeboot.phases.addons import IN_CLUSTER, Later, applied, recorded, rolled_out
from kubeboot.phases.containerd import pause_image
from kubeboot.phases.selections import all_hosts, bootstrap_control_plane, builds_on_cluster
from kubeboot.render import render, template_text
from kubeboot.resources import Emit, Phase, Resource, Shell, WaitFor, step
from kubeboot.resources.quoting import content_command, sh, words

SYSTEM_ROLLOUTS = (Rollout("deployment", "kube-system", "coredns"), Rollout("daemonset", "kube-system", "kube-proxy"))
UPSTREAM_ADDONS = ("calico", "ingress-nginx")


def upstream_addons(ctx: HostContext) -> tuple[Addon, ...]:
    return tuple(addon for addon in ctx.addons if addon.name in UPSTREAM_ADDONS)


def user_manifests(ctx: HostContext) -> tuple[Addon, ...]:
    return tuple(addon for addon in ctx.addons if addon.name not in UPSTREAM_ADDONS)


@step()
def wait_for_api(ctx: HostContext) -> Iterator[Resource]:
    """Wait until the API server answers."""
    # It does already, unless the host was rebooted in the middle of this very phase.
    yield WaitFor(
        "the API server to answer",
        IN_CLUSTER + "kubectl --request-timeout=5s get --raw /readyz >/dev/null",
        timeout_s=ctx.cluster.timeouts.api_s,
        interval_s=1,
    )


@step(risk="disruptive")
def apply_calico(ctx: HostContext) -> Iterator[Resource]:
    """Apply Calico, the pod network."""
    yield from (applied(addon) for addon in ctx.addons if addon.name == "calico")


@step(risk="disruptive")
def apply_ingress_nginx(ctx: HostContext) -> Iterator[Resource]:
    """Apply ingress-nginx, once there is a node that takes it."""
    later = Later("app.kubernetes.io/component=controller", "secret/ingress-nginx-admission")
    yield from (applied(addon, later) for addon in ctx.addons if addon.name == "ingress-nginx")


ADDONS = Phase(
    name="addons",
    title="Apply the add-ons",
    select=bootstrap_control_plane,
    steps=(wait_for_api, apply_calico),
    builds_on=builds_on_cluster,
)


@step()
def delete_join_material(ctx: HostContext) -> Iterator[Resource]:
    """Delete join tokens and shared certificates."""
    # First thing after the joins, so that it is done also when nodes do not become Ready; and in every run, for what an
    # earlier one that broke off has left.
    shell = IN_CLUSTER + template_text("kubeadm/join_material.sh")
    yield Shell("join tokens", check_text=shell + "material_check", apply_text=shell + "material_apply")


@step()
def label_nodes(ctx: HostContext) -> Iterator[Resource]:
    """Give nodes the inventory's labels and taints."""
    for host in ctx.cluster.hosts:
        if host.labels:
            yield _labels(host)
        for taint in host.taints:
            yield _taint(host, taint)


def _labels(host: Host) -> Shell:
    node, selector = sh(host.name), ",".join(f"{key}={value}" for key, value in host.labels.items())
    find = f"kubectl get nodes -l {sh(selector)} --field-selector metadata.name={node} -o name"
    return Shell(
        f"labels of {host.name}",
        check_text=f'{IN_CLUSTER}has=$({find})\n[ -n "$has" ] || drift {sh(selector)}',
        apply_text=f"kubectl label node {node} --overwrite {words(*selector.split(','))}",
    )


def _taint(host: Host, taint: Taint) -> Shell:
    node, path = sh(host.name), sh(f'{{.spec.taints[?(@.key=="{taint.key}")]}}')
    return Shell(
        f"taint {taint} of {host.name}",
        check_text=f"{IN_CLUSTER}has=$(kubectl get node {node} -o jsonpath={path})\n"
        f"case $has in *{sh(taint.effect)}*) ;; *) drift missing ;; esac",
        apply_text=f"kubectl taint node {node} --overwrite {sh(str(taint))}",
    )


def _away(ctx: HostContext) -> str:
    """For the shell: the hosts that failed in this run, which nobody waits for."""
    return sh(f" {' '.join(ctx.failed)} ")


@step()
def wait_for_nodes(ctx: HostContext) -> Iterator[Resource]:
    """Wait until every node is Ready."""
    shell = template_text("kubeadm/explain_pods.sh")
    yield WaitFor(
        "every node Ready",
        IN_CLUSTER + "left=$(kubectl --request-timeout=20s get nodes --no-headers -o custom-columns=N:.metadata.name,"
        "R:'.status.conditions[?(@.type==\"Ready\")].status' "
        f'| awk -v away={_away(ctx)} \'$2 != "True" && !index(away, " " $1 " ") {{ print $1 }}\' | paste -sd\' \')\n'
        '[ -z "$left" ] || drift "nodes to become Ready: $left"',
        timeout_s=ctx.cluster.timeouts.ready_s,
        interval_s=0.5,
        on_timeout=shell + "explain_pods kube-system",
    )


@step()
def wait_for_addons(ctx: HostContext) -> Iterator[Resource]:
    """Wait until cluster DNS, kube-proxy and the add-ons are up."""
    addons = upstream_addons(ctx)
    rollouts = SYSTEM_ROLLOUTS + tuple(rollout for addon in addons for rollout in addon.rollouts)
    yield rolled_out("cluster DNS, kube-proxy and add-ons", rollouts, ctx)
    yield from (recorded(addon) for addon in addons)


@step(risk="disruptive")
def apply_user_manifests(ctx: HostContext) -> Iterator[Resource]:
    """Apply the inventory's own manifests and wait until they are up."""
    manifests = user_manifests(ctx)
    yield from (applied(addon) for addon in manifests)
    rollouts = tuple(rollout for addon in manifests for rollout in addon.rollouts)
    if rollouts:
        yield rolled_out("the inventory's manifests", rollouts, ctx)
    yield from (recorded(addon) for addon in manifests)


@step()
def wait_for_system_pods(ctx: HostContext) -> Iterator[Resource]:
    """Wait until every system pod runs."""
    # A failed pod was replaced by its controller (evicted ones stay for the record); the test pods have their own step.
    shell = template_text("kubeadm/explain_pods.sh")
    yield WaitFor(
        "every system pod running",
        IN_CLUSTER + "left=$(kubectl --request-timeout=20s -n kube-system get pods --no-headers "
        "-l app.kubernetes.io/name!=kubeboot-test --field-selector status.phase!=Succeeded,status.phase!=Failed "
        "-o custom-columns=N:.metadata.name,R:'.status.conditions[?(@.type==\"Ready\")].status',H:.spec.nodeName "
        f'| awk -v away={_away(ctx)} \'$2 != "True" && !index(away, " " $3 " ") {{ print $1 }}\' '
        "| head -4 | paste -sd' ')\n"
        '[ -z "$left" ] || drift "pods to become ready: $left"',
        timeout_s=ctx.cluster.timeouts.ready_s,
        interval_s=0.5,
        on_timeout=shell + "explain_pods kube-system",
    )


@step()
def start_test_pods(ctx: HostContext) -> Iterator[Resource]:
    """Start a test pod on every node, unless these very nodes were tested before."""
    manifest = render("kubeadm/test_pods.yaml.j2", image=pause_image(ctx.cluster))
    content = f"manifest() {{\n{content_command(manifest)}}}\n"
    shell = IN_CLUSTER + content + template_text("kubeadm/explain_pods.sh") + template_text("kubeadm/test_pods.sh")
    yield Shell("test pods", check_text=shell + "test_pods_check", apply_text=shell + "test_pods_apply")
    yield Emit("test-pods", shell + "test_pods_list")


@step()
def list_nodes(ctx: HostContext) -> Iterator[Resource]:
    """Read the nodes for the summary."""
    columns = (
        "NAME:.metadata.name",
        "VERSION:.status.nodeInfo.kubeletVersion",
        "ADDRESS:.status.addresses[0].address",
        "RUNTIME:.status.nodeInfo.containerRuntimeVersion",
    )
    yield Emit("nodes", f"kubectl get nodes --no-headers -o custom-columns={sh(','.join(columns))}")


ROLLOUT = Phase(
    name="rollout",
    title="Wait for nodes and add-ons",
    select=bootstrap_control_plane,
    steps=(
        wait_for_api,
        delete_join_material,
        label_nodes,
        wait_for_nodes,
        apply_ingress_nginx,
        wait_for_addons,
        apply_user_manifests,
        wait_for_system_pods,
        start_test_pods,
        list_nodes,
    ),
    after=("join-control-plane", "join"),
    builds_on=builds_on_cluster,
    provides=("test-pods", "nodes"),
)


@step()
def check_pod_network(ctx: HostContext) -> Iterator[Resource]:
    """Reach every other node's pod and the cluster DNS from a pod on this node."""
    pods = ctx.output("test-pods")
    if ctx.is_known("test-pods") and not pods.strip():
        return
    networking = ctx.cluster.networking
    settings = (
        f"NODE={sh(ctx.host.name)} PODS={sh(pods)} DNS={networking.dns_address}"
        f" NAME={sh(f'kubernetes.default.svc.{networking.dns_domain}')}\n"
    )
    shell = settings + template_text("kubeadm/pod_network.sh")
    for what, condition in (("pods on every node", "reach_pods"), ("cluster DNS", "ask_dns")):
        label = f"{what} from a pod on {ctx.host.name}"
        if ctx.is_known("test-pods"):
            # Pods are up already, unless their host was rebooted in the middle of this.
            yield WaitFor(label, shell + condition, timeout_s=ctx.cluster.timeouts.ready_s // 2, interval_s=0.5)
        else:  # a plan
            yield Shell(label, check_text=f"drift {sh(f'tested when the cluster is up {PENDING}')}")


def network_needs(ctx: HostContext) -> tuple[str, ...]:
    return ("test-pods",)


NETWORK = Phase(
    name="network",
    title="Test the pod network",
    select=all_hosts,
    steps=(check_pod_network,),
    needs=network_needs,
    is_test=True,
)


@step()
def end_network_test(ctx: HostContext) -> Iterator[Resource]:
    """Remove the test pods and note which nodes were tested."""
    if not ctx.is_known("test-pods") or ctx.output("test-pods").strip():
        shell = f"{IN_CLUSTER}manifest() {{ :; }}\n{template_text('kubeadm/test_pods.sh')}"
        yield Shell("test pods gone", check_text=shell + "tested_check", apply_text=shell + "tested_apply")


FINISH = Phase(
    name="finish",
    title="Clean up",
    select=bootstrap_control_plane,
    steps=(wait_for_api, end_network_test),
    after=("network",),
    builds_on=builds_on_cluster,
)
