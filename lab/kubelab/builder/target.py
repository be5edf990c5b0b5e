"""A target: one thing in the cache, made from inputs, and made again only when an input changed."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..places import CACHE

_STAMPS, _TEMPORARY = CACHE / "stamps", CACHE / "tmp"


@dataclass(frozen=True)
class Target:
    """What to make and from what.

    `make` fills the path it is given (a file or a folder); the path is renamed to `output` once it is whole, so that
    an interrupted build leaves nothing half made. `inputs` are words and source files whose change means making it
    again. Targets of one lane are made one after another, lanes side by side.
    """

    name: str
    lane: str
    output: Path
    make: Callable[[Path], None]
    inputs: tuple[str | Path, ...] = ()
    needs: tuple[str, ...] = ()
    before_replacing: Callable[[], None] | None = None

    @property
    def slug(self) -> str:
        return re.sub(r"[^a-z0-9.]+", "-", self.name.lower())


def keys_of(targets: Sequence[Target]) -> dict[str, str]:
    """Each target's key: a hash of its inputs and of the keys of what it needs. Targets come after what they need."""
    keys: dict[str, str] = {}
    for target in targets:
        digest = hashlib.sha256(target.name.encode())
        for item in target.inputs:
            digest.update(b"\0" + (_digest_of(item) if isinstance(item, Path) else item.encode()))
        for need in target.needs:
            digest.update(b"\0" + keys[need].encode())
        keys[target.name] = digest.hexdigest()
    return keys


def _digest_of(path: Path) -> bytes:
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    digest = hashlib.sha256()
    for file in files:
        if "__pycache__" not in file.parts and not file.name.endswith("_test.go"):
            digest.update(str(file.relative_to(path)).encode() + b"\0" + file.read_bytes())
    return digest.digest()


def is_made(target: Target, key: str) -> bool:
    """Whether the cache holds the target, made from these very inputs."""
    stamp = _STAMPS / target.slug
    return target.output.exists() and stamp.exists() and stamp.read_text() == key


def make(target: Target, key: str) -> None:
    """Make the target beside its place and move it there."""
    temporary = _TEMPORARY / target.slug
    remove(temporary)
    for folder in (_STAMPS, _TEMPORARY, target.output.parent):
        folder.mkdir(parents=True, exist_ok=True)
    if target.before_replacing and target.output.exists():
        target.before_replacing()
    target.make(temporary)
    stamp = _STAMPS / target.slug
    stamp.unlink(missing_ok=True)
    old = _TEMPORARY / f"{target.slug}.old"
    remove(old)
    if target.output.exists():
        target.output.rename(old)
    temporary.rename(target.output)
    stamp.write_text(key)
    remove(old)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder; a file with several names counts once."""
    if path.is_file():
        return path.stat().st_size
    sizes: dict[int, int] = {}
    for folder, _, names in os.walk(path):
        for name in names:
            found = os.lstat(os.path.join(folder, name))  # noqa: PTH118 (tens of thousands: pathlib is slow)
            sizes[found.st_ino] = found.st_size
    return sum(sizes.values())


def with_needs(targets: Sequence[Target], names: Iterable[str]) -> list[Target]:
    """The named targets and everything they need, in the order of the list."""
    by_name = {target.name: target for target in targets}
    wanted: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name not in wanted:
            wanted.add(name)
            todo += by_name[name].needs
    return [target for target in targets if target.name in wanted]
