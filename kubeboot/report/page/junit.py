"""A run as JUnit XML, for CI: a test suite per host, a test case per step. Times are seconds."""

from __future__ import annotations

import time
from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from kubeboot.errors import Finding
from kubeboot.report.page.story import BLOCKED, STOPPED, Host, Phase, Step, Story, tell
from kubeboot.report.runs import Record

PREFLIGHT = "preflight"
BAD = ("failed", "not-converged", "unknown")


def junit(record: Record) -> str:
    """The document. Findings of preflight that stopped the run are failures of their hosts, or of suite `preflight`."""
    story = tell(record)
    started = record.kept.started
    root = Element("testsuites", name=_clean(f"kubeboot {started.command}, cluster {started.cluster}"))
    suites = [_suite(story, host) for host in story.hosts.values()]
    errors = story.preflight.errors if story.preflight else ()
    if general := [finding for finding in errors if not finding.hosts]:
        suites.insert(0, _new_suite(PREFLIGHT, story))
        _add_findings(suites[0], general)
    if record.kept.done and record.kept.done.error and not errors:
        suites.append(_new_suite("run", story))
        failure = SubElement(_case(suites[-1], "run", started.command, 0), "failure")
        failure.set("message", _clean(record.kept.done.error))
    for suite in suites:
        _total(suite, story.end_s - story.start_s)
        root.append(suite)
    for count in ("tests", "failures", "skipped"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in suites)))
    root.set("time", f"{story.end_s - story.start_s:.3f}")
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _new_suite(name: str, story: Story) -> Element:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(story.start_s))
    return Element("testsuite", name=_clean(name), timestamp=stamp)


def _suite(story: Story, host: Host) -> Element:
    suite = _new_suite(host.name, story)
    suite.set("hostname", _clean(host.name))
    for phase in host.phases:
        for step in phase.steps:
            _add_step(suite, host, phase, step)
    if story.preflight:
        _add_findings(suite, (each for each in story.preflight.errors if host.name in each.hosts))
    error = host.error
    if error and not any(_is_cause(host, phase, step) for phase in host.phases for step in phase.steps):
        case = _case(suite, error.phase or "connection", error.step or error.reference, 0)
        if host.result == BLOCKED:
            SubElement(case, "skipped", message=_clean(error.message))
        else:
            _fail(case, host)
    return suite


def _is_cause(host: Host, phase: Phase, step: Step) -> bool:
    error = host.error
    if error is None or step.status not in (*BAD, ""):
        return False
    return (error.phase, error.step) == (phase.name, step.name)


def _add_step(suite: Element, host: Host, phase: Phase, step: Step) -> None:
    case = _case(suite, phase.name, step.name, step.end_s - step.start_s)
    if _is_cause(host, phase, step):
        _fail(case, host)
    elif step.status in BAD:
        SubElement(case, "failure", message=_clean("; ".join(step.reasons) or step.status), type=step.status)
    elif not step.status:
        SubElement(case, "skipped", message=STOPPED)
    elif step.status != "ok":
        reasons = "\n".join((step.status, *step.reasons))
        SubElement(case, "system-out").text = _clean(reasons)


def _fail(case: Element, host: Host) -> None:
    error = host.error
    if error:
        failure = SubElement(case, "failure", message=_clean(error.message), type=_clean(error.reference))
        parts = (error.output, error.hint and f"hint: {error.hint}", error.log_path and f"log: {error.log_path}")
        failure.text = _clean("\n\n".join(part for part in parts if part))


def _add_findings(suite: Element, findings: Iterable[Finding]) -> None:
    for finding in findings:
        failure = SubElement(_case(suite, PREFLIGHT, finding.name, 0), "failure", type="preflight-failed")
        failure.set("message", _clean(finding.message))
        failure.text = _clean(f"why: {finding.why}\ndo: {finding.remedy}")


def _case(suite: Element, classname: str, name: str, took_s: float) -> Element:
    took = f"{max(0.0, took_s):.3f}"
    return SubElement(suite, "testcase", classname=_clean(classname), name=_clean(name), time=took)


def _total(suite: Element, took_s: float) -> None:
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    for name, tag in (("failures", "failure"), ("skipped", "skipped")):
        suite.set(name, str(sum(case.find(tag) is not None for case in cases)))
    suite.set("errors", "0")
    suite.set("time", f"{took_s:.3f}")


def _clean(text: str) -> str:
    """Without what XML 1.0 cannot hold: control characters, surrogates, U+FFFE and U+FFFF."""
    return "".join(char if _is_allowed(ord(char)) else " " for char in text)


def _is_allowed(code: int) -> bool:
    return code in (9, 10, 13) or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or code > 0xFFFF
