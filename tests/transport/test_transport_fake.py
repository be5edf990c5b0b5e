"""The fake does what the protocol says, so that tests built on it mean something."""

from __future__ import annotations

import pytest

from kubeboot.errors import Unreachable
from kubeboot.transport.base import Transport
from kubeboot.transport.fake import FakeTransport
from tests.transport.sshd import run


def test_answers_and_records() -> None:
    fake = FakeTransport(lambda payload: payload.decode().split(), statuses=[3], stderr="oh")
    transport: Transport = fake
    assert run(transport, "a b") == (3, ["a", "b"])
    assert run(transport, "c") == (0, ["c"])
    assert fake.payloads == [b"a b", b"c"]
    assert (fake.executes, fake.connects) == (2, 1)
    assert transport.last_stderr() == "oh"


def test_loses_the_connection_after_some_lines_and_connects_again() -> None:
    fake = FakeTransport(lambda _: ["1", "2", "3"], lose_after=[2, None])
    assert run(fake, "x") == (None, ["1", "2"])
    assert run(fake, "x") == (0, ["1", "2", "3"])
    assert fake.connects == 2


def test_stops_when_told() -> None:
    lines: list[str] = []
    assert FakeTransport(lambda _: iter("abc")).execute(b"", lambda line: lines.append(line) is not None) == 0
    assert lines == ["a"]


def test_raises_what_the_test_wants() -> None:
    with pytest.raises(ZeroDivisionError):
        run(FakeTransport(lambda _: ZeroDivisionError()), "x")
    with pytest.raises(Unreachable):
        run(FakeTransport(connect_error=Unreachable("node1", "no")), "x")


def test_close_twice() -> None:
    fake = FakeTransport()
    fake.close()
    fake.close()
    assert fake.closes == 2
