"""Fixtures of the inventory's tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kubeboot.errors import InventoryError, Problem
from kubeboot.inventory.load import load_inventory
from kubeboot.model import Cluster

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
