"""Records of one script -> events, and the error if it ended badly. One Tracker per script and host."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from kubeboot.causes import recognise
from kubeboot.engine import events, records
from kubeboot.engine.owner import decode_owner
from kubeboot.engine.script import Script
from kubeboot.errors import CheckBroken, HostBusy, HostError, NotConverged, StepFailed
from kubeboot.facts import Facts
from kubeboot.redaction import learn

Emit = Callable[[events.Event], None]
_WORST: tuple[records.Status, ...] = ("unknown", "failed", "not-converged", "changed", "drift", "ok")


@dataclass
class Tally:
    """Steps of a script by outcome."""

    changed: int = 0
    drifted: int = 0
    unchanged: int = 0

    def add(self, other: Tally) -> None:
        self.changed += other.changed
        self.drifted += other.drifted
        self.unchanged += other.unchanged


@dataclass
class Tracker:
    """Follows the records of `script`; `fulfil` gets its outputs. `facts` help to recognise causes."""

    script: Script
    emit: Emit
    fulfil: Callable[[str, str], None]
    log_path: str
    facts: Facts | None = None
    _verdicts: dict[str, records.Status] = field(default_factory=dict)
    _diffs: dict[int, str] = field(default_factory=dict)
    _results: list[records.Result] = field(default_factory=list)
    _step: str = ""
    _failure: records.Result | None = None
    _locked: records.Locked | None = None
    is_stopped: bool = False

    @property
    def tally(self) -> Tally:
        """The steps that are done so far."""
        verdicts = list(self._verdicts.values())
        return Tally(verdicts.count("changed"), verdicts.count("drift"), verdicts.count("ok"))

    def take(self, record: records.Record) -> None:
        """One record; the events that follow from it."""
        match record:
            case records.StepStarted(name):
                self._close_step()
                self._step = name
                self.emit(events.StepBegan(time.time(), self.script.host, self.script.phase, name, self._title(name)))
            case records.Waiting(text):
                self.emit(events.HostWaits(time.time(), self.script.host, self.script.phase, self._step, text))
            case records.Diff(number, text) if number < len(self.script.items):
                self._diffs[number] = text
            case records.OutputValue(name, value, is_secret):
                if is_secret:
                    learn(value)
                self.fulfil(name, value)
            case records.Result():
                self._take_result(record)
            case records.Locked():
                self._locked = record
            case _:
                pass

    def finish(self, end: records.Ended | records.Died) -> HostError | None:
        """Close the last step; what went wrong, if anything did."""
        self._close_step()
        if isinstance(end, records.Died):
            return self._died(end)
        if end.status == "locked":
            return self._busy()
        self.is_stopped = end.status == "stopped"
        return self._failed() if end.status == "failed" else None

    def _take_result(self, result: records.Result) -> None:
        if result.number >= len(self.script.items):
            return
        item = self.script.items[result.number]
        self._results.append(result)
        if result.status in ("failed", "not-converged", "unknown"):
            self._failure = result
        self.emit(
            events.ResourceDone(
                time.time(),
                self.script.host,
                self.script.phase,
                item.step.name,
                item.resource.label,
                result.status,
                result.duration_ms,
                result.reason,
                result.output,
                self._diffs.get(result.number, ""),
                item.is_change,
            )
        )

    def _close_step(self) -> None:
        if not self._results:
            return
        step = self.script.items[self._results[0].number].step
        worst = min((result.status for result in self._results), key=_WORST.index)
        reasons = tuple(
            f"{self.script.items[result.number].resource.label}: {result.reason}"
            for result in self._results
            if result.status != "ok"
        )
        duration = sum(result.duration_ms for result in self._results)
        self._results = []
        # After a reboot every step runs again: what changed before it has changed, and counts once.
        if not (worst == "ok" and self._verdicts.get(step.name) == "changed"):
            self._verdicts[step.name] = worst
        host, phase = self.script.host, self.script.phase
        self.emit(events.StepDone(time.time(), host, phase, step.name, step.title, worst, duration, reasons))

    def _title(self, name: str) -> str:
        return next((step.title for step in self.script.steps if step.name == name), name)

    def _failed(self) -> HostError:
        result = self._failure
        if result is None:
            return StepFailed(self.script.host, "the script failed without saying where", phase=self.script.phase)
        item = self.script.items[result.number]
        kind, message = {
            "unknown": (CheckBroken, f"{item.resource.label}: the check could not tell, so nothing was done"),
            "not-converged": (NotConverged, f"{item.resource.label}: applied without error, and still {result.reason}"),
        }.get(result.status, (StepFailed, f"{item.resource.label}: failed (exit {result.exit_code})"))
        output = "\n".join(result.output.rstrip().splitlines()[-20:])
        cause = recognise(f"{result.output}\n{result.reason}", result.exit_code, self.facts)
        error = kind(
            self.script.host,
            message,
            phase=self.script.phase,
            step=item.step.name,
            output=output or result.reason,
            hint=cause.hint if cause else "",
            log_path=self.log_path,
        )
        error.cause = cause.name if cause else ""
        return error

    def _died(self, end: records.Died) -> HostError:
        why = {
            "timeout": f"did not end within {self.script.timeout_s} s and was stopped",
            "oom-kill": "was killed because the host ran out of memory",
            "signal": f"was killed ({end.status})",
            "setup": "could not be put on the host (is /run full or read-only?)",
            "systemd-run": "could not be started as a systemd unit",
        }.get(end.result, f"ended by itself ({end.result} {end.status})")
        return StepFailed(
            self.script.host,
            f"the phase's script {why}",
            phase=self.script.phase,
            step=self._step,
            reference=f"unit-{end.result}",
            hint="Run the same command again: every step looks before it does anything.",
            log_path=self.log_path,
        )

    def _busy(self) -> HostError:
        locked = self._locked or records.Locked("", "")
        if locked.unit:
            message = f"what an interrupted run left running here did not end in time: {locked.unit}"
            hint = "See `systemctl list-units 'kubeboot-*'` there. The inventory's timeouts.lock gives it more time."
        else:
            owner = decode_owner(locked.owner)
            who = owner.describe(time.time()) if owner else "another run"
            message = f"{who} has taken this host over while this run was away from it"
            hint = "Let that run end; then the same command again finds out what is left to do."
        return HostBusy(self.script.host, message, phase=self.script.phase, hint=hint)
