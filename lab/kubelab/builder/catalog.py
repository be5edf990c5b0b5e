"""All targets of the build, in an order in which each comes after what it needs; and the build itself."""

from __future__ import annotations

import time
from collections.abc import Sequence

from .. import machine
from ..errors import LabError
from ..places import CACHE
from . import hostroot
from .runner import Runner
from .target import Target, is_made, keys_of, size_of, with_needs


def all_targets() -> list[Target]:
    """Everything that the lab is made of."""
    return [hostroot.target()]


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
    runner = Runner(targets, keys)
    if runner.count:
        machine.require_disk()
        runner.run()
    total = sum(size_of(target.output) for target in targets)
    done = f"{runner.count} of {len(targets)} targets made" if runner.count else f"nothing to do, all {len(targets)} targets are made"
    print(f"{done}; {time.monotonic() - began:.0f} s; {total / 1e9:.1f} GB in {CACHE}")
    return 0


def _known(targets: Sequence[Target], names: Sequence[str]) -> list[str]:
    known = {target.name for target in targets}
    for name in names:
        if name not in known:
            raise LabError(f"there is no target {name!r}", "see them all: lab build --list")
    return list(names)
