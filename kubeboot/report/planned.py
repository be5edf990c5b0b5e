"""What a plan found, told once at its end: per phase and step, each difference once with the hosts that have it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from kubeboot.engine import events
from kubeboot.report.words import counted, drift_word, host_list, one_line, printable, wrap

EACH_HOST = "<host>"
MOST_ROWS = 20


@dataclass(frozen=True, slots=True)
class Difference:
    """One resource's drift."""

    label: str
    reason: str
    diff: str

    @property
    def headline(self) -> str:
        return ": ".join(part for part in (self.label, self.reason) if part)

    def of_any(self, host: str) -> Difference:
        """The same with the host's name, where it is a word of its own, as `<host>`."""
        name = re.compile(rf"(?<![\w.-]){re.escape(host)}(?![\w.-])")
        return Difference(*(name.sub(EACH_HOST, text) for text in (self.label, self.reason, self.diff)))


@dataclass
class _Step:
    title: str = ""
    differences: dict[Difference, list[str]] = field(default_factory=dict)


class Planned:
    """Collects a plan's events. Steps stay in the order in which the first host came to them."""

    def __init__(self) -> None:
        self.hosts: Sequence[str] = ()
        self.command = "plan"
        self._phases: dict[str, dict[str, _Step]] = {}
        self._drifted: dict[str, int] = {}
        self._in_place: dict[str, int] = {}

    def add_resource(self, event: events.ResourceDone) -> None:
        if event.status == "drift":
            found = Difference(event.label, event.reason, event.diff)
            self._step(event.phase, event.step).differences.setdefault(found, []).append(event.host)

    def add_step(self, event: events.StepDone) -> None:
        if event.status == "drift":
            self._step(event.phase, event.step).title = event.title.rstrip(".")
            self._drifted[event.host] = self._drifted.get(event.host, 0) + 1
        elif event.status == "ok":
            self._in_place[event.host] = self._in_place.get(event.host, 0) + 1

    def _step(self, phase: str, step: str) -> _Step:
        return self._phases.setdefault(phase, {}).setdefault(step, _Step())

    def lines(self, width: int) -> Iterator[tuple[str, str]]:
        """(line, style) of the whole plan. `width` 0 wraps nothing."""
        for phase, steps in self._phases.items():
            yield "", ""
            yield phase, "bold cyan"
            for step in steps.values():
                yield from _styled(wrap(step.title, width, "  ", "    "), "bold")
                for difference, hosts in folded(step.differences).items():
                    yield from self._difference(difference, hosts, width)
        yield from self._table()

    def _difference(self, difference: Difference, hosts: list[str], width: int) -> Iterator[tuple[str, str]]:
        names = host_list(hosts, self.hosts)
        line = f"{names}: {one_line(difference.headline)}"
        if difference.diff and width and len(line) + 4 > width:  # the diff says it all again, line by line
            line = f"{names}: {one_line(difference.reason)}"
        yield from _styled(wrap(line, width, "    ", "      "), "")
        for each in printable(difference.diff).rstrip().splitlines():
            yield f"      {each}".rstrip(), _diff_style(each)

    def _table(self) -> Iterator[tuple[str, str]]:
        """How many steps would change on which host; hosts with equal numbers share a row when there are many."""
        found = [host for host in self.hosts if host in self._drifted or host in self._in_place]
        if not found:
            return
        rows: dict[tuple[int, int, str], list[str]] = {}
        for host in found:
            key = host if len(found) <= MOST_ROWS else ""
            rows.setdefault((self._drifted.get(host, 0), self._in_place.get(host, 0), key), []).append(host)
        names = [host_list(hosts, self.hosts) if len(hosts) > 1 else hosts[0] for hosts in rows.values()]
        width = max(len("HOST"), *map(len, names))
        word = drift_word(self.command).upper()
        room = max(len(word), len("100 steps"))
        yield "", ""
        yield f"{'HOST':<{width}}  {word:<{room}}  IN PLACE", "dim"
        for name, (drifted, in_place, _) in zip(names, rows, strict=True):
            yield f"{name:<{width}}  {counted(drifted, 'step'):<{room}}  {counted(in_place, 'step')}", ""
        yield "", ""


def folded(differences: dict[Difference, list[str]]) -> dict[Difference, list[str]]:
    """Differences that several hosts share but for each one's own name become one with `<host>`."""
    twins: dict[Difference, list[Difference]] = {}
    for each, hosts in differences.items():
        twins.setdefault(each.of_any(hosts[0]) if len(hosts) == 1 else each, []).append(each)
    return {
        shared if len(alike) > 1 else alike[0]: [host for each in alike for host in differences[each]]
        for shared, alike in twins.items()
    }


def _styled(lines: Sequence[str], style: str) -> Iterator[tuple[str, str]]:
    yield from ((line, style) for line in lines)


def _diff_style(line: str) -> str:
    return {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
