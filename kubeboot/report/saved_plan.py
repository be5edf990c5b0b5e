"""A plan as a file: what was seen, what would change, and everything it was decided from.

`kubeboot apply FILE` looks again and goes on only when nothing of this differs. The file holds no secret: of the
inventory's values only short digests, of secret files only that they differ.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from kubeboot import __version__
from kubeboot.addons.addon import Addon
from kubeboot.engine import events
from kubeboot.errors import SourceError
from kubeboot.facts import Facts
from kubeboot.model import Cluster

DIGEST_LENGTH = 16
IDENTITY = ("machine_id", "os_name", "kernel", "arch")
"""Facts that say which machine this is; everything else that matters shows in the verdicts."""
MOST_BYTES = 200_000_000


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True)


class PlannedResource(_Part):
    """One resource of one host. `is_change`: a drift would be changed; otherwise it is waited for, or only read."""

    host: str
    phase: str
    step: str
    title: str
    label: str
    status: Literal["ok", "drift"]
    is_change: bool
    reason: str = ""
    diff: str = ""

    @property
    def place(self) -> tuple[str, ...]:
        return self.host, self.phase, self.step, self.label


class SavedPlan(_Part):
    """The file. `inputs`: what was decided from -> digest; `machines`: host -> what tells it from another machine."""

    format: Literal[1] = 1
    kubeboot: str = __version__
    made: str
    command: str
    cluster: str
    inventory: str
    hosts: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    waived: tuple[str, ...] = ()
    inputs: Mapping[str, str]
    machines: Mapping[str, Mapping[str, str]]
    would_change: int
    in_place: int
    resources: tuple[PlannedResource, ...]

    def text(self) -> str:
        """As JSON, indented, with a last newline."""
        return self.model_dump_json(by_alias=True, indent=1) + "\n"


class PlanRecorder:
    """A sink that keeps what a plan found."""

    def __init__(self) -> None:
        self._resources: list[events.ResourceDone] = []
        self._titles: dict[str, str] = {}

    def handle(self, event: events.Event) -> None:
        match event:
            case events.StepBegan():
                self._titles[event.step] = event.title.rstrip(".")
            case events.ResourceDone(status="ok" | "drift"):
                self._resources.append(event)

    def resources(self, hosts: Sequence[str]) -> tuple[PlannedResource, ...]:
        """Host by host, each in the order of its steps."""
        return tuple(
            PlannedResource(
                host=event.host,
                phase=event.phase,
                step=event.step,
                title=self._titles.get(event.step, ""),
                label=event.label,
                status="drift" if event.status == "drift" else "ok",
                is_change=event.is_change,
                reason=event.reason,
                diff=event.diff,
            )
            for event in sorted(self._resources, key=lambda event: hosts.index(event.host))
        )


def digests(cluster: Cluster, addons: Sequence[Addon]) -> dict[str, str]:
    """What a plan is decided from besides the hosts -> digest: the inventory by key and by host, and manifests."""
    values: dict[str, Any] = {
        f"the inventory's {to_camel(each.name)}": getattr(cluster, each.name)
        for each in fields(cluster)
        if each.name not in ("hosts", "directory")
    }
    values |= {f"host {host.name} in the inventory": host for host in cluster.hosts}
    values |= {"the inventory's list of hosts": [host.name for host in cluster.hosts]}
    values |= {f"the manifest of {addon.name}": addon.manifest for addon in addons}
    return {name: _digest(_plain(value)) for name, value in values.items()}


def machines(facts: Mapping[str, Facts]) -> dict[str, dict[str, str]]:
    """Host -> what tells it from another machine."""
    return {host: {to_camel(name): str(getattr(each, name)) for name in IDENTITY} for host, each in facts.items()}


def _plain(value: object) -> object:
    """The value for JSON, in one order whatever the process; without the fields that are no one's to see."""
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value) if each.repr}
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(str(_plain(each)) for each in value)
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.value if isinstance(value, Enum) else str(value)


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:DIGEST_LENGTH]


def now_text() -> str:
    """The time in UTC, as RFC 3339."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def save_plan(plan: SavedPlan, path: Path) -> None:
    """Whole or not at all, for its owner only. Raises SourceError."""
    new = path.with_name(f".{path.name}.new")
    try:
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(plan.text())
        new.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
        raise SourceError(f"the plan cannot be written to {path}: {error.strerror}", reference="plan-file") from None


def load_plan(path: Path) -> SavedPlan:
    """Raises SourceError for what is no plan of this kubeboot's format."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise _no_plan(path, "it is too large")
        return SavedPlan.model_validate_json(path.read_bytes())
    except OSError as error:
        raise SourceError(f"the plan {path} cannot be read: {error.strerror}", reference="plan-file") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise _no_plan(path, f"{where}: {first['msg']}" if where else first["msg"]) from None


def _no_plan(path: Path, why: str) -> SourceError:
    return SourceError(
        f"{path} is no plan that this kubeboot can read ({why})",
        hint="Make one with `kubeboot plan --out FILE`.",
        reference="plan-file",
    )


def differences(planned: SavedPlan, now: SavedPlan) -> Iterator[str]:
    """What is not as it was when the plan was made, in words; nothing when the plan still holds."""
    if planned.kubeboot != now.kubeboot:
        yield f"kubeboot is {now.kubeboot}, the plan was made by {planned.kubeboot}"
    for name in sorted({*planned.inputs, *now.inputs}):
        if planned.inputs.get(name) != now.inputs.get(name):
            yield f"{name} is not what it was"
    for host in sorted({*planned.machines, *now.machines}):
        before, after = planned.machines.get(host, {}), now.machines.get(host, {})
        for key in sorted({*before, *after}):
            if before.get(key) != after.get(key):
                yield f"{host}: {key} is {after.get(key) or 'not there'}, was {before.get(key) or 'not there'}"
    yield from _verdicts(planned, now)


def _verdicts(planned: SavedPlan, now: SavedPlan) -> Iterator[str]:
    before = {each.place: each for each in planned.resources if each.is_change}
    after = {each.place: each for each in now.resources if each.is_change}
    for place in dict.fromkeys((*before, *after)):
        old, new = before.get(place), after.get(place)
        if (old and _verdict(old)) != (new and _verdict(new)):
            host, phase, _, label = place
            yield f"{host}: {phase}: {label}: {_words(new)}; planned: {_words(old)}"


def _verdict(resource: PlannedResource) -> tuple[str, ...]:
    return resource.status, resource.reason, resource.diff


def _words(resource: PlannedResource | None) -> str:
    if resource is None:
        return "not looked at"
    return "in place" if resource.status == "ok" else resource.reason or "differs"
