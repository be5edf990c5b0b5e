"""Steps of one phase for one host -> one bash script and the payload that starts it.

The only place that joins shell text.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from kubeboot.context import HostContext
from kubeboot.redaction import sed_script
from kubeboot.render import template_text
from kubeboot.resources.base import Phase, Resource, Secret, Step
from kubeboot.resources.quoting import sh
from kubeboot.resources.shell import WaitFor

Mode = Literal["plan", "apply"]
MASK = "mask.sed"
"""Beside a script's secrets: what hides them in the host's own log."""


@dataclass(frozen=True, slots=True)
class Item:
    """One resource of a script: `number` is how its records name it."""

    number: int
    step: Step
    resource: Resource

    @property
    def is_change(self) -> bool:
        """Whether its drift is something to change, not something to wait for or to read."""
        return self.resource.apply() is not None


@dataclass(frozen=True, slots=True)
class Script:
    """A phase compiled for one host. `text` holds no secret; `secrets` travel beside it."""

    host: str
    phase: str
    items: tuple[Item, ...]
    text: str
    secrets: tuple[Secret, ...] = field(repr=False)
    timeout_s: int

    @property
    def steps(self) -> tuple[Step, ...]:
        """Steps that have something to do here, in order."""
        return tuple(dict.fromkeys(item.step for item in self.items))


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run says to every script: its id, and who runs it (`owner`: see engine.locks)."""

    run_id: str
    nonce: str
    owner: str
    mode: Mode


def resources_of(phase: Phase, context: HostContext) -> tuple[Item, ...]:
    """Every resource the phase wants on the context's host, numbered from 0."""
    pairs = ((step, resource) for step in phase.steps for resource in step.resources(context))
    return tuple(Item(number, step, resource) for number, (step, resource) in enumerate(pairs))


def compile_script(phase: Phase, context: HostContext, settings: Settings) -> Script:
    """The phase's script for the context's host."""
    items = resources_of(phase, context)
    secrets = {secret.name: secret for item in items for secret in item.resource.secrets()}
    text = "\n".join(
        (
            "#!/bin/bash",
            f"# kubeboot: phase {phase.name} on {context.host.name}",
            *_variables(phase, context, settings),
            template_text("lock.sh"),
            template_text("prelude.sh"),
            *(_functions(item) for item in items),
            "main() {",
            "kb_start",
            *_calls(items),
            "kb_end 'done'",
            "}",
            "main",
            "",
        )
    )
    return Script(context.host.name, phase.name, items, text, tuple(secrets.values()), _limit_s(context))


def run_directory(settings: Settings, phase: str) -> str:
    """Where the unit's files are on the host: root-only, on tmpfs."""
    return f"/run/kubeboot/runs/{settings.run_id}/{phase}"


def log_path(settings: Settings, phase: str) -> str:
    """Where a host keeps the whole output of a phase; plans leave nothing behind."""
    if settings.mode == "plan":
        return f"{run_directory(settings, phase)}/log"
    return f"/var/log/kubeboot/{settings.run_id}-{phase}.log"


def _variables(phase: Phase, context: HostContext, settings: Settings) -> Iterator[str]:
    values = {
        "KB_MODE": settings.mode,
        "KB_NONCE": settings.nonce,
        "KB_DIR": run_directory(settings, phase.name),
        "KB_LOG": log_path(settings, phase.name),
        "KB_RUN": settings.run_id,
        "KB_OWNER": settings.owner,
        "KB_PHASE": phase.name,
        "KB_APT_ONLY": "1" if context.cluster.mirrors.os_packages else "0",
    }
    limits = context.cluster.timeouts
    values |= {
        "KB_LOCK_S": str(limits.lock_s),
        "KB_STEP_S": str(limits.step_s),
        "KB_PACKAGE_LOCK_S": str(limits.package_lock_s),
        "KB_NETWORK_S": str(limits.network_s),
        "KB_API_S": str(limits.api_s),
    }
    for name, value in values.items():
        quoted = sh(value)
        # In quotes always: a bare `join` looks like a command.
        yield f"{name}={quoted}" if quoted.startswith("'") else f"{name}='{quoted}'"


def _limit_s(context: HostContext) -> int:
    """Steps are stopped one by one when their time is up; systemd's limit is for a script that cannot any more."""
    return 4 * context.cluster.timeouts.step_s + context.cluster.timeouts.lock_s


def _functions(item: Item) -> str:
    bodies = {"check": item.resource.check(), "diff": item.resource.diff(), "apply": item.resource.apply()}
    return "\n".join(
        f"{verb}_{item.number}() {{\n{body.rstrip()}\n}}" for verb, body in bodies.items() if body is not None
    )


def _calls(items: tuple[Item, ...]) -> Iterator[str]:
    step: Step | None = None
    for item in items:
        if item.step is not step:
            step = item.step
            yield f"kb_step {step.name}"
        has_apply = "1" if item.is_change else "0"
        kind = "wait" if isinstance(item.resource, WaitFor) else has_apply
        has_diff = "1" if item.resource.diff() is not None else "0"
        yield f"kb_resource {item.number} {sh(item.resource.label)} {kind} {has_diff}"


def payload(script: Script | None, settings: Settings, phase: str, from_line: int, timeout_s: int) -> bytes:
    """The stdin of a root bash: starts the unit (with `script` on board) or only follows it from that record on."""
    unit = f"kubeboot-{phase}-{hashlib.sha256(settings.run_id.encode()).hexdigest()[:8]}"
    lines = [
        f"KB_NONCE={sh(settings.nonce)}",
        f"KB_DIR={sh(run_directory(settings, phase))}",
        f"KB_UNIT={sh(unit)}",
        f"KB_FROM={from_line}",
        f"KB_TIMEOUT_S={timeout_s}",
    ]
    if script:
        lines += ["unpack() {", "base64 -d <<'KUBEBOOT_FILES' | tar -xzf - -C \"$KB_DIR\"", _archive(script, settings)]
        lines += ["KUBEBOOT_FILES", "}"]
    return ("\n".join(lines) + "\n").encode() + as_stdin(template_text("launcher.sh"))


def as_stdin(text: str) -> bytes:
    """Shell text as one function, so that bash has read all of it before anything inside can eat stdin."""
    return f"main() {{\n{text}\n}}\nmain </dev/null\n".encode()


def _archive(script: Script, settings: Settings) -> str:
    """The unit's files as base64 lines of a gzipped tar."""
    directory = run_directory(settings, script.phase)
    ended = f"KB_DIR={sh(directory)}\nKB_NONCE={sh(settings.nonce)}\n{template_text('ended.sh')}"
    contents = {"script.new": script.text, "ended.sh": ended}
    secrets = {secret.name: secret.value for secret in script.secrets}
    contents |= {f"secrets/{name}": text for name, text in {**secrets, MASK: sed_script(secrets.values())}.items()}
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        for name, text in contents.items():
            data = text.encode()
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o600
            archive.addfile(member, io.BytesIO(data))
    return base64.encodebytes(gzip.compress(raw.getvalue(), 6)).decode().rstrip("\n")
