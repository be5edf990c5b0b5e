"""Payloads, lines and exit statuses over a real sshd."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
import time
from pathlib import Path

import pytest

from kubeboot.errors import Unreachable
from tests.transport.sshd import MakeSshd, MakeTransport, Sshd, run

pytestmark = pytest.mark.sshd


def test_lines_status_and_stderr_come_back(sshd: Sshd, make_transport: MakeTransport) -> None:
    transport = make_transport(sshd)
    transport.connect()
    assert run(transport, "id -u; echo; echo last; echo trouble >&2; exit 7") == (7, ["0", "", "last"])
    assert transport.last_stderr() == "trouble\n"


def test_a_second_execute_uses_the_same_connection(sshd: Sshd, make_transport: MakeTransport) -> None:
    transport = make_transport(sshd)
    assert run(transport, "echo one") == (0, ["one"])
    assert run(transport, "printf two") == (0, ["two"])
    assert len(sshd.sessions()) == 1


def test_the_shell_is_a_clean_root_bash(sshd: Sshd, make_transport: MakeTransport) -> None:
    payload = 'echo "$BASH"; umask; echo "$LC_ALL"; case $PATH in */usr/sbin*) echo sbin;; esac; echo $-'
    assert run(make_transport(sshd), payload)[1] == ["/usr/bin/bash", "0022", "C", "sbin", "hBs"]


@pytest.mark.parametrize("is_first", [True, False])
def test_a_payload_of_5_mb_arrives_while_the_host_talks(
    sshd: Sshd, make_transport: MakeTransport, is_first: bool
) -> None:
    transport = make_transport(sshd)
    if not is_first:
        run(transport, "true")
    data = os.urandom(5_000_000)
    # 4 MB of stdout and stderr each before a byte of stdin is read: more than both windows hold.
    flood = "head -c 4000000 /dev/zero | tr '\\0' 'x' | fold -w 1000 | tee /dev/stderr; echo; sha256sum; exit 3\n"
    status, lines = run(transport, flood.encode() + data)
    assert status == 3
    assert lines[-1] == hashlib.sha256(data).hexdigest() + "  -"
    assert len(lines) == 4001
    assert len(transport.last_stderr()) == 8192


def test_a_command_may_end_without_reading_its_stdin(sshd: Sshd, make_transport: MakeTransport) -> None:
    assert run(make_transport(sshd), b"echo enough; exec <&-; exit 4\n" + bytes(5_000_000)) == (4, ["enough"])


def test_lines_arrive_while_the_command_runs(sshd: Sshd, make_transport: MakeTransport) -> None:
    arrived: list[float] = []
    payload = b"echo a; sleep 0.5; echo b; sleep 0.5; echo c"
    transport = make_transport(sshd)
    assert transport.execute(payload, lambda _: arrived.append(time.monotonic()) is None) == 0
    assert 0.3 < arrived[1] - arrived[0] < 0.9
    assert 0.3 < arrived[2] - arrived[1] < 0.9


def test_on_line_stops_following_at_once(sshd: Sshd, make_transport: MakeTransport) -> None:
    transport = make_transport(sshd)
    started = time.monotonic()
    assert transport.execute(b"echo one; sleep 30", lambda _: False) == 0
    assert time.monotonic() - started < 5
    assert run(transport, "echo again") == (0, ["again"])


def test_an_error_in_on_line_closes_the_channel_and_comes_through(sshd: Sshd, make_transport: MakeTransport) -> None:
    def fail(_: str) -> bool:
        raise ZeroDivisionError

    transport = make_transport(sshd)
    with pytest.raises(ZeroDivisionError):
        transport.execute(b"echo one; sleep 30", fail)
    assert run(transport, "echo again") == (0, ["again"])


def test_long_lines_are_cut_and_bad_utf8_is_replaced(sshd: Sshd, make_transport: MakeTransport) -> None:
    payload = "head -c 3000000 /dev/zero | tr '\\0' x; echo; printf 'a\\377b\\n\\033[31m\\n'"
    status, lines = run(make_transport(sshd), payload)
    assert status == 0
    assert [len(line) for line in lines] == [1 << 20, 3, 5]
    assert lines[1] == "a\ufffdb"


def test_a_lost_connection_is_none_and_can_be_made_again(sshd: Sshd, make_transport: MakeTransport) -> None:
    transport = make_transport(sshd)
    transport.connect()
    lines: list[str] = []

    def cut_off(line: str) -> bool:
        lines.append(line)
        threading.Timer(0.5, sshd.kill_sessions).start()
        return True

    started = time.monotonic()
    status = transport.execute(b"echo one; printf half; sleep 60", cut_off)
    assert status is None
    assert lines == ["one"], "half a line is not passed on"
    assert time.monotonic() - started < 60, "not by itself"
    assert run(transport, "echo lost") == (None, [])
    transport.connect()
    assert run(transport, "echo back") == (0, ["back"])


def test_a_background_process_does_not_hold_the_end_back(sshd: Sshd, make_transport: MakeTransport) -> None:
    started = time.monotonic()
    assert run(make_transport(sshd), "sleep 20 & echo done; exit 5") == (5, ["done"])
    assert time.monotonic() - started < 8


def test_bash_killed_by_a_signal_has_no_status(sshd: Sshd, make_transport: MakeTransport) -> None:
    assert run(make_transport(sshd), "echo one; kill -KILL $$") == (None, ["one"])


def test_noise_of_a_forced_shell_profile_is_dropped(
    make_sshd: MakeSshd, make_transport: MakeTransport, tmp_path: Path
) -> None:
    noisy = tmp_path / "noisy"
    noisy.write_text(
        '#!/bin/sh\necho "Hi!"; echo "  KUBEBOOT is great"; printf "no newline"\nexec sh -c "$SSH_ORIGINAL_COMMAND"\n'
    )
    noisy.chmod(0o755)
    transport = make_transport(make_sshd(options=[f"ForceCommand {noisy}"]))
    assert run(transport, "echo one") == (0, ["one"])
    assert run(transport, "echo two") == (0, ["two"])


@pytest.mark.parametrize("shell", ["dash", "bash", "csh", "tcsh", "fish", "zsh", "busybox sh"])
def test_any_login_shell(make_sshd: MakeSshd, make_transport: MakeTransport, tmp_path: Path, shell: str) -> None:
    if not shutil.which(shell.split()[0]):
        pytest.skip(f"no {shell} here")
    wrapper = tmp_path / "shell"
    wrapper.write_text(f'#!/bin/sh\nexec {shell} -c "$SSH_ORIGINAL_COMMAND"\n')
    wrapper.chmod(0o755)
    transport = make_transport(make_sshd(options=[f"ForceCommand {wrapper}"]))
    assert run(transport, "echo $BASH_VERSION | grep -c .") == (0, ["1"])
    assert run(transport, "echo two") == (0, ["two"])


def test_a_user_without_a_shell(make_sshd: MakeSshd, make_transport: MakeTransport) -> None:
    transport = make_transport(make_sshd(options=["ForceCommand echo This account is not available; exit 1"]))
    with pytest.raises(Unreachable) as caught:
        run(transport, "echo one")
    assert caught.value.reference == "no-shell"
    assert "not available" in caught.value.output


def test_one_session_is_enough(make_sshd: MakeSshd, make_transport: MakeTransport) -> None:
    transport = make_transport(make_sshd(options=["MaxSessions 1"]))
    assert [run(transport, f"echo {number}")[1] for number in range(4)] == [["0"], ["1"], ["2"], ["3"]]


def test_no_session_at_all(make_sshd: MakeSshd, make_transport: MakeTransport) -> None:
    with pytest.raises(Unreachable) as caught:
        run(make_transport(make_sshd(options=["MaxSessions 0"])), "echo one")
    assert caught.value.reference == "session-refused"


def test_close_is_idempotent_and_execute_connects_again(sshd: Sshd, make_transport: MakeTransport) -> None:
    transport = make_transport(sshd)
    transport.close()
    assert run(transport, "echo one") == (0, ["one"])
    transport.close()
    transport.close()
    assert run(transport, "echo two") == (0, ["two"])
