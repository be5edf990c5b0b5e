"""A private place where compiled scripts really run as root: a root directory in a mount namespace of its own.

Of this machine only /usr, /dev and /proc show there, so nothing a script does can change it. systemd, apt and friends
are small stand-ins from fakes/, found first because the prelude's PATH begins with /usr/local/sbin.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import pytest

from kubeboot.context import HostContext
from kubeboot.engine import events, records
from kubeboot.engine.follow import Follower
from kubeboot.engine.script import Mode, Settings, compile_script, log_path
from kubeboot.engine.tracking import Tracker
from kubeboot.errors import HostError
from kubeboot.facts import Facts
from kubeboot.model import Cluster, Host, Mirrors, PackageRepository, Role
from kubeboot.resources import Phase, Resource, Step
from kubeboot.transport import local

HERE = Path(__file__).parent
BOOT_ID = "11111111-2222-3333-4444-555555555555"
SWAPS_HEADER = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
FOLDERS = (
    *("etc", "run", "home", "root", "dev", "proc", "usr", "sys/module", "opt", "fakes", "proc-sys/kernel/random"),
    *("tmp", "var/lib/fake-systemd", "var/lib/fake-apt", "var/lib/fake-modules", "var/log", "etc/apt/sources.list.d"),
)


@cache
def missing_right() -> str:
    """Why no sandbox can be made here; empty when it can."""
    if os.geteuid() != 0:
        return "needs root"
    done = subprocess.run(["unshare", "--mount", "--uts", "true"], capture_output=True, check=False)
    return "" if done.returncode == 0 else "may not make a mount namespace"


@dataclass
class Run:
    """What one script said."""

    error: HostError | None
    results: list[records.Result]
    events: list[events.Event]
    outputs: dict[str, str]
    log_path: str
    diffs: dict[int, str] = field(default_factory=dict)
    waits: list[str] = field(default_factory=list)

    @property
    def statuses(self) -> list[str]:
        return [result.status for result in self.results]

    @property
    def reason(self) -> str:
        """Of the only resource."""
        assert len(self.results) == 1
        return self.results[0].reason

    @property
    def output(self) -> str:
        assert len(self.results) == 1
        return self.results[0].output


class Sandbox:
    """One bare host. `run` compiles resources with the engine and runs them to the end over LocalTransport."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._count = 0
        for folder in FOLDERS:
            (root / folder).mkdir(parents=True, exist_ok=True)
        for name in ("bin", "sbin", "lib", "lib64"):
            (root / name).symlink_to(f"usr/{name}")
        for fake in (HERE / "fakes").iterdir():
            shutil.copy2(fake, root / "fakes" / fake.name)
        shutil.copytree("/etc/alternatives", root / "etc/alternatives", symlinks=True)
        self.write("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\nada:x:1000:1000::/home/ada:/bin/bash\n")
        self.write("/etc/group", "root:x:0:\nada:x:1000:\n")
        self.write("/proc-sys/kernel/random/boot_id", f"{BOOT_ID}\n")
        self.write("/proc-sys/kernel/hostname", "bare\n")
        self.write("/proc-swaps", SWAPS_HEADER)
        for name in ("installed", "repository", "held"):
            self.write(f"/var/lib/fake-apt/{name}", "")
        self.write("/var/log/calls", "")

    def path(self, name: str) -> Path:
        """Where the sandbox's absolute path is on this machine."""
        return self.root / name.lstrip("/")

    def write(self, name: str, text: str, mode: int = 0o644) -> None:
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
        path.chmod(mode)

    def read(self, name: str) -> str:
        return self.path(name).read_bytes().decode()

    @property
    def calls(self) -> list[str]:
        """What the stand-ins were asked to do, without the engine's own units."""
        return [call for call in self.read("/var/log/calls").splitlines() if not call.startswith("systemd-run ")]

    def tree(self) -> dict[str, str]:
        """Everything below the root that a script may leave something in, by path: type, mode and content."""
        found: dict[str, str] = {}
        for top in ("etc", "var/lib", "home", "root", "opt", "sys", "proc-sys", "tmp"):
            for path in sorted((self.root / top).rglob("*")):
                info = path.lstat()
                is_link, is_file = path.is_symlink(), path.is_file()
                content = str(path.readlink()) if is_link else path.read_bytes().hex() if is_file else ""
                found[str(path.relative_to(self.root))] = f"{info.st_mode:o} {info.st_uid} {content}"
        return found

    @property
    def command(self) -> tuple[str, ...]:
        """Becomes a root bash in the sandbox that reads its script on stdin."""
        return (
            "unshare",
            "--mount",
            "--uts",
            "--propagation",
            "private",
            "bash",
            str(HERE / "enter.sh"),
            str(self.root),
        )

    def shell(self, script: str) -> str:
        """Run a script as it is; its stdout. For what no record tells."""
        done = subprocess.run(self.command, input=script, text=True, capture_output=True, check=True)
        return done.stdout

    def settings(self, mode: Mode) -> Settings:
        """Fresh ones for every call, as for every run."""
        self._count += 1
        return Settings(f"run-{self._count}", f"nonce{self._count:011d}", "tests", mode)

    def run(
        self,
        *resources: Resource,
        mode: Mode = "apply",
        step_s: int = 60,
        package_lock_s: int = 60,
        mirrored: bool = False,
    ) -> Run:
        """One script with one step that wants these resources."""
        step = Step("the-step", "Do it", "safe", lambda _ctx: iter(resources))
        phase = Phase("the-phase", "A phase", lambda each: each.hosts, (step,))
        ctx = context(mirrored)
        limits = replace(ctx.cluster.timeouts, step_s=step_s, package_lock_s=package_lock_s, lock_s=3)
        return self.run_phase(phase, replace(ctx, cluster=replace(ctx.cluster, timeouts=limits)), mode)

    def run_phase(self, phase: Phase, ctx: HostContext, mode: Mode = "apply") -> Run:
        """A whole phase for the context's host."""
        settings = self.settings(mode)
        script = compile_script(phase, ctx, settings)
        run = Run(None, [], [], {}, log_path(settings, phase.name))
        tracker = Tracker(script, run.events.append, run.outputs.__setitem__, run.log_path)

        def take(record: records.Record) -> None:
            match record:
                case records.Result():
                    run.results.append(record)
                case records.Diff(number, text):
                    run.diffs[number] = text
                case records.Waiting(text):
                    run.waits.append(text)
            tracker.take(record)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(local, "COMMAND", self.command)
            end = Follower(local.LocalTransport(), settings, run.waits.append).run(script, take)
        run.error = tracker.finish(end)
        if (owner := self.path("/run/kubeboot/owner")).exists():
            owner.unlink()  # what the run's release does
        return run

    def converge(self, *resources: Resource) -> tuple[Run, Run]:
        """Plan, apply, plan, apply, with what must hold of each (I1, I2, I3); the first plan and the first apply."""
        before = self.tree()
        plan = self.run(*resources, mode="plan")
        assert plan.error is None
        assert set(plan.statuses) <= {"drift", "ok"}
        assert "drift" in plan.statuses
        assert self.tree() == before
        applied = self.run(*resources)
        assert applied.error is None, (applied.error.message, applied.error.output)
        assert "changed" in applied.statuses
        after = self.tree()
        assert set(self.run(*resources, mode="plan").statuses) == {"ok"}
        assert set(self.run(*resources).statuses) == {"ok"}
        assert self.tree() == after
        return plan, applied


def context(mirrored: bool = False) -> HostContext:
    """One host; `mirrored`: its packages come from the inventory's mirrors only."""
    mirrors = Mirrors(PackageRepository("http://mirror/k8s"), PackageRepository("http://mirror/docker"))
    if mirrored:
        mirrors = replace(mirrors, os_packages=PackageRepository("http://mirror/debian"))
    hosts = (Host("m1", "10.0.0.1", frozenset({Role.CONTROL_PLANE})),)
    cluster = Cluster("lab", "1.29.15", hosts, mirrors, endpoint_host="10.0.0.1")
    return HostContext(cluster, hosts[0], {"m1": Facts("m1", os_id="debian", os_codename="bookworm")})


def sandboxes(folder: Path) -> Iterator[Sandbox]:
    """For fixtures: a sandbox in `folder`, or a skip with the reason."""
    if reason := missing_right():
        pytest.skip(reason)
    yield Sandbox(folder / "host")
