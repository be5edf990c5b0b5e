"""The matrix as data: which fault, at which moment, on which host.

A moment is seen on the host itself, in the files of the running phase: `records` (what the engine reads) or `out` (what
the running step prints, kubeadm's own `[certs] ...` lines among them).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Moment:
    """`state` is what hosts come back to before; `layout` which hosts there are (see fault_ground)."""

    name: str
    phase: str
    pattern: str
    layout: str
    state: str
    host: str = "node1"
    file: str = "out"


@dataclass(frozen=True)
class Point:
    """One row of the table."""

    fault: str
    moment: Moment

    @property
    def name(self) -> str:
        return f"{self.moment.name}.{self.fault}"


FIRST_RUN = {
    "kubeboot-killed": -9,
    "session-killed": 0,
    "unit-killed": 1,
    "link-3s": 0,
    "link-30s": 0,
    "link-gone": 4,
    "power-cut": 0,
    "disk-lost": 1,
}
"""The exit code that the run owes its user: a fault that ends by itself is no failure, one that does not is told."""


def _step(phase: str, step: str, layout: str, state: str, host: str = "node1") -> Moment:
    """A step of a phase has begun."""
    return Moment(phase, phase, rf"\tS\t{step}$", layout, state, host, "records")


HOST_PREP = _step("host-prep", r"[a-z-]+", "one", "bare")
PACKAGES = Moment("packages", "packages", r"^(Unpacking|Setting up) ", "one", "bare")
IMAGES = _step("images", "pull-images", "one", "packages")
CONTROL_PLANE = _step("control-plane", "init-control-plane", "one", "images")
ADDONS = _step("addons", "apply-calico", "one", "images")
JOIN_CONTROL_PLANE = _step("join-control-plane", "join-node", "planes", "addons", "node2")
JOIN = _step("join", "join-node", "pair", "addons", "node2")
ROLLOUT = _step("rollout", "wait-for-nodes", "pair", "addons")
NETWORK = _step("network", "check-pod-network", "pair", "addons", "node2")
FINISH = _step("finish", "end-network-test", "one", "images")

INIT = {
    "preflight": r"^\[preflight\] Running",
    "certs": r'^\[certs\] Generating "etcd',
    "kubeconfig": r"^\[kubeconfig\] Writing",
    "etcd": r"^\[etcd\] Creating",
    "control-plane": r"^\[control-plane\] Creating",
    "kubelet-start": r"^\[kubelet-start\] Writing",
    "wait-control-plane": r"^\[wait-control-plane\] Waiting",
    "upload-config": r"^\[upload-config\] Storing",
    "upload-certs": r"^\[upload-certs\] ",
    "mark-control-plane": r"^\[mark-control-plane\] ",
    "bootstrap-token": r"^\[bootstrap-token\] ",
    "kubelet-finalize": r"^\[kubelet-finalize\] ",
    "addon-coredns": r"^\[addons\] Applied essential addon: CoreDNS",
    "addon-kube-proxy": r"^\[addons\] Applied essential addon: kube-proxy",
}
"""kubeadm init's own phases, by the line that begins (the add-ons: ends) them."""
WORKER = {
    "preflight": r"^\[preflight\] Running",
    "kubelet-start": r"^\[kubelet-start\] Writing",
    "tls-bootstrap": r"^\[kubelet-start\] Waiting",
    "joined": r"^This node has joined",
}
PLANE = {
    "preflight": r"^\[preflight\] Running",
    "download-certs": r"^\[download-certs\] ",
    "certs": r"^\[certs\] Generating",
    "kubeconfig": r"^\[kubeconfig\] Writing",
    "control-plane": r"^\[control-plane\] Creating",
    "check-etcd": r"^\[check-etcd\] ",
    "kubelet-start": r"^\[kubelet-start\] Writing",
    "tls-bootstrap": r"^\[kubelet-start\] Waiting",
    "etcd-announced": r"^\[etcd\] Announced",
    "etcd-waiting": r"^\[etcd\] Waiting",
    "mark-control-plane": r"^\[mark-control-plane\] ",
}


def _kubeadm(prefix: str, lines: dict[str, str], like: Moment) -> list[Moment]:
    return [
        Moment(f"{prefix}-{name}", like.phase, pattern, like.layout, like.state, like.host)
        for name, pattern in lines.items()
    ]


