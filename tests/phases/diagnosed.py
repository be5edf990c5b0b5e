"""A sandbox that is a healthy control plane, for the tests of what diagnose finds once a part of it is broken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kubeboot.context import HostContext
from kubeboot.phases.diagnose import DIAGNOSIS
from kubeboot.report.diagnosis import Diagnosis, Found
from tests.phases.golden_world import golden_context
from tests.resources.sandbox import Sandbox, sandboxes

ANSWERS = "/var/lib/answers"
"""What the stand-ins print, by file; where a file is missing they fail."""
FAKES = {
    "systemctl": f"""\
case "$*" in
  *ActiveState*) cat {ANSWERS}/"state-${{*: -1}}" 2>/dev/null || echo inactive ;;
  *Environment*) cat {ANSWERS}/"environment-${{*: -1}}" 2>/dev/null ;;
  *) exec bash /fakes/systemctl.kept "$@" ;;
esac""",
    "containerd": f"cat {ANSWERS}/containerd",
    "ctr": f"[ -e {ANSWERS}/containerd ]",
    "crictl": f"case $1 in ps) echo abc ;; logs) cat {ANSWERS}/container-log ;; esac",
    "journalctl": f"cat {ANSWERS}/journal",
    "chronyc": f"cat {ANSWERS}/chrony",
    "df": f"case $* in *-i*) cat {ANSWERS}/inodes ;; *) cat {ANSWERS}/df ;; esac",
    "ss": f"cat {ANSWERS}/ss",
    "kubectl": f"""\
case "$*" in
  *'get nodes'*) cat {ANSWERS}/nodes.json ;;
  *'get pods'*json*) cat {ANSWERS}/pods.json ;;
  *'get events'*) cat {ANSWERS}/events.json ;;
  *'get secrets'*) cat {ANSWERS}/tokens ;;
esac""",
    "curl": f"""\
case "$*" in
  *10248*) cat {ANSWERS}/healthz ;;
  *readyz*) cat {ANSWERS}/readyz ;;
  *livez*) [ -e {ANSWERS}/readyz ] ;;
  *member/list*) cat {ANSWERS}/members ;;
  *alarm*) cat {ANSWERS}/alarms ;;
  *status*) echo '{{"dbSize": "20000"}}' ;;
  *health*) cat {ANSWERS}/health ;;
esac""",
}
CONFIG = """\
disabled_plugins = []
    sandbox_image = "registry.k8s.io/pause:3.9"
            SystemdCgroup = true
