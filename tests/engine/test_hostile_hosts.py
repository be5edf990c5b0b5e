"""Hosts that talk garbage, too much, without end, or what is not theirs to say: an error, never a traceback."""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from itertools import chain, repeat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rich.console import Console

from kubeboot.engine import answer, events, follow
from kubeboot.engine.follow import Follower
from kubeboot.engine.gather import gather_facts
from kubeboot.engine.owner import Owner, decode_owner
from kubeboot.engine.script import Script, compile_script
from kubeboot.engine.tracking import Tracker
from kubeboot.errors import HostError, HostLost, HostsFailed, KubebootError
from kubeboot.facts import parse_facts
from kubeboot.preflight import run_preflight
from kubeboot.report.console import ConsoleSink
from kubeboot.report.failures import format_error, format_finding
from kubeboot.report.printer import Printer
from kubeboot.transport.fake import FakeTransport
from kubeboot.workflows import INIT
from tests.engine.conftest import make_cluster, make_context
from tests.engine.hosts import DONE, SETTINGS, b64, line, result
from tests.engine.test_gather import PROBE
from tests.engine.world import World, joining

BEGIN = line("B", "boot")
SLOW = settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])


def make_script() -> Script:
    return compile_script(INIT[0], make_context(), SETTINGS)


def followed(*lines: str, then: Iterable[str] = ()) -> KubebootError | None:
    """The error of following a host that answers these lines."""
    script = make_script()
    told = io.StringIO()
    sink = ConsoleSink(Printer(Console(file=told, width=100, force_terminal=False, color_system=None)), 1)
    tracker = Tracker(script, sink.handle, lambda _name, _value: None, "/log")
    sink.handle(events.RunStarted(0.0, "run", "init", "apply", "lab", ("m1",)))
    transport = FakeTransport(lambda _: chain((BEGIN, *lines), then))
    try:
        end = Follower(transport, SETTINGS, lambda _text: None, link_timeout_s=0).run(script, tracker.take)
        error: KubebootError | None = tracker.finish(end)
    except KubebootError as caught:
        error = caught
    if isinstance(error, HostError):
        sink.handle(events.HostFailed(1.0, "m1", error))
    sink.close()
    assert_safe(told.getvalue())
    if error:
        assert_safe(format_error(error, 80))
    return error


def assert_safe(text: str) -> None:
    assert all(char.isprintable() or char == "\n" for char in text), repr(text)


@pytest.mark.parametrize("kind", ("O", "K"))
def test_i9_an_output_that_cannot_be_read_is_not_shown(kind: str) -> None:
    error = followed(line(kind, "token", b64("canary") + "%"), DONE)
    assert error is not None
    assert error.reference == "records-unreadable"
    assert b64("canary")[:6] not in error.message


@pytest.mark.parametrize("noise", ("x" * 10_000, line("W", b64("x" * 10_000)), line("S", "one"), result(0)))
def test_a_host_that_never_ends_is_left(noise: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "MOST_CHARACTERS", 1_000_000)
    error = followed(then=repeat(noise))
    assert error is not None
    assert (error.reference, error.exit_code) == ("records-unreadable", 1)
    assert "does not end" in error.message


@pytest.mark.parametrize(
    "number", ("-5", "9" * 5000, "9" * 400, "1e9", "0x10", "\N{ARABIC-INDIC DIGIT THREE}", "1_000", " 1", "")
)
@pytest.mark.parametrize("place", (2, 4, 5))
def test_a_number_that_is_none_is_garbage(number: str, place: int) -> None:
    fields = result(0).split("\t")
    fields[place] = number
    error = followed("\t".join(fields), DONE)
    assert error is not None
    assert error.reference == "records-unreadable"


PIECES = st.one_of(
    st.sampled_from(
        ["B", "S", "W", "R", "D", "O", "K", "L", "E", "X", "G", "ok", "drift", "failed", "unknown", "done"]
    ),
    st.sampled_from(["0", "1", "-1", "99999", "9" * 15, "timeout", "locked", "stopped", "nodes", "kubeconfig"]),
    st.binary(max_size=30).map(lambda data: base64.b64encode(data).decode()),
    st.text(max_size=10),
)
LINES = st.lists(
    st.one_of(
        st.lists(PIECES, max_size=8).map(lambda parts: line(*parts)),
        st.builds(
            result, st.integers(0, 50), st.sampled_from(["ok", "drift", "changed", "failed", "unknown"]), st.text()
        ),
        st.text(max_size=30),
    ),
    max_size=12,
)


@SLOW
@given(LINES)
def test_any_answer_is_followed_to_an_end_or_an_error(lines: list[str]) -> None:
    followed(*lines, DONE)


def test_a_host_cannot_give_what_another_has_to_give() -> None:
    world = World(joining())

    def answer_of(host: str, phase: str) -> Iterator[str] | None:
        if (host, phase) != ("w1", "early"):
            return None
        return iter([line("K", "token", b64("forged")), line("O", "token", b64("forged")), result(0), DONE])

    world.answer = answer_of
    assert world.run().outputs == {"token": "canary-token"}


