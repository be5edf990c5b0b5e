"""The lab's own Go programs: their unit tests, by Go itself."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from kubelab.builder import golang


@pytest.mark.lab
@pytest.mark.skipif(not shutil.which("go"), reason="needs Go")
@pytest.mark.skipif(
    not golang.PROGRAMS.exists(), reason="needs a built lab, so that Go has compiled what they stand on"
)
@pytest.mark.parametrize("module", ["standins", "crictl"])
def test_the_labs_go_programs_pass_their_own_tests(module: str) -> None:
    done = subprocess.run(
        ["go", "test", "-trimpath", "./..."],
        cwd=golang.MODULES / module,
        env={**os.environ, **golang.environment()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
