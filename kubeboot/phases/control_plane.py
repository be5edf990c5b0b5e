"""Make the control plane with kubeadm, and what others need to join it."""

from __future__ import annotations

from collections.abc import Iterator

from kubeboot.context import HostContext
from kubeboot.kubeadm_config import ADMIN_CONF, CRI_SOCKET, INIT_YAML
from kubeboot.model import Host
from kubeboot.phases.selections import bootstrap_control_plane, builds_on_packages
from kubeboot.render import template_text
from kubeboot.resources import Emit, File, Phase, Resource, Shell, step
from kubeboot.resources.quoting import sh

KUBEADM_NAMES = {"cpu-count": "NumCPU", "memory": "Mem"}
"""kubeboot's findings that kubeadm's own preflight repeats by another name."""
LAST_OBJECTS = {"addon/coredns": "deployment/coredns", "addon/kube-proxy": "daemonset/kube-proxy"}
"""What kubeadm init makes last, by the phase that a user may skip."""


@step(risk="disruptive")
def init_control_plane(ctx: HostContext) -> Iterator[Resource]:
    """Make the control plane with kubeadm init."""
    waived = [KUBEADM_NAMES[name] for name in sorted(ctx.cluster.waived) if name in KUBEADM_NAMES]
    shell = template_text("kubeadm/init.sh")
    skipped = ctx.cluster.kubeadm.init_configuration.get("skipPhases", ())
    last = [name for phase, name in LAST_OBJECTS.items() if phase not in skipped and "addon" not in skipped]
    settings = (
        f"NODE={sh(ctx.host.name)} INIT_YAML={sh(INIT_YAML)} CRI_SOCKET={CRI_SOCKET} WAIVED={sh(','.join(waived))}"
        f" LAST_OBJECTS={sh(' '.join(last))}\n"
    )
    yield Shell(
        f"control plane on {ctx.host.name}",
        check_text=settings + shell + "init_check",
        apply_text=settings + shell + "init_apply",
    )


@step()
def give_admin_access(ctx: HostContext) -> Iterator[Resource]:
    """Let root and the login user run kubectl on the control plane."""
    yield File(
        "/etc/profile.d/kubeboot.sh",
        f'# Managed by kubeboot\nif [ "$(id -u)" = 0 ]; then export KUBECONFIG={ADMIN_CONF}; fi\n',
    )
    for user in dict.fromkeys(("root", ctx.host.ssh.user)):
        yield user_kubeconfig(user)


def user_kubeconfig(user: str) -> Shell:
    """admin.conf as the user's ~/.kube/config, unless that file leads to another cluster."""
    shell = template_text("kubeadm/kubeconfig.sh")
    return Shell(
        f"kubeconfig of {user}",
        check_text=f"KUBE_USER={sh(user)}\n{shell}kubeconfig_check",
        apply_text=f"KUBE_USER={sh(user)}\n{shell}kubeconfig_apply",
    )


@step()
def read_kubeconfig(ctx: HostContext) -> Iterator[Resource]:
    """Read the cluster's admin kubeconfig."""
    yield Emit("kubeconfig", f"cat {ADMIN_CONF}", is_secret=True)


def joining(ctx: HostContext) -> tuple[Host, ...]:
    """Hosts of this run that are not nodes of the cluster yet."""
    others = (host for host in ctx.cluster.hosts if host != ctx.cluster.bootstrap_control_plane)
    return tuple(
        host for host in others if host.name in ctx.all_facts and not ctx.all_facts[host.name].has_kubelet_conf
    )


@step(risk="disruptive")
def forget_lost_hosts(ctx: HostContext) -> Iterator[Resource]:
    """Remove nodes and etcd members of hosts that are to join anew."""
    hosts = "\n".join(f"{host.name} {host.address} {host.node_role}" for host in joining(ctx))
    if hosts:
        shell = f"HOSTS={sh(hosts)}\n{template_text('kubeadm/lost_hosts.sh')}"
        yield Shell("former lives of joining hosts", check_text=shell + "lost_check", apply_text=shell + "lost_apply")


@step()
def make_join_token(ctx: HostContext) -> Iterator[Resource]:
    """Make a join token that lasts 30 minutes."""
    names = " ".join(host.name for host in joining(ctx))
    if names:
        made = '"$KB_DIR/join-token-made"'
        create = "kubeadm token create --ttl 30m --description 'made by kubeboot'"
        # What an interrupted run left goes first: certificates shared once more would forget the token that they had.
        clear = f"{template_text('kubeadm/join_material.sh')}material_apply\n"
        yield Shell(
            "join token",
            check_text=f"[ -e {made} ] || drift {sh(f'needed by {names}')}",
            apply_text=f"{clear}{create} | secret_output join-token\n: >{made}",
        )


@step()
def share_certificates(ctx: HostContext) -> Iterator[Resource]:
    """Share the certificates with joining control planes, encrypted.

    kubeadm keeps them for two hours at most; `rollout` deletes them before.
    """
    names = " ".join(host.name for host in joining(ctx) if host.is_control_plane)
    if names:
        shell = template_text("kubeadm/share_certificates.sh")
        yield Shell(
            "shared certificates",
            check_text=f'[ -e "$KB_DIR/certificates-shared" ] || drift {sh(f"needed by {names}")}',
            apply_text=f"INIT_YAML={sh(INIT_YAML)}\n{shell}",
        )


CONTROL_PLANE = Phase(
    name="control-plane",
    title="Make the control plane",
    select=bootstrap_control_plane,
    steps=(
        init_control_plane,
        give_admin_access,
        read_kubeconfig,
        forget_lost_hosts,
        make_join_token,
        share_certificates,
    ),
    provides=("kubeconfig", "join-token", "certificate-key"),
    builds_on=builds_on_packages,
)
