"""Put the parts together for a diagnosis: hosts that cannot be reached are findings, and hold nobody up."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from kubeboot.cli.connections import connections
from kubeboot.cli.given import given_sudo_password
from kubeboot.engine import events
from kubeboot.engine.collect import collect
from kubeboot.engine.gather import gather_facts
from kubeboot.engine.locks import Locks
from kubeboot.engine.owner import new_run
from kubeboot.engine.runner import Inputs, Runner
from kubeboot.engine.script import Settings
from kubeboot.errors import EXIT_DONE, EXIT_PENDING, HostError, HostsFailed
from kubeboot.facts import Facts
from kubeboot.inventory.load import load_inventory
from kubeboot.model import Cluster
from kubeboot.report.bundle import writable, write_bundle
from kubeboot.report.console import ConsoleSink
from kubeboot.report.diagnosis import Diagnosis, Found, diagnosis_lines
from kubeboot.report.failures import fold_errors, format_host_errors
from kubeboot.report.printer import Printer, stdout_console
from kubeboot.report.terminal import Terminal
from kubeboot.report.words import counted, seconds
from kubeboot.resources.base import Phase
from kubeboot.selection import Selection, select_hosts
from kubeboot.transport.base import Transport
from kubeboot.workflows import DIAGNOSE

COMMAND = "diagnose"
SHOWN = (
    events.RunStarted,
    events.PhaseStarted,
    events.StepBegan,
    events.Notice,
    events.PhaseDone,
)
"""What the console tells while it looks; what was found comes at the end."""


@dataclass(frozen=True, slots=True)
class Diagnosing:
    """What the command line asked for. `path`: the inventory's."""

    path: str
    bundle: Path | None
    parallel: int
    is_sudo_asked: bool
    sudo_file: str
    verbose: bool
    hosts: tuple[str, ...] = ()


class _Shown:
    """Passes on to the console what it shows of a diagnosis."""

    def __init__(self, sink: ConsoleSink, is_verbose: bool) -> None:
        self._sink = sink
        self._shown = (*SHOWN, events.ResourceDone) if is_verbose else SHOWN

    def handle(self, event: events.Event) -> None:
        if isinstance(event, self._shown):
            self._sink.handle(event)


def diagnose_cluster(options: Diagnosing) -> int:
    """One diagnosis from inventory to findings; the exit code. HostsFailed when no host could be looked at."""
    started_s = time.time()
    if options.bundle:
        writable(options.bundle)
    printer = Printer(stdout_console())
    cluster, _ = load_inventory(options.path)
    password = given_sudo_password(Terminal(), options.is_sudo_asked, options.sudo_file)
    sink = ConsoleSink(printer, int(options.verbose))
    diagnosis = Diagnosis()
    hosts = select_hosts(cluster, Selection(hosts=options.hosts))
    with connections(cluster, hosts, Terminal(sink.paused), password) as transports:
        with closing(sink):
            facts, errors = _look(cluster, transports, options, _Shown(sink, options.verbose), diagnosis)
        findings = diagnosis.findings(facts)
        lines = list(_lines(cluster, findings, errors, printer.width))
        printer.line()
        for line, style in lines:
            printer.line(line, style)
        if options.bundle:
            _collect(options, options.bundle, cluster, facts, transports, printer, "\n".join(line for line, _ in lines))
    printer.line(_summary(findings, errors, diagnosis.looks, len(facts), time.time() - started_s), "bold")
    return EXIT_PENDING if findings or errors else EXIT_DONE


def _look(
    cluster: Cluster,
    transports: Mapping[str, Transport],
    options: Diagnosing,
    shown: _Shown,
    diagnosis: Diagnosis,
) -> tuple[dict[str, Facts], Sequence[HostError]]:
    """Facts of the hosts that were reached, and the errors of the others."""
    owner = new_run(COMMAND)
    settings = Settings(owner.run_id, secrets.token_hex(8), owner.encode(), "plan")
    names = tuple(transports)
    shown.handle(events.RunStarted(time.time(), owner.run_id, COMMAND, COMMAND, cluster.name, names))
    facts, errors = gather_some(cluster, transports, options.parallel)
    alive = tuple(host for host in cluster.hosts if host.name in facts)
    workflow: list[Phase] = [replace(phase, select=lambda _cluster: alive) for phase in DIAGNOSE]
    inputs = Inputs(cluster, facts, (), transports)
    try:
        outcome = Runner(workflow, inputs, settings, (shown, diagnosis), options.parallel).run()
    finally:
        Locks(owner, transports, names[0], lambda _host, _text: None).release()  # leaves nothing of the run in /run
    return facts, (*errors, *outcome.errors)


def gather_some(
    cluster: Cluster, transports: Mapping[str, Transport], parallel: int
) -> tuple[dict[str, Facts], Sequence[HostError]]:
    """Facts of every host that can be looked at, and why the others cannot. HostsFailed when that is all of them."""
    found: dict[str, Facts] = {}

    def keep(facts: Facts) -> None:
        found[facts.host] = facts

    try:
        return gather_facts(cluster, transports, keep, parallel), ()
    except HostsFailed as failed:
        if not found:
            raise
        return {name: found[name] for name in _names(cluster) if name in found}, failed.errors


def _names(cluster: Cluster) -> tuple[str, ...]:
    return tuple(host.name for host in cluster.hosts)


def _lines(
    cluster: Cluster, findings: Sequence[Found], errors: Sequence[HostError], width: int
) -> Iterator[tuple[str, str]]:
    for alike in fold_errors(errors):
        yield from ((line, "") for line in format_host_errors(alike, width))
        yield "", ""
    yield from diagnosis_lines(findings, _names(cluster), width)


def _collect(
    options: Diagnosing,
    bundle: Path,
    cluster: Cluster,
    facts: Mapping[str, Facts],
    transports: Mapping[str, Transport],
    printer: Printer,
    diagnosis: str,
) -> None:
    able = (host.name for host in cluster.control_planes if host.name in facts and facts[host.name].has_admin_conf)
    passwords = [mirror.password for each in cluster.mirrors.registries.values() for mirror in each if mirror.password]
    items, errors = collect(tuple(facts), transports, next(able, ""), passwords, options.parallel)
    for error in errors:
        printer.lines(format_host_errors([error], printer.width))
    count = write_bundle(bundle, cluster.name, diagnosis, items)
    printer.line(f"bundle: {bundle}, {counted(count, 'file')}; LISTING.txt in it says what they are")


def _summary(findings: Sequence[Found], errors: Sequence[HostError], looks: int, hosts: int, elapsed_s: float) -> str:
    parts = [
        counted(len(findings), "finding") if findings else "nothing found",
        f"{counted(len(errors), 'host')} not looked at to the end" if errors else "",
        f"{looks} looks at {counted(hosts, 'host')}",
        seconds(int(elapsed_s * 1000)),
    ]
    return ", ".join(part for part in parts if part)
