"""For all tests."""

from __future__ import annotations

import os

from hypothesis import settings

# The same examples every time, so that a red run is somebody's change; KUBEBOOT_RANDOM=1 looks for new ones.
settings.register_profile("steady", derandomize=not os.environ.get("KUBEBOOT_RANDOM"), deadline=None)
settings.load_profile("steady")
