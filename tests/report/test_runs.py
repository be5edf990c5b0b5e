"""Runs are found, listed and read, also those of a kubeboot that was killed."""

from __future__ import annotations

import json

import pytest

from kubeboot.engine import events
from kubeboot.errors import UsageError
from kubeboot.report.codec import FORMAT, encode, to_line
from kubeboot.report.page.html import page
from kubeboot.report.runs import find_run, list_runs, read_run
from tests.report.happenings import START_S, changed
from tests.report.synthetic import keep, of_one_host


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "kubeboot"


def run_of(run_id, **values):
    return [events.RunStarted(START_S, run_id, "init", "apply", "lab", ("node1",)), *values.get("more", ())]


def test_runs_are_listed_the_newest_first_with_how_they_ended(home):
    keep(home / "lab" / "20260101-000000-aaaa", run_of("20260101-000000-aaaa"))
    keep(home / "lab" / "20260102-000000-bbbb", of_one_host(changed("node1")))
    (home / "lab" / "20260103-000000-cccc").mkdir()
    first, second = list_runs("lab")
    assert (first.status, first.done.changed, first.started.command) == ("done", 1, "init")
    assert (second.status, second.done, second.run_id) == ("did not end", None, "20260101-000000-aaaa")
    assert list_runs("other") == []


def test_a_long_run_is_listed_by_its_ends(home):
    many = [events.Notice(START_S, "node1", "x" * 1000)] * 1000
    keep(home / "lab" / "20260101-000000-aaaa", of_one_host(*many))
    (run,) = list_runs("lab")
    assert (run.status, run.done.duration_ms) == ("done", 60_000)


def test_clusters_of_the_same_name_are_told_apart_by_their_inventory(home, tmp_path):
    own, other = tmp_path / "a.yaml", tmp_path / "b.yaml"
    keep(home / "lab" / "20260101-000000-aaaa", of_one_host(), inventory=str(own))
    keep(home / "lab" / "20260102-000000-bbbb", of_one_host(), inventory=str(other))
    assert [run.folder.name for run in list_runs("lab", own)] == ["20260101-000000-aaaa"]
    assert len(list_runs("lab")) == len(list_runs("lab", tmp_path / "moved.yaml")) == 2


def test_a_run_is_found_by_its_id_the_beginning_of_one_or_its_folder(home):
    for cluster, run_id in (
        ("lab", "20260101-000000-aaaa"),
        ("lab", "20260101-000000-aaaab"),
        ("x", "20260102-000000-bbbb"),
    ):
        keep(home / cluster / run_id, of_one_host())
    assert find_run("20260101-000000-aaaa").name == "20260101-000000-aaaa"
    assert find_run("20260102").parent.name == "x"
    assert find_run(str(home / "x" / "20260102-000000-bbbb")) == home / "x" / "20260102-000000-bbbb"
    for text, reference in (
        ("20260101", "run-ambiguous"),
        ("2027", "run-unknown"),
        ("x" * 5000, "run-unknown"),
        ("", "run-ambiguous"),
    ):
        with pytest.raises(UsageError) as raised:
            find_run(text)
        assert raised.value.reference == reference


def test_a_run_without_any_kept_runs_at_all_is_unknown(home):
    with pytest.raises(UsageError, match="no run '2026'"):
        find_run("2026")


@pytest.mark.parametrize("lost", range(1, 400, 7))
def test_a_killed_run_is_read_up_to_where_it_was_cut(lost, tmp_path):
    folder = keep(tmp_path / "run", of_one_host(changed("node1"), changed("node1", at=2)))
    path = folder / "events.jsonl"
    path.write_bytes(path.read_bytes()[:-lost])
    record = read_run(folder)
    is_whole = lost == 1  # the newline alone
    assert record.damaged == 0
    assert record.kept.status == ("done" if is_whole else "did not end")
    assert "The record stops without an end" in page(record) or is_whole


def test_damaged_lines_are_counted_and_left_out(tmp_path):
    folder = keep(tmp_path / "run", of_one_host(changed("node1")))
    path = folder / "events.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    damage = (b"\xff\x00 noise", b"[1]", b'{"event":"notice"}', b"[" * 5000)
    path.write_bytes(lines[0].encode() + b"\n".join(damage) + b"\n" + "".join(lines[1:]).encode())
    record = read_run(folder)
    assert (record.damaged, len(record.events)) == (4, 3)


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ({"format": FORMAT + 1}, "has format 2, and this kubeboot reads up to 1"),
        ({"format": "1"}, "does not say which format"),
        ({}, "does not say which format"),
        ([], "does not say which format"),
    ],
)
def test_a_file_of_another_format_is_refused(head, message, tmp_path):
    (tmp_path / "events.jsonl").write_text(json.dumps(head) + "\n" + to_line(encode(next(of_one_host()))))
    with pytest.raises(UsageError, match=message):
        read_run(tmp_path)


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(UsageError, match="No such file"):
        read_run(tmp_path)
    keep(tmp_path, [])
    with pytest.raises(UsageError, match="which run it is"):
        read_run(tmp_path)


def test_what_could_control_a_terminal_and_shapes_of_secrets_do_not_come_back(tmp_path):
    notice = events.Notice(START_S, "node1", "\x1b]0;x\x07 \u202e abcdef.0123456789abcdef")
    record = read_run(keep(tmp_path, of_one_host(notice)))
    assert record.events[1].text == " ]0;x    ***"
