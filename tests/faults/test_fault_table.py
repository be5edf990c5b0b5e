"""The table's own rules, and that the matrix names every phase."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fault_points import FIRST_RUN, POINTS, SAMPLE, chosen
from fault_table import Row, put, rows_of, telling_line
from lab_hosts import Ended

from kubeboot.workflows import INIT

ROW = Row("join.power-cut", "0, 41", "node2 has rebooted", "0, 3, 12", "0", "good")


def test_every_phase_has_points_and_names_are_unique() -> None:
    names = [point.name for point in POINTS]
    assert len(names) == len(set(names)) >= 60
    assert {phase.name for phase in INIT} == {point.moment.phase for point in POINTS}
    assert {point.fault for point in POINTS} == set(FIRST_RUN)
    assert set(names) >= SAMPLE and len(SAMPLE) == 6


def test_parts_are_all_points_once(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = []
    for number in (1, 2, 3):
        monkeypatch.setenv("KUBEBOOT_FAULTS_PART", f"{number}/3")
        parts += chosen()
    assert parts == list(POINTS)


def test_points_are_chosen_by_name_and_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBEBOOT_FAULTS_POINTS", "join.power-cut, finish.*")
    names = {point.name for point in chosen(frozenset({"finish.power-cut"}))}
    assert "join.power-cut" in names and "finish.kubeboot-killed" in names
    assert "finish.power-cut" not in names and all(name.startswith(("join.", "finish.")) for name in names)


def test_a_row_replaces_its_own_and_leaves_others(tmp_path: Path) -> None:
    path = tmp_path / "docs/faults.md"
    put(path, ROW, "1", 20)
    put(path, replace(ROW, point="a.unit-killed", verdict="second run: exit 1"), "1", 20)
    assert "2 points, 1 good" in path.read_text()
    put(path, replace(ROW, point="a.unit-killed"), "1", 20)
    assert list(rows_of(path).values()) == [replace(ROW, point="a.unit-killed"), ROW]
    assert "2 points, 2 good" in path.read_text()


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("  0:03  node1  a  changed\n  FAILED node1: x: the | script\n0 changed", "FAILED node1: x: the / script"),
        ("0:03  node2    connection lost; reconnecting\n4 changed, 2 in place", "node2 connection lost; reconnecting"),
        ("4 changed, 2 in place\n\n", "4 changed, 2 in place"),
        ("", ""),
    ],
)
def test_the_telling_line(output: str, told: str) -> None:
    assert telling_line(Ended(0, output, "", 1.0)) == told
