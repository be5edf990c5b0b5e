"""All targets of the build, in an order in which each comes after what it needs; and the build itself."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from .. import machine
from ..errors import LabError
from ..places import CACHE
from . import debs, downloads, golang, hostroot, images, manifests, registry, repository, signing
from .runner import Runner
from .target import Target, is_made, keys_of, remove, size_of, with_needs


def all_targets() -> list[Target]:
    """Everything that the lab is made of."""
    return [
        *golang.targets(),
        hostroot.target(),
        signing.target(),
        manifests.target(),
        downloads.target(),
        *debs.kubernetes_targets(),
        *debs.containerd_targets(),
        *repository.targets(),
        *images.targets(),
        registry.target(images.image_targets()),
    ]


def build(only: Sequence[str], *, is_list: bool) -> int:
    """Make what is missing or has changed, and tell how long it took."""
    targets = all_targets()
    keys = keys_of(targets)
    if is_list:
        for target in targets:
            print(f"{'made' if is_made(target, keys[target.name]) else 'to do':6} {target.name}")
        return 0
    if only:
        targets = with_needs(targets, _known(targets, only))
    began = time.monotonic()
    with _only_one_build():
        runner = Runner(targets, keys)
        if runner.count:
            machine.require_disk(is_whole_build=runner.count > len(targets) // 2)
            machine.install_tools()
            runner.run()
    done = f"{runner.count} of {len(targets)} targets made" if runner.count else f"all {len(targets)} targets are made"
    print(f"{done}; {time.monotonic() - began:.0f} s; {size_of(CACHE) / 1e9:.1f} GB in {CACHE}")
    return 0


@contextmanager
def _only_one_build() -> Iterator[None]:
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / ".lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another build is running; waiting for it", flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        remove(CACHE / "tmp")
        yield


def _known(targets: Sequence[Target], names: Sequence[str]) -> list[str]:
    known = {target.name for target in targets}
    for name in names:
        if name not in known:
            raise LabError(f"there is no target {name!r}", "see them all: lab build --list")
    return list(names)
