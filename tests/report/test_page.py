"""The page: complete, one file, no network, nothing that a host said can become markup, and small."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from kubeboot.engine import events
from kubeboot.errors import Blocked, Finding, StepFailed
from kubeboot.render import template_text
from kubeboot.report.page import changes as changes_module
from kubeboot.report.page.changes import changes
from kubeboot.report.page.html import page
from kubeboot.report.page.story import tell
from kubeboot.report.runs import read_run
from tests.report.happenings import START_S, failed
from tests.report.synthetic import DIFF, RUN_ID, Simulation, keep, of_one_host

LONG = "write-hosts-file"
VOID = {"meta", "input", "br", "link", "img"}
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&lt; {{ 7*7 }} </pre></style> --><![CDATA["


class Page(HTMLParser):
    """The elements of a page; every one that was opened is closed in its turn."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.text, self._open = [], [], []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        assert len(dict(attrs)) == len(attrs), (tag, attrs)
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open and self._open[-1] not in ("script", "style"):
            self.text.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]

    @property
    def words(self):
        return " ".join("".join(self.text).split())


def page_of(tmp_path, happened, **head):
    return page(read_run(keep(tmp_path / RUN_ID, happened, **head)))


@pytest.fixture(scope="module")
def hundred(tmp_path_factory):
    return page_of(tmp_path_factory.mktemp("hundred"), Simulation(100).run())


def test_a_page_of_100_hosts_is_small_and_whole(hundred):
    assert len(hundred.encode()) < 3_000_000
    parsed = Page(hundred)
    assert sum(attrs.get("class") == "row" for attrs in parsed.all("details")) == 100
    assert parsed.all("html") == [{"lang": "en"}]


def test_a_page_of_100_hosts_of_which_each_has_long_diffs_of_its_own_is_small_too(tmp_path):
    happened = [
        replace(event, diff="".join(f"+{event.host} {event.step} {number}\n" for number in range(1000)))
        if isinstance(event, events.ResourceDone) and event.diff and event.step == LONG
        else event
        for event in Simulation(100).run()
    ]
    text = page_of(tmp_path, happened)
    assert len(text.encode()) < 3_000_000
    assert "have the whole" in text


