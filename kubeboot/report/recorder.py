"""Keeps a run: every event as a line of events.jsonl, and a log per host, in a folder of the user's alone.

It stands between the engine and the console, and hears everything. That nothing can be written never stops a run.
"""

from __future__ import annotations

import os
import platform
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from kubeboot import __version__, errors
from kubeboot.engine import events
from kubeboot.engine.tracking import Tally
from kubeboot.errors import HostError, HostsFailed, KubebootError
from kubeboot.redaction import redact
from kubeboot.report.codec import FORMAT, decode, each_text, encode, to_line
from kubeboot.report.hostlog import log_lines
from kubeboot.report.places import EVENTS, HOSTS, lock, make_folder, prune

ENDS = {
    errors.EXIT_PREFLIGHT: "preflight",
    errors.EXIT_LOCKED: "locked",
    errors.EXIT_REFUSED: "refused",
    errors.EXIT_INTERRUPTED: "interrupted",
    errors.EXIT_BUG: "crashed",
}
"""Exit code -> how a run ended that was not done; all others: failed."""


@contextmanager
def recorded(console: events.EventSink, inventory: str, versions: Mapping[str, str]) -> Iterator[Recorder]:
    """A sink that hands every event to `console` and keeps it; within it the run ends, well or with an error."""
    recorder = Recorder(console, inventory, versions)
    try:
        yield recorder
    except BaseException as error:
        recorder.end(error)
        raise
    recorder.end(None)


class Recorder:
    """An EventSink. `tally`: the run's own count of steps, where it has one; else the events are counted."""

    def __init__(self, console: events.EventSink, inventory: str, versions: Mapping[str, str]) -> None:
        self.tally: Tally | None = None
        self._console = console
        self._head = {"inventory": str(Path(inventory).absolute()), "versions": dict(versions)}
        self._started: events.RunStarted | None = None
        self._folder: Path | None = None
        self._file = -1
        self._is_over = False
        self._told: set[str] = set()  # hosts whose failure is written
        self._verdicts: dict[tuple[str, str, str], str] = {}
        self._spans: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    def handle(self, event: events.Event) -> None:
        self._console.handle(event)
        with self._lock:
            if self._is_over:  # a host's thread that Ctrl-C left behind
                return
            problem = self._keep(event)
        if problem:
            self._console.handle(events.Notice(time.time(), "", f"this run is not kept: {problem}"))

    def end(self, error: BaseException | None) -> None:
        """Write what ended the run, once; nothing is written after it."""
        with self._lock:
            if self._started and not self._is_over:
                for each in _host_errors(error):
                    if each.host not in self._told:
                        self._keep(events.HostFailed(time.time(), each.host, each))
                self._keep(self._done(self._started, error))
            self._is_over = True
            self._close()

    def _keep(self, event: events.Event) -> str:
        """Count and write the event; why that cannot be done any more, said once."""
        self._count(event)
        try:
            if isinstance(event, events.RunStarted):
                self._open(event)
            if self._folder:
                self._write(self._folder, event)
        except OSError as error:
            self._folder = None
            self._close()
            return f"{error.filename or EVENTS}: {error.strerror or error}"
        return ""

    def _open(self, event: events.RunStarted) -> None:
        folder = make_folder(event.cluster, event.run_id)
        self._file = os.open(folder / EVENTS, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        lock(self._file)
        head = {"format": FORMAT, "kubeboot": __version__, "python": platform.python_version(), **self._head}
        _append(self._file, to_line(each_text(head, redact)))
        self._folder = folder
        prune(folder)

    def _write(self, folder: Path, event: events.Event) -> None:
        found = each_text(encode(event), redact)
        _append(self._file, to_line(found))
        host = getattr(event, "host", "")
        if not self._started or host not in self._started.hosts or Path(host).name != host:
            return
        if text := _host_lines(found):
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
            descriptor = os.open(folder / HOSTS / f"{host}.log", flags, 0o600)  # not kept open: there may be 1000
            try:
                _append(descriptor, redact(text))
            finally:
                os.close(descriptor)

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _count(self, event: events.Event) -> None:
        match event:
            case events.RunStarted():
                self._started = event
            case events.StepDone():
                key = (event.host, event.phase, event.step)
                # After a reboot every step runs again; what has changed stays so (engine/tracking).
                if not (event.status == "ok" and self._verdicts.get(key) == "changed"):
                    self._verdicts[key] = event.status
            case events.PhaseStarted() | events.PhaseDone():
                self._spans.setdefault(event.phase, []).append(event.time_s)
            case events.HostFailed():
                self._told.add(event.host)
                if event.error.phase in self._spans:
                    self._spans[event.error.phase].append(event.time_s)

    def _done(self, started: events.RunStarted, error: BaseException | None) -> events.RunDone:
        now_s = time.time()
        verdicts = list(self._verdicts.values())
        tally = self.tally or Tally(verdicts.count("changed"), verdicts.count("drift"), verdicts.count("ok"))
        is_pending = started.mode == "plan" and bool(tally.drifted)
        status, exit_code = ("pending", errors.EXIT_PENDING) if is_pending else ("done", errors.EXIT_DONE)
        if error is not None:
            exit_code = _exit_code(error)
            status = ENDS.get(exit_code, "failed")
        return events.RunDone(
            now_s,
            status,
            tally.changed,
            tally.drifted,
            tally.unchanged,
            int((now_s - started.time_s) * 1000),
            tuple((phase, int((max(span) - min(span)) * 1000)) for phase, span in self._spans.items()),
            exit_code,
            _told_of(error),
        )


def _host_errors(error: BaseException | None) -> tuple[HostError, ...]:
    if isinstance(error, HostsFailed):
        return error.errors
    return (error,) if isinstance(error, HostError) else ()


def _exit_code(error: BaseException) -> int:
    if isinstance(error, KubebootError):
        return error.exit_code
    return errors.EXIT_INTERRUPTED if isinstance(error, KeyboardInterrupt) else errors.EXIT_BUG


def _told_of(error: BaseException | None) -> str:
    """What ended the run, where that was no host's failure."""
    if error is None or _host_errors(error):
        return ""
    if isinstance(error, KubebootError):
        return f"{error.message} [{error.reference}]"
    return f"{type(error).__name__}: {error}".rstrip(": ")


def _host_lines(found: dict[str, Any]) -> str:
    """The event as lines of its host's log, from texts that are clean already: indented, a key has another shape."""
    with suppress(ValueError):  # no run stops for its log
        event = decode(found)
        return "".join(f"{line}\n" for line in log_lines(event)) if event else ""
    return ""


def _append(descriptor: int, text: str) -> None:
    """All of it, or OSError."""
    data = text.encode("utf-8", "backslashreplace")
    while data:
        data = data[os.write(descriptor, data) :]
