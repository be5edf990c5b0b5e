"""Where runs are kept on this machine: `kubeboot/CLUSTER/RUN` in the user's state folder, and which of them stay."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
from pathlib import Path

EVENTS = "events.jsonl"
HOSTS = "hosts"
KEPT = 50
"""So many runs of a cluster stay."""
_RUN_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4,}")
_GOING = ".gone-"


def runs_home() -> Path:
    """The folder of all clusters; a relative XDG_STATE_HOME does not count, as its spec says. Raises OSError."""
    given = Path(os.environ.get("XDG_STATE_HOME", ""))
    if given.is_absolute():
        return given / "kubeboot"
    try:
        return Path.home() / ".local" / "state" / "kubeboot"
    except RuntimeError as error:  # neither HOME nor an entry in passwd
        raise OSError(str(error)) from error


def make_folder(cluster: str, run_id: str) -> Path:
    """A new run's folder, for its user alone. Raises OSError."""
    home = runs_home()
    home.parent.mkdir(parents=True, exist_ok=True)
    for folder in (home, home / cluster):
        folder.mkdir(mode=0o700, exist_ok=True)
    folder = home / cluster / run_id
    folder.mkdir(mode=0o700)
    (folder / HOSTS).mkdir(mode=0o700)
    return folder


def run_folders(cluster: Path) -> list[Path]:
    """Folders of a cluster's runs, the newest first (an id begins with its time); none where nothing can be read."""
    with contextlib.suppress(OSError):
        found = [each for each in cluster.iterdir() if _RUN_ID.fullmatch(each.name) and not each.is_symlink()]
        return sorted((each for each in found if each.is_dir()), key=lambda each: each.name, reverse=True)
    return []


def lock(descriptor: int) -> None:
    """Show that this run is being written, for as long as the file is open; a crash gives it back too."""
    with contextlib.suppress(OSError):  # a file system without locks
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_being_written(folder: Path) -> bool:
    """Whether a living kubeboot writes there."""
    try:
        with (folder / EVENTS).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def prune(folder: Path) -> None:
    """Remove the oldest runs beside `folder`, never one that is being written; another kubeboot may do the same now."""
    old = run_folders(folder.parent)[KEPT:]
    for each in old:
        if each != folder and not is_being_written(each):
            with contextlib.suppress(OSError):  # somebody else was first
                each.rename(each.with_name(_GOING + each.name))
    for each in folder.parent.glob(f"{_GOING}*"):
        shutil.rmtree(each, ignore_errors=True)
