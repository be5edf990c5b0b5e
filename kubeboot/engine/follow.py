"""Run one script on one host to its end, over as many connections as it takes.

The script is a unit on the host, so a lost link is no failure: reconnect, follow on from the next record. A step is
never started twice because of a link. A host that has rebooted lost the unit's files (/run is a tmpfs); its script is
sent again, and every step looks before it does anything.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from kubeboot.engine import records
from kubeboot.engine.script import Script, Settings, payload
from kubeboot.errors import HostError, HostKeyUnknown, HostLost, SudoRefused, Unreachable
from kubeboot.transport.base import Transport

OnRecord = Callable[[records.Record], None]
OnLost = Callable[[str], None]
STARTS = 3
"""How often a script is sent to a host that keeps losing it (reboots) before that counts as lost."""
MOST_CHARACTERS = 20_000_000
"""Of all answers to one script; the longest have some hundred thousand."""
EMPTY_ANSWERS = 3
"""How often in a row a host may end its answer by itself without a new record before that counts as lost."""


@dataclass
class _Progress:
    """What has been seen of the unit's records, over all connections."""

    lines_seen: int = 0
    size: int = 0  # of the answer, with what is no record
    is_gone: bool = False
    end: records.Ended | records.Died | None = None
    boot_id: str = ""
    empty_answers: int = 0
    is_heard: bool = False  # over the present connection
    deadline_s: float = 0.0  # when a host that is not heard of counts as lost


class Follower:
    """Follows one script. `link_timeout_s`: how long a lost host may stay away before that is HostLost."""

    def __init__(self, transport: Transport, settings: Settings, on_lost: OnLost, link_timeout_s: int = 300) -> None:
        self._transport = transport
        self._settings = settings
        self._on_lost = on_lost
        self._link_timeout_s = link_timeout_s

    def run(self, script: Script, on_record: OnRecord) -> records.Ended | records.Died:
        """Every record of the script goes to `on_record`.

        Raises HostLost, and HostError for a host that talks garbage.
        """
        progress = _Progress()
        starts = 0
        while progress.end is None:
            is_start = starts == 0 or progress.is_gone
            if is_start:
                starts += 1
                if starts > STARTS:
                    raise self._lost(script, f"the host lost the running script {STARTS} times (does it reboot?)")
                progress.is_gone, progress.lines_seen = False, 0
            self._once(script if is_start else None, script, progress, on_record)
            if progress.end is None and not progress.is_gone:
                self._reconnect(script, progress)
        return progress.end

    def _once(self, sent: Script | None, script: Script, progress: _Progress, on_record: OnRecord) -> None:
        data = payload(sent, self._settings, script.phase, progress.lines_seen + 1, script.timeout_s)
        seen, progress.is_heard = progress.lines_seen, False
        status = self._transport.execute(data, lambda line: self._take(line, script, progress, on_record))
        if progress.end or progress.is_gone or progress.lines_seen > seen or status is None:
            progress.empty_answers = 0
            return
        progress.empty_answers += 1
        if progress.empty_answers == EMPTY_ANSWERS:
            message = f"the host ends its answer before the script's end (exit {status})"
            raise self._lost(script, message, self._transport.last_stderr())

    def _take(self, line: str, script: Script, progress: _Progress, on_record: OnRecord) -> bool:
        record = records.parse_record(line, self._settings.nonce)
        progress.size += len(line) + 500  # characters, and what is made of a line
        if progress.size > MOST_CHARACTERS:
            raise self._unreadable(script, "it does not end")
        if record is None:
            return True
        progress.is_heard = True
        match record:
            case records.Booted(boot_id):
                if progress.boot_id and boot_id != progress.boot_id:
                    self._on_lost("the host has rebooted")
                progress.boot_id = boot_id
            case records.Gone():
                progress.is_gone = True
                return False
            case records.Garbage(text):
                raise self._unreadable(script, repr(text))
            case _:
                progress.lines_seen += 1
                on_record(record)
                if isinstance(record, records.Ended | records.Died):
                    progress.end = record
                    return False
        return True

    def _reconnect(self, script: Script, progress: _Progress) -> None:
        self._on_lost("connection lost; the host goes on by itself, reconnecting")
        delay = 0.5
        if progress.is_heard or not progress.deadline_s:
            progress.deadline_s = time.monotonic() + self._link_timeout_s
        if not progress.is_heard:
            self._pause(script, progress, delay, "it takes connections and loses them")
        while True:
            self._transport.close()
            try:
                self._transport.connect()
                return
            except (HostKeyUnknown, SudoRefused):
                raise
            except Unreachable as error:
                if error.exit_code != HostLost.exit_code:
                    raise
                why = error.message
            self._pause(script, progress, delay, why)
            delay = min(delay * 2, 10)

    def _pause(self, script: Script, progress: _Progress, delay_s: float, why: str) -> None:
        if time.monotonic() > progress.deadline_s:
            raise self._lost(script, f"no connection for {self._link_timeout_s} s: {why}")
        time.sleep(delay_s * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, not a secret

    def _unreadable(self, script: Script, what: str) -> HostError:
        return HostError(
            script.host,
            f"The host's answer cannot be read: {what}",
            hint="Run the same command again; if it stays, look at the host's disk and memory.",
            reference="records-unreadable",
            phase=script.phase,
        )

    def _lost(self, script: Script, message: str, output: str = "") -> HostLost:
        return HostLost(
            script.host,
            message,
            phase=script.phase,
            output=output,
            hint="What the host was told to do may still be running there. "
            "The same command again finds out and goes on.",
        )
