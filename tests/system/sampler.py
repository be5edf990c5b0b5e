"""Watches every process of this machine, lab hosts and controller alike, and the secrets that a run makes.

Hosts of the lab are containers, so their processes show in this machine's /proc. A process that lives shorter than the
interval may be missed; the samples of a whole run are kept and searched when its secrets are known.
"""

from __future__ import annotations

import base64
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

INTERVAL_S = 0.05
PLACES = ("cmdline", "environ")


class Sampler:
    """Between `start` and `stop` it reads command lines and environments, and the records of secret outputs.

    `root` is where the first control plane's files are seen from here.
    """

    def __init__(self, root: Path) -> None:
        self.seen: dict[str, set[bytes]] = {place: set() for place in PLACES}
        self.outputs: dict[str, str] = {}
        self.rounds = 0
        self._root = root
        self._lines: dict[int, bytes] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="sampler", daemon=True)

    def start(self) -> Sampler:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def places_of(self, value: str) -> list[str]:
        """In which kinds of places the value was seen."""
        return [place for place in PLACES if any(value.encode() in text for text in self.seen[place])]

    def _watch(self) -> None:
        pause_s = 0.0
        while not self._stop.wait(pause_s):
            started = time.monotonic()
            for pid in _pids():
                self._look(pid)
            self._read_records()
            self.rounds += 1
            pause_s = max(0.0, started + INTERVAL_S - time.monotonic())

    def _look(self, pid: int) -> None:
        line = _read(f"/proc/{pid}/cmdline")
        if line and self._lines.get(pid) != line:  # another program; an environment changes only with it
            self._lines[pid] = line
            self.seen["cmdline"].add(line)
            self.seen["environ"].add(_read(f"/proc/{pid}/environ"))

    def _read_records(self) -> None:
        for path in self._root.glob("run/kubeboot/runs/*/*/records"):
            for line in _read(str(path)).decode().splitlines():
                match line.split("\t"):
                    case [_, "K", name, value]:
                        self.outputs[name] = base64.b64decode(value).decode().strip()


def _pids() -> Iterator[int]:
    with os.scandir("/proc") as entries:
        yield from (int(entry.name) for entry in entries if entry.name.isdigit())


def _read(path: str) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return b""
    try:
        return os.read(descriptor, 1 << 20)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def root_of(lab: str, host: str) -> Path:
    """The root directory of a lab's host as its own processes see it, so with its /run."""
    machine = f"--machine={lab}-{host}".encode()
    for pid in _pids():
        if machine in _read(f"/proc/{pid}/cmdline").split(b"\0"):
            (init, *_) = _read(f"/proc/{pid}/task/{pid}/children").split()
            return Path(f"/proc/{init.decode()}/root")
    raise LookupError(f"{lab} has no running {host}")
