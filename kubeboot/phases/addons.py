"""Apply add-ons to the cluster and wait until they are up."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from kubeboot.addons.addon import Addon, Rollout
from kubeboot.context import HostContext
from kubeboot.render import template_text
from kubeboot.resources import Shell, WaitFor
from kubeboot.resources.quoting import content_command, sh

IN_CLUSTER = "[ -f /etc/kubernetes/admin.conf ] || drift 'no cluster yet'\n"
"""Every check that asks the API begins with this, so that a plan on a bare host has an answer."""


@dataclass(frozen=True, slots=True)
class Later:
    """Objects to apply last: those of `selector` (key=value), when `needs` (kind/name) is there.

    A pod whose Secret is missing is tried again at ever longer intervals: it is quicker to make it when that is there.
    """

    selector: str
    needs: str


def applied(addon: Addon, later: Later | None = None) -> Shell:
    """The add-on's objects, by server-side apply; compared by what was recorded when it was last applied and up."""
    shell = f"LATER={sh(later.selector)} NEEDS={sh(later.needs)}\n" if later else "LATER='' NEEDS=''\n"
    shell += _shell(addon)
    return Shell(
        f"add-on {addon.name} {addon.version}".rstrip(),
        check_text=shell + "addon_check",
        apply_text=shell + "addon_apply",
    )


def recorded(addon: Addon) -> Shell:
    """The record of what is applied, made once the add-on is up."""
    shell = _shell(addon)
    return Shell(f"record of add-on {addon.name}", check_text=shell + "record_check", apply_text=shell + "record_apply")


def _shell(addon: Addon) -> str:
    digest = hashlib.sha256(addon.manifest.encode()).hexdigest()
    manifest = addon.manifest if addon.manifest.endswith("\n") else addon.manifest + "\n"
    return (
        f"{IN_CLUSTER}ADDON={sh(addon.name)} VERSION={sh(addon.version)}\n"
        f"NAMESPACE={sh(addon.namespace)} DIGEST={digest}\n"
        f"manifest() {{\n{content_command(manifest)}}}\n{template_text('kubeadm/addon.sh')}"
    )


def rolled_out(label: str, rollouts: tuple[Rollout, ...], ctx: HostContext) -> WaitFor:
    """Workloads complete: every replica updated and available, every job succeeded.

    Of a daemon set, the pods on nodes that failed in this run are not waited for.
    """
    wanted = "".join(f"{rollout.kind} {rollout.namespace} {rollout.name}\n" for rollout in rollouts)
    shell = template_text("kubeadm/rollout.sh")
    namespaces = " ".join(dict.fromkeys(rollout.namespace for rollout in rollouts))
    return WaitFor(
        label,
        f"{IN_CLUSTER}AWAY={sh(' '.join(ctx.failed))}\n"
        f"wanted() {{\n{content_command(wanted)}}}\n{shell}rollout_condition",
        timeout_s=ctx.cluster.timeouts.ready_s,
        interval_s=0.5,
        on_timeout=f"{template_text('kubeadm/explain_pods.sh')}explain_pods {namespaces}",
    )
