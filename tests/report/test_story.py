"""Who did what when, who waited for whom, and which chain of phases made the run as long as it was."""

from __future__ import annotations

from itertools import pairwise

import pytest

from kubeboot.engine import events
from kubeboot.errors import Blocked
from kubeboot.report.page.critical import critical_path
from kubeboot.report.page.story import tell
from kubeboot.report.page.timeline import Scale, rows
from kubeboot.report.runs import read_run
from tests.report.happenings import START_S, failed
from tests.report.synthetic import Simulation, keep


class Happening:
    """A run written down in few words; times are seconds since its start."""

    def __init__(self, *hosts):
        self.events = [events.RunStarted(START_S, "run", "init", "apply", "lab", hosts)]

    def phase(self, host, name, start, end, *steps):
        self.events.append(events.PhaseStarted(START_S + start, host, name, name.title()))
        for number, (began, ended) in enumerate(steps):
            step, title = f"s{number}", f"Step {number}."
            self.events.append(events.StepBegan(START_S + began, host, name, step, title))
            took_ms = int((ended - began) * 1000)
            self.events.append(events.StepDone(START_S + ended, host, name, step, title, "ok", took_ms))
        self.events.append(events.PhaseDone(START_S + end, host, name, "ok", int((end - start) * 1000)))
        return self

    def waits(self, host, name, at, *on):
        self.events.append(events.PhaseWaits(START_S + at, host, name, " and ".join(on), on))
        return self

    def story(self, tmp_path):
        return tell(read_run(keep(tmp_path, sorted(self.events, key=lambda event: event.time_s))))


def path_of(story):
    return [(f"{link.phase.name}@{link.phase.host}", round(link.start_s - START_S), round(link.end_s - START_S))
            for link in critical_path(story)]  # fmt: skip


def test_the_path_goes_to_who_was_waited_for(tmp_path):
    run = Happening("a", "b").phase("a", "prep", 0, 5).phase("a", "make", 5, 20)
    run.phase("b", "prep", 0, 9).waits("b", "join", 9, "make@a").phase("b", "join", 20, 30)
    assert path_of(run.story(tmp_path)) == [("prep@a", 0, 5), ("make@a", 5, 20), ("join@b", 20, 30)]


def test_the_path_stays_on_the_host_when_what_it_needs_is_there_already(tmp_path):
    run = Happening("a", "b").phase("a", "make", 0, 8).phase("b", "prep", 0, 9)
    run.waits("b", "join", 9, "make@a").phase("b", "join", 9, 30)
    assert path_of(run.story(tmp_path)) == [("prep@b", 0, 9), ("join@b", 9, 30)]


def test_an_output_that_comes_before_its_phase_ends_counts_up_to_then(tmp_path):
    run = Happening("a", "b").phase("a", "make", 0, 15).phase("b", "prep", 0, 2)
    run.waits("b", "join", 2, "make@a").phase("b", "join", 10, 30)
    assert path_of(run.story(tmp_path)) == [("make@a", 0, 10), ("join@b", 10, 30)]


def test_of_many_the_last_one_counts(tmp_path):
    run = Happening("a", "b", "c").phase("a", "prep", 0, 3).phase("b", "prep", 0, 12).phase("c", "prep", 0, 7)
    run.waits("a", "late", 3, "prep@b", "prep@c").phase("a", "late", 12, 13)
    assert path_of(run.story(tmp_path)) == [("prep@b", 0, 12), ("late@a", 12, 13)]


def test_the_longest_step_of_the_part_that_counts_is_named(tmp_path):
    run = Happening("a", "b").phase("a", "make", 0, 40, (0, 2), (2, 9), (11, 40)).phase("b", "prep", 0, 2)
    run.waits("b", "join", 2, "make@a").phase("b", "join", 10, 60)
    assert critical_path(run.story(tmp_path))[0].longest.name == "s1"


def test_waits_that_go_in_a_circle_come_to_an_end(tmp_path):
    run = Happening("a", "b").waits("a", "x", 0, "y@b").phase("a", "x", 5, 10)
    run.waits("b", "y", 0, "x@a").phase("b", "y", 5, 10)
    assert len(path_of(run.story(tmp_path))) == 2


