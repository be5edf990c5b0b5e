from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

from kubeboot.cli.summary import summary_lines
from kubeboot.engine.runner import Outcome
from kubeboot.engine.tracking import Tally
from kubeboot.errors import Blocked, StepFailed
from kubeboot.inventory.load import load_inventory

NODES = "node1 v1.29.15 10.0.0.1 containerd://1.6.20\nlonger-name v1.29.15 10.0.0.22 containerd://1.6.20\n"
INVENTORY = """
cluster: {kubernetesVersion: 1.29.15}
hosts:
  - {name: node1, address: 10.0.0.1, roles: [control-plane]}
  - {name: longer-name, address: 10.0.0.22, roles: [worker]}
"""
OUTCOME = Outcome({"nodes": NODES}, Tally(36, 0, 14), (), {"packages": 42_100, "images": 8_300, "finish": 20})


def cluster(tmp_path):
    (tmp_path / "inventory.yaml").write_text(INVENTORY)
    return load_inventory(tmp_path / "inventory.yaml")[0]


def lines(tmp_path, outcome, mode="apply", kubeconfig=Path("/etc/my lab/lab.kubeconfig"), width=80):
    return [line for line, _ in summary_lines(mode, cluster(tmp_path), outcome, kubeconfig, 65.7, width)]


def test_a_finished_run(tmp_path):
    assert lines(tmp_path, OUTCOME) == [
        "",
        "NODE         ROLE           VERSION   ADDRESS    RUNTIME",
        "node1        control-plane  v1.29.15  10.0.0.1   containerd://1.6.20",
        "longer-name  worker         v1.29.15  10.0.0.22  containerd://1.6.20",
        "",
        "time        packages 42 s, images 8.3 s",
        "API         https://10.0.0.1:6443",
        "kubeconfig  '/etc/my lab/lab.kubeconfig'",
        "next        kubectl --kubeconfig '/etc/my lab/lab.kubeconfig' get nodes -o wide",
        "36 changed, 14 in place, 66 s",
    ]


def test_a_kubeconfig_below_the_working_directory_is_shown_relative(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "kubeconfig  lab.kubeconfig" in lines(tmp_path, OUTCOME, kubeconfig=tmp_path / "lab.kubeconfig")


def test_the_last_line_says_how_much_changed_even_after_failures(tmp_path):
    failed = replace(OUTCOME, errors=(StepFailed("node1", "x"), Blocked("longer-name", "y")))
    assert lines(tmp_path, failed) == ["36 changed, 14 in place, 1 host failed, 1 blocked, 66 s"]


def test_a_plan_says_how_much_would_change(tmp_path):
    assert lines(tmp_path, replace(OUTCOME, tally=Tally(0, 3, 14)), mode="plan") == [
        "3 would change, 14 in place, 66 s"
    ]


def test_many_equal_nodes_share_a_line(tmp_path):
    hosts = tuple(
        SimpleNamespace(name=f"n{each}", node_role="control-plane" if each == 1 else "worker") for each in range(1, 101)
    )
    many = SimpleNamespace(hosts=hosts, endpoint="10.0.0.1:6443")
    outputs = {"nodes": "".join(f"n{each} v1.29.15 10.0.0.{each} containerd://1.7\n" for each in range(1, 101))}
    shown = [line for line, _ in summary_lines("apply", many, replace(OUTCOME, outputs=outputs), None, 1, 80)]
    assert shown[1:4] == [
        "NODE                  ROLE           VERSION   ADDRESS  RUNTIME",
        "n1                    control-plane  v1.29.15           containerd://1.7",
        "all 100 hosts but n1  worker         v1.29.15           containerd://1.7",
    ]
