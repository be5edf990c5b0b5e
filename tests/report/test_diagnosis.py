"""Looks become findings with causes, and these become lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kubeboot.engine import events
from kubeboot.engine.collect import parse_items
from kubeboot.facts import Facts
from kubeboot.report.diagnosis import Diagnosis, Found, diagnosis_lines

HOSTS = ("node1", "node2", "node3")


def look(host: str, label: str, output: str = "", status: str | None = None) -> events.ResourceDone:
    is_found = "! " in output
    state = status or ("drift" if is_found else "ok")
    return events.ResourceDone(1.0, host, "diagnose", "step", label, state, 5, "reason", output)  # type: ignore[arg-type]


def findings(*looks: events.ResourceDone, facts: dict[str, Facts] | None = None) -> list[Found]:
    diagnosis = Diagnosis()
    for each in looks:
        diagnosis.handle(each)
    assert diagnosis.looks == len(looks)
    return diagnosis.findings(facts or {})


def told(found: list[Found], width: int = 80) -> list[str]:
    return [line for line, _ in diagnosis_lines(found, HOSTS, width)]


def test_what_explains_much_comes_first_and_what_nobody_knows_last() -> None:
    found = findings(
        look("node1", "odd", "! something odd\n"),
        look("node1", "kubelet", "! the kubelet is failed\n"),
        look("node1", "kernel", "! swap is on: /dev/sda2\n"),
    )
    assert [each.name for each in found] == ["swap-on", "kubelet-not-running", "unexplained"]


def test_a_general_finding_is_explained_by_its_own_output_then_by_the_journals_of_the_host_it_names() -> None:
    journal = 'err="cni plugin not initialized"\n'
    own = findings(look("node1", "kubelet", 'err="running with swap on is not supported"\n! the kubelet is failed\n'))
    node = findings(
        look("node1", "nodes", "! node node2 is not Ready: NodeStatusUnknown: stopped posting\n"),
        look("node1", "journals", 'err="No space left on device"\n'),
        look("node2", "journals", journal),
    )
    assert [each.name for each in own] == ["swap-on"]
    assert [each.name for each in node] == ["pod-network-not-up"]


def test_a_journal_explains_and_finds_nothing() -> None:
    assert findings(look("node1", "journals", "No space left on device\n")) == []


def test_a_look_that_broke_is_told_by_its_reason() -> None:
    (found,) = findings(look("node1", "disks", "", "drift"))
    assert (found.text, found.name) == ("disks: reason", "unexplained")


def test_facts_help() -> None:
    silent = look("node1", "API", "dial tcp 10.0.0.1:6443: i/o timeout\n! the API does not answer at 10.0.0.1:6443\n")
    assert findings(silent)[0].name == "api-unreachable"
    proxied = {"node1": Facts("node1", proxies={"https_proxy": "http://p"})}
    assert findings(silent, facts=proxied)[0].name == "proxy-in-the-way"


def test_one_cause_on_several_hosts_is_told_once() -> None:
    found = findings(*(look(host, "kernel", "! swap is on: /dev/sda2\n") for host in HOSTS))
    assert told(found) == [
        "FOUND swap-on (all 3 hosts): swap is on: /dev/sda2",
        "  why:   Swap is on again on that host, and the kubelet does not start with it.",
        "  check: swapon --show; systemctl list-units --type swap",
        "  then:  Turn it off (swapoff -a), and for good with kubeboot init, which also",
        "         takes it out of /etc/fstab.",
        "",
    ]


def test_different_words_of_one_cause_are_a_list() -> None:
    found = findings(look("node1", "kernel", "! swap is on: a\n"), look("node2", "kernel", "! swap is on: b\n"))
    assert told(found)[:3] == ["FOUND swap-on (node1, node2)", "  - node1: swap is on: a", "  - node2: swap is on: b"]


@given(st.text())
def test_whatever_a_host_says_is_a_finding_or_nothing(output: str) -> None:
    found = findings(look("node1", "odd", output))
    assert all("\n" not in line for line in told(found, 0))


@given(st.lists(st.text()), st.text(max_size=3))
def test_whatever_a_host_answers_makes_no_bundle_fail(lines: list[str], nonce: str) -> None:
    for item in parse_items(lines, nonce):
        assert ".." not in item.path.split("/")
