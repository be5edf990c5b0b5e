"""Runs that were kept: find them, list them, read them. Reading copes with a run that was killed while it wrote."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kubeboot.engine import events
from kubeboot.errors import UsageError
from kubeboot.report.codec import FORMAT, decode, each_text, from_line
from kubeboot.report.places import EVENTS, is_being_written, run_folders, runs_home
from kubeboot.report.words import shown

NO_END = "did not end"
RUNNING = "running"
_HEAD_BYTES, _TAIL_BYTES = 262_144, 65_536


@dataclass(frozen=True, slots=True)
class Head:
    """The first line: who wrote the file, for which inventory (a path), with which versions."""

    kubeboot: str = ""
    python: str = ""
    inventory: str = ""
    versions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run in a few words, from the ends of its file. Without an end the counts are 0 and `done` is None.

    `status`: done, pending, failed, preflight, locked, refused, interrupted, crashed; running; did not end.
    """

    folder: Path
    head: Head
    started: events.RunStarted
    done: events.RunDone | None
    status: str

    @property
    def run_id(self) -> str:
        return self.started.run_id


@dataclass(frozen=True, slots=True)
class Record:
    """A whole run. `damaged` counts lines that could not be read, but for a last one that was cut."""

    kept: KeptRun
    events: tuple[events.Event, ...]
    damaged: int = 0


def list_runs(cluster: str, inventory: str | Path = "") -> list[KeptRun]:
    """The cluster's runs on this machine, the newest first; what cannot be read is left out.

    Many clusters are called `kubernetes`: with `inventory`, those that were started with this file, if there are any.
    """
    try:
        folders = run_folders(runs_home() / cluster)
    except OSError:
        return []
    runs = [run for run in map(_kept, folders) if run]
    own = [run for run in runs if inventory and run.head.inventory == str(Path(inventory).absolute())]
    return own or runs


def find_run(text: str) -> Path:
    """The folder of a run named by its id, the unique beginning of one, or a path. Raises UsageError."""
    with suppress(OSError):  # too long for a path, or in a folder of somebody else's
        if (Path(text) / EVENTS).is_file():
            return Path(text)
    try:
        clusters = [each for each in runs_home().iterdir() if each.is_dir()]
    except OSError:
        clusters = []
    found = [run for cluster in clusters for run in run_folders(cluster) if run.name.startswith(text)]
    exact = [run for run in found if run.name == text]
    if len(exact or found) == 1:
        return (exact or found)[0]
    if found:
        names = ", ".join(sorted(run.name for run in found)[:5])
        raise UsageError(f"{text!r} is the beginning of {len(found)} runs: {names}", reference="run-ambiguous")
    raise UsageError(
        f"there is no run {text!r} on this machine",
        hint="`kubeboot report --list` shows the runs of an inventory's cluster.",
        reference="run-unknown",
    )


def read_run(folder: Path) -> Record:
    """The run in that folder, its texts without secrets and control characters. Raises UsageError."""
    try:
        lines = (folder / EVENTS).read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError as error:
        raise _unreadable(folder, error.strerror or str(error)) from error
    head, *rest = lines
    found, damaged = _events(rest)
    started = next((event for event in found if isinstance(event, events.RunStarted)), None)
    if started is None:
        raise _unreadable(folder, "it does not say which run it is")
    done = next((event for event in found if isinstance(event, events.RunDone)), None)
    kept = KeptRun(folder, _head(head, folder), started, done, _status(folder, done))
    return Record(kept, tuple(found), damaged)


def _events(lines: list[str]) -> tuple[list[events.Event], int]:
    """The events, and how many lines are none. The last line is cut when the run was killed."""
    found: list[events.Event] = []
    damaged = 0
    for number, line in enumerate(lines):
        try:
            event = decode(each_text(from_line(line), shown)) if line else None
        except (ValueError, RecursionError):
            damaged += number < len(lines) - 1
            continue
        if event:
            found.append(event)
    return found, damaged


def _kept(folder: Path) -> KeptRun | None:
    """The run from the ends of its file: a long one has ten megabytes."""
    try:
        with (folder / EVENTS).open("rb") as file:
            first = file.read(_HEAD_BYTES)
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - _TAIL_BYTES))
            last = file.read()
        lines = first.decode("utf-8", "replace").split("\n")
        head = _head(lines[0], folder)
        started = decode(each_text(from_line(lines[1]), shown))
    except (OSError, ValueError, IndexError, UsageError):
        return None
    if not isinstance(started, events.RunStarted):
        return None
    done = next(_ends(last.decode("utf-8", "replace")), None)
    return KeptRun(folder, head, started, done, _status(folder, done))


def _ends(tail: str) -> Iterator[events.RunDone]:
    for line in tail.split("\n")[-2:]:
        try:
            event = decode(each_text(from_line(line), shown)) if '"run-done"' in line else None
        except ValueError:
            continue
        if isinstance(event, events.RunDone):
            yield event


def _status(folder: Path, done: events.RunDone | None) -> str:
    if done:
        return done.status
    return RUNNING if is_being_written(folder) else NO_END


def _head(line: str, folder: Path) -> Head:
    """Raises UsageError for a file that is none of ours, or a later kubeboot's."""
    try:
        found: dict[str, Any] = each_text(from_line(line), shown)
    except ValueError:
        raise _unreadable(folder, "its first line does not say which format it has") from None
    number = found.get("format")
    if not isinstance(number, int) or number < 1:
        raise _unreadable(folder, "its first line does not say which format it has")
    if number > FORMAT:
        hint = "Use the kubeboot that made it, or a later one."
        raise _unreadable(folder, f"it has format {number}, and this kubeboot reads up to {FORMAT}", hint)
    texts = {name: str(found.get(name, "")) for name in ("kubeboot", "python", "inventory")}
    versions = found.get("versions")
    known = {str(name): str(each) for name, each in versions.items()} if isinstance(versions, dict) else {}
    return Head(**texts, versions=known)


def _unreadable(folder: Path, why: str, hint: str = "") -> UsageError:
    return UsageError(f"the run in {folder} cannot be read: {why}", hint=hint, reference="run-unreadable")
