"""The story as bars: where they begin and how wide they are, in percent of the run; and the same in words."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from kubeboot.report.page.critical import Link
from kubeboot.report.page.story import FAILED, NOTICED_FROM_S, Host, Phase, Step, Story, Wait
from kubeboot.report.words import counted, seconds

TICKS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200, 86400)
MOST_TICKS = 8
LAST_TICK = 0.95
"""Of the width; a label further right would stand outside."""
NARROWEST = 0.15
"""Percent: what is shorter still shows."""
LABEL_PER_CHARACTER = 0.9
"""Percent of the width that a character of a label takes, at desktop width; narrower bars have no label."""
SLOW_S = 0.5
"""Steps in place that took less are told as a number."""
CROSS = "\N{MULTIPLICATION SIGN}"
"""On every bar of a failure, however narrow: colour alone tells nothing to some."""
WORDS = {"ok": "in place", "drift": "would change", "": "did not end"}


@dataclass(frozen=True)
class Bar:
    """`look` is a list of CSS classes; `title` says the bar in words."""

    left: str
    width: str
    look: str
    label: str
    title: str


@dataclass(frozen=True)
class Line:
    """A line of a host's table: a phase, what it waited for, a step. `look` marks which."""

    look: str
    began: str
    took: str
    what: str
    result: str = ""
    bar: Bar | None = None


@dataclass(frozen=True)
class Row:
    """A host's row, and its table."""

    host: str
    result: str
    took: str
    bars: list[Bar]
    lines: list[Line] = field(default_factory=list)


class Scale:
    """The run from begin to end as 100 percent."""

    def __init__(self, start_s: float, end_s: float) -> None:
        self._start_s = start_s
        self.length_s = max(end_s - start_s, 0.001)

    def since(self, time_s: float) -> str:
        return seconds(round(max(0.0, time_s - self._start_s) * 1000))

    def bar(self, start_s: float, end_s: float, look: str, label: str, title: str) -> Bar:
        left = min(max(100 * (start_s - self._start_s) / self.length_s, 0.0), 100 - NARROWEST)
        width = min(max(100 * (end_s - start_s) / self.length_s, NARROWEST), 100 - left)
        mark = CROSS if "f" in look.split() else ""
        label = f"{mark} {label}".strip()
        shown = label if width > LABEL_PER_CHARACTER * len(label) else mark
        return Bar(f"{left:.2f}", f"{width:.2f}", look, shown, title)

    def ticks(self) -> list[tuple[str, str]]:
        """(percent, label) of the axis."""
        step_s = next((each for each in TICKS_S if self.length_s / each <= MOST_TICKS), TICKS_S[-1])
        marks = [number * step_s for number in range(int(self.length_s / step_s * LAST_TICK) + 1)]
        return [(f"{100 * mark / self.length_s:.2f}", _clock(mark)) for mark in marks]


def _clock(time_s: float) -> str:
    """`0`, `0.5 s`, `30 s`, `1:30`, `2:00:00`."""
    if time_s < 60:
        return f"{time_s:g} s" if time_s else "0"
    minutes, rest = divmod(int(time_s), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"


def rows(story: Story, path: Sequence[Link], scale: Scale) -> list[Row]:
    """One row per host, in inventory order."""
    critical = {(link.phase.name, link.phase.host) for link in path}
    order = list(dict.fromkeys(phase.name for phase in story.phases))
    return [
        Row(
            host.name,
            host.result,
            seconds(round(host.worked_s * 1000)),
            [bar for phase in host.phases for bar in _bars(phase, scale, critical, order)],
            [line for phase in host.phases for line in _lines(phase, scale, critical)],
        )
        for host in story.hosts.values()
    ]


def _bars(phase: Phase, scale: Scale, critical: Collection[object], order: Sequence[str]) -> Iterator[Bar]:
    yield from (_wait_bar(phase, wait, scale) for wait in _noticed(phase))
    if phase.start_s:
        is_critical = (phase.name, phase.host) in critical
        look = " ".join(("b", _look(phase, order), *(("c",) if is_critical else ())))
        took = seconds(round((phase.end_s - phase.start_s) * 1000))
        path = ", on the critical path" if is_critical else ""
        title = f"{phase.name}: {took} from {scale.since(phase.start_s)}, {phase.status}{path}"
        yield scale.bar(phase.start_s, phase.end_s, look, phase.name, title)


def _look(phase: Phase, order: Sequence[str]) -> str:
    if phase.status == FAILED:
        return "f"
    return "o" if order.index(phase.name) % 2 else "e"


def _noticed(phase: Phase) -> list[Wait]:
    return [wait for wait in phase.waits if wait.end_s - wait.start_s >= NOTICED_FROM_S]


def _wait_bar(phase: Phase, wait: Wait, scale: Scale) -> Bar:
    title = f"{phase.name} waits for {wait.text}: {seconds(round((wait.end_s - wait.start_s) * 1000))}"
    return scale.bar(wait.start_s, wait.end_s, "b w", f"waits for {wait.text}", title)


def _lines(phase: Phase, scale: Scale, critical: Collection[object]) -> Iterator[Line]:
    for wait in _noticed(phase):
        bar = _wait_bar(phase, wait, scale)
        took = seconds(round((wait.end_s - wait.start_s) * 1000))
        yield Line("w", scale.since(wait.start_s), took, f"{phase.name}: waits for {wait.text}", "waiting", bar)
    if not phase.start_s:
        yield Line("p", "", "", phase.name, phase.status)
        return
    is_critical = (phase.name, phase.host) in critical
    (bar,) = (each for each in _bars(phase, scale, critical, [phase.name]) if " w" not in each.look)
    result = ", ".join((phase.status, *(("critical path",) if is_critical else ())))
    took = seconds(round((phase.end_s - phase.start_s) * 1000))
    yield Line("p", scale.since(phase.start_s), took, f"{phase.name}: {phase.title}", result, bar)
    quick = [step for step in phase.steps if step.status == "ok" and step.end_s - step.start_s < SLOW_S]
    yield from (_step_line(step, scale) for step in phase.steps if step not in quick)
    if quick:
        took = seconds(round(sum(step.end_s - step.start_s for step in quick) * 1000))
        yield Line("s", "", took, f"{counted(len(quick), 'step')} in place", "in place")


def _step_line(step: Step, scale: Scale) -> Line:
    took = seconds(round((step.end_s - step.start_s) * 1000))
    result = WORDS.get(step.status, step.status)
    look = "b f" if step.status not in ("ok", "changed", "drift") else "b e"
    bar = scale.bar(step.start_s, step.end_s, look, "", "")
    return Line("s", scale.since(step.start_s), took, step.title.rstrip("."), result, bar)


def host_cells(host: Host) -> tuple[str, ...]:
    """What the table of hosts says: result, changed or would change, in place, worked, waited, what it is."""
    changed = host.steps("changed") + host.steps("drift")
    times = (seconds(round(each * 1000)) for each in (host.worked_s, host.waited_s))
    return (host.result, str(changed), str(host.steps("ok")), *times, host.facts)
