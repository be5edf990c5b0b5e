"""Checks of hosts against each other: what must be unique, and clocks that must agree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations
from statistics import median_low

from kubeboot.errors import Finding
from kubeboot.facts import Facts
from kubeboot.model import Cluster
from kubeboot.preflight.subjects import AllFacts, findings, seen

MAX_CLOCK_SKEW_S = 2.0


def _shared(cluster: Cluster, facts: AllFacts, values: Callable[[Facts], Iterable[str]]) -> dict[str, list[str]]:
    """Value -> the hosts that have it, for values that more than one host has."""
    hosts_of: dict[str, list[str]] = {}
    for host, known in seen(cluster, facts):
        for value in dict.fromkeys(values(known)):
            if value:
                hosts_of.setdefault(value, []).append(host.name)
    return {value: hosts for value, hosts in hosts_of.items() if len(hosts) > 1}


def _details(shared: dict[str, list[str]], words: str) -> dict[str, str]:
    return {host: f"{words} {value}" for value, hosts in shared.items() for host in hosts}


def machine_id_duplicate(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """/etc/machine-id is unique: clones often keep their template's."""
    yield from findings(
        "machine-id-duplicate",
        _details(_shared(cluster, facts, lambda known: [known.machine_id]), "same /etc/machine-id"),
        why="hosts with one machine-id get the same DHCP lease and the same identity in Kubernetes and its add-ons",
        remedy="on all but one: `rm /etc/machine-id /var/lib/dbus/machine-id; systemd-machine-id-setup`, then reboot",
    )


def mac_duplicate(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """No two network cards have one hardware address."""
    yield from findings(
        "mac-duplicate",
        _details(_shared(cluster, facts, lambda known: known.macs), "same hardware address"),
        why="in one network, packets for these hosts reach now one and now the other",
        remedy="give the clone's network card an address of its own in the hypervisor's settings",
    )


def hostname_duplicate(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """Present host names; the inventory's are unique, and each host gets its own from there."""
    yield from findings(
        "hostname-duplicate",
        _details(_shared(cluster, facts, lambda known: [known.hostname.lower()]), "present host name"),
        why="kubeboot gives each host its name from the inventory; equal names now can mean that hosts were cloned",
        remedy="nothing, if these are the hosts you mean",
        is_warning=True,
    )


def product_uuid_duplicate(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """The machine's own number. Containers on one machine share it by nature."""
    shared = _shared(cluster, facts, lambda known: [] if known.is_container else [known.product_uuid.lower()])
    yield from findings(
        "product-uuid-duplicate",
        _details(shared, "same product_uuid"),
        why="some add-ons (storage, cloud) tell machines apart by it; kubeadm's own documents ask for unique ones",
        remedy="give the clone a UUID of its own in the hypervisor's settings",
        is_warning=True,
    )


def clock_skew(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """Clocks within two seconds of each other, as far as could be measured over the network."""
    known = {host.name: facts_of for host, facts_of in seen(cluster, facts)}
    pairs = [pair for pair in combinations(known, 2) if _skew_s(known[pair[0]], known[pair[1]]) > MAX_CLOCK_SKEW_S]
    if not pairs:
        return
    middle = median_low(facts_of.clock_offset_s for facts_of in known.values())
    details = {}
    for name in known:
        ahead = known[name].clock_offset_s - middle
        if any(name in pair for pair in pairs) and abs(ahead) > MAX_CLOCK_SKEW_S / 2:
            details[name] = f"clock is {abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} the other hosts"
    yield from findings(
        "clock-skew",
        details,
        why="certificates made on one host are not valid yet on another, and etcd warns above one second",
        remedy="set the clock: `systemctl restart chrony && chronyc -a makestep`, or `date -s` without chrony",
    )


def _skew_s(one: Facts, other: Facts) -> float:
    """How far two clocks are apart at least: what the measurement may have got wrong counts for the hosts."""
    return abs(one.clock_offset_s - other.clock_offset_s) - one.clock_error_s - other.clock_error_s


def time_sync_missing(cluster: Cluster, facts: AllFacts) -> Iterator[Finding]:
    """Nothing keeps the clock, and the inventory says that kubeboot shall not either."""
    details = {
        host.name: "no time service is active"
        for host, known in seen(cluster, facts)
        if not cluster.time.is_managed and not known.is_ntp_active and not known.is_container
    }
    yield from findings(
        "time-sync-missing",
        details,
        why="clocks drift apart until certificates and etcd fail",
        remedy="let kubeboot install chrony (`time.managed: true`), or start a time service of your own",
        is_warning=True,
    )
