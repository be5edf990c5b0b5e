"""`kubeboot status`: what the control planes answered, as data and as one screen."""

from __future__ import annotations

import calendar
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from kubeboot.errors import HostError
from kubeboot.model import Cluster
from kubeboot.report.words import counted, one_line, table, wrap

KEY_WIDTH = 12
MOST_PODS = 8
SOON_DAYS = 30
NONE = "<none>"


@dataclass(slots=True)
class Node:
    """A Kubernetes node; `state` as kubectl shows it."""

    name: str
    role: str
    state: str
    version: str
    address: str
    created_s: float


@dataclass(slots=True)
class ControlPlane:
    """One control plane, as it told itself; `problem` when it could not be asked."""

    host: str
    problem: str = ""
    api: str = ""
    kubelet: str = ""
    certificate: str = ""
    certificate_days: int | None = None
    etcd: str = ""
    etcd_size: str = ""


@dataclass(slots=True)
class Status:
    """A cluster at one moment."""

    cluster: str
    endpoint: str
    asked_s: float
    control_planes: list[ControlPlane] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    pods: int = 0
    pods_not_ready: list[str] = field(default_factory=list)
    addons: list[str] = field(default_factory=list)
    etcd_alarms: list[str] = field(default_factory=list)
    at_work: str = ""
    last_run: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def read_status(cluster: Cluster, answers: Mapping[str, list[str] | HostError], now_s: float) -> Status:
    """The answers to templates/status.sh; of what all control planes know, the first that knew it counts."""
    status = Status(cluster.name, cluster.endpoint, now_s)
    parsed = {host: _rows(answer) for host, answer in answers.items() if not isinstance(answer, HostError)}
    knowing = next((rows for rows in parsed.values() if rows.get("node")), {})
    planes = {row[0] for row in knowing.get("plane", ())}
    status.nodes = [_node(row, planes) for row in knowing.get("node", ())]
    status.pods = int(next((row[0] for row in knowing.get("pods", ()) if row[0].isdigit()), 0))
    status.pods_not_ready = [f"{space}/{name} {why}" for space, name, why, *_ in knowing.get("pod", ())]
    status.addons = [" ".join(row).strip() for row in knowing.get("addon", ())]
    status.at_work = next((row[0] for row in knowing.get("lease", ())), "")
    etcd = next((rows for rows in parsed.values() if rows.get("member")), {})
    status.etcd_alarms = [row[0].strip() for row in etcd.get("alarm", ())]
    for host, answer in answers.items():
        if isinstance(answer, HostError):
            plane = ControlPlane(host, problem=one_line(answer.message))
        else:
            plane = _control_plane(host, parsed[host], now_s)
        plane.etcd, plane.etcd_size = _etcd(host, etcd)
        status.control_planes.append(plane)
    return status


def _rows(lines: Sequence[str]) -> dict[str, list[list[str]]]:
    rows: dict[str, list[list[str]]] = {}
    for line in lines:
        key, *fields = line.split("\t")
        if fields:
            rows.setdefault(key, []).append(
                [one_line(each) for each in (*fields, "", "", "", "", "")][: len(fields) + 5]
            )
    return rows


def _node(row: list[str], planes: set[str]) -> Node:
    name, ready, version, address, created, cordoned, *_ = row
    state = {"True": "Ready", "False": "NotReady"}.get(ready, "Unknown")
    state += ",cordoned" if cordoned == "true" else ""
    return Node(name, "control-plane" if name in planes else "worker", state, version, address, _seconds(created))


