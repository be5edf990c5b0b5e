"""What threads tell each other: outputs that were promised, phases that ended, hosts that failed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from kubeboot.errors import Blocked, HostError


class Stopping(Exception):
    """The run was asked to stop; this host starts nothing more."""


class Board:
    """Shared by all host threads of a run."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._outputs: dict[str, str] = {}
        self._ended: set[tuple[str, str]] = set()
        self._failed: dict[str, HostError] = {}
        self._is_stopping = False

    @property
    def outputs(self) -> Mapping[str, str]:
        """A snapshot of the fulfilled outputs."""
        with self._changed:
            return dict(self._outputs)

    @property
    def is_stopping(self) -> bool:
        return self._is_stopping

    def fulfil(self, name: str, value: str) -> None:
        with self._changed:
            self._outputs[name] = value
            self._changed.notify_all()

    def end_phase(self, phase: str, host: str) -> None:
        with self._changed:
            self._ended.add((phase, host))
            self._changed.notify_all()

    def fail(self, host: str, error: HostError) -> None:
        with self._changed:
            self._failed[host] = error
            self._changed.notify_all()

    def stop(self) -> None:
        """Hosts start no further phase."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()

    def has_output(self, name: str) -> bool:
        with self._changed:
            return name in self._outputs

    def is_settled(self, phase: str, host: str) -> bool:
        """The host ended that phase, or never will."""
        with self._changed:
            return (phase, host) in self._ended or host in self._failed

    def wait_until(self, is_there: Callable[[], bool]) -> None:
        """Sleep until `is_there()`; raises Stopping when the run is asked to stop first."""
        with self._changed:
            while not is_there():
                if self._is_stopping:
                    raise Stopping
                self._changed.wait()

    def wait_for_output(
        self, host: str, phase: str, name: str, providers: tuple[tuple[str, str], ...], is_promise_enough: bool
    ) -> None:
        """Sleep until the output is there; Blocked when everyone (phase, host) who could provide it ended without.

        A plan makes no outputs, so `is_promise_enough` there.
        """

        def is_decided() -> bool:
            return self.has_output(name) or all(self.is_settled(*provider) for provider in providers)

        self.wait_until(is_decided)
        if not self.has_output(name) and not is_promise_enough:
            raise self._blocked(host, phase, name, providers)

    def _blocked(self, host: str, phase: str, name: str, providers: tuple[tuple[str, str], ...]) -> Blocked:
        with self._changed:
            causes = [self._failed[who] for _, who in providers if who in self._failed]
        why = f"{causes[0].host} failed in {causes[0].phase or 'its work'}" if causes else "nobody provided it"
        return Blocked(
            host,
            f"waits for {name.replace('-', ' ')}, which will not come: {why}",
            phase=phase,
            hint="This host itself is fine. Mend the cause and run the same command again.",
        )
