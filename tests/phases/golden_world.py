"""The cluster of the golden scripts: one control plane and one worker with Debian 12, everything else as by default."""

from __future__ import annotations

from dataclasses import replace

from kubeboot.addons.addon import Addon, Rollout
from kubeboot.context import HostContext
from kubeboot.engine.script import Settings, compile_script
from kubeboot.facts import Facts
from kubeboot.model import Cluster, Host, Mirrors, PackageRepository, Role
from kubeboot.render import template_text
from kubeboot.resources import Phase
from tests.engine.conftest import KUBECONFIG

HOSTS = {
    "control-plane": Host("cp1", "192.168.10.11", frozenset({Role.CONTROL_PLANE})),
    "worker": Host("w1", "192.168.10.21", frozenset({Role.WORKER}), labels={"disk": "ssd"}),
}
KEY_URL = "https://download.docker.com/linux/debian/gpg"
CLUSTER = Cluster(
    name="lab",
    kubernetes_version="1.29.15",
    hosts=tuple(HOSTS.values()),
    mirrors=Mirrors(
        PackageRepository("https://pkgs.k8s.io/core:/stable:/v1.29", key_url="https://pkgs.k8s.io/release.key"),
        PackageRepository("https://download.docker.com/linux/debian", key_url=KEY_URL),
    ),
    endpoint_host="192.168.10.11",
)
CALICO = Addon(
    "calico",
    "3.27.5",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: calico-config, namespace: kube-system}\n",
    ("docker.io/calico/node:v3.27.5",),
    (Rollout("daemonset", "kube-system", "calico-node"),),
    "kube-system",
)
FACTS = Facts("", os_id="debian", os_version="12", os_codename="bookworm", can_lower_oom_score=True)
OUTPUTS = {
    "kubeconfig": KUBECONFIG,
    "join-token": "abcdef.0123456789abcdef",
    "certificate-key": "c" * 64,
    "test-pods": "cp1 10.88.0.2\nw1 10.88.1.2\n",
}
SETTINGS = Settings("20260101-000000-abcd", "0123456789abcdef", "me@here", "apply")


def golden_context(kind: str, *, outputs: dict[str, str] = OUTPUTS, cluster: Cluster = CLUSTER) -> HostContext:
    """The context of that kind's bare host."""
    facts = {host.name: replace(FACTS, host=host.name) for host in cluster.hosts}
    return HostContext(cluster, HOSTS[kind], facts, (CALICO,), outputs)


def golden_text(phase: Phase, kind: str) -> str:
    """The phase's script without the settings and the prelude, which are the same in all; empty when it has none."""
    context = golden_context(kind)
    if context.host not in phase.select(context.cluster):
        return ""
    script = compile_script(phase, context, SETTINGS)
    text = script.text.partition(template_text("prelude.sh"))[2].lstrip("\n")
    return f"# kubeboot: phase {phase.name} on a {kind}, after the prelude\n{text}" if script.items else ""
