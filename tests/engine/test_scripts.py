"""Every rendered script: valid bash, clean under shellcheck (I8), and without a secret (I9)."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from kubeboot.engine.script import Script, Settings, compile_script, payload
from kubeboot.workflows import DIAGNOSE, INIT
from tests.engine.conftest import SETTINGS, make_context

SCRIPTS = [
    (phase, host, is_bare, is_known)
    for phase in (*INIT, *DIAGNOSE)
    for host in ("m1", "m2", "w1")
    for is_bare in (True, False)
    for is_known in (True, False)
    if make_context(host).host in phase.select(make_context(host).cluster)
]
EXCLUDED = "SC2317,SC2329,SC2034,SC2016,SC1091"
"""Functions called by name, variables that other functions read, and jsonpath in single quotes are how scripts work."""


def compiled(phase: object, host: str, is_bare: bool, is_known: bool, settings: Settings = SETTINGS) -> Script:
    return compile_script(phase, make_context(host, is_bare=is_bare, is_known=is_known), settings)  # type: ignore[arg-type]


def ids(case: object) -> str:
    return getattr(case, "name", str(case))


@pytest.mark.parametrize(("phase", "host", "is_bare", "is_known"), SCRIPTS, ids=ids)
def test_script_is_valid_bash(phase: object, host: str, is_bare: bool, is_known: bool) -> None:
    script = compiled(phase, host, is_bare, is_known)
    done = subprocess.run(["bash", "-n"], input=script.text, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_i8_every_script_is_clean_under_shellcheck(tmp_path: Path) -> None:
    seen: set[str] = set()
    for phase, host, is_bare, is_known in SCRIPTS:
        script = compiled(phase, host, is_bare, is_known)
        if script.items and script.text not in seen:
            seen.add(script.text)
            (tmp_path / f"{script.phase}-{host}-{is_bare}-{is_known}.sh").write_text(script.text)
    starter = payload(compiled(*SCRIPTS[0]), SETTINGS, "host-prep", 1, 60)
    (tmp_path / "payload.sh").write_text("#!/bin/bash\n" + starter.decode())
    paths = sorted(map(str, tmp_path.glob("*.sh")))
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("shellcheck")),
            "-s",
            "bash",
            "-S",
            "info",
            "-e",
            EXCLUDED,
            "-f",
            "gcc",
            *paths,
        ],
        text=True,
        capture_output=True,
        check=False,
    )
    assert sorted(set(done.stdout.splitlines()))[:30] == []


@pytest.mark.parametrize(("phase", "host", "is_bare", "is_known"), SCRIPTS, ids=ids)
def test_i9_no_secret_in_a_script(phase: object, host: str, is_bare: bool, is_known: bool) -> None:
    text = compiled(phase, host, is_bare, is_known).text
    for secret in ("canary-password", "canary-certificate-key", "abcdef.0123456789abcdef"):
        assert secret not in text


def test_same_inputs_give_the_same_script() -> None:
    for case in SCRIPTS:
        assert compiled(*case).text == compiled(*case).text


def test_plan_and_apply_differ_only_in_their_settings() -> None:
    for case in SCRIPTS[:12]:
        apply = compiled(*case).text.splitlines()
        plan = compiled(*case, settings=replace(SETTINGS, mode="plan")).text.splitlines()
        differing = [line for line, other in zip(apply, plan, strict=True) if line != other]
        assert all(line.startswith(("KB_MODE=", "KB_LOG=")) for line in differing)
