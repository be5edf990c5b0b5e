"""Put the parts together for one run: inventory, transports, facts, preflight, runner, summary."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from kubeboot.addons.addon import Addon
from kubeboot.addons.life import end_of_life_notice
from kubeboot.addons.load import load_addons
from kubeboot.cli.connections import connections
from kubeboot.cli.given import given_sudo_password
from kubeboot.cli.summary import summary_lines
from kubeboot.cli.turns import gather_in_turn
from kubeboot.engine import events
from kubeboot.engine.locks import Locks
from kubeboot.engine.owner import new_run
from kubeboot.engine.runner import LEFT_RUNNING, Inputs, Outcome, Runner, raise_errors
from kubeboot.engine.script import Mode, Settings
from kubeboot.errors import EXIT_DONE, EXIT_PENDING, Interrupted, PlanOutdated, PreflightFailed, Problem, UsageError
from kubeboot.facts import Facts
from kubeboot.inventory.load import load_inventory
from kubeboot.inventory.problems import format_problem
from kubeboot.kubeconfig import kubeconfig_path, save_kubeconfig
from kubeboot.model import Cluster, Host
from kubeboot.preflight import run_preflight
from kubeboot.report.console import ConsoleSink
from kubeboot.report.printer import Printer, stderr_console, stdout_console
from kubeboot.report.recorder import recorded
from kubeboot.report.saved_plan import PlanRecorder, SavedPlan, differences, digests, machines, now_text, save_plan
from kubeboot.report.terminal import Terminal
from kubeboot.report.words import wrap
from kubeboot.resources.base import Phase
from kubeboot.selection import Selection, select_hosts, select_phases, sensible_phases
from kubeboot.transport.base import Transport

LOOK = "-look"
"""Ends the id of the run in a run that looks whether a saved plan still holds."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for. `planned`: the saved plan that is to be applied, from the file `plan_path`."""

    command: str
    mode: Mode
    inventory: str
    ignored: frozenset[str]
    verbosity: int
    parallel: int
    selection: Selection = field(default_factory=Selection)
    wait_s: int = 0
    is_sudo_asked: bool = False
    sudo_file: str = ""
    out: str = ""
    is_json: bool = False
    planned: SavedPlan | None = None
    plan_path: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run works with. `workflow` is all of the command's, `phases` what is selected of it."""

    options: Options
    workflow: Sequence[Phase]
    phases: Sequence[Phase]
    cluster: Cluster
    hosts: Sequence[Host]
    addons: tuple[Addon, ...]
    transports: Mapping[str, Transport]
    settings: Settings
    sink: events.Sinks


def run_workflow(workflow: Sequence[Phase], options: Options) -> int:
    """One run from inventory to summary; the exit code. Raises KubebootError."""
    started_s = time.time()
    if options.out and not Path(options.out).parent.is_dir():
        raise UsageError(f"--out: there is no folder {Path(options.out).parent}", reference="plan-file")
    printer = Printer(stderr_console() if options.is_json else stdout_console())
    cluster, warnings = load_inventory(options.inventory)
    hosts = select_hosts(cluster, options.selection)
    phases = select_phases(workflow, options.selection, hosts)
    sudo_password = given_sudo_password(Terminal(), options.is_sudo_asked, options.sudo_file)
    addons = load_addons(cluster)
    if options.verbosity >= 0:
        _warn(printer, options, cluster, warnings)
    console, seen = ConsoleSink(printer, options.verbosity), PlanRecorder()
    with recorded(console, options.inventory, _versions(cluster, addons)) as recorder:
        with connections(cluster, hosts, Terminal(console.paused), sudo_password) as transports, closing(console):
            owner = new_run(options.command)
            settings = Settings(owner.run_id, secrets.token_hex(8), owner.encode(), options.mode)
            sink = events.Sinks(recorder, seen)
            run = Run(options, workflow, phases, cluster, hosts, addons, transports, settings, sink)
            locks = Locks(owner, transports, _first(run), lambda host, text: _notice(run, host, text))
            facts, outcome = _run_locked(run, locks)
        recorder.tally = outcome.tally
        plan = _plan_of(run, facts, seen, outcome) if options.mode == "plan" else None
        return _finish(printer, run, outcome, plan, started_s)


def _versions(cluster: Cluster, addons: Sequence[Addon]) -> dict[str, str]:
    """What the inventory asks for, for whoever reads about the run later."""
    return {"kubernetes": cluster.kubernetes_version, **{each.name: each.version for each in addons if each.version}}


