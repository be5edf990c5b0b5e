"""The local transport runs payloads as a host would."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from kubeboot.transport.local import LocalTransport
from tests.transport.sshd import run


def test_lines_status_and_stderr() -> None:
    transport = LocalTransport()
    transport.connect()
    assert run(transport, "echo one; echo; printf two; echo oh >&2; exit 7") == (7, ["one", "", "two"])
    assert transport.last_stderr() == "oh\n"
    transport.close()


def test_a_big_payload_while_the_command_talks() -> None:
    payload = b"seq 200000; seq 200000 >&2; wc -c\n" + os.urandom(5_000_000)
    status, lines = run(LocalTransport(), payload)
    assert (status, lines[-1], len(lines)) == (0, "5000000", 200_001)


def test_stops_at_once() -> None:
    started = time.monotonic()
    assert LocalTransport().execute(b"echo one; exec sleep 30", lambda _: False) == 0
    assert time.monotonic() - started < 5


def test_a_command_that_does_not_read_its_stdin() -> None:
    assert run(LocalTransport(), b"exit 4\n" + bytes(5_000_000)) == (4, [])


def test_killed_by_a_signal_is_unknown() -> None:
    assert run(LocalTransport(), "echo one; kill -KILL $$") == (None, ["one"])


def test_an_error_in_on_line_ends_the_command() -> None:
    def fail(_: str) -> bool:
        raise ZeroDivisionError

    started = time.monotonic()
    with pytest.raises(ZeroDivisionError):
        LocalTransport().execute(b"echo one; exec sleep 30", fail)
    assert time.monotonic() - started < 5


def test_the_protocol_alone_imports_no_ssh_library() -> None:
    names = "kubeboot.transport, kubeboot.transport.base, kubeboot.transport.local, kubeboot.transport.fake"
    code = f"import sys, {names}; sys.exit(bool({{'paramiko', 'fabric'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
