"""The table of the lab's hosts."""

from __future__ import annotations

import json
import time
from typing import Any

from . import cgroups, delay, network
from .host import Host, hosts_of
from .places import existing_lab


def hosts_as_json() -> str:
    """All facts of all hosts, as JSON."""
    return json.dumps([_facts(host) for host in hosts_of(existing_lab())], indent=2)


def hosts_as_table() -> str:
    """One line per host."""
    lab = existing_lab()
    rows = [("HOST", "ADDRESS", "STATE", "UPTIME", "PID", "MEMORY")]
    for host in hosts_of(lab):
        facts = _facts(host)
        minutes, seconds = divmod(facts["uptime_s"], 60)
        memory = f"{facts['memory_bytes'] / 1e6:.0f} MB"
        running = (f"{minutes} m {seconds} s", str(facts["pid"]), memory) if facts["pid"] else ("-", "-", "-")
        rows.append((host.name, host.address, facts["state"], *running))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    if round_trip := delay.round_trip_ms(lab):
        lines.append(f"the round trip between controller and hosts is {round_trip:g} ms longer")
    return "\n".join(lines)


def _facts(host: Host) -> dict[str, Any]:
    pids = cgroups.processes(host.cgroup)
    booted = host.folder / "booted"
    state = "off"
    if pids:
        state = "up" if network.is_port_up(host.lab, host.number) else "unplugged"
    return {
        "name": host.name,
        "address": host.address,
        "state": state,
        "uptime_s": int(time.time() - int(booted.read_text())) if pids and booted.exists() else 0,
        "pid": pids[0] if pids else 0,
        "memory_bytes": cgroups.memory_bytes(host.lab.name, host.name) if pids else 0,
    }
