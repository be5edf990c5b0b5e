"""Walk every host through its own list of phases, each in a thread of its own; no barrier but what a phase asks for."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kubeboot.addons.addon import Addon
from kubeboot.context import HostContext
from kubeboot.engine import events
from kubeboot.engine.board import Board, Stopping
from kubeboot.engine.follow import Follower
from kubeboot.engine.script import Settings, compile_script, log_path, run_directory
from kubeboot.engine.tracking import Tally, Tracker
from kubeboot.errors import HostError, HostsFailed, Interrupted
from kubeboot.facts import Facts
from kubeboot.model import Cluster, Host
from kubeboot.resources.base import Phase
from kubeboot.transport.base import Transport

LEFT_RUNNING = "left-running"
"""The reference of an Interrupted that leaves units running on hosts."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything a run decides from; it is about the hosts that there are facts of."""

    cluster: Cluster
    facts: Mapping[str, Facts]
    addons: tuple[Addon, ...]
    transports: Mapping[str, Transport]

    @property
    def hosts(self) -> tuple[Host, ...]:
        return tuple(host for host in self.cluster.hosts if host.name in self.facts)


@dataclass
class Outcome:
    """What a run came to. `errors` are in inventory order."""

    outputs: Mapping[str, str]
    tally: Tally
    errors: tuple[HostError, ...]
    phases_ms: dict[str, int] = field(default_factory=dict)