"""
LISTENING = """\
LISTEN 0 4096 *:6443 *:* users:(("kube-apiserver",pid=1,fd=3))
LISTEN 0 4096 *:10250 *:* users:(("kubelet",pid=2,fd=3))
LISTEN 0 4096 127.0.0.1:10257 0.0.0.0:* users:(("kube-controller",pid=4,fd=3))
"""
HEALTHY = {
    "state-containerd": "active\n",
    "state-kubelet": "active\n",
    "containerd": CONFIG,
    "container-log": "",
    "journal": "",
    "chrony": "Leap status     : Normal\n",
    "df": "Filesystem 1M-blocks Used Available Capacity Mounted\n/dev/a 50000 20000 30000 40% /\n",
    "inodes": "Filesystem Inodes IUsed IFree IUse% Mounted\n/dev/a 50000 20000 30000 40% /\n",
    "ss": LISTENING,
    "nodes.json": '{"items": []}',
    "pods.json": '{"items": []}',
    "events.json": '{"items": []}',
    "tokens": "",
    "healthz": "ok",
    "readyz": "[+]ping ok\nreadyz check passed\n",
    "health": '{"health":"true"}',
    "members": '{"members": [{"ID": "1", "name": "cp1", "clientURLs": ["https://192.168.10.11:2379"]}]}',
    "alarms": "{}",
}
FILES = {
    "/etc/kubernetes/kubelet.conf": "users:\n",
    "/etc/kubernetes/admin.conf": "users:\n",
    "/etc/kubernetes/manifests/kube-apiserver.yaml": "",
    "/etc/kubernetes/manifests/etcd.yaml": "",
    "/etc/cni/net.d/10-calico.conflist": "{}",
    "/etc/modules-load.d/kubeboot.conf": "overlay\nbr_netfilter\n",
    "/etc/sysctl.d/99-zz-kubeboot.conf": "net.ipv4.ip_forward = 1\n",
    "/proc-sys/net/ipv4/ip_forward": "1\n",
    "/proc-sys/net/bridge/bridge-nf-call-iptables": "1\n",
    "/var/lib/kubelet/config.yaml": "cgroupDriver: systemd\n",
    "/var/lib/fake-apt/installed": "".join(
        f"{name} installed 1.29.15-1.1\n" for name in ("kubeadm", "kubelet", "kubectl", "containerd.io")
    ),
    "/var/lib/fake-apt/held": "kubeadm\nkubelet\nkubectl\ncontainerd.io\n",
}


def certificate(days: int) -> str:
    """A self-signed one that lasts so many days; negative: it ended so many days ago."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now - timedelta(days=400)).not_valid_after(now + timedelta(days=days))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def answers(host: Sandbox, **changes: str | None) -> None:
    """Change what the stand-ins print; None: they fail. `_` stands for what a name of a file may hold."""
    for name, text in changes.items():
        key = next(
            each for each in (*HEALTHY, "environment-containerd") if each.replace("-", "_").replace(".", "_") == name
        )
        if text is None:
            host.path(f"{ANSWERS}/{key}").unlink()
        else:
            host.write(f"{ANSWERS}/{key}", text)


def pod(name: str, waiting: dict[str, str] | None = None, age: str = "2020-01-01T00:00:00Z") -> dict[str, Any]:
    """A pod that is not ready."""
    return {
        "metadata": {"name": name, "namespace": "default", "creationTimestamp": age},
        "spec": {"nodeName": "cp1"},
        "status": {
            "conditions": [{"type": "Ready", "status": "False"}],
            "containerStatuses": [{"state": {"waiting": waiting or {"reason": "ContainerCreating"}}}],
        },
    }


def items(*objects: dict[str, Any]) -> str:
    return json.dumps({"items": objects})


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Sandbox]:
    for sandbox in sandboxes(tmp_path):
        sandbox.write("/fakes/systemctl.kept", sandbox.read("/fakes/systemctl"), 0o755)
        for name, text in FAKES.items():
            sandbox.write(f"/fakes/{name}", f"#!/bin/bash\n{text}\n", 0o755)
        for name, text in HEALTHY.items():
            sandbox.write(f"{ANSWERS}/{name}", text)
        for path, text in FILES.items():
            sandbox.write(path, text)
        for module in ("overlay", "br_netfilter"):
            sandbox.path(f"/sys/module/{module}").mkdir(parents=True)
        sandbox.path("/var/lib/etcd").mkdir()
        yield sandbox


def context(**facts: Any) -> HostContext:
    """The control plane's, which was made."""
    ctx = golden_context("control-plane", outputs={})
    known = dict(ctx.all_facts)
    known["cp1"] = replace(known["cp1"], has_admin_conf=True, **facts)
    return replace(ctx, all_facts=known)


def diagnosis(host: Sandbox, **facts: Any) -> list[Found]:
    """What is found; that nothing is changed by it, and no look is unknown, is part of every test."""
    before = host.tree()
    ctx = context(**facts)
    run = host.run_phase(DIAGNOSIS, ctx, "plan")
    assert run.error is None
    assert set(run.statuses) <= {"ok", "drift"}
    assert host.tree() == before
    seen = Diagnosis()
    for event in run.events:
        seen.handle(event)
    return seen.findings(ctx.all_facts)
