"""Runs made up of events alone: many hosts, with waits, changes, diffs and failures; and as a folder that was kept."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from pathlib import Path

from kubeboot.engine import events
from kubeboot.errors import Blocked, Finding, HostError, StepFailed
from kubeboot.report.codec import FORMAT, encode, to_line
from kubeboot.workflows import INIT
from tests.report.happenings import START_S

RUN_ID = "20260101-000000-abcd"
FIRST_ONLY = ("control-plane", "addons", "rollout", "finish")
DIFF = """\
--- /etc/hosts
+++ /etc/hosts
@@ -1,3 +1,7 @@
 127.0.0.1 localhost
-10.0.0.9 old
+# kubeboot: begin
+10.0.0.11 node1
+10.0.0.12 node2
+# kubeboot: end
"""
WAITS = {
    "join": ("join token from node1", "control-plane@node1"),
    "rollout": ("join on all", "join@node{last}"),
    "network": ("test pods from node1", "rollout@node1"),
    "finish": ("network on all", "network@node{last}"),
}


def keep(folder: Path, happened: Iterable[events.Event], **head: object) -> Path:
    """The events as a run's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    first = {
        "format": FORMAT, "kubeboot": "0.1.0", "python": "3.11.2", "inventory": "/work/inventory.yaml",
        "versions": {"kubernetes": "1.29.15", "calico": "3.27.5", "ingress-nginx": "1.13.9"}, **head,
    }  # fmt: skip
    lines = [to_line(first), *(to_line(encode(event)) for event in happened)]
    (folder / "events.jsonl").write_text("".join(lines), encoding="utf-8")
    return folder


class Simulation:
    """An init of `count` bare hosts by the real list of phases. `failing`: host -> phase in which it fails."""

    def __init__(self, count: int, failing: dict[str, str] | None = None, mode: str = "apply") -> None:
        self.hosts = tuple(f"node{number}" for number in range(1, count + 1))
        self._mode = mode
        self._failing = failing or {}
        self._random = random.Random(count)  # noqa: S311 - the same every time
        self._ended: dict[str, float] = {}
        self._failed: dict[str, HostError] = {}
        self._events: list[events.Event] = []

    def run(self) -> list[events.Event]:
        self._add(events.RunStarted(START_S, RUN_ID, "init", self._mode, "lab", self.hosts))
        clock = {host: START_S + self._random.uniform(0.3, 2) for host in self.hosts}
        for host, at in clock.items():
            summary = "Debian GNU/Linux 12 (bookworm), 4 CPUs, 8192 MB, no node"
            self._add(events.FactsGathered(at, host, summary))
        begin = max(clock.values()) + 0.1
        self._add(events.PreflightEnded(begin, (), (warning(),), ()))
        clock = dict.fromkeys(self.hosts, begin)
        for phase in INIT:
            for host in self._on(phase.name):
                if host not in self._failed:
                    clock[host] = self._phase(phase, host, clock[host])
        self._events.sort(key=lambda event: event.time_s)
        changed = sum(isinstance(event, events.StepDone) and event.status == "changed" for event in self._events)
        end = max(event.time_s for event in self._events) + 0.1
        status = "failed" if self._failed else "done"
        took_ms = int((end - START_S) * 1000)
        return [*self._events, events.RunDone(end, status, changed, 0, 3, took_ms, (), 1 if self._failed else 0)]

    def _on(self, phase: str) -> tuple[str, ...]:
        if phase == "join-control-plane":
            return ()
        return self.hosts[:1] if phase in FIRST_ONLY else self.hosts[1:] if phase == "join" else self.hosts

    def _add(self, event: events.Event) -> None:
        self._events.append(event)

    def _phase(self, phase, host: str, at: float) -> float:
        text, on = WAITS.get(phase.name, ("", ""))
        on = on.replace("{last}", str(len(self.hosts)))
        if on and not (phase.name == "join" and host == "node1"):
            self._add(events.PhaseWaits(at, host, phase.name, text, (on,)))
            if on.endswith("@node1") and "node1" in self._failed:
                return self._fail(Blocked(host, "waits for join token, which will not come", phase=phase.name), at + 30)
            at = max(at, self._ended.get(on, at)) + 0.01
        self._add(events.PhaseStarted(at, host, phase.name, phase.title))
        started = at
        for step in phase.steps:
            self._add(events.StepBegan(at, host, phase.name, step.name, step.title))
            slow = {"install-packages": 12, "pull-images": 8, "join-node": 9, "wait-for-add-ons": 25}.get(
                step.name, 0.1
            )
            if self._failing.get(host) == phase.name and step is phase.steps[-1]:
                return self._fail(failure(host, phase.name, step.name), at + 1)
            at = self._step(phase.name, step, host, at, slow * self._random.uniform(0.7, 1.6))
        self._add(events.PhaseDone(at, host, phase.name, "changed", int((at - started) * 1000)))
        self._ended[f"{phase.name}@{host}"] = at
        return at

    def _step(self, phase: str, step, host: str, at: float, took: float) -> float:
        resources = (("file /etc/kubeboot/one", DIFF), (f"host name {host}", f"-old\n+{host}\n"), ("service it", ""))
        for number, (label, diff) in enumerate(resources, start=1):
            done = at + took * number / len(resources)
            reason, output = "it differs", f"Setting up {label}...\nDone.\n"
            self._add(events.ResourceDone(done, host, phase, step.name, label, "changed", 5, reason, output, diff))
        end = at + took
        self._add(
            events.StepDone(end, host, phase, step.name, step.title, "changed", int(took * 1000), ("it differs",))
        )
        return end

    def _fail(self, error: HostError, at: float) -> float:
        self._failed[error.host] = error
        self._add(events.HostFailed(at, error.host, error))
        return at


def failure(host: str, phase: str = "packages", step: str = "install-packages") -> StepFailed:
    return StepFailed(
        host, "packages containerd: failed (exit 100)", phase=phase, step=step, log_path="/var/log/kubeboot/x.log",
        output="Reading package lists...\nE: Unable to locate package containerd",
        hint="The package repository lacks it. Check mirrors.osPackages.",
    )  # fmt: skip


def warning() -> Finding:
    return Finding("memory", "node2 has 900 MB", "kubeadm wants 1700 MB", "give it more", ("node2",), is_warning=True)


def of_one_host(*happened: events.Event) -> Iterator[events.Event]:
    """A run of node1 with these events, done 60 s after it began."""
    yield events.RunStarted(START_S, RUN_ID, "init", "apply", "lab", ("node1",))
    yield from happened
    yield events.RunDone(START_S + 60, "done", 1, 0, 0, 60_000)
