"""The matrix of faults: what it needs of the lab and of the system tests, and which points a session runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "system"), str(TESTS.parent / "lab")]

from fault_ground import Ground  # noqa: E402  (the paths must be set first)
from lab_hosts import BUILT, Lab  # noqa: E402


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A lab of two hosts with its saves. KUBEBOOT_FAULTS_LAB names one that stays, to try a point again quickly."""
    if os.geteuid() != 0 or not BUILT.exists():
        pytest.skip("needs root and the built lab (./lab/lab build)")
    kept = os.environ.get("KUBEBOOT_FAULTS_LAB", "")
    folder = Path(f"/var/tmp/kubeboot-faults-{kept}") if kept else tmp_path_factory.mktemp("faults")
    lab = Lab(kept or f"fm{os.getpid()}", folder)
    try:
        lab.up(2)
        yield Ground(lab)
    finally:
        if not kept:
            lab.down()
