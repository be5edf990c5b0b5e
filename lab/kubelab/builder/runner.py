"""Make all targets that are not made yet: lanes side by side, one line when a target starts and one when it is done."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Mapping, Sequence

from ..process import end_children
from .target import Target, is_made, make, size_of


class Runner:
    """One run of the build. The first error stops all lanes; what is made stays made."""

    def __init__(self, targets: Sequence[Target], keys: Mapping[str, str]) -> None:
        self._keys = keys
        self._todo = [target for target in targets if not is_made(target, keys[target.name])]
        self._place = {target.name: number for number, target in enumerate(targets, 1)}
        self._pending = {target.name for target in self._todo}
        self._changed = threading.Condition()
        self._error: BaseException | None = None

    @property
    def count(self) -> int:
        return len(self._todo)

    def run(self) -> None:
        """Return when everything is made; raise the first error."""
        lanes = sorted({target.lane for target in self._todo})
        threads = [threading.Thread(target=self._run_lane, args=(lane,), daemon=True) for lane in lanes]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                while thread.is_alive():
                    thread.join(timeout=0.2)
        except KeyboardInterrupt:
            self._fail(KeyboardInterrupt())
        if self._error:
            end_children()
            for thread in threads:
                thread.join(timeout=5)
            raise self._error

    def _run_lane(self, lane: str) -> None:
        mine = [target for target in self._todo if target.lane == lane]
        while mine:
            target = self._next(mine)
            if target is None:
                return
            mine.remove(target)
            try:
                self._make(target)
            except BaseException as error:  # handed to the main thread, which raises it
                self._fail(error)
                return

    def _next(self, mine: Sequence[Target]) -> Target | None:
        """The lane's first target whose needs are made; waits for one; None after an error."""
        with self._changed:
            while self._error is None:
                for target in mine:
                    if not self._pending.intersection(target.needs):
                        return target
                self._changed.wait()
        return None

    def _make(self, target: Target) -> None:
        label = f"[{self._place[target.name]:>2}/{len(self._place)}] {target.name}"
        _say(f"{label} ...")
        began = time.monotonic()
        make(target, self._keys[target.name])
        took = time.monotonic() - began
        _say(f"{label} done: {took:.0f} s, {size_of(target.output) / 1e6:.0f} MB")
        with self._changed:
            self._pending.discard(target.name)
            self._changed.notify_all()

    def _fail(self, error: BaseException) -> None:
        with self._changed:
            self._error = self._error or error
            self._changed.notify_all()
        end_children()


def _say(line: str) -> None:
    """One write per line: lanes print at the same time."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
