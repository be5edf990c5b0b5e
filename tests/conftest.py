"""For all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

# The same examples every time, so that a red run is somebody's change; KUBEBOOT_RANDOM=1 looks for new ones.
settings.register_profile("steady", derandomize=not os.environ.get("KUBEBOOT_RANDOM"), deadline=None)
settings.load_profile("steady")


@pytest.fixture(scope="session", autouse=True)
def state_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Runs that tests start are not kept among the user's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield
