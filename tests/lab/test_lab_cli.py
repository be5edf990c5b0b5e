"""The lab's command line: what goes wrong is one sentence and a hint, never a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from kubelab import cli, machine, places
from kubelab.builder import debian

PROGRAM = Path(__file__).resolve().parents[2] / "lab" / "lab"


@pytest.fixture(autouse=True)
def no_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "STATE", tmp_path)
    monkeypatch.setattr(machine, "require_linux_root", lambda: None)
    monkeypatch.setenv("KUBEBOOT_LAB", "test")


def test_help_lists_every_command() -> None:
    done = subprocess.run([sys.executable, PROGRAM, "--help"], capture_output=True, text=True, check=True)
    for command in ("build", "up", "down", "ps", "ssh", "ctl", "inventory", "fresh", "kill", "start", "link", "delay"):
        assert f"\n    {command}" in done.stdout


@pytest.mark.parametrize(
    "words",
    [["ps"], ["ssh", "node1"], ["ctl", "true"], ["inventory"], ["fresh", "node1"], ["kill", "node1"], ["delay", "5"]],
)
def test_without_a_lab_it_says_how_to_start_one(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(words) == 2
    assert capsys.readouterr().err == "lab: the lab 'test' is not up\n     start it with: lab up 3\n"


@pytest.mark.parametrize("name", ["UP", "a b", "../x", "1st", "a" * 21, "ünder"])
def test_bad_names_are_refused(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("KUBEBOOT_LAB", name)
    assert cli.main(["ps"]) == 2
    assert "is no name for a lab" in capsys.readouterr().err


def test_an_unbuilt_lab_says_how_to_build(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("kubelab.fleet.ROOT_FILE_SYSTEM", Path("/nowhere"))
    assert cli.main(["up", "1"]) == 2
    assert capsys.readouterr().err.endswith("build it first (15 minutes): lab build\n")


def test_ctrl_c_is_one_line_and_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("kubelab.show.hosts_as_table", interrupted)
    assert cli.main(["ps"]) == 130
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_labs_get_subnets_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    indexes = {}
    for name in ("one", "lab", "two", "one"):
        monkeypatch.setenv("KUBEBOOT_LAB", name)
        indexes[name] = places.claim_lab().index
    assert indexes == {"lab": 0, "one": 1, "two": 2}


def test_no_labs_namespaces_are_taken_for_anothers() -> None:
    short, long = places.Lab("lab", 0), places.Lab("lab-2", 1)
    assert not long.hub_namespace.startswith(short.namespace_prefix)


def test_the_debian_mirror_is_read_from_both_kinds_of_source_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debian, "_APT", tmp_path)
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    (folder / "a.list").write_text("deb [arch=amd64] https://packages.example bookworm stable\n")
    (folder / "b.sources").write_text(
        "Types: deb\n# comment\nURIs: http://debian.example/debian/\n"
        "Suites: bookworm bookworm-updates\nComponents: main\n"
    )
    debian.mirror_url.cache_clear()
    assert debian.mirror_url() == "http://debian.example/debian"
    (tmp_path / "sources.list").write_text("deb http://other.example/debian bookworm main contrib\n")
    debian.mirror_url.cache_clear()
    assert debian.mirror_url() == "http://other.example/debian"
    debian.mirror_url.cache_clear()
