"""Checks of what Kubernetes is on the hosts already. A host of another cluster is never touched."""

from __future__ import annotations

from collections.abc import Iterator

from kubeboot.errors import Finding
from kubeboot.facts import OTHER_CLUSTERS, Facts
from kubeboot.kubeadm_config import INIT_YAML
from kubeboot.model import Cluster
from kubeboot.preflight.subjects import AllFacts, expected_cluster_name, findings, is_member, seen

WHY_FOREIGN = "going on could take this host away from a running cluster, or destroy that cluster; nothing was touched"


def foreign_cluster(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """A host that belongs to a cluster which is not this one."""
    bootstrap = facts.get(cluster.bootstrap_control_plane.name)
    details = {}
    for host, known in seen(cluster, facts):
        reason = _other_distribution(known) or _other_name(cluster, known)
        if not reason and bootstrap is not None:
            is_bootstrap = host == cluster.bootstrap_control_plane
            reason = _joined_elsewhere(cluster, known) if is_bootstrap else _other_authority(cluster, known, bootstrap)
        if reason:
            details[host.name] = reason
    yield from findings(
        "foreign-cluster",
        details,
        why=WHY_FOREIGN,
        remedy="take the host out of the inventory; or, if nothing of that cluster is needed any more, "
        "run `kubeadm reset -f` there (k3s and others: their own uninstaller)",
        is_refusal=True,
    )


def _other_distribution(known: Facts) -> str:
    units = [unit for unit in OTHER_CLUSTERS if unit in known.active_units]
    return f"runs {', '.join(units)}" if units else ""


def _other_name(cluster: Cluster, known: Facts) -> str:
    """kubeboot's mark, or admin.conf, says another name."""
    if known.node_state != "blank" and known.kubeboot_mark not in ("", cluster.name):
        return f"kubeboot made it part of the cluster {known.kubeboot_mark!r}"
    if known.cluster_name not in ("", expected_cluster_name(cluster)):
        return f"is part of the cluster {known.cluster_name!r}"
    return ""


def _joined_elsewhere(cluster: Cluster, known: Facts) -> str:
    """What speaks against the bootstrap control plane being this cluster's own."""
    if known.kubeboot_mark == cluster.name or not known.has_kubelet_conf:
        return ""
    if known.node_state == "worker":
        return f"is a worker of the cluster at {known.api_server or 'an unknown address'}"
    # The default name `kubernetes` is every cluster's: the address tells them apart.
    if known.api_server not in ("", f"https://{cluster.endpoint}"):
        return f"is part of the cluster at {known.api_server}"
    return ""


def _other_authority(cluster: Cluster, known: Facts, bootstrap: Facts) -> str:
    """Another CA than the bootstrap control plane's; without a CA on one of them, another API address."""
    if known.ca_sha256 and bootstrap.ca_sha256:
        is_same = known.ca_sha256 == bootstrap.ca_sha256
        return "" if is_same else "its CA is not that of the bootstrap control plane"
    if not known.has_kubelet_conf and not known.ca_sha256:
        return ""
    where = f"the cluster at {known.api_server}" if known.api_server else "a cluster"
    if not bootstrap.ca_sha256:
        # Part of this very cluster, by its mark: then second_cluster has the better words.
        if known.kubeboot_mark == cluster.name:
            return ""
        return f"is part of {where}, the bootstrap control plane is not: `kubeadm init` there would make a second one"
    return "" if known.api_server == f"https://{cluster.endpoint}" else f"is part of {where}"


def second_cluster(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """`kubeadm init` beside living members of the same cluster would make a second one with another CA."""
    name = cluster.bootstrap_control_plane.name
    bootstrap = facts.get(name)
    if bootstrap is None:
        return
    details = {}
    if bootstrap.node_state == "worker" and bootstrap.kubeboot_mark == cluster.name:
        details[name] = "is a worker of this cluster, and the inventory's first control plane"
    # Hosts join when kubeadm init has ended: where one has, a half-made control plane has lost files.
    if not bootstrap.has_kubelet_conf:
        for host, known in seen(cluster, facts):
            has_joined = known.has_kubelet_conf or (known.ca_sha256 and not bootstrap.ca_sha256)
            if host.name != name and known.kubeboot_mark == cluster.name and has_joined:
                lacks = "is blank" if bootstrap.node_state == "blank" else "has no kubelet.conf"
                details[host.name] = f"is part of this cluster ({known.node_state}) while {name} {lacks}"
    yield from findings(
        "second-cluster",
        details,
        why=f"`kubeadm init` on {name} would make a second cluster without the present nodes and their data",
        remedy="list a living control plane first in the inventory; or, if the API on this one still answers, give it "
        f"back its kubelet.conf (there: kubeadm init phase kubeconfig kubelet --config {INIT_YAML} && kubeadm init "
        f"phase kubelet-finalize all --config {INIT_YAML} && systemctl restart kubelet); or, if the cluster is lost, "
        "run `kubeadm reset -f` on the hosts named here and begin anew",
        is_refusal=True,
    )


def leftovers(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """Files of a cluster that is not there, and that kubeboot has not left half-made itself."""
    details = {}
    for host, known in seen(cluster, facts):
        if known.kubeboot_mark == cluster.name or is_member(cluster, facts, host.name):
            continue
        if known.node_state == "partial":
            details[host.name] = f"has leftovers of Kubernetes: {', '.join(_left(known))}"
        elif known.node_state == "blank" and known.kubeboot_mark:
            details[host.name] = f"was prepared for the cluster {known.kubeboot_mark!r}"
    yield from findings(
        "leftovers",
        details,
        why="kubeadm stops at files of a former cluster, and etcd would start with its data",
        remedy="look whether anything there is still needed, then: kubeadm reset -f && rm -rf /etc/kubernetes/kubeboot",
    )


def _left(known: Facts) -> Iterator[str]:
    if known.ca_sha256:
        yield "/etc/kubernetes/pki/ca.crt"
    if known.static_manifests:
        yield "/etc/kubernetes/manifests"
    for is_there, path in (
        (known.has_admin_conf, "admin.conf"),
        (known.has_kubelet_conf, "kubelet.conf"),
        (known.has_bootstrap_kubelet_conf, "bootstrap-kubelet.conf"),
    ):
        if is_there:
            yield f"/etc/kubernetes/{path}"
    if known.has_etcd_data:
        yield "/var/lib/etcd/member"


def role_changed(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """A node of this cluster whose role in the inventory is no longer the one it joined with."""
    details = {}
    for host, known in seen(cluster, facts):
        if known.node_state == "control-plane" and not host.is_control_plane:
            details[host.name] = "is a control plane, in the inventory a worker"
        elif known.node_state == "worker" and host in cluster.joining_control_planes:
            details[host.name] = "is a worker, in the inventory a control plane"
    yield from findings(
        "role-changed",
        details,
        why="a node keeps the role it joined with; a control plane also holds a copy of etcd's data",
        remedy="change the inventory back; or remove the node from the cluster, `kubeadm reset -f` there, join it anew",
    )


def version_differs(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """Nodes that run another version than the inventory asks for: that is an upgrade, not an init."""
    details = {}
    for host, known in seen(cluster, facts):
        version = known.kubelet_version.partition("-")[0]
        is_node = known.node_state in ("control-plane", "worker") and is_member(cluster, facts, host.name)
        if is_node and version not in ("", cluster.kubernetes_version):
            details[host.name] = f"runs Kubernetes {version}, the inventory says {cluster.kubernetes_version}"
    yield from findings(
        "version-differs",
        details,
        why="a running node changes its version only step by step, control planes first and drained",
        remedy="set `cluster.kubernetesVersion` to what runs, or upgrade the cluster",
    )


def other_runtime(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """Docker or CRI-O at work on a host that is to run containerd."""
    details = {}
    for host, known in seen(cluster, facts):
        running = [name for name in known.other_runtimes if name not in ("podman.socket", "docker.socket")]
        if running and not is_member(cluster, facts, host.name):
            details[host.name] = f"{', '.join(running)} is active"
    yield from findings(
        "other-runtime",
        details,
        why="Docker shares containerd, which kubeboot configures and restarts, and drops forwarded packets by its "
        "firewall rules; a second runtime also takes memory that the scheduler thinks is free",
        remedy="move its containers away, then `systemctl disable --now docker docker.socket crio`; waive to keep it",
    )