def _warn(printer: Printer, options: Options, cluster: Cluster, warnings: Sequence[Problem]) -> None:
    """What is doubtful before any host is looked at: once per run."""
    for warning in warnings:
        printer.lines(format_problem(options.inventory, warning).splitlines(), "yellow")
    if notice := end_of_life_notice(cluster):
        printer.lines(wrap(f"warning: {notice}", printer.width, "", "  "), "yellow")


def _first(run: Run) -> str:
    """The host whose lock is taken first: of two runs at once one gets all."""
    bootstrap = run.cluster.bootstrap_control_plane
    return bootstrap.name if bootstrap in run.hosts else run.hosts[0].name


def _notice(run: Run, host: str, text: str) -> None:
    run.sink.handle(events.Notice(time.time(), host, text))


def _run_locked(run: Run, own: Locks) -> tuple[Mapping[str, Facts], Outcome]:
    """The run from its first look at the hosts, under their locks unless it is a plan."""
    options, names = run.options, tuple(host.name for host in run.hosts)
    run.sink.handle(
        events.RunStarted(time.time(), run.settings.run_id, options.command, options.mode, run.cluster.name, names)
    )
    locks = own if options.mode == "apply" else None
    is_left_running = False
    try:
        facts = gather_in_turn(run.cluster, run.transports, run.sink, locks, options.parallel, options.wait_s)
        _preflight(run, facts)
        phases = sensible_phases(run.workflow, options.selection, run.phases, run.cluster, facts)
        run = replace(run, phases=phases)
        inputs = Inputs(run.cluster, facts, run.addons, run.transports)
        if locks:
            locks.start()
        if options.planned:
            _look_again(run, inputs, options.planned)
        return facts, Runner(run.phases, inputs, run.settings, (run.sink,), options.parallel).run()
    except Interrupted as error:
        is_left_running = error.reference == LEFT_RUNNING
        raise
    finally:
        if not is_left_running:
            own.release()


def _preflight(run: Run, facts: Mapping[str, Facts]) -> None:
    """Raises PreflightFailed. Nothing has been changed anywhere by then."""
    found = run_preflight(run.cluster, facts, ignore=run.options.ignored | run.cluster.waived)
    errors, warnings = found.errors, found.warnings
    if run.options.command == "verify" and not any(finding.is_refusal for finding in errors):
        errors, warnings = (), (*errors, *warnings)  # it goes on looking where init would not begin
    run.sink.handle(events.PreflightEnded(time.time(), errors, warnings, found.waived))
    if errors:
        raise PreflightFailed(errors)


def _look_again(run: Run, inputs: Inputs, planned: SavedPlan) -> None:
    """Under the locks: does the saved plan still fit? Raises PlanOutdated; nothing was changed by then."""
    _notice(run, "", "looking whether everything is still as planned")
    recorder = PlanRecorder()
    settings = replace(run.settings, run_id=run.settings.run_id + LOOK, mode="plan")
    outcome = Runner(run.phases, inputs, settings, (recorder,), run.options.parallel).run()
    raise_errors(outcome)
    found = tuple(differences(planned, _plan_of(run, inputs.facts, recorder, outcome)))
    if found:
        raise PlanOutdated(run.options.plan_path, found)


def _plan_of(run: Run, facts: Mapping[str, Facts], recorder: PlanRecorder, outcome: Outcome) -> SavedPlan:
    selection = run.options.selection
    return SavedPlan(
        made=now_text(),
        command=run.options.command,
        cluster=run.cluster.name,
        inventory=str(Path(run.options.inventory).resolve()),
        hosts=selection.hosts,
        phases=selection.phases,
        skip=selection.skip,
        waived=tuple(sorted(run.options.ignored)),
        inputs=digests(run.cluster, run.addons),
        machines=machines(facts),
        would_change=outcome.tally.drifted,
        in_place=outcome.tally.unchanged,
        resources=recorder.resources([host.name for host in run.hosts]),
    )


def _finish(printer: Printer, run: Run, outcome: Outcome, plan: SavedPlan | None, started_s: float) -> int:
    options, cluster, saved = run.options, run.cluster, None
    if options.mode == "apply" and "kubeconfig" in outcome.outputs:
        saved, is_new = save_kubeconfig(kubeconfig_path(cluster.directory, cluster.name), outcome.outputs["kubeconfig"])
        outcome.tally.changed += is_new
    elapsed_s = time.time() - started_s
    for line, style in summary_lines(options.mode, cluster, outcome, saved, elapsed_s, printer.width, options.command):
        printer.line(line, style)
    raise_errors(outcome)
    if plan and options.is_json:
        print(plan.text(), end="", flush=True)
    if plan and options.out:
        save_plan(plan, Path(options.out))
        printer.line(f"saved; `kubeboot apply {options.out}` does exactly this")
    return EXIT_PENDING if options.mode == "plan" and outcome.tally.drifted else EXIT_DONE
