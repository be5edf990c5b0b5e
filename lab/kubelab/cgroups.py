"""Cgroups: every process of a lab lives below kubeboot-lab/NAME, so that ending it needs no names and no pid files."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

from .errors import LabError

TOP = "kubeboot-lab"
_PATIENCE_S = 30.0


@cache
def trees() -> tuple[Path, ...]:
    """Mount points of every cgroup hierarchy of this machine (v1 has one per controller)."""
    mounts = (line.split() for line in Path("/proc/self/mounts").read_text().splitlines())
    found = tuple(Path(fields[1]) for fields in mounts if fields[2] in ("cgroup", "cgroup2"))
    if not found:
        raise LabError("this machine has no cgroups mounted", "mount them first: the hosts' systemd needs them")
    return found


@cache
def _tracker() -> Path:
    """The hierarchy in which processes are looked up: one that the hosts cannot leave."""
    named = [tree for tree in trees() if tree.name == "pids"]
    return (named or list(trees()))[0]


def service_group(lab: str, service: str) -> Path:
    """The cgroup of one of the lab's own processes, made if missing."""
    group = _tracker() / TOP / lab / "services" / service
    group.mkdir(parents=True, exist_ok=True)
    return group


def host_group(lab: str, host: str) -> str:
    """The path of a host's cgroup below each hierarchy."""
    return f"{TOP}/{lab}/hosts/{host}"


def make_host_group(lab: str, host: str) -> None:
    """Make the host's cgroup in every hierarchy; a cpuset needs its parent's values before it takes a process."""
    relative = Path(host_group(lab, host))
    for tree in trees():
        (tree / relative).mkdir(parents=True, exist_ok=True)
        if not (tree / "cpuset.mems").exists():
            continue
        for level in [*reversed(relative.parents), relative]:
            if level != Path():
                for name in ("cpuset.cpus", "cpuset.mems"):
                    (tree / level / name).write_text((tree / name).read_text())
        (tree / relative / "cgroup.clone_children").write_text("1")


def processes(relative: str) -> list[int]:
    """Ids of all processes at or below a cgroup."""
    return [pid for group in _walk(_tracker() / relative) for pid in _members(group)]


def end_processes(relative: str) -> None:
    """Kill everything at or below a cgroup, and return when it is gone."""
    deadline = time.monotonic() + _PATIENCE_S
    while pids := processes(relative):
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if time.monotonic() > deadline:
            raise LabError(f"processes {pids} of {relative} do not end", "see what holds them: cat /proc/PID/stack")
        time.sleep(0.01)


def remove(relative: str) -> None:
    """Remove a cgroup and all below it from every hierarchy; its processes must be gone."""
    for tree in trees():
        for group in reversed(list(_walk(tree / relative))):
            _remove_one(group)


def remove_top_if_empty() -> None:
    """Remove the folder that all labs share, once the last of them is gone."""
    for tree in trees():
        with suppress(OSError):
            (tree / TOP).rmdir()


def _remove_one(group: Path) -> None:
    """The kernel lets go of a just-emptied cgroup with a delay: try for a while."""
    for _ in range(50):
        try:
            group.rmdir()
            return
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.02)


def memory_bytes(lab: str, host: str) -> int:
    """What a host's processes hold in memory, without the page cache; 0 if unknown."""
    for tree in trees():
        stat = tree / host_group(lab, host) / "memory.stat"
        if stat.exists():
            values = dict(line.split() for line in stat.read_text().splitlines())
            return int(values.get("total_rss", values.get("anon", 0)))
    return 0


def _walk(top: Path) -> Iterator[Path]:
    """The cgroup and all below it, parents first."""
    if top.is_dir():
        yield top
        for folder, names, _ in os.walk(top):
            yield from (Path(folder) / name for name in names)


def _members(group: Path) -> list[int]:
    try:
        return [int(word) for word in (group / "cgroup.procs").read_text().split()]
    except (FileNotFoundError, OSError):
        return []
