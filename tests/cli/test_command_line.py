"""The command line as a process: what it prints, where, and the exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kubeboot.cli import COMMANDS, group, help_text
from kubeboot.errors import (
    HostBusy,
    HostLost,
    HostsFailed,
    Interrupted,
    PreflightFailed,
    Refused,
    StepFailed,
    SudoRefused,
)

ROOT = Path(__file__).parents[2]
HEAVY = ("click", "rich", "yaml", "pydantic", "paramiko", "fabric", "jinja2", "kubeboot.errors", "dataclasses")


def kubeboot(*arguments, cwd=None, **environment):
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80", **environment}
    variables.pop("KUBEBOOT_INVENTORY", None)
    return subprocess.run(
        [sys.executable, "-m", "kubeboot", *arguments],
        env=variables, cwd=cwd, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def shell(command, cwd=None):
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "KUBEBOOT": f"{sys.executable} -m kubeboot"}
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        env=variables, cwd=cwd, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_help_imports_nothing_heavy():
    code = (
        "import sys; sys.argv = ['kubeboot', '--help']\n"
        "from kubeboot.cli import main\n"
        "try: main()\n"
        f"except SystemExit: sys.exit(' '.join(set({HEAVY}) & set(sys.modules)) or None)"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == help_text() + "\n"


def test_help_fits_80_columns_and_names_every_command():
    assert max(map(len, help_text().splitlines())) <= 80
    assert all(f"\n  {name} " in help_text() for name in COMMANDS)


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["help"]])
def test_help_goes_to_stdout(arguments):
    result = kubeboot(*arguments)
    assert (result.returncode, result.stdout, result.stderr) == (0, help_text() + "\n", "")


def test_no_command_is_a_usage_error_that_shows_the_help():
    result = kubeboot()
    assert (result.returncode, result.stdout, result.stderr) == (2, "", help_text() + "\n")


@pytest.mark.parametrize("command", ["init", "plan", "phases", "inventory", "completion", "version"])
def test_help_of_a_command_fits_80_columns(command):
    result = kubeboot(command, "--help")
    assert (result.returncode, result.stderr) == (0, "")
    assert max(map(len, result.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (["iniit"], ["kubeboot: There is no command 'iniit'. Did you mean 'init'?", "  See: kubeboot --help"]),
        (["init", "--foo"], ["kubeboot: No such option '--foo'.", "  See: kubeboot init --help"]),
        (["init", "-i"], ["kubeboot: Option '-i' requires an argument.", "  See: kubeboot init --help"]),
        (["plan", "-vq"], ["kubeboot: --verbose and --quiet exclude each other.", "  See: kubeboot plan --help"]),
        (
            ["init", "--parallel", "0"],
            [
                "kubeboot: Invalid value for '--parallel': 0 is not in the range 1<=x<=500.",
                "  See: kubeboot init --help",
            ],
        ),
    ],
)
def test_a_wrong_command_line_is_one_sentence_and_the_next_command(arguments, lines):
    result = kubeboot(*arguments)
    assert (result.returncode, result.stdout, result.stderr.splitlines()) == (2, "", lines)


def test_a_missing_inventory(tmp_path):
    result = kubeboot("init", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(
        "kubeboot: the inventory inventory.yaml does not exist [inventory-invalid]\n  hint: "
    )


def test_a_directory_instead_of_an_inventory(tmp_path):
    result = kubeboot("plan", "-i", ".", cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr.splitlines() == [
        "kubeboot: the inventory . cannot be read: Is a directory [inventory-invalid]",
        "  hint: name a file with -i PATH",
    ]


def test_an_unreadable_inventory():
    result = kubeboot("plan", "-i", "/proc/1/mem")
    assert result.returncode == 2
    assert result.stderr.startswith("kubeboot: the inventory /proc/1/mem cannot be read: ")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("cpu_cont", "there is no finding 'cpu_cont'; did you mean cpu-count?"),
        ("memory,zzzzz", "there is no finding 'zzzzz'"),
        ("foreign-cluster", "foreign-cluster is never waived"),
    ],
)
def test_a_waiver_that_cannot_be_is_refused_before_anything_else(names, message, tmp_path):
    result = kubeboot("init", "--ignore-preflight-errors", names, cwd=tmp_path)
    assert result.returncode == 2
    assert message in result.stderr.splitlines()[0]
    assert "Traceback" not in result.stderr


ONE_HOST = "cluster: {kubernetesVersion: 1.29.15}\nhosts: [{name: node1, address: 192.0.2.1}]\n"
"""Valid; nothing of it is ever asked for."""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-K"], "there is no terminal on which to ask for the sudo password [no-terminal]"),
        (["-K", "--sudo-password-file", "x"], "--ask-sudo-password and --sudo-password-file exclude each other."),
        (["--sudo-password-file", "none"], "the password file none cannot be read: No such file or directory"),
        (["--sudo-password-file", "empty"], "the password file empty does not begin with a line that is a password"),
    ],
)
def test_a_sudo_password_that_cannot_be_had(options, message, tmp_path):
    (tmp_path / "inventory.yaml").write_text(ONE_HOST)
    (tmp_path / "empty").write_text("")
    result = kubeboot("plan", "-q", *options, cwd=tmp_path)
    assert result.returncode == 2
    assert message in result.stderr


def test_version():
    assert kubeboot("--version").stdout.startswith("kubeboot ")


@pytest.mark.parametrize("command", ["--help", "phases", "inventory schema", "inventory --help"])
def test_a_reader_that_leaves_is_no_error(command):
    result = shell(f"$KUBEBOOT {command} | true")
    assert (result.returncode, result.stderr) == (0, "")


def test_closed_stdout_is_no_error():
    for command in ("--help", "phases"):
        result = shell(f"$KUBEBOOT {command} >&-")
        assert (result.returncode, result.stderr) == (0, "")


def test_ascii_terminals_get_ascii():
    result = kubeboot("phases", LC_ALL="C", PYTHONIOENCODING="ascii:strict", PYTHONUTF8="0")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.isascii()


def test_what_cannot_be_encoded_does_not_crash(tmp_path):
    (tmp_path / "ü.yaml").write_text("cluster: {}")
    result = kubeboot("inventory", "check", "-i", "ü.yaml", cwd=tmp_path, PYTHONIOENCODING="ascii:strict")
    assert result.returncode == 2
    assert "Traceback" not in result.stderr


def test_phases_fit_80_columns_and_name_the_risk():
    lines = kubeboot("phases").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0] == "host-prep: Prepare the host"
    assert any(line.startswith("  disable-swap ") and line.endswith("[disruptive]") for line in lines)
    assert lines[-1] == "[disruptive] can interrupt what runs on the host"


def raising(error, monkeypatch):
    def main(**_):
        raise error

    monkeypatch.setattr(group.cli, "main", main)
    return group.run(["init"])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (HostsFailed([StepFailed("a", "x")]), 1),
        (PreflightFailed([]), 3),
        (HostsFailed([SudoRefused("a", "x")]), 3),
        (HostsFailed([HostLost("a", "x")]), 4),
        (HostsFailed([HostBusy("a", "x")]), 6),
        (HostsFailed([StepFailed("a", "x"), Refused("b", "x")]), 7),
        (Interrupted("stopped"), 130),
        (KeyboardInterrupt(), 130),
        (BrokenPipeError(), 0),
        (ZeroDivisionError("x"), 70),
    ],
)
def test_exit_codes(error, code, monkeypatch, capsys):
    assert raising(error, monkeypatch) == code
    assert "Traceback" not in capsys.readouterr().err


def test_a_bug_is_two_lines(monkeypatch, capsys):
    monkeypatch.delenv("KUBEBOOT_DEBUG", raising=False)
    raising(ZeroDivisionError("division\nby zero"), monkeypatch)
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("kubeboot: a bug in kubeboot ")
    assert "ZeroDivisionError: division by zero (" in first
    assert "KUBEBOOT_DEBUG=1" in second


def test_a_traceback_only_when_asked_for(monkeypatch, capsys):
    monkeypatch.setenv("KUBEBOOT_DEBUG", "1")
    raising(ZeroDivisionError("x"), monkeypatch)
    assert "Traceback (most recent call last)" in capsys.readouterr().err
