"""What each phase's script looks like for Debian 12: a change of a phase shows as a diff of tests/golden.

`KUBEBOOT_GOLDEN=1 pytest tests/phases` (make golden) writes them anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kubeboot.resources import Phase
from kubeboot.workflows import DIAGNOSE, INIT
from tests.phases.golden_world import HOSTS, golden_text

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = [(phase, kind) for phase in (*INIT, *DIAGNOSE) for kind in HOSTS if golden_text(phase, kind)]


def golden_path(phase: Phase, kind: str) -> Path:
    return GOLDEN / f"{phase.name}-{kind}.sh"


@pytest.mark.parametrize(("phase", "kind"), CASES, ids=lambda each: getattr(each, "name", each))
def test_script_is_the_golden_one(phase: Phase, kind: str) -> None:
    path = golden_path(phase, kind)
    if os.environ.get("KUBEBOOT_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(golden_text(phase, kind), encoding="utf-8")
    assert path.exists(), "no golden script yet: make golden"
    assert golden_text(phase, kind) == path.read_text(encoding="utf-8"), (
        "another script: make golden, then read the diff"
    )


def test_every_golden_script_belongs_to_a_phase() -> None:
    wanted = {golden_path(*case) for case in CASES}
    if os.environ.get("KUBEBOOT_GOLDEN"):
        for path in set(GOLDEN.glob("*.sh")) - wanted:
            path.unlink()
    assert set(GOLDEN.glob("*.sh")) == wanted
