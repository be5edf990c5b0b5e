"""What hosts must be among each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kubeboot.inventory.draft import Draft
from kubeboot.inventory.problems import Path, path_text, quoted
from kubeboot.inventory.syntax import address

KUBELET_LABELS = ("kubernetes.io/hostname", "kubernetes.io/arch", "kubernetes.io/os")


def check_duplicates(draft: Draft) -> None:
    """No two hosts share a name or an address, no two manifests a name; shared host keys are a warning."""
    hosts = draft.each("hosts")
    for path, first in _repeated(draft, [(*host, "name") for host in hosts]):
        draft.report(path, f"is the same as {path_text(first)}", "names must be different")
    for path, first in _repeated(draft, [(*host, "address") for host in hosts]):
        draft.report(path, f"is the same as {path_text(first)}", "each host has an address of its own")
    for path, first in _repeated(draft, [(*host, "hostKey") for host in hosts]):
        hint = "cloned machines share keys: delete /etc/ssh/ssh_host_* on one and run ssh-keygen -A"
        draft.warn(path, f"is the same as {path_text(first)}", hint)
    for path, first in _repeated(draft, [(*item, "name") for item in draft.each("addons", "manifests")]):
        draft.report(path, f"is the same as {path_text(first)}", "names must be different")
    for host in hosts:
        for path, first in _repeated(draft, draft.each(*host, "taints")):
            draft.report(path, f"is the same as {path_text(first)}", "keep one of the two")


def _repeated(draft: Draft, paths: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    """(path, the first path with the same value) of every value that was there before."""
    seen: dict[str, Path] = {}
    values = [(path, draft.get(path, "")) for path in paths]
    for path, value in values:
        if value and (first := seen.setdefault(canonical(path, value), path)) != path:
            yield path, first


def canonical(path: Path, value: str) -> str:
    """Addresses in their one canonical form, everything else as it is."""
    return address(value) if path[-1] == "address" else value


def host_roles(draft: Draft, host: Path) -> list[str] | None:
    """The host's roles; a host that stands alone is both by default. None: not known."""
    roles: list[str] | None = draft.get((*host, "roles"), [])
    if roles == [] and draft.count(("hosts",)) == 1:
        return ["control-plane", "worker"]
    return roles


def check_roles(draft: Draft) -> None:
    """Every host has roles, there is a control plane, and their number is odd."""
    hosts = draft.each("hosts")
    roles = [host_roles(draft, host) for host in hosts]
    for host, given in zip(hosts, roles, strict=True):
        if given == []:
            hint = "roles: [control-plane], [worker] or both; only a host that stands alone may leave it out"
            draft.report((*host, "roles"), "is required", hint)
        elif given and len(set(given)) < len(given):
            draft.report((*host, "roles"), "names a role twice", "keep one of the two")
    if not hosts or not all(roles):
        return
    control_planes = sum("control-plane" in (given or ()) for given in roles)
    if control_planes == 0:
        draft.report(("hosts",), "no host is a control plane", "give one of them roles: [control-plane]")
    elif control_planes % 2 == 0:
        hint = "use an odd number: 1, 3 or 5"
        fewer = control_planes - 1
        draft.warn(("hosts",), f"{control_planes} control planes survive no more failures than {fewer}", hint)
    if not any("worker" in (given or ()) for given in roles):
        hint = "add a worker, or give a control plane roles: [control-plane, worker]"
        draft.warn(("hosts",), "no host is a worker, so ordinary pods run nowhere", hint)


def check_labels(draft: Draft) -> None:
    """Labels that kubelet sets itself are not for the inventory."""
    for host in draft.each("hosts"):
        for path in draft.each(*host, "labels"):
            if path[-1] in KUBELET_LABELS:
                draft.report_key(path, "kubelet sets this label itself", "remove it")


def check_ipv6(draft: Draft) -> None:
    """IPv6 cannot be turned off where it is used."""
    if not draft.get(("hostPreparation", "disableIPv6"), False):
        return
    users = [(*host, "address") for host in draft.each("hosts")]
    users += [("cluster", "networking", key) for key in ("podSubnet", "serviceSubnet")]
    for path in users:
        value = draft.get(path, "")
        if value and ":" in value:
            hint = "remove hostPreparation.disableIPv6, or use IPv4"
            draft.report(path, f"{quoted(value)} is IPv6, and disableIPv6 turns IPv6 off", hint)


NEEDED_SYSCTLS = {
    "net.ipv4.ip_forward": "1",
    "net.bridge.bridge-nf-call-iptables": "1",
}


def check_sysctls(draft: Draft) -> None:
    """Kubernetes does not work without some kernel parameters; one parameter may be spelled in two ways."""
    seen: dict[str, Path] = {}
    for path in draft.each("hostPreparation", "sysctl"):
        key = str(path[-1])
        dotted = key.replace("/", ".") if "/" in key.partition(".")[0] else key
        if dotted in seen:
            draft.report_key(path, f"is {seen[dotted][-1]} spelled differently", "keep one of the two")
        seen.setdefault(dotted, path)
        node = draft.root.find(path)
        wanted = NEEDED_SYSCTLS.get(dotted)
        if wanted and node and draft.is_known(path) and str(node.value) != wanted:
            draft.warn(path, f"Kubernetes needs {dotted} = {wanted}", "remove this line")
