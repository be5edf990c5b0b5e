"""Preflight: pure checks of all hosts' facts against the inventory, before anything is changed anywhere.

A check is a function of the cluster and all facts to findings; its name is its function's, with dashes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kubeboot.errors import Finding, PreflightFailed
from kubeboot.model import Cluster
from kubeboot.preflight import cluster_state, identity, kernel, network, storage, subnets, system
from kubeboot.preflight.subjects import AllFacts

Check = Callable[[Cluster, AllFacts], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    cluster_state.foreign_cluster,
    cluster_state.second_cluster,
    cluster_state.leftovers,
    cluster_state.role_changed,
    cluster_state.version_differs,
    cluster_state.other_runtime,
    system.os_unsupported,
    system.systemd_missing,
    system.architecture,
    system.cpu_count,
    system.memory,
    storage.root_read_only,
    storage.disk_free,
    storage.inodes_free,
    kernel.kernel_features,
    kernel.ipvs_missing,
    kernel.encapsulation_missing,
    kernel.cgroups_missing,
    kernel.selinux_enforcing,
    identity.machine_id_duplicate,
    identity.mac_duplicate,
    identity.hostname_duplicate,
    identity.product_uuid_duplicate,
    identity.clock_skew,
    identity.time_sync_missing,
    network.address_missing,
    network.port_in_use,
    subnets.subnet_overlap,
    network.bgp_across_subnets,
    network.firewall_active,
    network.resolv_conf,
    network.proxy_catches_subnets,
    system.dpkg_broken,
    system.apt_busy,
    system.reboot_required,
)
"""Every check, in the order in which findings are shown."""

UNWAIVABLE = frozenset({"foreign-cluster", "second-cluster"})
"""Findings that are refusals: no flag and no inventory key lets kubeboot go on."""


def check_name(check: Check) -> str:
    """The name that waives the check's findings."""
    return check.__name__.replace("_", "-")


CHECK_NAMES = frozenset(map(check_name, CHECKS))


@dataclass(frozen=True, slots=True)
class Preflight:
    """What preflight found; `errors` stop the run, `waived` would have been errors or warnings."""

    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    waived: tuple[Finding, ...] = ()

    def raise_errors(self) -> None:
        """PreflightFailed when there are errors."""
        if self.errors:
            raise PreflightFailed(self.errors)


def run_preflight(cluster: Cluster, facts: AllFacts, ignore: frozenset[str] = frozenset()) -> Preflight:
    """Run every check. Findings are waived by name, in the inventory or by `ignore`; refusals never are."""
    waivers = (cluster.waived | ignore) - UNWAIVABLE
    errors, warnings, waived = [], [], []
    for check in CHECKS:
        for finding in check(cluster, facts):
            if finding.name in waivers and not finding.is_refusal:
                waived.append(finding)
            elif finding.is_warning:
                warnings.append(finding)
            else:
                errors.append(finding)
    return Preflight(tuple(errors), tuple(warnings), tuple(waived))
