"""Put the parts together for one run: inventory, transports, facts, preflight, runner, summary."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

from kubeboot.addons.addon import Addon
from kubeboot.addons.life import end_of_life_notice
from kubeboot.addons.load import load_addons
from kubeboot.cli.given import given_sudo_password
from kubeboot.cli.summary import summary_lines
from kubeboot.engine import events
from kubeboot.engine.gather import gather_facts
from kubeboot.engine.locks import Locks
from kubeboot.engine.owner import this_run
from kubeboot.engine.runner import LEFT_RUNNING, Inputs, Outcome, Runner, raise_errors
from kubeboot.engine.script import Mode, Settings
from kubeboot.errors import EXIT_DONE, EXIT_PENDING, HostBusy, HostsFailed, Interrupted, PreflightFailed, Problem
from kubeboot.facts import Facts
from kubeboot.inventory.load import load_inventory
from kubeboot.inventory.problems import format_problem
from kubeboot.kubeconfig import kubeconfig_path, save_kubeconfig
from kubeboot.model import Cluster
from kubeboot.preflight import run_preflight
from kubeboot.report.console import ConsoleSink
from kubeboot.report.printer import Printer, stdout_console
from kubeboot.report.terminal import Terminal, has_terminal
from kubeboot.report.words import wrap
from kubeboot.resources.base import Phase
from kubeboot.transport.base import Transport
from kubeboot.transport.credentials import SudoPasswords
from kubeboot.transport.ssh import KeyRing, SshTransport

WAIT_POLL_S = 3


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for."""

    command: str
    mode: Mode
    inventory: str
    ignored: frozenset[str]
    verbosity: int
    parallel: int
    wait_s: int = 0
    is_sudo_asked: bool = False
    sudo_file: str = ""


def run_workflow(workflow: Sequence[Phase], options: Options) -> int:
    """One run from inventory to summary; the exit code. Raises KubebootError."""
    started_s = time.time()
    printer = Printer(stdout_console())
    cluster, warnings = load_inventory(options.inventory)
    sudo_password = given_sudo_password(Terminal(), options.is_sudo_asked, options.sudo_file)
    addons = load_addons(cluster)
    if options.verbosity >= 0:
        _warn(printer, options, cluster, warnings)
    sink = ConsoleSink(printer, options.verbosity)
    with _connections(cluster, Terminal(sink.paused), sudo_password) as transports, closing(sink):
        outcome = _run(workflow, options, sink, cluster, addons, transports)
    return _finish(printer, options, cluster, outcome, started_s)


def _warn(printer: Printer, options: Options, cluster: Cluster, warnings: Sequence[Problem]) -> None:
    """What is doubtful before any host is looked at: once per run."""
    for warning in warnings:
        printer.lines(format_problem(options.inventory, warning).splitlines(), "yellow")
    if notice := end_of_life_notice(cluster):
        printer.lines(wrap(f"warning: {notice}", printer.width, "", "  "), "yellow")


@contextmanager
def _connections(cluster: Cluster, terminal: Terminal, sudo_password: str | None) -> Iterator[Mapping[str, Transport]]:
    """A transport per host by name; closed at the end, connected by whoever needs it first."""
    passwords = SudoPasswords(terminal.secret, sudo_password)
    keys = KeyRing(terminal.secret if has_terminal() else None)
    transports = {
        host.name: SshTransport(host, directory=cluster.directory, sudo_password=passwords.of(host), keys=keys)
        for host in cluster.hosts
    }
    try:
        yield transports
    finally:
        terminal.restore()
        for transport in transports.values():
            transport.close()


