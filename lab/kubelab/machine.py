"""What the lab needs of the machine it runs on, checked before anything is started."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from .errors import LabError
from .places import CACHE
from .process import run

_TOOLS = {
    "systemd-nspawn": "systemd-container",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "docker-registry": "docker-registry",
    "bash": "bash",
}
_BUILD_TOOLS = {
    "mmdebstrap": "mmdebstrap",
    "dpkg-deb": "dpkg",
    "apt-ftparchive": "apt-utils",
    "gpg": "gnupg",
    "gcc": "gcc",
    "setcap": "libcap2-bin",
    "tar": "tar",
}
_BUILD_FILES = {
    "/usr/lib/x86_64-linux-gnu/libc.a": "libc6-dev",
    "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
}
_INOTIFY = {"max_user_instances": 8192, "max_user_watches": 1048576}
NEEDED_BYTES = 12 << 30  # 2.5 GB of results, the rest is Go's two caches


def require_linux_root() -> None:
    """The lab makes namespaces, mounts and cgroups: only root on Linux can."""
    if sys.platform != "linux":
        raise LabError(f"the lab needs Linux, this is {sys.platform}", "run it in a Linux virtual machine")
    if os.geteuid() != 0:
        command = f"run: sudo {' '.join(sys.argv)}"
        raise LabError("the lab needs root (it makes namespaces, mounts and cgroups)", command)


def require_built(root_file_system: Path) -> None:
    """A host's root file system and the programs that start it must be there."""
    if not root_file_system.is_dir():
        raise LabError(f"the lab is not built yet (no {root_file_system})", "build it first (15 minutes): lab build")
    missing = [package for tool, package in _TOOLS.items() if not shutil.which(tool)]
    if missing:
        names = " ".join(sorted(set(missing)))
        raise LabError(f"programs of these packages are missing: {names}", f"apt-get install {names}")


def install_tools() -> None:
    """Install with apt what the build and the hosts need and is not there."""
    wanted = {**_TOOLS, **_BUILD_TOOLS}
    missing = sorted({package for tool, package in wanted.items() if not shutil.which(tool)})
    missing += [package for path, package in _BUILD_FILES.items() if not Path(path).exists()]
    if not missing:
        return
    print(f"installing {', '.join(missing)}", flush=True)
    install = ["apt-get", "-qq", "install", "--yes", "--no-install-recommends", *missing]
    settings = {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        run(install, env=settings)
    except LabError:
        run(["apt-get", "-qq", "update"], env=settings)
        run(install, env=settings)
    if "docker-registry" in missing and Path("/run/systemd/system").exists():
        run(["systemctl", "disable", "--quiet", "--now", "docker-registry"])  # the lab starts its own


def require_disk(*, is_whole_build: bool) -> None:
    """Enough free disk for a build, with its temporary files and Go's own caches."""
    needed = NEEDED_BYTES if is_whole_build else NEEDED_BYTES // 12
    CACHE.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(CACHE).free
    if free < needed:
        raise LabError(
            f"{CACHE} has {free / 1e9:.1f} GB free, the build needs {needed / 1e9:.1f} GB",
            "free some, or set KUBEBOOT_LAB_CACHE to a folder on a larger disk",
        )


def raise_inotify_limits() -> None:
    """Several systemds and kubelets share this kernel's inotify limits, whose defaults are made for one."""
    for name, wanted in _INOTIFY.items():
        path = Path("/proc/sys/fs/inotify") / name
        if int(path.read_text()) < wanted:
            path.write_text(str(wanted))
