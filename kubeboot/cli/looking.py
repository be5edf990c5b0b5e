"""`kubeboot inventory new --look`: what hosts say of themselves goes into the file that is being made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from kubeboot.cli.connections import connections
from kubeboot.engine.gather import gather_facts
from kubeboot.errors import HostKeyUnknown, HostsFailed
from kubeboot.facts import Facts
from kubeboot.inventory import syntax
from kubeboot.inventory.problems import Invalid
from kubeboot.inventory.starting import Start, StartHost
from kubeboot.model import Cluster
from kubeboot.preflight import identity, system
from kubeboot.preflight.subjects import AllFacts
from kubeboot.report.printer import Printer
from kubeboot.report.terminal import Terminal
from kubeboot.report.words import counted, one_line, shown, wrap
from kubeboot.transport.base import Transport

CHECKS = (
    system.os_unsupported,
    system.architecture,
    system.cpu_count,
    system.memory,
    identity.machine_id_duplicate,
    identity.mac_duplicate,
    identity.product_uuid_duplicate,
)
"""Those of preflight that tell whether these are the right machines; the rest may change until `init`."""
ACCEPT_FIRST = """\
compare it with the host's console. Then write the file without --look, have the keys accepted, and look:
  kubeboot ssh-setup -i FILE
  the same command as now, with --look --force"""
MB_PER_GB = 1024


def look(start: Start, cluster: Cluster, printer: Printer, parallel: int) -> Start:
    """The same hosts under the names they have, each with a comment on what it is. `cluster`: what `start` reads as.

    Prints what seems wrong. Raises HostsFailed when a host cannot be looked at; nothing is changed anywhere.
    """
    with connections(cluster, cluster.hosts, Terminal(), None) as transports:
        facts = _gather(cluster, transports, parallel)
    names = own_names(start.hosts, facts)
    for warning in warnings(start.hosts, names, cluster, facts):
        printer.lines(wrap(shown(f"warning: {warning}"), printer.width, "", "  "), "yellow")
    hosts = (replace(host, name=names[host.name], comment=seen(facts[host.name])) for host in start.hosts)
    return replace(start, hosts=tuple(hosts))


def _gather(cluster: Cluster, transports: Mapping[str, Transport], parallel: int) -> dict[str, Facts]:
    try:
        return gather_facts(cluster, transports, lambda facts: None, parallel)
    except HostsFailed as error:
        error.hint = "No file was written."
        for each in error.errors:
            if isinstance(each, HostKeyUnknown):
                each.hint = ACCEPT_FIRST
        raise


def own_names(hosts: Sequence[StartHost], facts: AllFacts) -> dict[str, str]:
    """Name so far -> the host's own host name, where nobody named it and that name is good and nobody else's."""
    said = {host.name: _host_name(facts[host.name].hostname) for host in hosts}
    count = Counter(said.values())
    named = {host.name for host in hosts if host.is_named}
    good = {old: new for old, new in said.items() if new and count[new] == 1 and new not in named - {old}}
    names = {host.name: host.name if host.is_named else good.get(host.name, "") for host in hosts}
    taken = set(names.values())
    for old in (old for old, new in names.items() if not new):
        names[old] = next(each for each in _variants(old) if each not in taken)
        taken.add(names[old])
    return names


def _variants(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}-{number}"
        number += 1


def _host_name(text: str) -> str:
    """The host name as the inventory takes it, or an empty string."""
    try:
        return syntax.host_name(text.strip().lower())
    except Invalid:
        return ""


def seen(facts: Facts) -> str:
    """`Debian GNU/Linux 12 (bookworm), 4 CPUs, 8 GB`, safe in a comment."""
    memory = f"{round(facts.memory_mb / MB_PER_GB, 1):g} GB" if facts.memory_mb else ""
    parts = (facts.os_name, counted(facts.cpus, "CPU") if facts.cpus else "", memory)
    return one_line(shown(", ".join(part for part in parts if part)))


def warnings(hosts: Sequence[StartHost], names: Mapping[str, str], cluster: Cluster, facts: AllFacts) -> Iterator[str]:
    """What is doubtful about these machines, under the names they get."""
    for host in hosts:
        said = facts[host.name].hostname
        if not host.is_named and names[host.name] != said.strip().lower():
            why = "another host's too" if _host_name(said) else "not a name for a node"
            yield f"{host.address}: its host name {said or '(none)'} is {why}; it is called {names[host.name]}"
    systems = Counter(facts[host.name].os_name for host in hosts)
    if len(systems) > 1:
        yield f"the hosts run different systems: {', '.join(f'{name} ({count})' for name, count in systems.items())}"
    renamed = replace(cluster, hosts=tuple(replace(host, name=names[host.name]) for host in cluster.hosts))
    by_name = {names[old]: known for old, known in facts.items()}
    for check in CHECKS:
        for finding in check(renamed, by_name):
            yield f"{finding.message}; {finding.why} [{finding.name}]"