def _run(
    workflow: Sequence[Phase],
    options: Options,
    sink: ConsoleSink,
    cluster: Cluster,
    addons: tuple[Addon, ...],
    transports: Mapping[str, Transport],
) -> Outcome:
    run_id = time.strftime("%Y%m%d-%H%M%S", time.gmtime()) + "-" + secrets.token_hex(2)
    owner = this_run(run_id, options.command)
    settings = Settings(run_id=run_id, nonce=secrets.token_hex(8), owner=owner.encode(), mode=options.mode)
    names = tuple(host.name for host in cluster.hosts)
    sink.handle(events.RunStarted(time.time(), run_id, options.command, options.mode, cluster.name, names))

    def notice(host: str, text: str) -> None:
        sink.handle(events.Notice(time.time(), host, text))

    own = Locks(owner, transports, cluster.bootstrap_control_plane.name, notice)
    locks = own if options.mode == "apply" else None
    is_left_running = False
    try:
        facts = _gather_in_turn(cluster, transports, options, sink, locks)
        _preflight(cluster, facts, options, sink)
        if locks:
            locks.start()
        return Runner(workflow, Inputs(cluster, facts, addons, transports), settings, (sink,), options.parallel).run()
    except Interrupted as error:
        is_left_running = error.reference == LEFT_RUNNING
        raise
    finally:
        if not is_left_running:
            own.release()


def _gather_in_turn(
    cluster: Cluster, transports: Mapping[str, Transport], options: Options, sink: ConsoleSink, locks: Locks | None
) -> dict[str, Facts]:
    """Facts under the run's locks; with --wait, other runs may end first. Raises HostsFailed."""
    deadline = time.monotonic() + options.wait_s
    said = ""
    while True:
        try:
            facts = _gather(cluster, transports, options, sink, locks)
            if locks and facts[locks.first].has_kubelet_conf:
                locks.take_lease()
            return facts
        except HostBusy as error:
            refusal = HostsFailed([error])
        except HostsFailed as error:
            refusal = error
        first = refusal.errors[0]
        if time.monotonic() >= deadline or not all(isinstance(error, HostBusy) for error in refusal.errors):
            raise refusal
        if locks:
            locks.give_back()
        if first.message != said:
            said = first.message
            sink.handle(events.Notice(time.time(), first.host, f"waiting: {said}"))
        time.sleep(WAIT_POLL_S)


def _gather(
    cluster: Cluster, transports: Mapping[str, Transport], options: Options, sink: ConsoleSink, locks: Locks | None
) -> dict[str, Facts]:
    """Facts of every host. Raises HostsFailed; nothing has been changed anywhere by then."""

    def report(facts: Facts) -> None:
        summary = f"{facts.os_name}, {facts.cpus} CPUs, {facts.memory_mb} MB, {facts.node_state}"
        sink.handle(events.FactsGathered(time.time(), facts.host, summary))

    try:
        return gather_facts(cluster, transports, report, options.parallel, locks)
    except HostsFailed as error:
        error.hint = "Nothing was changed on any host."
        raise


def _preflight(cluster: Cluster, facts: dict[str, Facts], options: Options, sink: ConsoleSink) -> None:
    """Raises PreflightFailed. Nothing has been changed anywhere by then."""
    found = run_preflight(cluster, facts, ignore=options.ignored | cluster.waived)
    sink.handle(events.PreflightEnded(time.time(), found.errors, found.warnings, found.waived))
    if found.errors:
        raise PreflightFailed(found.errors)


def _finish(printer: Printer, options: Options, cluster: Cluster, outcome: Outcome, started_s: float) -> int:
    saved = None
    if options.mode == "apply" and "kubeconfig" in outcome.outputs:
        saved, is_new = save_kubeconfig(kubeconfig_path(cluster.directory, cluster.name), outcome.outputs["kubeconfig"])
        outcome.tally.changed += is_new
    elapsed_s = time.time() - started_s
    for line, style in summary_lines(options.mode, cluster, outcome, saved, elapsed_s, printer.width):
        printer.line(line, style)
    raise_errors(outcome)
    return EXIT_PENDING if options.mode == "plan" and outcome.tally.drifted else EXIT_DONE