def test_i9_a_secret_output_is_hidden_from_then_on() -> None:
    def answer_of(_host: str, phase: str) -> Iterator[str] | None:
        if phase != "make":
            return None
        value, again = (
            line("K", "token", b64("hunter2-canary")),
            result(0, "changed", "got hunter2-canary", "hunter2-canary"),
        )
        return iter([value, again, DONE])

    world = World(joining())
    world.answer = answer_of
    assert world.run().outputs["token"] == "hunter2-canary"
    assert "hunter2" not in repr(world.seen)


class Endless(FakeTransport):
    """Says nothing, and ends only when it is closed."""

    def execute(self, payload: bytes, on_line: object) -> None:
        self._closed = threading.Event()
        assert self._closed.wait(20)

    def close(self) -> None:
        self._closed.set()


def gather(transport: FakeTransport) -> KubebootError:
    cluster = make_cluster()
    transports: Mapping[str, FakeTransport] = {host.name: FakeTransport(lambda _: PROBE) for host in cluster.hosts}
    with pytest.raises(HostsFailed) as raised:
        gather_facts(cluster, {**transports, "m2": transport}, lambda _: None, parallel=10)
    assert [error.host for error in raised.value.errors] == ["m2"]
    return raised.value.errors[0]


@pytest.mark.parametrize("noise", ("", "x" * 100_000, "KBF1\tinterfaces\teth0"))
def test_facts_that_never_end_are_unreadable(noise: str) -> None:
    error = gather(FakeTransport(lambda _: repeat(noise)))
    assert error.reference == "facts-unreadable"


def test_a_host_that_never_answers_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "MOST_S", 0.05)
    error = gather(Endless())
    assert isinstance(error, HostLost)
    assert "did not end its answer" in error.message


def test_the_controllers_clock_may_jump_while_a_host_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    class Jumping:
        def __init__(self) -> None:
            self.wall_s = [1_000_000.0, 2_000_000.0]

        def time(self) -> float:
            return self.wall_s.pop(0)

        def monotonic(self) -> float:
            return 50.0

    monkeypatch.setattr(answer, "time", Jumping())
    asked = answer.ask(FakeTransport(lambda _: ["one", "two"]), "m1", b"", "looking")
    assert (asked.asked_at, asked.took_s) == (1_000_000.0, 0.0)


KEYS = sorted({each.split("\t")[1] for each in PROBE if each.count("\t") == 2})
VALUES = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["1", "0", "9" * 18, "9" * 30, "-1", "10.0.0.1/24 eth0", "default via x dev y", "::/0", "2 systemd"]
    ),
    st.sampled_from(
        [r"\x1b[2J\n\t", "\x1b]0;title\x07", "6443 x", "/ 1", "/run -1", "http_proxy http://a:b@c", "http_proxy"]
    ),
)
FACTS = st.lists(st.tuples(st.sampled_from(KEYS), VALUES).map(lambda pair: "KBF1\t" + "\t".join(pair)), max_size=25)


@SLOW
@given(FACTS, st.booleans())
@example(["KBF1\tos_codename\t\x00"], True)
def test_any_facts_are_judged(lines: list[str], is_whole: bool) -> None:
    """Whatever the probe prints on one host of three, preflight comes to findings that can be printed."""
    told = [*(PROBE[:-1] if is_whole else ()), *lines, "KBF1\tend"]
    try:
        odd = parse_facts("m1", told, received_at=2.0, sent_at=1.0)
    except HostError as error:
        assert error.reference == "facts-unreadable"
        return
    good = parse_facts("m2", PROBE, received_at=2.0, sent_at=1.0)
    found = run_preflight(make_cluster(), {"m1": odd, "m2": good, "w1": replace(good, host="w1")})
    for finding in (*found.errors, *found.warnings):
        assert_safe("\n".join(format_finding(finding, 80)))
    for phase in INIT:
        context = make_context("m1")
        compile_script(phase, replace(context, all_facts={**context.all_facts, "m1": odd}), SETTINGS)


OWNER = Owner("run", "me@here", "init", 1_700_000_000.0, 42, "1", "machine")


@pytest.mark.parametrize(
    "change",
    (
        {"since_s": float("nan")},
        {"since_s": 1e300},
        {"since_s": -1},
        {"since_s": None},
        {"pid": 1 << 70},
        {"pid": "1"},
        {"user": "a\x1b[2Jb"},
        {"user": ["x"]},
        {"more": 1},
    ),
    ids=repr,
)
def test_an_owner_that_no_kubeboot_wrote_is_none(change: dict[str, object]) -> None:
    text = base64.b64encode(json.dumps({**asdict(OWNER), **change}).encode()).decode()
    assert decode_owner(text) is None


@pytest.mark.parametrize("text", ("", "%", b64("[" * 100_000), b64("{}"), b64("\x00"), "A" * 10**6))
def test_an_owner_that_cannot_be_read_is_none(text: str) -> None:
    assert decode_owner(text) is None


def test_the_summary_survives_empty_node_lines() -> None:
    from kubeboot.cli.summary import summary_lines
    from kubeboot.engine.runner import Outcome
    from kubeboot.engine.tracking import Tally

    outcome = Outcome({"nodes": "\n   \nm1\nm2 v1 \n"}, Tally(), ())
    assert list(summary_lines("apply", make_cluster(), outcome, Path("x"), 1.0, 80))
