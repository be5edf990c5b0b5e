"""Payloads, lines and exit statuses over a real sshd."""

from __future__ import annotations

import pytest

from tests.transport.conftest import MakeTransport
from tests.transport.sshd import Sshd

pytestmark = pytest.mark.sshd


def run(transport, payload: str | bytes) -> tuple[int | None, list[str]]:
    """Execute and collect every line."""
    lines: list[str] = []
    data = payload.encode() if isinstance(payload, str) else payload
    status = transport.execute(data, lambda line: lines.append(line) is None)
    return status, lines


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