class Runner:
    """Runs a workflow once. `parallel`: how many scripts run at the same time."""

    def __init__(
        self,
        workflow: Sequence[Phase],
        inputs: Inputs,
        settings: Settings,
        sinks: Sequence[events.EventSink],
        parallel: int = 20,
    ) -> None:
        self._workflow = tuple(workflow)
        self._inputs = inputs
        self._settings = settings
        self._sinks = tuple(sinks)
        self._slots = threading.Semaphore(parallel)
        self._board = Board()
        self._emitting = threading.Lock()
        self._errors: dict[str, HostError] = {}
        self._crashes: list[BaseException] = []
        self._tally = Tally()
        self._spans: dict[str, list[float]] = {}
        self._running: dict[str, Phase] = {}  # by host, while its script runs
        self._ended = {host.name: threading.Event() for host in inputs.hosts}

    def run(self) -> Outcome:
        """Raises Interrupted after Ctrl-C; host errors are in the outcome."""
        threads = [
            threading.Thread(target=self._walk, args=(host,), name=host.name, daemon=True)
            for host in self._inputs.hosts
        ]
        self._run_threads(threads)
        if self._crashes:
            raise self._crashes[0]
        errors = tuple(self._errors[host.name] for host in self._inputs.hosts if host.name in self._errors)
        phases_ms = {name: int((max(span) - min(span)) * 1000) for name, span in self._spans.items()}
        return Outcome(self._board.outputs, self._tally, errors, phases_ms)

    def _run_threads(self, threads: Sequence[threading.Thread]) -> None:
        """First Ctrl-C: hosts end the step they are in. Second: leave now; their units go on by themselves."""
        try:
            for thread in threads:
                thread.start()
            self._wait_for_threads(threads)
        except KeyboardInterrupt:
            self._board.stop()
            busy = ", ".join(self._busy(threads))
            now = time.time()
            self._emit(events.Notice(now, "", f"stopping: {busy} end the step they are in; Ctrl-C again leaves now"))
            try:
                self._wait_for_threads(threads)
            except KeyboardInterrupt:
                left = ", ".join(self._where(name) for name in self._busy(threads))
                raise Interrupted(
                    f"left while work was running: {left}; it goes on there by itself",
                    hint="The same command again waits for it and goes on.",
                    reference=LEFT_RUNNING,
                ) from None
            raise Interrupted(
                "stopped; nothing is left running on any host", hint="The same command again goes on from here."
            ) from None

    # Thread.join forgets a living thread when Ctrl-C interrupts it (Python 3.11), so each says itself when it ends.
    def _wait_for_threads(self, threads: Sequence[threading.Thread]) -> None:
        for name in self._busy(threads):
            while not self._ended[name].wait(0.5):
                if self._board.is_stopping:
                    self._ask_to_stop(self._busy(threads))

    def _ask_to_stop(self, hosts: Sequence[str]) -> None:
        """Asked again and again: a script may only just be starting, or its host be away."""
        for name in hosts:
            if phase := self._running.get(name):
                directory = run_directory(self._settings, phase.name)
                stop = f"if [ -d {directory} ]; then : >{directory}/stop; fi\n"
                self._inputs.transports[name].interject(stop.encode())

    def _where(self, host: str) -> str:
        phase = self._running.get(host)
        return f"{phase.name} on {host}" if phase else host

    def _busy(self, threads: Sequence[threading.Thread]) -> list[str]:
        """Hosts whose thread was started (Ctrl-C may come before all are) and has not ended."""
        return [thread.name for thread in threads if thread.ident and not self._ended[thread.name].is_set()]

    def _emit(self, event: events.Event) -> None:
        with self._emitting:
            for sink in self._sinks:
                sink.handle(event)

    def _walk(self, host: Host) -> None:
        """The thread of one host."""
        try:
            self._walk_phases(host)
        except BaseException as crash:  # the thread boundary: a bug must not leave the other hosts waiting for ever
            self._crashes.append(crash)
            self._board.fail(host.name, HostError(host.name, f"a bug in kubeboot: {crash!r}"))
        finally:
            self._ended[host.name].set()

    def _walk_phases(self, host: Host) -> None:
        try:
            for phase in self._workflow:
                if host in phase.select(self._inputs.cluster):
                    self._enter(phase, host)
                    self._board.end_phase(phase.name, host.name)
        except Stopping:
            return
        except HostError as error:
            self._errors[host.name] = error
            self._emit(events.HostFailed(time.time(), host.name, error))
            self._board.fail(host.name, error)

    def _context(self, host: Host) -> HostContext:
        inputs = self._inputs
        failed = tuple(each.name for each in inputs.hosts if each.name in self._errors)
        return HostContext(inputs.cluster, host, inputs.facts, inputs.addons, self._board.outputs, failed)

    def _enter(self, phase: Phase, host: Host) -> None:
        self._wait(phase, host)
        if self._board.is_stopping:
            raise Stopping
        with self._slots:
            started = time.time()
            self._emit(events.PhaseStarted(started, host.name, phase.name, phase.title))
            try:
                status = self._run(phase, host)
            finally:
                self._spans.setdefault(phase.name, []).extend((started, time.time()))
            elapsed = int((time.time() - started) * 1000)
            self._emit(events.PhaseDone(time.time(), host.name, phase.name, status, elapsed))

    def _wait(self, phase: Phase, host: Host) -> None:
        cluster = self._inputs.cluster
        selected = {each.name: each.select(cluster) for each in self._workflow}
        for earlier in phase.after:
            others = [other.name for other in selected.get(earlier, ())]
            self._wait_for_hosts(phase, host, earlier, others)
        if phase.is_serial:
            order = [other.name for other in phase.select(cluster)]
            self._wait_for_hosts(phase, host, phase.name, order[: order.index(host.name)])
        for name in phase.needs(self._context(host)):
            if self._board.has_output(name):
                continue
            providers = tuple(
                (each.name, other.name)
                for each in self._workflow
                if name in each.provides
                for other in selected[each.name]
            )
            waits_for = f"{name.replace('-', ' ')} from {', '.join(who for _, who in providers) or 'nobody'}"
            on = tuple(f"{each}@{other}" for each, other in providers)
            self._emit(events.PhaseWaits(time.time(), host.name, phase.name, waits_for, on))
            is_promise_enough = self._settings.mode == "plan"
            self._board.wait_for_output(host.name, phase.name, name, providers, is_promise_enough)

    def _wait_for_hosts(self, phase: Phase, host: Host, earlier: str, others: Sequence[str]) -> None:
        pending = [other for other in others if not self._board.is_settled(earlier, other)]
        if not pending:
            return
        on = tuple(f"{earlier}@{other}" for other in pending)
        self._emit(events.PhaseWaits(time.time(), host.name, phase.name, f"{earlier} on {', '.join(pending)}", on))
        self._board.wait_until(lambda: all(self._board.is_settled(earlier, other) for other in pending))

    def _run(self, phase: Phase, host: Host) -> str:
        script = compile_script(phase, self._context(host), self._settings)
        if not script.items:
            return "nothing to do"
        log = log_path(self._settings, phase.name)

        def fulfil(name: str, value: str) -> None:
            if name in phase.provides:  # no host gives what another one has to give
                self._board.fulfil(name, value)

        tracker = Tracker(script, self._emit, fulfil, log, self._inputs.facts.get(host.name))

        def lost(text: str) -> None:
            self._emit(events.Notice(time.time(), host.name, text))

        link_s = self._inputs.cluster.timeouts.link_s
        self._running[host.name] = phase
        try:
            end = Follower(self._inputs.transports[host.name], self._settings, lost, link_s).run(script, tracker.take)
        finally:
            del self._running[host.name]
        error = tracker.finish(end)
        with self._emitting:
            self._tally.add(tracker.tally)
        if error:
            raise error
        if tracker.is_stopped:
            raise Stopping
        return "changed" if tracker.tally.changed else "drift" if tracker.tally.drifted else "ok"


def raise_errors(outcome: Outcome) -> None:
    """HostsFailed when any host failed."""
    if outcome.errors:
        raise HostsFailed(outcome.errors)
