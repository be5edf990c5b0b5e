"""The Tracker: records become events, outputs and, in the end, the one error that says what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pytest

from kubeboot.engine import events, records
from kubeboot.engine.owner import this_run
from kubeboot.engine.script import Item, Script, compile_script
from kubeboot.engine.tracking import Tracker
from kubeboot.errors import CheckBroken, HostBusy, HostError, NotConverged, StepFailed
from kubeboot.resources import Phase, Shell, Step
from tests.engine.conftest import make_context
from tests.engine.hosts import SETTINGS


def make_step(name: str, *labels: str) -> Step:
    return Step(name, f"Do {name}", "safe", lambda _ctx: iter([Shell(label, "true", "true") for label in labels]))


PHASE = Phase("prep", "Prepare", lambda each: each.hosts, (make_step("one", "a", "b"), make_step("two", "c")))


@dataclass
class Tracked:
    """A tracker and what it said."""

    told: list[events.Event] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        script = compile_script(PHASE, make_context(), SETTINGS)
        self.tracker = Tracker(script, self.told.append, self.outputs.__setitem__, "/var/log/it.log")

    def take(self, *taken: records.Record) -> Tracked:
        for record in taken:
            self.tracker.take(record)
        return self

    def steps(self) -> list[events.StepDone]:
        return [event for event in self.told if isinstance(event, events.StepDone)]


def start(name: str) -> records.StepStarted:
    return records.StepStarted(name)


def result(
    number: int, status: records.Status = "ok", reason: str = "", output: str = "", code: int = 0
) -> records.Result:
    return records.Result(number, status, code, 10, reason, output)


def finish(taken: Iterable[records.Record], end: records.Ended | records.Died) -> HostError | None:
    return Tracked().take(*taken).tracker.finish(end)


def test_a_step_is_done_when_the_next_one_begins_and_the_last_at_the_end() -> None:
    tracked = Tracked().take(start("one"), result(0), result(1))
    assert tracked.steps() == []
    tracked.take(start("two"))
    assert [step.step for step in tracked.steps()] == ["one"]
    tracked.take(result(2))
    assert tracked.tracker.finish(records.Ended("done")) is None
    assert [(step.step, step.title, step.phase, step.host) for step in tracked.steps()] == [
        ("one", "Do one", "prep", "m1"),
        ("two", "Do two", "prep", "m1"),
    ]


@pytest.mark.parametrize(
    ("statuses", "worst"),
    (
        (("ok", "ok"), "ok"),
        (("ok", "changed"), "changed"),
        (("drift", "ok"), "drift"),
        (("changed", "failed"), "failed"),
        (("changed", "unknown"), "unknown"),
        (("changed", "not-converged"), "not-converged"),
    ),
)
def test_a_step_is_what_its_worst_resource_is(statuses: tuple[records.Status, ...], worst: str) -> None:
    tracked = Tracked().take(start("one"), *(result(number, status) for number, status in enumerate(statuses)))
    tracked.tracker.finish(records.Ended("done"))
    assert [step.status for step in tracked.steps()] == [worst]
    tally = tracked.tracker.tally
    assert (tally.changed, tally.drifted, tally.unchanged) == (worst == "changed", worst == "drift", worst == "ok")


def test_reasons_and_times_of_a_step_are_those_of_its_resources() -> None:
    tracked = Tracked().take(start("one"), result(0, "ok", "ignored"), result(1, "changed", "missing"), start("two"))
    (step,) = tracked.steps()
    assert step.reasons == ("b: missing",)
    assert step.duration_ms == 20


def test_a_diff_goes_with_its_resource() -> None:
    tracked = Tracked().take(start("one"), records.Diff(0, "-a\n+b\n"), result(0, "drift", "differs"), result(1))
    done = [event for event in tracked.told if isinstance(event, events.ResourceDone)]
    assert [(event.label, event.diff) for event in done] == [("a", "-a\n+b\n"), ("b", "")]


@pytest.mark.parametrize("before", ((), (result(0),)))
def test_what_is_waited_for_is_told_with_the_step_that_waits(before: tuple[records.Record, ...]) -> None:
    tracked = Tracked().take(start("one"), *before, records.Waiting("first"), start("two"), records.Waiting("second"))
    waits = [(event.step, event.text) for event in tracked.told if isinstance(event, events.HostWaits)]
    assert waits == [("one", "first"), ("two", "second")]


def test_outputs_are_fulfilled_at_once_and_are_in_no_event() -> None:
    tracked = Tracked().take(start("one"), records.OutputValue("join-token", "canary"))
    assert tracked.outputs == {"join-token": "canary"}
    assert "canary" not in repr(tracked.told)


@pytest.mark.parametrize(
    ("status", "kind", "reference", "text"),
    (
        ("failed", StepFailed, "step-failed", "c: failed (exit 3)"),
        ("unknown", CheckBroken, "check-unknown", "c: the check could not tell, so nothing was done"),
        ("not-converged", NotConverged, "not-converged", "c: applied without error, and still missing"),
    ),
)
def test_each_bad_status_is_an_error_of_its_own(
    status: records.Status, kind: type[HostError], reference: str, text: str
) -> None:
    bad = result(2, status, "missing", "E: Could not get lock /var/lib/dpkg/lock\n", 3)
    error = finish((start("one"), result(0), result(1), start("two"), bad), records.Ended("failed"))
    assert type(error) is kind
    assert (error.reference, error.message) == (reference, text)
    assert (error.host, error.phase, error.step, error.log_path) == ("m1", "prep", "two", "/var/log/it.log")
    assert error.output == "E: Could not get lock /var/lib/dpkg/lock"
    assert "Another package manager" in error.hint
    assert error.cause == "dpkg-lock-held"


def test_only_the_last_twenty_lines_of_output_are_kept() -> None:
    output = "".join(f"line {number}\n" for number in range(100))
    error = finish((start("one"), result(0, "failed", "", output, 1)), records.Ended("failed"))
    assert error is not None
    assert error.output.splitlines() == [f"line {number}" for number in range(80, 100)]


def test_without_output_the_reason_stands_in() -> None:
    error = finish((start("one"), result(0, "failed", "two pods", "", 1)), records.Ended("failed"))
    assert error is not None
    assert error.output == "two pods"


def test_a_failure_nobody_explained_is_still_an_error() -> None:
    error = finish((start("one"), result(0)), records.Ended("failed"))
    assert type(error) is StepFailed


@pytest.mark.parametrize(
    ("died", "text"),
    (
        (records.Died("timeout", "TERM"), "did not end within 7800 s"),
        (records.Died("oom-kill", "KILL"), "out of memory"),
        (records.Died("signal", "KILL"), "was killed (KILL)"),
        (records.Died("setup", "1"), "could not be put on the host"),
        (records.Died("systemd-run", "1"), "could not be started"),
        (records.Died("exit-code", "2"), "ended by itself (exit-code 2)"),
        (records.Died("made up", ""), "ended by itself"),
    ),
)
def test_a_script_that_died_says_how_and_in_which_step(died: records.Died, text: str) -> None:
    error = finish((start("one"), result(0), result(1), start("two")), died)
    assert type(error) is StepFailed
    assert text in error.message
    assert (error.step, error.reference, error.log_path) == ("two", f"unit-{died.result}", "/var/log/it.log")


def test_a_script_that_died_before_its_first_step_names_none() -> None:
    error = finish((), records.Died("systemd-run", "1"))
    assert error is not None
    assert error.step == ""


def test_a_step_cut_off_by_a_death_is_closed_with_what_it_had() -> None:
    tracked = Tracked().take(start("one"), result(0, "changed"))
    tracked.tracker.finish(records.Died("signal", "KILL"))
    assert [step.status for step in tracked.steps()] == ["changed"]


def test_a_host_that_was_taken_over_names_its_new_owner() -> None:
    owner = replace(this_run("20260101-000000-abcd", "init"), user="ada@laptop")
    error = finish((records.Locked(owner.encode(), ""),), records.Ended("locked"))
    assert type(error) is HostBusy
    assert error.exit_code == 6
    assert "ada@laptop: kubeboot init since" in error.message


def test_a_script_that_does_not_end_is_named() -> None:
    error = finish((records.Locked("", "packages"),), records.Ended("locked"))
    assert type(error) is HostBusy
    assert "did not end in time: packages" in error.message


def test_a_script_that_was_asked_to_stop_has_not_failed() -> None:
    tracked = Tracked().take(start("one"), result(0, "changed"))
    assert tracked.tracker.finish(records.Ended("stopped")) is None
    assert tracked.tracker.is_stopped


def test_a_result_for_a_resource_that_does_not_exist_is_passed_over() -> None:
    tracked = Tracked().take(start("one"), result(99, "failed"))
    assert not any(isinstance(event, events.ResourceDone) for event in tracked.told)
    assert type(tracked.tracker.finish(records.Ended("failed"))) is StepFailed


def test_a_step_the_script_does_not_have_is_shown_by_its_name() -> None:
    (event,) = Tracked().take(start("surprise")).told
    assert isinstance(event, events.StepBegan)
    assert event.title == "surprise"


def test_a_script_run_again_after_a_reboot_counts_each_step_once() -> None:
    """The first boot got as far as step two; the second runs everything again."""
    again = (start("one"), result(0), result(1), start("two"), result(2, "changed"))
    tracked = Tracked().take(start("one"), result(0, "changed"), result(1), start("two"), *again)
    tracked.tracker.finish(records.Ended("done"))
    tally = tracked.tracker.tally
    assert (tally.changed, tally.unchanged) == (2, 0)


def test_items_of_the_script_are_what_records_number() -> None:
    script: Script = compile_script(PHASE, make_context(), SETTINGS)
    assert [(item.number, item.step.name, item.resource.label) for item in script.items] == [
        (0, "one", "a"),
        (1, "one", "b"),
        (2, "two", "c"),
    ]
    assert isinstance(script.items[0], Item)
    assert replace(script, timeout_s=1).steps == script.steps
