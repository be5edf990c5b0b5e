"""Who holds a lock: written by kubeboot, kept opaque by hosts, read by whoever finds it."""

from __future__ import annotations

import base64
import binascii
import getpass
import json
import os
import platform
import secrets
import time
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

LONGEST = 4000
LATEST_S = 1 << 33
"""Seconds since 1970, some 270 years."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A run and its process. `machine` tells where `pid` means something: one boot and one process namespace."""

    run_id: str
    user: str
    command: str
    since_s: float
    pid: int
    started: str
    machine: str

    def encode(self) -> str:
        """Base64 of JSON: safe in a file, a shell word and a label."""
        return base64.b64encode(json.dumps(asdict(self)).encode()).decode()

    def describe(self, now_s: float) -> str:
        """For people: who, what, since when."""
        clock = time.strftime("%H:%M", time.localtime(self.since_s))
        minutes = max(0, int(now_s - self.since_s)) // 60
        return f"{self.user}: kubeboot {self.command} since {clock} ({minutes} min), pid {self.pid}"

    def is_dead(self) -> bool:
        """Proof that its process is gone: it ran on this very machine and is not there any more."""
        return self.machine == _machine() and _started(self.pid) != self.started


def new_run(command: str) -> Owner:
    """A run that begins now in this process; its id says when, in UTC."""
    return this_run(f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(2)}", command)


def this_run(run_id: str, command: str) -> Owner:
    """The owner that this process is."""
    user = f"{getpass.getuser()}@{platform.node()}"
    return Owner(run_id, user, command, time.time(), os.getpid(), _started(os.getpid()), _machine())


def decode_owner(text: str) -> Owner | None:
    """The owner in a host's lock; None for what no kubeboot wrote."""
    if len(text) > LONGEST:
        return None
    try:
        values = json.loads(base64.b64decode(text, validate=True))
        owner = Owner(**values)
        return owner if _is_typed(owner) else None
    except (ValueError, TypeError, binascii.Error):
        return None


def _is_typed(owner: Owner) -> bool:
    texts = (owner.run_id, owner.user, owner.command, owner.started, owner.machine)
    is_printable = all(isinstance(text, str) and text.isprintable() and len(text) < 200 for text in texts)
    is_time = isinstance(owner.since_s, int | float) and 0 <= owner.since_s < LATEST_S
    return is_printable and is_time and isinstance(owner.pid, int) and 0 < owner.pid < 1 << 31


def _machine() -> str:
    """This boot of this machine and the namespace where process numbers count; without /proc, the hardware."""
    try:
        boot_id = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot_id} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return f"{uuid.getnode():x}"


def _started(pid: int) -> str:
    """When a process began, in ticks since boot (proc(5), field 22 of stat); empty when there is none.

    Without /proc: "?" for a process that is there.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        fields = stat.rpartition(")")[2].split()
        return "" if fields[0] in ("Z", "X") else fields[19]
    except (OSError, IndexError):
        pass
    if Path("/proc/self").exists():
        return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except OSError:
        pass
    return "?"
