"""Events in a few words."""

from __future__ import annotations

from kubeboot.engine import events
from kubeboot.errors import StepFailed

START_S = 1_767_225_600.0
TOOLS = "Install containerd, kubeadm, kubelet, kubectl and the tools they call."


def changed(host, at=1.0, title=TOOLS, ms=41_400, phase="packages"):
    return events.StepDone(START_S + at, host, phase, "step", title, "changed", ms)


def in_place(host, at=1.0, phase="host-prep"):
    return events.StepDone(START_S + at, host, phase, "step", "Turn swap off.", "ok", 3)


def done(host, at=1.0, phase="host-prep"):
    return events.PhaseDone(START_S + at, host, phase, "ok", 10)


def drift(host, diff="", reason="entries differ", label="block hosts in /etc/hosts", step="write-hosts-file"):
    title = "Let every host find every other by name in /etc/hosts."
    yield events.ResourceDone(START_S + 1, host, "host-prep", step, label, "drift", 5, reason, "", diff)
    yield events.StepDone(START_S + 1, host, "host-prep", step, title, "drift", 5, (f"{label}: {reason}",))


def waits(host, text, at=1.0, step="wait-for-nodes"):
    return events.HostWaits(START_S + at, host, "rollout", step, text)


def failed(host, at=2.0, output="Reading package lists...\nE: Unable to locate package socat"):
    error = StepFailed(
        host, "packages socat: failed (exit 100)", phase="packages", step="install-packages", output=output
    )
    return events.HostFailed(START_S + at, host, error)
