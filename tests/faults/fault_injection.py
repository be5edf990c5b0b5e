"""See the moment on a host, and do the damage: from outside, through /proc, as a login would be too slow."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from fault_points import Moment, Point
from kubelab import cgroups
from lab_hosts import Lab

MOMENT_PATIENCE_S = 240
POLL_S = 0.003
Mend = Callable[[], None] | None
Fault = Callable[[Lab, Moment, subprocess.Popen[str]], Mend]


class Missed(AssertionError):
    """The run ended before the moment came."""


def wait_for(lab: Lab, moment: Moment, run: subprocess.Popen[str]) -> None:
    """Until the moment has come on its host. Raises Missed."""
    seen, deadline = re.compile(moment.pattern.encode(), re.MULTILINE), time.monotonic() + MOMENT_PATIENCE_S
    root = _root(lab, moment.host)
    while True:
        for path in root.glob(f"run/kubeboot/runs/*/{moment.phase}/{moment.file}"):
            with suppress(FileNotFoundError):
                if seen.search(path.read_bytes()):
                    return
        if run.poll() is not None or time.monotonic() > deadline:
            raise Missed(f"{moment.name} did not come")
        time.sleep(POLL_S)


def inject(lab: Lab, point: Point, run: subprocess.Popen[str]) -> threading.Thread | None:
    """The fault of the point, at once; the thread, if there is one, ends it and then itself."""
    mend = _FAULTS[point.fault](lab, point.moment, run)
    if mend is None:
        return None
    thread = threading.Thread(target=mend)
    thread.start()
    return thread


def _processes(lab: Lab, host: str) -> list[int]:
    return cgroups.processes(cgroups.host_group(lab.name, host))


def _status(pid: int) -> dict[str, str]:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return {}
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def _root(lab: Lab, host: str) -> Path:
    """The host's file system, as its own process 1 sees it."""
    for pid in _processes(lab, host):
        if _status(pid).get("NSpid", "").split()[1:] == ["1"]:
            return Path(f"/proc/{pid}/root")
    raise AssertionError(f"{host} is off")


def _unit(lab: Lab, moment: Moment) -> Iterator[int]:
    """Processes of the phase's unit."""
    unit = re.compile(rf"/kubeboot-{moment.phase}-[0-9a-f]+\.service")
    for pid in _processes(lab, moment.host):
        with suppress(FileNotFoundError, ProcessLookupError):
            if unit.search(Path(f"/proc/{pid}/cgroup").read_text()):
                yield pid


def _kill(pids: Iterator[int] | list[int], number: signal.Signals) -> int:
    count = 0
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
            count += 1
    return count


def _kill_kubeboot(lab: Lab, moment: Moment, run: subprocess.Popen[str]) -> Mend:
    run.send_signal(signal.SIGKILL)
    return None


def _kill_session(lab: Lab, moment: Moment, run: subprocess.Popen[str]) -> Mend:
    """Every sshd process of the host but the one that listens."""
    daemons = {pid: _status(pid) for pid in _processes(lab, moment.host)}
    servers = {pid: int(each["PPid"]) for pid, each in daemons.items() if each.get("Name") == "sshd"}
    assert _kill([pid for pid, parent in servers.items() if parent in servers], signal.SIGKILL), "no session is there"
    return None


def _kill_unit(lab: Lab, moment: Moment, run: subprocess.Popen[str]) -> Mend:
    """As `systemctl kill -s KILL` does, but now. Stopped first, so that no process of it sees another one's death."""
    _kill(_unit(lab, moment), signal.SIGSTOP)
    if not _kill(_unit(lab, moment), signal.SIGKILL):
        raise Missed(f"the unit of {moment.phase} has ended already")
    return None


def _cut_power(lab: Lab, moment: Moment, run: subprocess.Popen[str]) -> Mend:
    _kill(_unit(lab, moment), signal.SIGSTOP)
    lab.lab("kill", moment.host)
    lab.lab("start", moment.host)
    return None


def _lose_disk(lab: Lab, moment: Moment, run: subprocess.Popen[str]) -> Mend:
    """Another machine under the same address and keys, with an empty disk."""
    _kill(_unit(lab, moment), signal.SIGSTOP)
    lab.lab("fresh", moment.host)
    return None


def _unplug(seconds: float) -> Fault:
    """For so long, or until the run has given up."""

    def unplug(lab: Lab, moment: Moment, run: subprocess.Popen[str]) -> Mend:
        lab.lab("link", moment.host, "down")

        def plug_in() -> None:
            if seconds < MOMENT_PATIENCE_S:
                time.sleep(seconds)
            else:
                with suppress(subprocess.TimeoutExpired):
                    run.wait(seconds)
            lab.lab("link", moment.host, "up")

        return plug_in

    return unplug


_FAULTS: dict[str, Fault] = {
    "kubeboot-killed": _kill_kubeboot,
    "session-killed": _kill_session,
    "unit-killed": _kill_unit,
    "link-3s": _unplug(3),
    "link-30s": _unplug(30),
    "link-gone": _unplug(600),
    "power-cut": _cut_power,
    "disk-lost": _lose_disk,
}