def _seconds(text: str) -> float:
    try:
        return float(calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ")))
    except ValueError:
        return 0.0


def _control_plane(host: str, rows: dict[str, list[list[str]]], now_s: float) -> ControlPlane:
    plane = ControlPlane(host)
    plane.api = next((row[0] for row in rows.get("API", ())), "")
    plane.kubelet = next((row[0] for row in rows.get("kubelet", ())), "")
    ends = sorted((int(row[1]), row[0]) for row in rows.get("certificate", ()) if row[1].isdigit())
    if ends:
        plane.certificate, plane.certificate_days = ends[0][1], int((ends[0][0] - now_s) // 86400)
    return plane


def _etcd(host: str, rows: dict[str, list[list[str]]]) -> tuple[str, str]:
    """How the member of that host is, and the size of its database."""
    if not rows:
        return "", ""
    member = next((row for row in rows["member"] if row[1] == host), None)
    if member is None:
        return "no member", ""
    urls = member[2].split(",")
    for url, _, _, size, is_leader, *_ in rows.get("endpoint", ()):
        if url in urls:
            return ("leader" if is_leader == "true" else "follower"), size
    return "does not answer", ""


def status_lines(status: Status, width: int) -> Iterator[tuple[str, str]]:
    """(line, style) of one screen."""
    ready = sum(node.state == "Ready" for node in status.nodes)
    nodes = f"{ready} of {counted(len(status.nodes), 'node')} Ready" if status.nodes else "no node could be read"
    yield from _wrapped(f"cluster {status.cluster}: {nodes}, API https://{status.endpoint}", width, "bold")
    if status.nodes:
        yield "", ""
        rows = [
            (each.name, each.role, each.state, each.version, each.address, _age(status, each)) for each in status.nodes
        ]
        for number, line in enumerate(table([("NODE", "ROLE", "STATE", "VERSION", "ADDRESS", "AGE"), *rows])):
            yield line, "dim" if number == 0 else "" if status.nodes[number - 1].state == "Ready" else "yellow"
    yield "", ""
    planes = [_plane_row(plane) for plane in status.control_planes]
    for number, line in enumerate(
        table([("CONTROL PLANE", "API", "KUBELET", "ETCD", "DATABASE", "CERTIFICATES"), *planes])
    ):
        yield line, "dim" if number == 0 else "" if _is_well(status.control_planes[number - 1]) else "yellow"
    yield "", ""
    for key, value in _facts(status):
        yield from ((line, "") for line in wrap(value, width, f"{key:<{KEY_WIDTH}}"))


def _wrapped(text: str, width: int, style: str) -> Iterator[tuple[str, str]]:
    yield from ((line, style) for line in wrap(text, width, "", "  "))


def _is_well(plane: ControlPlane) -> bool:
    is_lasting = plane.certificate_days is None or plane.certificate_days >= SOON_DAYS
    return plane.api == "ok" and plane.etcd in ("leader", "follower", "") and is_lasting


def _plane_row(plane: ControlPlane) -> tuple[str, ...]:
    if plane.problem:
        return plane.host, "away", "", plane.etcd, plane.etcd_size
    days = "" if plane.certificate_days is None else f"{plane.certificate_days} days"
    if plane.certificate_days is not None and plane.certificate_days < SOON_DAYS:
        days += f" ({plane.certificate})"
    return plane.host, plane.api[:40], plane.kubelet, plane.etcd or "not known", plane.etcd_size, days


def _age(status: Status, node: Node) -> str:
    age_s = max(0, status.asked_s - node.created_s)
    for unit, length_s in (("d", 86400), ("h", 3600), ("min", 60)):
        if age_s >= length_s:
            return f"{int(age_s // length_s)} {unit}"
    return f"{int(age_s)} s"


def _facts(status: Status) -> Iterator[tuple[str, str]]:
    if status.nodes:
        waiting = status.pods_not_ready
        more = f" and {len(waiting) - MOST_PODS} more" if len(waiting) > MOST_PODS else ""
        not_ready = f", {len(waiting)} not ready: {', '.join(waiting[:MOST_PODS])}{more}"
        yield "pods", f"{status.pods}{not_ready if waiting else ', all ready'}"
    if status.addons:
        yield "add-ons", ", ".join(status.addons)
    if status.etcd_alarms:
        yield "etcd alarms", ", ".join(status.etcd_alarms)
    for plane in status.control_planes:
        if plane.problem:
            yield "away", f"{plane.host}: {plane.problem}"
    if status.at_work:
        yield "at work", status.at_work
    if status.last_run:
        yield "last run", status.last_run
