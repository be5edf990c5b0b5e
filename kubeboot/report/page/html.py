"""The page: one file that needs nothing else and asks no network for anything. All that hosts said is escaped."""

from __future__ import annotations

import base64
import hashlib
import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass

from kubeboot import __version__
from kubeboot.engine import events
from kubeboot.errors import Blocked, Finding, HostError
from kubeboot.render import render, template_text
from kubeboot.report.failures import fold_errors
from kubeboot.report.hostlog import log_lines
from kubeboot.report.page.changes import changes
from kubeboot.report.page.critical import critical_path
from kubeboot.report.page.story import Story, tell
from kubeboot.report.page.timeline import Scale, host_cells, rows
from kubeboot.report.runs import NO_END, RUNNING, KeptRun, Record
from kubeboot.report.words import counted, cut, host_list, seconds

LOG_LINES, LOG_WIDTH = 60, 400
MOST_FAILURES, MOST_NOTICES = 50, 200
FEW_CHANGES = 12
"""So many differences are shown open."""
VERDICTS = {
    "done": ("Done", "good"),
    "pending": ("Changes pending", "fair"),
    "failed": ("Failed", "bad"),
    "preflight": ("Stopped by preflight", "bad"),
    "locked": ("Locked by another run", "bad"),
    "refused": ("Refused for safety", "bad"),
    "interrupted": ("Interrupted", "fair"),
    "crashed": ("A bug in kubeboot", "bad"),
    RUNNING: ("Still running", "fair"),
    NO_END: ("Did not end", "bad"),
}


@dataclass(frozen=True)
class Failure:
    """Errors of one cause."""

    word: str
    where: str
    reference: str
    messages: list[str]
    output: list[str]
    hint: str
    log: str
    said: list[str]
    host: str


def page(record: Record) -> str:
    """The whole HTML document."""
    story = tell(record)
    kept = record.kept
    path = critical_path(story)
    scale = Scale(story.start_s, story.end_s)
    script = template_text("report/page.js")
    changed = changes(story)
    verdict, tone = VERDICTS.get(kept.status, (kept.status, "bad"))
    return render(
        "report/page.html.j2",
        css=template_text("report/page.css"),
        script=script,
        script_sha256=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        run=kept,
        verdict=verdict,
        tone=tone,
        started=_utc(story.start_s),
        summary=_summary(story),
        error=kept.done.error if kept.done else "",
        again=again(kept),
        versions=_versions(kept),
        hosts=[(host.name, *host_cells(host)) for host in story.hosts.values()],
        change_word="would change" if kept.started.mode == "plan" else "changed",
        rows=rows(story, path, scale),
        ticks=scale.ticks(),
        path=[(link, scale.since(link.start_s), _took(link.start_s, link.end_s)) for link in path],
        path_took=_took(path[0].start_s, path[-1].end_s) if path else "",
        changes=changed,
        is_open=sum(len(step.changes) for phase in changed for step in phase.steps) <= FEW_CHANGES,
        failures=_failures(story),
        findings=_findings(story),
        notices=[(scale.since(each.time_s), each.host, each.text) for each in story.notices[:MOST_NOTICES]],
        damaged=record.damaged,
        made_by=__version__,
        seconds=lambda step: _took(step.start_s, step.end_s),
    )


def again(kept: KeptRun) -> str:
    """The command that goes on from where the run stopped."""
    return shlex.join(("kubeboot", kept.started.command, "-i", kept.head.inventory or "inventory.yaml"))


def _utc(time_s: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(time_s))


def _took(start_s: float, end_s: float) -> str:
    return seconds(round(max(0.0, end_s - start_s) * 1000))


def _summary(story: Story) -> list[tuple[str, str]]:
    """(what, value): steps, hosts, time."""
    kept, hosts = story.record.kept, story.hosts.values()
    changed = sum(host.steps("changed") for host in hosts)
    drifted, in_place = (sum(host.steps(status) for host in hosts) for status in ("drift", "ok"))
    if done := kept.done:
        changed, drifted, in_place = done.changed, done.drifted, done.unchanged
    failed, blocked = (sum(host.result == result for host in hosts) for result in ("failed", "blocked"))
    change = (drifted, "Would change") if kept.started.mode == "plan" else (changed, "Changed")
    parts = [
        ("Took", _took(story.start_s, story.end_s)),
        ("Hosts", str(len(story.hosts))),
        (change[1], counted(change[0], "step")),
        ("In place", counted(in_place, "step")),
        *((("Failed", counted(failed, "host")),) if failed else ()),
        *((("Blocked", counted(blocked, "host")),) if blocked else ()),
    ]
    return parts


def _versions(kept: KeptRun) -> list[tuple[str, str]]:
    head = kept.head
    return [("kubeboot", head.kubeboot), *head.versions.items(), ("Python", head.python)]


def _failures(story: Story) -> list[Failure]:
    errors = [host.error for host in story.hosts.values() if host.error]
    return [_failure(story, alike) for alike in fold_errors(errors)[:MOST_FAILURES]]


def _failure(story: Story, alike: Sequence[HostError]) -> Failure:
    first = alike[0]
    is_blocked = isinstance(first, Blocked)
    messages = dict.fromkeys(error.message for error in alike)
    one = len(messages) == 1
    return Failure(
        "Blocked" if is_blocked else "Failed",
        ": ".join(part for part in (host_list([e.host for e in alike], tuple(story.hosts)), first.phase) if part),
        first.reference,
        list(messages) if one else [f"{error.host}: {error.message}" for error in alike[:LOG_LINES]],
        list(dict.fromkeys(first.output.rstrip().splitlines())),
        first.hint,
        f"{first.log_path} on {first.host if len(alike) == 1 else 'each of them'}" if first.log_path else "",
        [] if is_blocked else _last_lines(story, first.host),
        first.host,
    )


def _last_lines(story: Story, host: str) -> list[str]:
    """The end of the host's log, as kept beside the events."""
    own = [event for event in story.record.events if getattr(event, "host", "") == host]
    lines = [
        line for event in own[-LOG_LINES:] if not isinstance(event, events.HostFailed) for line in log_lines(event)
    ]
    return [cut(line, LOG_WIDTH) for line in lines[-LOG_LINES:]]


def _findings(story: Story) -> list[tuple[str, Finding, str]]:
    """(kind, finding, hosts), the worst first."""
    found = story.preflight
    if not found:
        return []
    everyone = tuple(story.hosts)
    kinds = (("Error", found.errors), ("Warning", found.warnings), ("Waived", found.waived))
    return [(kind, each, host_list(each.hosts, everyone)) for kind, findings in kinds for each in findings]