def test_an_empty_run_has_no_path(tmp_path):
    assert path_of(Happening("a").story(tmp_path)) == []


def test_waits_end_where_the_next_begins_or_the_phase_does(tmp_path):
    run = Happening("a").waits("a", "x", 1, "y@b").waits("a", "x", 4, "z@b").phase("a", "x", 6, 7)
    (phase,) = run.story(tmp_path).hosts["a"].phases
    assert [(wait.start_s - START_S, wait.end_s - START_S, wait.on) for wait in phase.waits] == [
        (1, 4, (("y", "b"),)), (4, 6, (("z", "b"),)),
    ]  # fmt: skip
    assert phase.start_s == START_S + 6


def test_a_pause_without_a_reason_is_the_wait_for_a_place_and_after_the_facts_for_the_others(tmp_path):
    run = Happening("a").phase("a", "x", 3, 5).phase("a", "y", 8, 9)
    run.events += [events.FactsGathered(START_S + 1, "a", "Debian"), events.PreflightEnded(START_S + 2.9, (), (), ())]
    _, first, second = run.story(tmp_path).hosts["a"].phases
    assert [wait.text for wait in first.waits] == ["the look at all hosts, and preflight"]
    assert [(wait.text, wait.end_s - wait.start_s) for wait in second.waits] == [("its turn (--parallel)", 3)]


def test_how_hosts_ended(tmp_path):
    run = Happening("a", "b", "c", "d").phase("a", "packages", 0, 1)
    run.events.append(events.PhaseStarted(START_S + 1, "b", "packages", "Packages"))
    run.events.append(events.StepBegan(START_S + 1, "b", "packages", "install-packages", "Install."))
    run.events.append(failed("b", at=4))
    run.waits("c", "join", 1, "make@b")
    run.events.append(events.HostFailed(START_S + 5, "c", Blocked("c", "will not come", phase="join")))
    run.events.append(events.PhaseStarted(START_S + 5, "d", "packages", "Packages"))
    run.events.append(events.Notice(START_S + 6, "", "the end"))
    story = run.story(tmp_path)
    assert {host.name: host.result for host in story.hosts.values()} == {
        "a": "ok", "b": "failed", "c": "blocked", "d": "stopped",
    }  # fmt: skip
    ends = {phase.host: (phase.status, phase.end_s - START_S) for phase in story.phases}
    assert ends == {"a": ("ok", 1), "b": ("failed", 4), "c": ("blocked", 5), "d": ("stopped", 6)}
    (wait,) = story.hosts["c"].phases[0].waits
    assert wait.end_s - wait.start_s == 4
    shown = rows(story, critical_path(story), Scale(story.start_s, story.end_s))
    assert [line.result for line in shown[1].lines if line.look == "s"] == ["did not end"]


@pytest.mark.parametrize(
    ("count", "failing"), [(1, {}), (3, {}), (30, {"node1": "control-plane"}), (12, {"node4": "join"})]
)
def test_bars_stay_within_the_run_and_the_path_has_no_holes_of_work(count, failing, tmp_path):
    story = tell(read_run(keep(tmp_path, Simulation(count, failing).run())))
    path = critical_path(story)
    shown = rows(story, path, Scale(story.start_s, story.end_s))
    for bar in (bar for row in shown for bar in row.bars):
        assert 0 <= float(bar.left) <= float(bar.left) + float(bar.width) <= 100.01
    assert path[0].phase.name == "facts"
    assert all(former.end_s <= later.start_s + 0.2 for former, later in pairwise(path))
    assert all(later.start_s - former.end_s < 0.2 for former, later in pairwise(path))
    assert path[-1].end_s == max(phase.end_s for phase in story.phases if phase.start_s)


@pytest.mark.parametrize("length_s", (0.01, 0.3, 7, 59, 61, 3700, 90_000))
def test_an_axis_has_few_marks_at_any_length(length_s):
    ticks = Scale(0, length_s).ticks()
    assert 1 <= len(ticks) <= 9
    assert len({label for _, label in ticks}) == len(ticks)
    assert float(ticks[-1][0]) <= 95
