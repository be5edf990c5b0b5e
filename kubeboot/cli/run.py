"""Put the parts together for one run: inventory, transports, facts, preflight, runner, summary."""

from __future__ import annotations

import getpass
import os
import secrets
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

from rich.console import Console

from kubeboot.addons.life import end_of_life_notice
from kubeboot.addons.load import load_addons
from kubeboot.cli.summary import print_summary
from kubeboot.engine import events
from kubeboot.engine.gather import gather_facts
from kubeboot.engine.runner import Inputs, Outcome, Runner, raise_errors
from kubeboot.engine.script import Mode, Settings
from kubeboot.errors import EXIT_DONE, EXIT_PENDING, PreflightFailed
from kubeboot.facts import Facts
from kubeboot.inventory.load import load_inventory
from kubeboot.inventory.problems import format_problem
from kubeboot.kubeconfig import kubeconfig_path, save_kubeconfig
from kubeboot.model import Cluster
from kubeboot.preflight import run_preflight
from kubeboot.report.console import ConsoleSink
from kubeboot.resources.base import Phase
from kubeboot.transport.base import Transport
from kubeboot.transport.ssh import SshTransport


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for."""

    command: str
    mode: Mode
    inventory: str
    ignored: frozenset[str]
    parallel: int
    verbosity: int


def run_workflow(workflow: Sequence[Phase], options: Options) -> int:
    """One run from inventory to summary; the exit code. Raises KubebootError."""
    started_s = time.time()
    console = Console(soft_wrap=True, highlight=False)
    cluster, warnings = load_inventory(options.inventory)
    for warning in warnings:
        console.print(format_problem(options.inventory, warning), style="yellow", markup=False)
    addons = load_addons(cluster)
    notice = end_of_life_notice(cluster)
    if notice and options.verbosity >= 0:
        console.print(notice, style="yellow", markup=False)
    settings = _settings(options)
    sink = ConsoleSink(console, options.verbosity)
    names = tuple(host.name for host in cluster.hosts)
    transports: dict[str, Transport] = {
        host.name: SshTransport(host, directory=cluster.directory) for host in cluster.hosts
    }
    with closing(sink):
        sink.handle(events.RunStarted(started_s, settings.run_id, options.command, options.mode, cluster.name, names))
        try:
            facts = gather_facts(cluster, transports, lambda each: _report_facts(sink, each), options.parallel)
            _preflight(cluster, facts, options, sink)
            inputs = Inputs(cluster, facts, addons, transports)
            outcome = Runner(workflow, inputs, settings, (sink,), options.parallel).run()
        finally:
            for transport in transports.values():
                transport.close()
    elapsed_s = time.time() - started_s
    return _finish(console, options, cluster, outcome, elapsed_s)


def _settings(options: Options) -> Settings:
    run_id = time.strftime("%Y%m%d-%H%M%S", time.gmtime()) + "-" + secrets.token_hex(2)
    owner = f"{getpass.getuser()}@{socket.gethostname()} (pid {os.getpid()}) kubeboot {options.command}, since {run_id}"
    return Settings(run_id=run_id, nonce=secrets.token_hex(8), owner=owner, mode=options.mode)


def _report_facts(sink: ConsoleSink, facts: Facts) -> None:
    summary = f"{facts.os_name}, {facts.cpus} CPUs, {facts.memory_mb} MB, {facts.node_state}"
    sink.handle(events.FactsGathered(time.time(), facts.host, summary))


def _preflight(cluster: Cluster, facts: dict[str, Facts], options: Options, sink: ConsoleSink) -> None:
    """Raises PreflightFailed. Nothing has been changed anywhere by then."""
    found = run_preflight(cluster, facts, ignore=options.ignored | cluster.waived)
    sink.handle(events.PreflightEnded(time.time(), found.errors, found.warnings, found.waived))
    if found.errors:
        raise PreflightFailed(found.errors)


def _finish(console: Console, options: Options, cluster: Cluster, outcome: Outcome, elapsed_s: float) -> int:
    saved = None
    if options.mode == "apply" and "kubeconfig" in outcome.outputs:
        saved, is_new = save_kubeconfig(kubeconfig_path(cluster.directory, cluster.name), outcome.outputs["kubeconfig"])
        outcome.tally.changed += is_new
    print_summary(console, options.mode, cluster, outcome, saved, elapsed_s)
    sys.stdout.flush()
    raise_errors(outcome)
    return EXIT_PENDING if options.mode == "plan" and outcome.tally.drifted else EXIT_DONE
