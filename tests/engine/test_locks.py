"""The lock of a run, under real bash: whose it is, when it is dead, and how it is given back."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kubeboot.engine.locks import Locks, OutOfTurn
from kubeboot.engine.owner import Owner, decode_owner, this_run
from kubeboot.errors import HostBusy, HostError
from kubeboot.transport.fake import FakeTransport
from tests.resources.sandbox import Sandbox, sandboxes


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    yield from sandboxes(tmp_path)


class OnSandbox(FakeTransport):
    """Interjections run in the sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self._sandbox = sandbox

    def interject(self, payload: bytes) -> bool:
        self._sandbox.shell(payload.decode())
        return True


class A:
    """A run on the sandbox, which is host m1."""

    def __init__(self, sandbox: Sandbox, run_id: str, **owner: object) -> None:
        self.sandbox = sandbox
        self.owner: Owner = replace(this_run(run_id, "init"), **owner)  # type: ignore[arg-type]
        self.notices: list[str] = []
        transports = {"m1": OnSandbox(sandbox)}
        self.locks = Locks(self.owner, transports, "m1", lambda _host, text: self.notices.append(text))

    def take(self) -> list[str]:
        return self.locks.take(
            "m1", lambda text: self.sandbox.shell(f"main() {{\n{text}\necho after\n}}\nmain").splitlines()
        )


def silent_for(sandbox: Sandbox, owner: Owner, seconds: int) -> None:
    uptime_s = int(float(Path("/proc/uptime").read_text(encoding="ascii").split()[0]))
    sandbox.write("/run/kubeboot/owner", f"{owner.run_id} {uptime_s - seconds} {owner.encode()}\n")


def test_a_lock_is_taken_held_and_given_back(sandbox: Sandbox) -> None:
    one, two = A(sandbox, "one"), A(sandbox, "two")
    assert one.take() == ["after"]
    assert one.take() == ["after"]
    with pytest.raises(
        HostBusy, match=f"locked by {one.owner.user}: kubeboot init since .* pid {os.getpid()}; seen [0-9] s ago"
    ):
        two.take()
    two.locks.release()
    with pytest.raises(HostBusy):
        two.take()
    one.locks.release()
    assert two.take() == ["after"]


def test_the_lock_of_a_process_that_is_gone_is_taken_over(sandbox: Sandbox) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    A(sandbox, "one", pid=ended.pid, started="1").take()
    two = A(sandbox, "two")
    assert two.take() == ["after"]
    assert two.notices[0].startswith("takes over the lock of")
    assert two.notices[0].endswith("that process is gone")


def test_the_process_number_of_another_machine_proves_nothing(sandbox: Sandbox) -> None:
    A(sandbox, "one", pid=1, started="1", machine="elsewhere").take()
    with pytest.raises(HostBusy):
        A(sandbox, "two").take()


@pytest.mark.parametrize(("seconds", "is_free"), ((0, False), (55, False), (70, True)))
def test_a_lock_from_elsewhere_is_free_after_a_minute_of_silence(sandbox: Sandbox, seconds: int, is_free: bool) -> None:
    silent_for(sandbox, A(sandbox, "one", machine="elsewhere").owner, seconds)
    two = A(sandbox, "two")
    if is_free:
        assert two.take() == ["after"]
        assert "silent for" in two.notices[0]
    else:
        with pytest.raises(HostBusy):
            two.take()


def test_a_silent_run_whose_unit_still_runs_is_not_dead(sandbox: Sandbox) -> None:
    silent_for(sandbox, A(sandbox, "one", machine="elsewhere").owner, 1000)
    sandbox.write("/var/lib/fake-systemd/running-units", "kubeboot-packages-0123abcd.service loaded active running\n")
    with pytest.raises(HostBusy, match=r"runs kubeboot-packages-0123abcd$"):
        A(sandbox, "two").take()


@pytest.mark.parametrize("text", ("", "\n", "garbage\n", "one\n", "one x y\n", "one 1 bm90IGpzb24=\n"))
def test_a_lock_nobody_can_read_is_respected_or_free_but_never_a_crash(sandbox: Sandbox, text: str) -> None:
    sandbox.write("/run/kubeboot/owner", text)
    try:
        assert A(sandbox, "two").take() == ["after"]
    except HostBusy as error:
        assert "run one" in error.message or "run garbage" in error.message


def test_run_that_cannot_be_written_is_said(sandbox: Sandbox) -> None:
    sandbox.write("/run/kubeboot", "a file where the folder should be")
    with pytest.raises(HostError) as raised:
        A(sandbox, "one").take()
    assert raised.value.reference == "lock-unusable"


def test_two_at_once_and_one_gets_it(sandbox: Sandbox) -> None:
    runs = [A(sandbox, f"run-{number}") for number in range(6)]
    taken: list[str] = []

    def take(run: A) -> None:
        try:
            run.take()
        except HostBusy:
            return
        taken.append(run.owner.run_id)

    threads = [threading.Thread(target=take, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 1


def test_other_hosts_wait_for_the_first_and_are_not_taken_without_it() -> None:
    asked: list[str] = []
    locks = Locks(this_run("one", "init"), {}, "m1", lambda *_: None)

    def take() -> None:
        try:
            locks.take("w1", lambda _text: asked.append("w1") or [])  # type: ignore[func-returns-value]
        except OutOfTurn:
            asked.append("out of turn")

    thread = threading.Thread(target=take)
    thread.start()
    assert asked == []
    other = this_run("two", "init")
    with pytest.raises(HostBusy):
        locks.take("m1", lambda _text: [f"KBL1\theld\ttwo\t{other.encode()}\t3\t"])
    thread.join(5)
    assert asked == ["out of turn"]


def test_an_owner_survives_its_encoding() -> None:
    owner = this_run("one", "init")
    assert decode_owner(owner.encode()) == owner
    assert not owner.is_dead()
    assert replace(owner, started="1").is_dead()
    assert decode_owner("bm90IGpzb24=") is None
    assert decode_owner(replace(owner, user="a\x1b[31m").encode()) is None
