"""The Follower: one script, as many connections as it takes, no record twice, no second start because of a link."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kubeboot.engine import follow, records
from kubeboot.engine.follow import Follower
from kubeboot.engine.script import Script, compile_script
from kubeboot.errors import (
    HostError,
    HostKeyChanged,
    HostKeyUnknown,
    HostLost,
    KubebootError,
    SudoRefused,
    Unreachable,
)
from kubeboot.transport.base import OnLine
from kubeboot.transport.fake import FakeTransport
from kubeboot.transport.local import LocalTransport
from kubeboot.workflows import INIT
from tests.engine.conftest import make_context
from tests.engine.hosts import DONE, NONCE, SETTINGS, Unit, from_line, is_start, line, result
from tests.resources.sandbox import Sandbox, sandboxes

RECORDS = (line("S", "one"), result(0), result(1, "changed"), line("S", "two"), result(2), DONE)


def make_script() -> Script:
    return compile_script(INIT[0], make_context(), SETTINGS)


@dataclass
class Clock:
    """Time that only sleeping takes."""

    now_s: float = 1000.0
    sleeps: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now_s += seconds
        assert len(self.sleeps) < 1000


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(follow, "time", clock)
    return clock


@dataclass
class Followed:
    """What came of following one script."""

    end: records.Record | None = None
    error: KubebootError | None = None
    seen: list[records.Record] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def follow_it(transport: FakeTransport, link_timeout_s: int = 300) -> Followed:
    followed = Followed()
    follower = Follower(transport, SETTINGS, followed.lost.append, link_timeout_s)
    try:
        followed.end = follower.run(make_script(), followed.seen.append)
    except KubebootError as error:
        followed.error = error
    return followed


def parsed(lines: Iterable[str]) -> list[records.Record | None]:
    return [records.parse_record(each, NONCE) for each in lines]


def test_a_script_that_runs_through_takes_one_execute() -> None:
    transport = FakeTransport(Unit(lambda _: RECORDS))
    followed = follow_it(transport)
    assert followed.end == records.Ended("done")
    assert followed.seen == parsed(RECORDS)
    assert (transport.executes, followed.lost) == (1, [])


@pytest.mark.parametrize("after", range(len(RECORDS) + 1))
def test_i4_a_link_lost_anywhere_is_followed_on_from_there(after: int) -> None:
    """`after` counts lines: the boot line, then records."""
    unit = Unit(lambda _: RECORDS)
    transport = FakeTransport(unit, lose_after=[after])
    followed = follow_it(transport)
    assert followed.seen == parsed(RECORDS)
    assert followed.lost[0].startswith("connection lost")
    assert unit.starts == 1
    assert [from_line(each) for each in transport.payloads][:2] == [1, max(1, after)]


def test_i4_a_link_lost_at_every_record_starts_the_script_once() -> None:
    unit = Unit(lambda _: RECORDS)
    transport = FakeTransport(unit, lose_after=[2] * 5)
    followed = follow_it(transport)
    assert followed.seen == parsed(RECORDS)
    assert (unit.starts, sum(map(is_start, transport.payloads))) == (1, 1)
    assert [from_line(each) for each in transport.payloads] == [1, 2, 3, 4, 5, 6]


def test_i4_a_script_that_never_arrived_is_sent_again() -> None:
    """The link went before the host read anything, so the host says `gone`: that alone allows a second start."""
    unit = Unit(lambda _: RECORDS)
    arrived = iter([False])
    transport = FakeTransport(lambda payload: unit(payload) if next(arrived, True) else (), lose_after=[0])
    followed = follow_it(transport)
    assert followed.seen == parsed(RECORDS)
    assert [is_start(each) for each in transport.payloads] == [True, False, True]
    assert unit.starts == 1


def test_i4_a_host_that_rebooted_gets_the_script_again_from_its_beginning() -> None:
    unit = Unit(lambda _: RECORDS, reboots_before=[2])
    transport = FakeTransport(unit, lose_after=[4])
    followed = follow_it(transport)
    assert followed.end == records.Ended("done")
    assert followed.seen == parsed(RECORDS[:3]) + parsed(RECORDS)
    assert followed.lost[1] == "the host has rebooted"
    assert [(is_start(each), from_line(each)) for each in transport.payloads] == [(True, 1), (False, 4), (True, 1)]


def test_a_host_that_loses_the_script_three_times_is_lost() -> None:
    unit = Unit(lambda _: RECORDS, reboots_before=[2, 4, 6])
    transport = FakeTransport(unit, lose_after=[3, None, 3, None, 3, None])
    followed = follow_it(transport)
    assert isinstance(followed.error, HostLost)
    assert "3 times" in followed.error.message
    assert unit.starts == follow.STARTS
    assert followed.error.phase == "host-prep"


@pytest.mark.parametrize("garbage", (line("R", "0"), line("Z"), line()))
def test_garbage_stops_the_host_with_what_it_said(garbage: str) -> None:
    transport = FakeTransport(lambda _: (line("B", "boot"), RECORDS[0], garbage, DONE))
    followed = follow_it(transport)
    assert type(followed.error) is HostError
    assert followed.error.reference == "records-unreadable"
    assert repr(garbage) in followed.error.message
    assert transport.executes == 1


def test_other_peoples_lines_are_passed_over() -> None:
    noise = ("Welcome!", "E\tdone", f"{'f' * 16}\tO\tjoin-token\tZm9yZ2Vk", "")
    transport = FakeTransport(lambda _: (*noise, line("B", "boot"), *RECORDS[:3], *noise, *RECORDS[3:]))
    assert follow_it(transport).seen == parsed(RECORDS)


class Flaky(FakeTransport):
    """Loses its link after two lines of the first execute and cannot connect until the clock says `back_at_s`."""

    def __init__(self, clock: Clock, back_at_s: float, error: Exception | None = None) -> None:
        super().__init__(Unit(lambda _: RECORDS), lose_after=[2])
        self.clock = clock
        self.back_at_s = back_at_s
        self.error = error or Unreachable("m1", "connection refused")

    def connect(self) -> None:
        if self.executes and self.clock.now_s < self.back_at_s:
            raise self.error
        super().connect()


def test_i4_a_host_that_comes_back_within_the_limit_is_followed_on(clock: Clock) -> None:
    transport = Flaky(clock, clock.now_s + 290)
    followed = follow_it(transport)
    assert followed.seen == parsed(RECORDS)
    assert max(clock.sleeps) <= 15
    assert transport.closes == len(clock.sleeps) + 1


def test_a_host_that_stays_away_is_lost_and_may_be_resumed(clock: Clock) -> None:
    followed = follow_it(Flaky(clock, clock.now_s + 10_000), link_timeout_s=60)
    assert isinstance(followed.error, HostLost)
    assert "no connection for 60 s: connection refused" in followed.error.message
    assert "may still be running there" in followed.error.hint
    assert 60 <= clock.now_s - 1000 <= 80


@pytest.mark.parametrize(
    "error", (HostKeyUnknown("m1", "who?"), HostKeyChanged("m1", "another"), SudoRefused("m1", "no"))
)
def test_i10_what_no_waiting_can_mend_is_not_waited_for(clock: Clock, error: HostError) -> None:
    followed = follow_it(Flaky(clock, clock.now_s + 10_000, error))
    assert followed.error is error
    assert clock.sleeps == []


def test_a_host_that_takes_connections_and_loses_them_all_is_lost(clock: Clock) -> None:
    transport = FakeTransport(lambda _: (), lose_after=[0] * 1000)
    followed = follow_it(transport, link_timeout_s=60)
    assert isinstance(followed.error, HostLost)
    assert clock.now_s - 1000 <= 80


def test_a_long_quiet_step_does_not_count_against_the_link(clock: Clock) -> None:
    """Each connection brings the boot line and lasts ten minutes; none brings a record."""
    unit = Unit(lambda _: RECORDS)

    def respond(payload: bytes) -> Iterator[str]:
        clock.now_s += 600
        return unit(payload)

    followed = follow_it(FakeTransport(respond, lose_after=[1] * 5), link_timeout_s=60)
    assert followed.seen == parsed(RECORDS)


def test_a_host_whose_answers_end_too_early_is_lost_instead_of_asked_for_ever() -> None:
    transport = FakeTransport(lambda _: (line("B", "boot"),), statuses=[127] * 100, stderr="bash: tail: not found")
    followed = follow_it(transport)
    assert isinstance(followed.error, HostLost)
    assert "exit 127" in followed.error.message
    assert followed.error.output == "bash: tail: not found"
    assert transport.executes == follow.EMPTY_ANSWERS


def test_an_answer_that_ends_early_once_is_followed_on() -> None:
    unit = Unit(lambda _: RECORDS)

    class Once(FakeTransport):
        def execute(self, payload: bytes, on_line: OnLine) -> int | None:
            if self.payloads:
                return super().execute(payload, on_line)
            super().execute(payload, lambda each: on_line(each) and each != RECORDS[1])
            return 143

    transport = Once(unit)
    assert follow_it(transport).seen == parsed(RECORDS)
    assert unit.starts == 1


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    yield from sandboxes(tmp_path)


def test_i4_under_real_bash_the_unit_goes_on_while_nobody_follows(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The launcher is cut off after each line; the unit ends by itself and every record comes once."""
    from kubeboot.resources import Phase, Shell, Step
    from kubeboot.transport import local

    monkeypatch.setattr(local, "COMMAND", sandbox.command)
    steps = tuple(
        Step(
            f"step-{number}",
            "Do it",
            "safe",
            lambda _ctx, n=number: iter(
                [
                    Shell(  # type: ignore[misc]
                        f"r{n}", f"[ -e /etc/{n} ] || drift no", f"echo x >>/etc/count-{n}; sleep 0.1; : >/etc/{n}"
                    )
                ]
            ),
        )
        for number in range(4)
    )
    script = compile_script(Phase("the-phase", "It", lambda each: each.hosts, steps), make_context(), SETTINGS)

    class Cut(LocalTransport):
        def execute(self, payload: bytes, on_line: OnLine) -> int | None:
            left = iter([True, True, False])
            status = super().execute(payload, lambda each: on_line(each) and next(left))
            return None if next(left, None) is None else status

    seen: list[records.Record] = []
    lost: list[str] = []
    end = Follower(Cut(), SETTINGS, lost.append).run(script, seen.append)
    assert end == records.Ended("done")
    assert [each.name for each in seen if isinstance(each, records.StepStarted)] == [step.name for step in steps]
    assert [each.number for each in seen if isinstance(each, records.Result)] == [0, 1, 2, 3]
    assert lost
    assert all(sandbox.read(f"/etc/count-{number}") == "x\n" for number in range(4))
