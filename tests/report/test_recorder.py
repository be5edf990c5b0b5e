"""A run that is kept: by the real engine on fake hosts, and by hand where it goes wrong."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
import threading
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeboot.engine import events
from kubeboot.engine.runner import raise_errors
from kubeboot.engine.tracking import Tally
from kubeboot.errors import HostBusy, HostsFailed, Interrupted, PreflightFailed, Unreachable
from kubeboot.redaction import learn
from kubeboot.report import places, recorder
from kubeboot.report.page.html import page
from kubeboot.report.page.junit import junit
from kubeboot.report.places import KEPT
from kubeboot.report.recorder import Recorder, recorded
from kubeboot.report.runs import list_runs, read_run
from tests.engine.hosts import DONE, b64, line, result
from tests.engine.world import HOSTS, World, fails, joining, make_phase
from tests.report.happenings import START_S
from tests.report.test_codec import EVENTS

RUN_ID = "20260101-000000-abcd"
STARTED = events.RunStarted(START_S, RUN_ID, "init", "apply", "lab", HOSTS)


class Console:
    def __init__(self):
        self.seen = []

    def handle(self, event):
        self.seen.append(event)

    @property
    def notices(self):
        return [event.text for event in self.seen if isinstance(event, events.Notice)]


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "kubeboot"


@pytest.fixture
def console():
    return Console()


class Recorded(World):
    """A World whose sink is a recorder; failures are raised within it."""

    def record(self, console):
        with recorded(console, "inventory.yaml", {"kubernetes": "1.29.15"}) as sink:
            self.handle = sink.handle
            sink.handle(STARTED)
            outcome = self.run()
            sink.tally = outcome.tally
            raise_errors(outcome)


def lines(folder):
    return [json.loads(each) for each in (folder / "events.jsonl").read_text().splitlines()]


def test_a_run_of_the_engine_is_kept_whole(home, console):
    Recorded(joining(), lambda _host, phase: time.sleep(0.2) if phase == "make" else None).record(console)
    folder = home / "lab" / RUN_ID
    record = read_run(folder)
    assert record.events[:-1] == tuple(console.seen)
    assert record.damaged == 0
    assert record.kept.status == "done"
    assert record.kept.head.versions == {"kubernetes": "1.29.15"}
    done = record.events[-1]
    assert isinstance(done, events.RunDone)
    assert (done.changed, done.unchanged, done.exit_code) == (0, 5, 0)
    assert [phase for phase, _ in done.phases_ms] == ["early", "make", "join"]
    (wait,) = [event for event in record.events if isinstance(event, events.PhaseWaits)]
    assert wait.on == ("make@m1",)


def test_each_host_has_a_log_with_what_was_printed(home, console):
    def answer(host, phase):
        printed = result(0, "changed", "it differs", f"printed on {host}\n\x1b[31mred")
        return (line("S", "early-step"), line("D", 0, b64("-old\n+new\n")), printed, DONE) if phase == "early" else None

    Recorded([make_phase("early")], answer).record(console)
    text = (home / "lab" / RUN_ID / "hosts" / "m2.log").read_text()
    assert re.search(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ  early early-step: changed: it: it differs", text, re.MULTILINE)
    assert "  | printed on m2\n" in text
    assert "    -old\n    +new\n" in text
    assert "\x1b" not in text
    assert "m1" not in text


@given(st.lists(EVENTS, max_size=5))
def test_no_event_whatever_stops_a_run(tmp_path_factory, many):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        with recorded(Console(), "inventory.yaml", {}) as sink:
            sink.handle(STARTED)
            for event in many:
                if not isinstance(event, events.RunStarted):
                    sink.handle(event)
        (run,) = list_runs("lab")
        record = read_run(run.folder)
    assert len(record.events) >= 2
    assert record.damaged == 0


def test_only_the_user_may_read_it(home, console):
    os.umask(before := os.umask(0))
    try:
        os.umask(0)
        Recorded([make_phase("early")]).record(console)
    finally:
        os.umask(before)
    everything = [home, *home.rglob("*")]
    assert len(everything) > 6
    assert {stat.S_IMODE(path.stat().st_mode) for path in everything if path.is_dir()} == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in everything if path.is_file()} == {0o600}


def test_a_failed_run_has_its_errors_and_says_so(home, console):
    with pytest.raises(HostsFailed):
        Recorded(joining(), lambda host, phase: fails() if (host, phase) == ("m1", "make") else None).record(console)
    record = read_run(home / "lab" / RUN_ID)
    failed = [event for event in record.events if isinstance(event, events.HostFailed)]
    assert sorted((event.host, event.error.reference) for event in failed) == [("m1", "step-failed"), ("w1", "blocked")]
    assert (record.kept.status, record.kept.done.exit_code, record.kept.done.error) == ("failed", 1, "")
    assert "FAILED" in (home / "lab" / RUN_ID / "hosts" / "m1.log").read_text()


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (Interrupted("stopped"), "interrupted", "stopped [interrupted]"),
        (KeyboardInterrupt(), "interrupted", "KeyboardInterrupt"),
        (
            PreflightFailed([]),
            "preflight",
            "0 preflight checks failed; nothing was changed on any host [preflight-failed]",
        ),
        (ValueError("bug"), "crashed", "ValueError: bug"),
        (HostBusy("m1", "locked by ada"), "locked", ""),
        (HostsFailed([Unreachable("m2", "no route")]), "failed", ""),
    ],
)
def test_how_a_run_ended_is_its_last_line(error, status, told, home, console):
    with pytest.raises(type(error)), recorded(console, "inventory.yaml", {}) as sink:
        sink.handle(STARTED)
        raise error
    record = read_run(home / "lab" / RUN_ID)
    assert (record.kept.status, record.kept.done.error) == (status, told)
    assert isinstance(record.events[-1], events.RunDone)
    hosts = [event.host for event in record.events if isinstance(event, events.HostFailed)]
    assert hosts == [each.host for each in getattr(error, "errors", [error] if isinstance(error, HostBusy) else [])]
    assert console.seen == [STARTED]


def test_a_plan_with_drift_is_pending_and_the_runs_own_count_wins(home, console):
    with recorded(console, "inventory.yaml", {}) as sink:
        sink.handle(replace(STARTED, mode="plan"))
        sink.handle(events.StepDone(START_S, "m1", "early", "s", "S", "drift", 1))
    assert read_run(home / "lab" / RUN_ID).kept.done.status == "pending"
    with recorded(console, "inventory.yaml", {}) as sink:
        sink.handle(replace(STARTED, run_id="20260101-000001-abcd"))
        sink.tally = Tally(changed=7)
    assert read_run(home / "lab" / "20260101-000001-abcd").kept.done.changed == 7


def test_a_step_that_changed_and_is_in_place_after_a_reboot_counts_once(home, console):
    with recorded(console, "inventory.yaml", {}) as sink:
        sink.handle(STARTED)
        for status in ("changed", "ok"):
            sink.handle(events.StepDone(START_S, "m1", "early", "s", "S", status, 1))
    done = read_run(home / "lab" / RUN_ID).kept.done
    assert (done.changed, done.unchanged) == (1, 0)


def test_nothing_is_written_after_the_end(home, console):
    with recorded(console, "inventory.yaml", {}) as sink:
        sink.handle(STARTED)
    sink.handle(events.Notice(START_S, "m1", "late"))
    assert [each["event"] for each in lines(home / "lab" / RUN_ID)[1:]] == ["run-started", "run-done"]
    assert console.notices == ["late"]


def test_without_a_start_nothing_is_kept(home, console):
    with recorded(console, "inventory.yaml", {}):
        pass
    assert not home.exists()


def test_a_home_that_cannot_be_written_stops_no_run_and_is_told_once(tmp_path, console, monkeypatch):
    (tmp_path / "state").write_text("a file in the way")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    Recorded(joining()).record(console)
    assert len(console.notices) == 1
    assert console.notices[0].startswith("this run is not kept: ")


def test_a_disk_that_fills_up_stops_no_run_and_is_told_once(home, console, monkeypatch):
    write, left = os.write, [2000]

    def full(descriptor, data):
        left[0] -= len(data)
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data)

    monkeypatch.setattr(recorder.os, "write", full)
    Recorded(joining()).record(console)
    monkeypatch.undo()
    assert console.notices == ["this run is not kept: events.jsonl: No space left on device"]


def test_i9_no_secret_in_anything_that_is_kept_or_made_of_it(home, console):
    """Canaries as an output, in what hosts print, in reasons, diffs, waits, errors, titles and what ended the run."""
    canary, token = "canary-value-1234", "abcdef.0123456789abcdef"
    learn(canary)
    said = f"password: {canary}\nkubeadm join --token {token}\nclient-key-data: Y2FuYXJ5a2V5Y2FuYXJ5\nhttp://u:pw-canary@x/"
    key = "-----BEGIN RSA PRIVATE KEY-----\ncanarykeycanarykey\n-----END RSA PRIVATE KEY-----"
    with pytest.raises(RuntimeError), recorded(console, f"/tmp/{canary}/inventory.yaml", {"x": canary}) as sink:
        sink.handle(STARTED)
        sink.handle(events.FactsGathered(START_S, "m1", said))
        sink.handle(events.PhaseWaits(START_S, "m1", "join", said))
        sink.handle(events.PhaseStarted(START_S, "m1", "join", said))
        sink.handle(events.StepBegan(START_S, "m1", "join", "s", said))
        sink.handle(events.HostWaits(START_S, "m1", "join", "s", said))
        sink.handle(events.ResourceDone(START_S, "m1", "join", "s", said, "changed", 1, said, said + key, said + key))
        sink.handle(events.StepDone(START_S, "m1", "join", "s", said, "changed", 1, (said,)))
        sink.handle(events.Notice(START_S, "m1", said))
        error = Unreachable("m1", said, hint=said, output=said + key, log_path=said)
        sink.handle(events.HostFailed(START_S, "m1", error))
        raise RuntimeError(said)
    written = [path for path in home.rglob("*") if path.is_file()]
    record = read_run(home / "lab" / RUN_ID)
    everything = "".join(path.read_text() for path in written) + page(record) + junit(record)
    assert "***" in everything
    for secret in (canary, token, "Y2FuYXJ5a2V5Y2FuYXJ5", "pw-canary", "canarykey"):
        assert secret not in everything


def test_the_oldest_runs_go_and_never_one_that_is_being_written(home, console):
    ids = [f"20250101-0000{number:02}-abcd" for number in range(KEPT + 2)]
    living = Recorder(console, "inventory.yaml", {})
    living.handle(replace(STARTED, run_id=ids[0]))
    for run_id in ids[1:]:
        with recorded(console, "inventory.yaml", {}) as sink:
            sink.handle(replace(STARTED, run_id=run_id))
    (home / "lab" / "notes").mkdir()
    (home / "lab" / "20240101-000000-abcd").symlink_to(home / "lab" / "notes")
    with recorded(console, "inventory.yaml", {}) as sink:  # its clock is wrong: the oldest of all by its name
        sink.handle(replace(STARTED, run_id="20240601-000000-abcd"))
        assert places.is_being_written(home / "lab" / "20240601-000000-abcd")
    left = sorted(path.name for path in (home / "lab").iterdir())
    assert left == ["20240101-000000-abcd", "20240601-000000-abcd", ids[0], *ids[2:], "notes"]
    assert list_runs("lab")[-2].status == "running"
    living.end(None)
    assert not places.is_being_written(home / "lab" / ids[0])


def test_runs_at_once_do_not_hurt_each_other(home, console):
    def run(number):
        with recorded(console, "inventory.yaml", {}) as sink:
            sink.handle(replace(STARTED, run_id=f"20250101-0{number:05}-abcd"))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(KEPT + 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert console.notices == []
    assert KEPT <= len(list_runs("lab")) <= KEPT + 20
    with recorded(console, "inventory.yaml", {}) as sink:
        sink.handle(replace(STARTED, run_id="20260101-000000-abcd"))
    assert [run.status for run in list_runs("lab")] == ["done"] * KEPT
