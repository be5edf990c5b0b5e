"""A bare host to run resources on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.resources.sandbox import Sandbox, sandboxes


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    yield from sandboxes(tmp_path)
