"""Where things lie: the build cache shared by all labs, and one state folder and one subnet per lab."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .errors import LabError

LAB_FOLDER = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("KUBEBOOT_LAB_CACHE") or "/var/cache/kubeboot-lab")
STATE = Path(os.environ.get("KUBEBOOT_LAB_STATE") or "/var/lib/kubeboot-lab")
DEFAULT_LAB = "lab"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,19}")
_LAST_INDEX = 250


@dataclass(frozen=True)
class Lab:
    """One lab by name. Its index picks the subnet 10.66.INDEX.0/24: .1 mirror, .2 controller, .11 the first host."""

    name: str
    index: int

    @property
    def folder(self) -> Path:
        return STATE / self.name

    @property
    def hosts_folder(self) -> Path:
        return self.folder / "hosts"

    @property
    def key(self) -> Path:
        return self.folder / "key"

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    @property
    def mirror_address(self) -> str:
        return f"10.66.{self.index}.1"

    @property
    def controller_address(self) -> str:
        return f"10.66.{self.index}.2"

    def host_address(self, number: int) -> str:
        return f"10.66.{self.index}.{10 + number}"

    @property
    def hub_namespace(self) -> str:
        return f"{self.namespace_prefix}hub"

    @property
    def controller_namespace(self) -> str:
        return f"{self.namespace_prefix}ctl"

    @property
    def namespace_prefix(self) -> str:
        """A dot ends the lab's name, which cannot hold one: no lab's prefix is the beginning of another's."""
        return f"kubelab.{self.name}."


def lab_name() -> str:
    """The lab's name from the environment, checked: it becomes part of paths and namespace names."""
    name = os.environ.get("KUBEBOOT_LAB") or DEFAULT_LAB
    if not _NAME.fullmatch(name):
        rule = "use up to 20 small letters, digits and dashes, for example: KUBEBOOT_LAB=lab2"
        raise LabError(f"KUBEBOOT_LAB={name!r} is no name for a lab", rule)
    return name


def find_lab() -> Lab | None:
    """The lab of this environment if it exists on this machine."""
    name = lab_name()
    try:
        return Lab(name, int((STATE / name / "index").read_text()))
    except (FileNotFoundError, ValueError):
        return None


def existing_lab() -> Lab:
    """The lab of this environment, or an error that says how to make it."""
    lab = find_lab()
    if lab is None:
        raise LabError(f"the lab {lab_name()!r} is not up", "start it with: lab up 3")
    return lab


def claim_lab() -> Lab:
    """The lab of this environment; a new one gets the lowest free subnet (0 is kept for the default lab)."""
    name = lab_name()
    folder = STATE / name
    folder.mkdir(parents=True, exist_ok=True)
    with _lock(STATE / ".indexes"):
        lab = find_lab()
        if lab is None:
            used = {int(text) for text in map(_index_text, STATE.glob("*/index")) if text.isdigit()}
            free = [0] if name == DEFAULT_LAB else [n for n in range(1, _LAST_INDEX) if n not in used]
            lab = Lab(name, free[0])
            (folder / "index").write_text(f"{lab.index}\n")
    return lab


def _index_text(path: Path) -> str:
    return path.read_text().strip()


@contextmanager
def lab_lock(name: str) -> Iterator[None]:
    """Held by every command that changes a lab, so that two of them never interleave."""
    STATE.mkdir(parents=True, exist_ok=True)
    with _lock(STATE / f".{name}.lock"):
        yield


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
