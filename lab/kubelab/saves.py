"""Hosts as they once were: kept under a name, and brought back with a new boot, as often as wanted.

SAVES/NAME/HOST/upper     the disk's own layer; from then on nobody writes to it: restored disks lie over it
SAVES/NAME/HOST/lowers    the layers below that one, topmost first
SAVES/NAME/HOST/{containerd,kubelet,etcd}   copied whenever the host is restored
SAVES/NAME/HOST/still/N   the parts of containerd's folder that are only ever added to: restored as hard links

Layers of containers that ended are among the links: nothing writes to those again, a kubelet makes new containers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from .errors import LabError
from .host import DATA, Host, unmount, wipe
from .places import Lab
from .process import run

STILL = (
    "containerd/io.containerd.content.v1.content/blobs",
    "containerd/io.containerd.snapshotter.v1.overlayfs/snapshots",
)
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}")


def new_save(lab: Lab, name: str) -> Path:
    """The folder for a save that does not exist yet."""
    if not _NAME.fullmatch(name):
        raise LabError(f"{name!r} is no name for a save", "use small letters, digits, dots and dashes: lab save ready")
    if (folder := _folder(lab, name)).exists():
        raise LabError(f"there is a save {name!r} already", f"bring it back with: lab restore {name}; or choose a name")
    return folder


def saved_hosts(lab: Lab, name: str) -> list[str]:
    """Names of the hosts of a save."""
    folder = _folder(lab, name)
    if not folder.is_dir():
        there = ", ".join(sorted(path.name for path in folder.parent.glob("*"))) or "none"
        raise LabError(f"the lab {lab.name!r} has no save {name!r} (it has: {there})", f"make it with: lab save {name}")
    return sorted(path.name for path in folder.iterdir())


def keep(host: Host, save: Path) -> None:
    """Move the disk of a host that is off into the save."""
    unmount(host)
    place = save / host.name
    (place / "still").mkdir(parents=True)
    lowers = host.lowers.read_text() if host.lowers.exists() else ""
    (place / "lowers").write_text(lowers)
    (host.folder / "disk/upper").rename(place / "upper")
    for name in DATA:
        (host.folder / name).rename(place / name)
    for number, path in enumerate(STILL):
        if (place / path).exists():
            (place / path).rename(place / "still" / str(number))


def bring_back(host: Host, name: str) -> None:
    """Give a host that is off the disk it had when it was saved."""
    place = _folder(host.lab, name) / host.name
    wipe(host)
    host.lowers.write_text(f"{place / 'upper'}\n{(place / 'lowers').read_text()}")
    for each in DATA:
        run(["cp", "--archive", place / each, host.folder / each])
    for number, path in enumerate(STILL):
        if (kept := place / "still" / str(number)).exists():
            run(["cp", "--archive", "--link", kept, host.folder / path])


def chosen(names: Sequence[str], saved: Sequence[str], save: str) -> list[str]:
    """The saved hosts that were asked for; all if none was named."""
    if unknown := [name for name in names if name not in saved]:
        raise LabError(f"{', '.join(unknown)} is not in the save {save!r} (it has: {', '.join(saved)})")
    return list(names or saved)


def _folder(lab: Lab, name: str) -> Path:
    return lab.folder / "saves" / name
