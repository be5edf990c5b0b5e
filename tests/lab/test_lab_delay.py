"""The delaying relay, over socket pairs in place of TAP devices."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from kubelab import delay

ONE_WAY_S = 0.02
Ends = tuple[socket.socket, socket.socket, delay.Relay]


@pytest.fixture
def ends() -> Iterator[Ends]:
    """Both outer ends, and the relay between the inner ones."""
    left, inner_left = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    right, inner_right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    sockets = (left, inner_left, right, inner_right)
    for one in sockets:
        one.setblocking(False)
    yield left, right, delay.Relay((inner_left.fileno(), inner_right.fileno()), ONE_WAY_S)
    for one in sockets:
        one.close()


def receive(relay: delay.Relay, end: socket.socket) -> bytes:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        relay.step(time.monotonic(), longest_wait_s=0.01)
        try:
            return end.recv(2000)
        except BlockingIOError:
            continue
    raise TimeoutError


def test_frames_wait_and_keep_their_order(ends: Ends) -> None:
    left, right, relay = ends
    began = time.monotonic()
    for number in range(5):
        left.send(bytes([number]) * 1500)
    assert [receive(relay, right)[0] for _ in range(5)] == [0, 1, 2, 3, 4]
    assert time.monotonic() - began >= ONE_WAY_S


def test_both_directions_make_a_round_trip(ends: Ends) -> None:
    left, right, relay = ends
    began = time.monotonic()
    left.send(b"ping")
    assert receive(relay, right) == b"ping"
    right.send(b"pong")
    assert receive(relay, left) == b"pong"
    assert time.monotonic() - began >= 2 * ONE_WAY_S
