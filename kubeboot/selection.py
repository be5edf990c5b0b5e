"""Which hosts and phases of a workflow a run is about: `--hosts`, `--phases` and `--skip`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase

from kubeboot.context import HostContext
from kubeboot.errors import UsageError
from kubeboot.facts import Facts
from kubeboot.model import Cluster, Host
from kubeboot.resources.base import Phase

REFERENCE = "selection"


@dataclass(frozen=True, slots=True)
class Selection:
    """What the command line names. Hosts may be patterns (`worker*`); empty means all, and to skip none."""

    hosts: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.hosts or self.phases or self.skip)


def select_hosts(cluster: Cluster, selection: Selection) -> tuple[Host, ...]:
    """The hosts of the run, in inventory order. Raises UsageError for a name or pattern that fits none."""
    names = [host.name for host in cluster.hosts]
    for wanted in selection.hosts:
        if not any(fnmatchcase(name, wanted) for name in names):
            raise _unknown("--hosts", wanted, names, "host of the inventory")
    patterns = selection.hosts or ("*",)
    return tuple(host for host in cluster.hosts if any(fnmatchcase(host.name, pattern) for pattern in patterns))


def select_phases(workflow: Sequence[Phase], selection: Selection, hosts: Sequence[Host]) -> tuple[Phase, ...]:
    """The phases of the run in the workflow's order, each on `hosts` only. Raises UsageError for an unknown name."""
    names = [phase.name for phase in workflow]
    for option, given in (("--phases", selection.phases), ("--skip", selection.skip)):
        for name in given:
            if name not in names:
                raise _unknown(option, name, names, "phase")
    wanted = [name for name in selection.phases or names if name not in selection.skip]
    if not wanted:
        raise UsageError("no phase is left to run", hint="`kubeboot phases` lists them.", reference=REFERENCE)
    return tuple(_only_on(phase, hosts) for phase in workflow if phase.name in wanted)


def _only_on(phase: Phase, hosts: Sequence[Host]) -> Phase:
    everywhere = phase.select

    def select(cluster: Cluster) -> tuple[Host, ...]:
        return tuple(host for host in everywhere(cluster) if host in hosts)

    return replace(phase, select=select)


def sensible_phases(
    workflow: Sequence[Phase],
    selection: Selection,
    chosen: Sequence[Phase],
    cluster: Cluster,
    facts: Mapping[str, Facts],
) -> tuple[Phase, ...]:
    """The chosen phases, without tests that nobody named and that lack what they need.

    Raises UsageError when another phase needs what no chosen phase gives, as the facts say: a join without init.
    """
    kept: list[Phase] = []
    lacks: dict[str, list[str]] = {}
    for phase in chosen:
        found = [
            (lack, host.name)
            for host in phase.select(cluster)
            for lack in _lacks(workflow, chosen, phase, host, HostContext(cluster, host, facts))
        ]
        if found and phase.is_test and phase.name not in selection.phases:
            continue
        kept.append(phase)
        for lack, host in found:
            lacks.setdefault(lack, []).append(host)
    if lacks:
        reasons = "; ".join(reason.format(", ".join(hosts)) for reason, hosts in lacks.items())
        raise UsageError(
            f"this selection makes no sense: {reasons}",
            hint="Select that as well (--phases, --hosts), or skip what needs it. Nothing was changed on any host.",
            reference=REFERENCE,
        )
    return tuple(kept)


def _lacks(
    workflow: Sequence[Phase], chosen: Sequence[Phase], phase: Phase, host: Host, context: HostContext
) -> Iterator[str]:
    """Reasons, with braces where the hosts are to stand."""
    cluster = context.cluster
    for output in phase.needs(context):
        if not any(output in each.provides and each.select(cluster) for each in chosen):
            provider = next(each for each in workflow if output in each.provides)
            where = ", ".join(map(str, provider.select(cluster)))
            yield f"{phase.name} on {{}} needs the {output.replace('-', ' ')}, which {provider.name} on {where} gives"
            break
    for name in phase.builds_on(context):
        if not any(each.name == name and host in each.select(cluster) for each in chosen):
            yield f"{phase.name} builds on {name}, which was not done on {{}} yet"


def _unknown(option: str, given: str, names: Sequence[str], what: str) -> UsageError:
    near = get_close_matches(given, names, 1)
    guess = f"; did you mean {near[0]}?" if near else ""
    hint = "" if near else f"There are: {', '.join(names)}."
    return UsageError(f"{option}: there is no {what} {given!r}{guess}", hint=hint, reference=REFERENCE)
