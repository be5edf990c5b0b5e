"""System tests: kubeboot against real hosts of the lab. One lab per module, never two at a time, always taken down."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_hosts import BUILT, Lab, lab_of_module


def _why_not() -> str:
    if os.geteuid() != 0:
        return "the lab needs root"
    if not BUILT.exists():
        return f"the lab is not built ({BUILT} is missing): ./lab/lab build"
    return ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without the lab, what stands in this folder is skipped and says why."""
    reason = _why_not()
    for item in items:
        if reason and Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="module")
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The module's lab, with as many hosts as its HOSTS says."""
    module = request.module.__name__.rpartition(".")[2].removeprefix("test_")
    yield from lab_of_module(module.replace("_", ""), tmp_path_factory.mktemp(module), request.module.HOSTS)
