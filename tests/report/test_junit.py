"""JUnit XML: well-formed whatever hosts say, with a suite per host and a case per step."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from kubeboot.engine import events
from kubeboot.errors import Finding, StepFailed
from kubeboot.report.page.junit import _clean, junit
from kubeboot.report.runs import read_run
from kubeboot.workflows import INIT
from tests.report.happenings import START_S
from tests.report.synthetic import RUN_ID, Simulation, keep, of_one_host


def suites(folder, happened):
    root = ElementTree.fromstring(junit(read_run(keep(folder, happened))))  # noqa: S314 - our own
    return root, {suite.get("name"): suite for suite in root}


def test_a_suite_per_host_and_a_case_per_step(tmp_path):
    root, found = suites(tmp_path, Simulation(3).run())
    assert list(found) == ["node1", "node2", "node3"]
    steps = [
        (phase.name, step.name) for phase in INIT if phase.name in ("host-prep", "packages") for step in phase.steps
    ]
    cases = [(case.get("classname"), case.get("name")) for case in found["node2"]]
    assert cases[: len(steps)] == steps
    assert root.get("tests") == str(sum(len(list(suite.iter("testcase"))) for suite in root))
    assert (root.get("failures"), root.get("skipped")) == ("0", "0")
    (installs,) = (case for case in found["node2"] if case.get("name") == "install-packages")
    assert 8 < float(installs.get("time")) < 21
    assert installs.find("system-out").text == "changed\nit differs"


def test_failures_have_the_hosts_words_and_blocked_hosts_are_skipped(tmp_path):
    root, found = suites(tmp_path, Simulation(4, {"node1": "control-plane"}).run())
    assert (root.get("failures"), root.get("skipped")) == ("1", "3")
    (failure,) = found["node1"].iter("failure")
    assert (failure.get("type"), failure.get("message")) == ("step-failed", "packages containerd: failed (exit 100)")
    assert failure.text.startswith("Reading package lists...\nE: Unable to locate package containerd\n\nhint: ")
    assert [case.get("classname") for case in found["node2"] if case.find("skipped") is not None] == ["join"]


def test_a_failure_before_any_step_and_findings_of_preflight(tmp_path):
    error = StepFailed("node1", "no route", reference="host-unreachable")
    _, found = suites(tmp_path, of_one_host(events.HostFailed(START_S, "node1", error)))
    (case,) = found["node1"].iter("testcase")
    assert (case.get("classname"), case.get("name")) == ("connection", "host-unreachable")
    own, general = Finding("memory", "few", "why", "do", ("node1",)), Finding("subnets", "overlap", "why", "do")
    _, found = suites(tmp_path, of_one_host(events.PreflightEnded(START_S, (own, general), (), ())))
    assert [(name, [case.get("name") for case in suite]) for name, suite in found.items()] == [
        ("preflight", ["subnets"]), ("node1", ["memory"]),
    ]  # fmt: skip


def test_a_step_that_never_ended_is_skipped_and_what_ended_the_run_is_a_failure(tmp_path):
    happened = [
        events.RunStarted(START_S, RUN_ID, "init", "apply", "lab", ("node1",)),
        events.PhaseStarted(START_S, "node1", "packages", "Packages"),
        events.StepBegan(START_S, "node1", "packages", "install-packages", "Install."),
        events.RunDone(START_S + 5, "interrupted", 0, 0, 0, 5000, (), 130, "stopped [interrupted]"),
    ]
    root, found = suites(tmp_path, happened)
    assert (root.get("failures"), root.get("skipped")) == ("1", "1")
    assert found["run"].find("testcase/failure").get("message") == "stopped [interrupted]"


@given(st.text(st.characters(), max_size=50))
def test_any_text_is_well_formed(text):
    element = ElementTree.Element("x", message=_clean(text))
    element.text = _clean(text)
    back = ElementTree.fromstring(ElementTree.tostring(element, encoding="unicode").encode())  # noqa: S314 - our own
    assert len(back.get("message")) <= len(text)


def test_control_characters_of_a_host_do_not_break_it(tmp_path):
    text = "\x00\x1b[31m <&>\"' ]]> \ufffe \ud800 \U0001f600"
    error = StepFailed("node1", text, phase=text, step=text, output=text, hint=text)
    junk = (events.HostFailed(START_S, "node1", error),
            events.StepDone(START_S, "node1", "x", "s", text, "failed", 5, (text,)))  # fmt: skip
    root, _ = suites(tmp_path, of_one_host(*junk))
    assert "\U0001f600" in "".join(root.itertext())