def test_it_needs_no_network(hundred):
    assert not re.search(r"https?:|//\w|url\(|@import|\bsrc=|<link|<img|<iframe|<object|<form|fetch\(|XMLHttp", hundred)
    (policy,) = (each["content"] for each in Page(hundred).all("meta") if "http-equiv" in each)
    assert policy.startswith("default-src 'none'; ")
    (script,) = re.findall(r"<script>(.*?)</script>", hundred, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert not [name for _, attrs in Page(hundred).elements for name in attrs if name.startswith("on")]


def test_it_can_be_read_without_eyes_and_without_a_mouse(hundred):
    parsed = Page(hundred)
    headings = [int(tag[1]) for tag, _ in parsed.elements if re.fullmatch(r"h[1-6]", tag)]
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(later <= former + 1 for former, later in pairwise(headings))
    assert {attrs.get("scope") for attrs in parsed.all("th")} == {"col", "row"}
    assert [len(parsed.all(tag)) for tag in ("main", "header", "footer", "nav")] == [1, 1, 1, 1]
    ids = [attrs["id"] for _, attrs in parsed.elements if "id" in attrs]
    assert len(set(ids)) == len(ids)
    wanted = {attrs["href"].removeprefix("#") for attrs in parsed.all("a")}
    wanted |= {attrs["aria-labelledby"] for _, attrs in parsed.elements if "aria-labelledby" in attrs}
    assert wanted <= set(ids)
    assert hundred.count('<span class="track" aria-hidden="true">') == 100
    assert "join: waits for join token from node1" in parsed.words


def test_what_hosts_say_stays_text(tmp_path):
    """Everything that comes from a host, an inventory or an error, as hostile as can be."""
    finding = Finding(EVIL, EVIL, EVIL, EVIL, (EVIL,))
    error = StepFailed(EVIL, EVIL, hint=EVIL, reference=EVIL, phase=EVIL, step=EVIL, output=EVIL, log_path=EVIL)
    happened = [
        events.RunStarted(START_S, EVIL, EVIL, EVIL, EVIL, (EVIL,)),
        events.FactsGathered(START_S, EVIL, EVIL),
        events.PreflightEnded(START_S, (finding,), (finding,), (finding,)),
        events.PhaseWaits(START_S + 1, EVIL, EVIL, EVIL, (EVIL,)),
        events.PhaseStarted(START_S + 2, EVIL, EVIL, EVIL),
        events.StepBegan(START_S + 2, EVIL, EVIL, EVIL, EVIL),
        events.ResourceDone(
            START_S + 3, EVIL, EVIL, EVIL, EVIL, "changed", 5, EVIL, EVIL, f"+{EVIL}\n-{EVIL}\n@@{EVIL}\n"
        ),
        events.ResourceDone(START_S + 4, EVIL, EVIL, EVIL, EVIL, "drift", 5, EVIL, EVIL, ""),
        events.StepDone(START_S + 5, EVIL, EVIL, EVIL, EVIL, "changed", 5, (EVIL,)),
        events.PhaseDone(START_S + 20, EVIL, EVIL, EVIL, 20_000),
        events.Notice(START_S + 6, EVIL, EVIL),
        events.HostFailed(START_S + 25, EVIL, error),
        events.RunDone(START_S + 26, EVIL, 1, 1, 1, 1, ((EVIL, 1),), 1, EVIL),
    ]
    text = page_of(tmp_path, happened, kubeboot=EVIL, python=EVIL, inventory=EVIL, versions={EVIL: EVIL})
    parsed = Page(text)
    assert len(parsed.all("script")) == 1
    assert parsed.all("img") == []
    assert parsed.words.count("<script>alert(1)</script>") > 20
    assert "49" not in re.sub(r"[0-9.]+%", "", text.partition("</style>")[2])


@pytest.mark.parametrize(
    "status", ("done", "pending", "failed", "preflight", "locked", "refused", "interrupted", "crashed")
)
def test_the_summary_says_how_it_ended_and_what_to_type(status, tmp_path):
    happened = [next(of_one_host()), events.RunDone(START_S + 9, status, 3, 2, 7, 9000, (), 1, "because [x]")]
    words = Page(page_of(tmp_path, happened, inventory="/my work/inventory.yaml")).words
    assert "because [x]" in words
    assert "3 steps" in words
    assert ("kubeboot init -i '/my work/inventory.yaml'" in words) == (status != "done")


def test_failures_come_with_what_the_host_said_and_its_log(tmp_path):
    text = page_of(tmp_path, Simulation(12, {"node3": "packages", "node5": "packages", "node1": "control-plane"}).run())
    words = Page(text).words
    assert "Failed node3, node5: packages step-failed" in words
    assert "E: Unable to locate package containerd" in words
    assert "What to do: The package repository lacks it." in words
    assert "Blocked all 12 hosts but node1, node3, node5: join" in words
    assert "/var/log/kubeboot/x.log on each of them" in words
    assert "Preflight Warning memory on node2" in words


def test_the_critical_path_is_marked_and_told(tmp_path):
    text = page_of(tmp_path, Simulation(3).run())
    assert re.search(r'<i class="b [oe] c" style="[^"]*" title="packages: [^"]*, on the critical path">', text)
    assert "changed, critical path" in Page(text).words
    assert re.search(r"join on node\d: \S+ s, from \S+ s \(waited for join token from node1\)", Page(text).words)


def test_equal_changes_are_told_once_with_their_hosts(tmp_path):
    story = tell(read_run(keep(tmp_path, Simulation(30).run())))
    step = changes(story)[0].steps[0]
    assert [(each.hosts, each.headline) for each in step.changes] == [
        ("all 30 hosts", "file /etc/kubeboot/one: it differs"),
        ("all 30 hosts", "host name <host>: it differs"),
        ("all 30 hosts", "service it: it differs"),
    ]
    kinds = [kind for kind, _ in step.changes[0].lines]
    assert kinds == ["at", "at", "at", "", "del", "add", "add", "add", "add"]
    assert [text for _, text in step.changes[0].lines] == DIFF.splitlines()


def test_many_different_changes_are_cut_with_their_number(tmp_path):
    resources = [
        events.ResourceDone(START_S + 1, "node1", "x", "s", f"file {number}", "changed", 1)
        for number in range(changes_module.MOST_DIFFERENCES + 3)
    ]
    words = Page(page_of(tmp_path, of_one_host(*resources))).words
    assert "and 3 more differences" in words


def test_a_plan_that_would_change_nothing_and_a_run_without_any_phase(tmp_path):
    started = events.RunStarted(START_S, RUN_ID, "plan", "plan", "lab", ("node1",))
    words = Page(page_of(tmp_path, [started])).words
    for text in ("Did not end", "Nothing would change.", "No phase began.", "Nothing was done on this host."):
        assert text in words


def test_what_blocks_a_host_is_not_shown_as_its_own_failure(tmp_path):
    blocked = events.HostFailed(START_S + 3, "node1", Blocked("node1", "will not come", phase="join"))
    text = page_of(tmp_path, of_one_host(blocked))
    assert 'class="failure fair"' in text
    assert "The last lines of" not in text
    began = events.PhaseStarted(START_S + 1, "node1", "packages", "Packages")
    words = Page(page_of(tmp_path, of_one_host(began, failed("node1")))).words
    assert "The last lines of node1's log2026-01-01T00:00:01Z packages: Packages" in words


COLOURS = re.findall(r":root \{(.*?)\}", template_text("report/page.css"), re.DOTALL)
PAIRS = [
    *((ink, "paper") for ink in ("ink", "soft", "link", "good", "fair", "bad")),
    *((ink, "raised") for ink in ("ink", "soft", "fair", "bad")),
    *(("on-bar", bar) for bar in ("even", "odd", "bad")),
    *(("on-wait", bar) for bar in ("wait", "hatch")),
    ("on-add", "add"), ("on-del", "del"),
]  # fmt: skip


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", (0, 1), ids=("light", "dark"))
@pytest.mark.parametrize("pair", PAIRS, ids="-on-".join)
def test_text_has_the_contrast_of_wcag_aa(scheme, pair):
    colours = dict(re.findall(r"--([\w-]+): (#\w+)", COLOURS[scheme]))
    darker, lighter = sorted(luminance(colours[name]) for name in pair)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5
