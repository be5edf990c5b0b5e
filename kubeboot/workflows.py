"""The order of phases per command: read it top to bottom. The same lists make the help."""

from kubeboot.phases.cluster import ADDONS, FINISH, NETWORK, ROLLOUT
from kubeboot.phases.control_plane import CONTROL_PLANE
from kubeboot.phases.diagnose import DIAGNOSIS
from kubeboot.phases.host_prep import HOST_PREP
from kubeboot.phases.images import IMAGES
from kubeboot.phases.join import JOIN_CONTROL_PLANES, JOIN_WORKERS
from kubeboot.phases.packages import PACKAGES
from kubeboot.phases.verify import VERIFY_CLUSTER, VERIFY_HOSTS
from kubeboot.resources.base import Phase

INIT: tuple[Phase, ...] = (
    HOST_PREP,
    PACKAGES,
    IMAGES,
    CONTROL_PLANE,
    ADDONS,
    JOIN_CONTROL_PLANES,
    JOIN_WORKERS,
    ROLLOUT,
    NETWORK,
    FINISH,
)

VERIFY: tuple[Phase, ...] = (*INIT, VERIFY_HOSTS, VERIFY_CLUSTER)
"""Checks only: whatever init would change differs from the inventory, and beyond it what init never touches again."""

DIAGNOSE: tuple[Phase, ...] = (DIAGNOSIS,)

WORKFLOWS = {"init": INIT, "verify": VERIFY, "diagnose": DIAGNOSE}
"""By the command that runs it."""