IN_INIT = _kubeadm("kubeadm-init", INIT, CONTROL_PLANE)
IN_JOIN = _kubeadm("kubeadm-join", WORKER, JOIN)
IN_PLANE_JOIN = _kubeadm("kubeadm-join-plane", PLANE, JOIN_CONTROL_PLANE)
ETCD_ANNOUNCED = next(each for each in IN_PLANE_JOIN if each.name.endswith("etcd-announced"))
PHASES = (
    HOST_PREP,
    PACKAGES,
    IMAGES,
    CONTROL_PLANE,
    ADDONS,
    JOIN_CONTROL_PLANE,
    JOIN,
    ROLLOUT,
    NETWORK,
    FINISH,
)
LONG = tuple(each for each in PHASES if each not in (HOST_PREP, FINISH))
"""Phases that last long enough for a cable to be out meanwhile."""


def _points() -> Iterator[Point]:
    for fault in ("kubeboot-killed", "power-cut"):
        yield from (Point(fault, moment) for moment in PHASES)
    yield from (
        Point("unit-killed", moment) for moment in (HOST_PREP, PACKAGES, IMAGES, ADDONS, ROLLOUT, NETWORK, FINISH)
    )
    yield from (Point("session-killed", moment) for moment in (PACKAGES, CONTROL_PLANE, JOIN, ROLLOUT))
    yield from (Point("link-3s", moment) for moment in (PACKAGES, CONTROL_PLANE, ADDONS, JOIN))
    yield from (
        Point("link-30s", moment) for moment in (PACKAGES, IMAGES, CONTROL_PLANE, JOIN, JOIN_CONTROL_PLANE, NETWORK)
    )
    yield from (Point("link-gone", moment) for moment in (PACKAGES, CONTROL_PLANE, JOIN))
    yield from (Point("unit-killed", moment) for moment in (*IN_INIT, *IN_JOIN, *IN_PLANE_JOIN))
    power = {
        "certs",
        "etcd",
        "kubelet-start",
        "wait-control-plane",
        "bootstrap-token",
        "kubelet-finalize",
        "addon-coredns",
    }
    yield from (Point("power-cut", each) for each in IN_INIT if each.name.removeprefix("kubeadm-init-") in power)
    yield from (Point("power-cut", each) for each in IN_JOIN[1:])
    power = {"certs", "kubelet-start", "tls-bootstrap", "etcd-announced", "etcd-waiting", "mark-control-plane"}
    yield from (Point("power-cut", each) for each in IN_PLANE_JOIN if each.name.rpartition("plane-")[2] in power)
    yield from (Point("disk-lost", moment) for moment in (IN_JOIN[-1], ETCD_ANNOUNCED))


_LAYOUTS, _STATES = ("one", "pair", "planes"), ("bare", "packages", "images", "addons")


def _order(point: Point) -> tuple[int, int]:
    """Points that begin from the same state stand together: each state is made once."""
    return _LAYOUTS.index(point.moment.layout), _STATES.index(point.moment.state)


POINTS = tuple(sorted(_points(), key=_order))
SAMPLE = frozenset(
    (
        "kubeadm-init-certs.unit-killed",
        "kubeadm-init-wait-control-plane.power-cut",
        "kubeadm-init-kubelet-finalize.unit-killed",
        "addons.kubeboot-killed",
        "control-plane.link-3s",
        "finish.unit-killed",
    )
)
"""These are part of `make test`."""


def chosen(known_good: frozenset[str] = frozenset()) -> list[Point]:
    """What this session runs, by its environment.

    KUBEBOOT_FAULTS_POINTS: names or patterns (default: all). KUBEBOOT_FAULTS_PART=2/3: the second of three equal parts.
    """
    wanted = os.environ.get("KUBEBOOT_FAULTS_POINTS", "").replace(",", " ").split() or ["*"]
    points = [point for point in POINTS if any(fnmatchcase(point.name, each) for each in wanted)]
    points = [point for point in points if point.name not in known_good]
    number, _, count = os.environ.get("KUBEBOOT_FAULTS_PART", "1/1").partition("/")
    begin, end = ((len(points) * (int(number) - 1 + each)) // int(count) for each in (0, 1))
    return points[begin:end]
