"""Fixtures of the inventory's tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kubeboot.errors import InventoryError, Problem
from kubeboot.inventory.load import load_inventory
from kubeboot.model import Cluster

BASE = """\
cluster:
  kubernetesVersion: 1.29.15
{cluster}
hosts:
  - name: node1
    address: 10.0.0.1
    roles: [control-plane]
  - name: node2
    address: 10.0.0.2
    roles: [worker]
{hosts}
"""

Load = Callable[[str], tuple[Cluster, tuple[Problem, ...]]]
Problems = Callable[[str], tuple[Problem, ...]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads text as an inventory."""

    def run(text: str) -> tuple[Cluster, tuple[Problem, ...]]:
        path = tmp_path / "inventory.yaml"
        path.write_text(text)
        return load_inventory(path)

    return run


@pytest.fixture
def problems_of(load: Load) -> Problems:
    """The problems of a text; its warnings when it loads."""

    def run(text: str) -> tuple[Problem, ...]:
        try:
            return load(text)[1]
        except InventoryError as error:
            return error.problems

    return run


@pytest.fixture
def base() -> Callable[..., str]:
    """A good inventory with lines added under `cluster` (line 3 on) and at the end (line 11 on)."""

    def text(cluster: str = "", hosts: str = "") -> str:
        return BASE.format(cluster=cluster, hosts=hosts)

    return text


@pytest.fixture
def assert_one() -> Callable[..., None]:
    """Exactly one problem: (line, column, path, part of the message, part of the hint)."""

    def check(problems: tuple[Problem, ...], expected: tuple[int, int, str, str, str]) -> None:
        line, column, path, message, hint = expected
        assert len(problems) == 1, problems
        problem = problems[0]
        assert (problem.line, problem.column, problem.path) == (line, column, path)
        assert message in problem.message
        assert hint in problem.hint
        assert not problem.is_warning
        assert "secret" not in problem.message + problem.hint

    return check
