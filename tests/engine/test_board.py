"""The Board: nobody waits for what will never come, and nobody goes on before it is there."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from kubeboot.engine.board import Board, Stopping
from kubeboot.errors import Blocked, StepFailed

LIMIT_S = 5
PROVIDERS = (("control-plane", "m1"),)


def waiting(wait: Callable[[], None]) -> Callable[[], BaseException | None]:
    """Start `wait` in a thread; the returned function gives what it raised, and fails when it never ends."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            wait()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def end() -> BaseException | None:
        thread.join(LIMIT_S)
        assert not thread.is_alive(), "still waiting"
        return raised[0] if raised else None

    return end


def wait_for_token(board: Board, providers: tuple[tuple[str, str], ...] = PROVIDERS, in_plan: bool = False) -> None:
    board.wait_for_output("w1", "join", "join-token", providers, is_promise_enough=in_plan)


def test_an_output_wakes_who_waits_for_it() -> None:
    board = Board()
    end = waiting(lambda: wait_for_token(board))
    board.fulfil("other", "x")
    board.fulfil("join-token", "abc")
    assert end() is None
    assert board.outputs == {"other": "x", "join-token": "abc"}


def test_an_output_that_is_there_is_not_waited_for() -> None:
    board = Board()
    board.fulfil("join-token", "")
    wait_for_token(board)


def test_a_provider_that_fails_blocks_with_the_cause() -> None:
    board = Board()
    end = waiting(lambda: wait_for_token(board))
    board.fail("m1", StepFailed("m1", "no", phase="packages"))
    error = end()
    assert type(error) is Blocked
    assert (error.host, error.phase, error.reference) == ("w1", "join", "blocked")
    assert error.message == "waits for join token, which will not come: m1 failed in packages"
    assert "This host itself is fine" in error.hint


def test_a_provider_that_ends_without_providing_blocks() -> None:
    board = Board()
    end = waiting(lambda: wait_for_token(board))
    board.end_phase("control-plane", "m1")
    error = end()
    assert type(error) is Blocked
    assert "nobody provided it" in error.message


def test_one_of_several_providers_is_enough_to_go_on_waiting() -> None:
    board = Board()
    end = waiting(lambda: wait_for_token(board, (*PROVIDERS, ("control-plane", "m2"))))
    board.fail("m1", StepFailed("m1", "no"))
    board.fulfil("join-token", "abc")
    assert end() is None


def test_what_nobody_provides_blocks_at_once() -> None:
    with pytest.raises(Blocked, match="nobody provided it"):
        wait_for_token(Board(), ())


def test_in_a_plan_a_promise_is_enough() -> None:
    board = Board()
    end = waiting(lambda: wait_for_token(board, in_plan=True))
    board.end_phase("control-plane", "m1")
    assert end() is None


def test_stopping_wakes_everybody() -> None:
    board = Board()
    ends = [waiting(lambda: wait_for_token(board)) for _ in range(3)]
    board.stop()
    assert all(isinstance(end(), Stopping) for end in ends)
    assert board.is_stopping


def test_a_phase_is_settled_when_it_ended_or_its_host_failed() -> None:
    board = Board()
    board.end_phase("join", "m1")
    board.fail("m2", StepFailed("m2", "no"))
    settled = [board.is_settled("join", host) for host in ("m1", "m2", "m3")]
    assert settled == [True, True, False]
    assert not board.is_settled("network", "m1")


def test_outputs_are_a_snapshot() -> None:
    board = Board()
    before = board.outputs
    board.fulfil("x", "y")
    assert before == {}
