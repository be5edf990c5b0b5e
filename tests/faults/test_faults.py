"""The matrix: a fault, then the same command converges, then it changes nothing (I4). All: `make test-faults`."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from fault_ground import LINK_PATIENCE_S, RUN_PATIENCE_S, Ground, changed
from fault_injection import Missed, inject, wait_for
from fault_points import FIRST_RUN, SAMPLE, Point, chosen
from fault_table import Row, put, rows_of, telling_line
from lab_hosts import Ended

import kubeboot

TABLE = Path(os.environ.get("KUBEBOOT_FAULTS_TABLE") or "/var/tmp/kubeboot-faults.md")
GOOD = frozenset(name for name, row in rows_of(TABLE).items() if row.is_good)
POINTS = chosen(GOOD if os.environ.get("KUBEBOOT_FAULTS_NEW") else frozenset())
LEFT = """
ls /run/kubeboot/runs/*/*/secrets/* /etc/kubernetes/bootstrap-kubelet.conf 2>/dev/null
find /etc /run/kubeboot -name '*kubeboot-new' 2>/dev/null
true
"""
NODES = (
    "kubectl --kubeconfig /etc/kubernetes/admin.conf get nodes --no-headers -o custom-columns=N:.metadata.name,"
    "R:'.status.conditions[?(@.type==\"Ready\")].status',"
    "C:'.metadata.annotations.kubeadm\\.alpha\\.kubernetes\\.io/cri-socket',"
    "P:'.metadata.labels.node-role\\.kubernetes\\.io/control-plane'"
)
TOKENS = (
    "kubectl --kubeconfig /etc/kubernetes/admin.conf -n kube-system get secrets --no-headers "
    "--field-selector type=bootstrap.kubernetes.io/token -o custom-columns=N:.metadata.name; "
    "kubectl --kubeconfig /etc/kubernetes/admin.conf -n kube-system get secret kubeadm-certs --ignore-not-found -o name"
)


@pytest.mark.parametrize(
    "point",
    [
        pytest.param(point, id=point.name, marks=pytest.mark.lab if point.name in SAMPLE else pytest.mark.lab_faults)
        for point in POINTS
    ],
)
def test_i4_after_a_fault_the_same_command_converges(ground: Ground, point: Point) -> None:
    ground.restore(point.moment.layout, point.moment.state)
    first = _first_run(ground, point)
    second = ground.init(point.moment.layout)
    third = ground.init(point.moment.layout)
    wrong = _wrong(ground, point, first, second, third)
    put(TABLE, _row(point, first, second, third, wrong), kubeboot.__version__, LINK_PATIENCE_S)
    texts = "\n".join(f"=== {name} run\n{run.text}" for name, run in zip("123", (first, second, third), strict=True))
    if wrong:
        (ground.lab.folder / f"{point.name}.txt").write_text(f"{wrong}\n{texts}")
    assert not wrong, f"{'; '.join(wrong)}\n{texts}"


def _first_run(ground: Ground, point: Point) -> Ended:
    """Once more if the moment passed too quickly: hosts are never quite the same."""
    layout, state = point.moment.layout, point.moment.state
    for attempt in range(3):
        run = ground.lab.start("init", ground.inventory(layout))
        began = time.monotonic()
        try:
            wait_for(ground.lab, point.moment, run)
            mending = inject(ground.lab, point, run)
        except Missed:
            ended = ground.lab.wait(run, RUN_PATIENCE_S)
            assert attempt < 2, f"{point.name}: the moment was missed\n{ended.text}"
            ground.restore(layout, state)
            continue
        ended = ground.lab.wait(run, RUN_PATIENCE_S)
        seconds = time.monotonic() - began
        if mending:
            mending.join()
        return Ended(ended.code, ended.out, ended.err, seconds)
    raise AssertionError("not reached")


def _wrong(ground: Ground, point: Point, first: Ended, second: Ended, third: Ended) -> list[str]:
    """What is not as it should be; nothing when all is well."""
    wrong = []
    if first.code != FIRST_RUN[point.fault]:
        wrong.append(f"first run: exit {first.code}, owed {FIRST_RUN[point.fault]}")
    for name, run in (("second", second), ("third", third)):
        if run.code:
            wrong.append(f"{name} run: exit {run.code}")
    if changed(third):
        wrong.append(f"third run: {changed(third)} changed")
    if any("Traceback" in run.text for run in (first, second, third)):
        wrong.append("a traceback")
    return wrong or _wrong_cluster(ground, point)


def _wrong_cluster(ground: Ground, point: Point) -> list[str]:
    inventory = ground.inventory(point.moment.layout)
    planes = {host["name"] for host in inventory["hosts"] if "control-plane" in host["roles"]}
    nodes = {line.split()[0]: line.split()[1:] for line in ground.lab.on("node1", NODES).splitlines()}
    socket = "unix:///run/containerd/containerd.sock"
    wanted = {each["name"]: ["True", socket, "" if each["name"] in planes else "<none>"] for each in inventory["hosts"]}
    wrong = []
    if nodes != {name: [cell for cell in cells if cell] for name, cells in wanted.items()}:
        wrong.append(f"nodes: {nodes}")
    if tokens := ground.lab.on("node1", TOKENS):
        wrong.append(f"join material is left: {tokens}")
    for host in wanted:
        if left := ground.lab.on(host, LEFT):
            wrong.append(f"left on {host}: {left}")
    for host in sorted(planes):
        if (ready := ground.lab.on(host, "curl -sk https://$(hostname -I | cut -d' ' -f1):6443/readyz")) != "ok":
            wrong.append(f"API of {host}: {ready}")
    return wrong


def _row(point: Point, first: Ended, second: Ended, third: Ended, wrong: list[str]) -> Row:
    return Row(
        point.name,
        f"{first.code}, {first.seconds:.0f}",
        telling_line(first),
        f"{second.code}, {changed(second)}, {second.seconds:.0f}",
        f"{changed(third)}",
        "; ".join(wrong).replace("\n", " ").replace("|", "/") or "good",
    )
