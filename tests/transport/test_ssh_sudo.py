"""Users that are not root: sudo without a password, with one, or not at all. Real users, real sudo."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from kubeboot.errors import HostError, SudoRefused
from kubeboot.transport.ssh import execution, shell
from tests.transport.sshd import MakeTransport, MakeUser, Sshd, run

pytestmark = pytest.mark.sshd
PASSWORD = "kb test 'pass' $(touch /tmp/kbtest-executed)"


def never() -> str:
    raise AssertionError("the password is not needed")


def test_sudo_without_a_password(open_sshd: Sshd, make_user: MakeUser, make_transport: MakeTransport) -> None:
    user = make_user("USER ALL=(ALL) NOPASSWD: ALL")
    transport = make_transport(open_sshd, user=user, sudo_password=never)
    payload = 'id -u; umask; echo "$LC_ALL"; cat | wc -c; exit 3\n'
    for _ in range(2):
        status, lines = run(transport, payload.encode() + bytes(3_000_000))
        assert (status, lines) == (3, ["0", "0022", "C", "3000000"])


def test_sudo_with_a_password(open_sshd: Sshd, make_user: MakeUser, make_transport: MakeTransport) -> None:
    user = make_user("USER ALL=(ALL) ALL", password=PASSWORD)
    asked: list[str] = []
    transport = make_transport(open_sshd, user=user, sudo_password=lambda: asked.append("") or PASSWORD)
    for _ in range(2):
        assert run(transport, "id -u; read -r line; echo $line; exit 3\nmore\n") == (3, ["0", "more"])
    assert len(asked) == 2
    assert not Path("/tmp/kbtest-executed").exists()
    assert PASSWORD not in transport.last_stderr()


def test_a_remembered_sudo_password_is_no_licence_to_send_it(
    open_sshd: Sshd, make_user: MakeUser, make_transport: MakeTransport
) -> None:
    user = make_user("USER ALL=(ALL) ALL", "Defaults:USER timestamp_type=global", password=PASSWORD)
    transport = make_transport(open_sshd, user=user, sudo_password=lambda: PASSWORD)
    assert run(transport, f"su {user} -c 'sudo -S -v'\n{PASSWORD}\n")[0] == 0  # sudo remembers from now on
    assert run(transport, "id -u") == (0, ["0"])
    assert transport.last_stderr().count("not found") == 0


def test_a_wrong_password_is_sent_once(open_sshd: Sshd, make_user: MakeUser, make_transport: MakeTransport) -> None:
    user = make_user("USER ALL=(ALL) ALL", password=PASSWORD)
    asked: list[str] = []
    transport = make_transport(open_sshd, user=user, sudo_password=lambda: asked.append("") or "wrong")
    with pytest.raises(SudoRefused) as caught:
        run(transport, "id -u")
    assert caught.value.reference == "sudo-password-wrong"
    assert len(asked) == 1


def test_no_password_to_give(open_sshd: Sshd, make_user: MakeUser, make_transport: MakeTransport) -> None:
    user = make_user("USER ALL=(ALL) ALL", password=PASSWORD)
    with pytest.raises(SudoRefused, match="wants a password") as caught:
        run(make_transport(open_sshd, user=user), "id -u")
    assert "NOPASSWD" in caught.value.hint and "--ask-sudo-password" in caught.value.hint
    assert (caught.value.reference, caught.value.exit_code) == ("sudo-refused", 3)


def test_not_in_sudoers(open_sshd: Sshd, make_user: MakeUser, make_transport: MakeTransport) -> None:
    user = make_user("# nothing", password=PASSWORD)
    with pytest.raises(SudoRefused, match="not in the sudoers file") as caught:
        run(make_transport(open_sshd, user=user, sudo_password=lambda: PASSWORD), "id -u")
    assert "NOPASSWD" in caught.value.hint


TTY = "Defaults:USER requiretty"


@pytest.mark.parametrize("more", ["Defaults:USER !use_pty", "Defaults:USER use_pty", "Defaults:USER log_output"])
def test_requiretty(open_sshd: Sshd, make_user: MakeUser, make_transport: MakeTransport, more: str) -> None:
    """Streams stay apart and whole, although sudo has its terminal."""
    user = make_user("USER ALL=(ALL) NOPASSWD: ALL", TTY, more)
    transport = make_transport(open_sshd, user=user, sudo_password=never)
    payload = 'id -u; umask; echo "$LC_ALL"; echo trouble >&2; cat | sha256sum; exit 3\n'
    data = os.urandom(3_000_000)
    for _ in range(2):  # the second time without asking first
        expected = ["0", "0022", "C", hashlib.sha256(data).hexdigest() + "  -"]
        assert run(transport, payload.encode() + data) == (3, expected)
        assert transport.last_stderr() == "trouble\n"


def test_requiretty_and_a_password(open_sshd: Sshd, make_user: MakeUser, make_transport: MakeTransport) -> None:
    """The password goes to sudo's stdin, not to its terminal: nothing echoes it."""
    user = make_user("USER ALL=(ALL) ALL", TTY, password=PASSWORD)
    transport = make_transport(open_sshd, user=user, sudo_password=lambda: PASSWORD)
    for _ in range(2):
        assert run(transport, "id -u; read -r line; echo $line; exit 3\nmore\n") == (3, ["0", "more"])
        assert PASSWORD not in transport.last_stderr()
    assert not Path("/tmp/kbtest-executed").exists()
    with pytest.raises(SudoRefused, match="wants a password"):
        run(make_transport(open_sshd, user=user), "id -u")
    with pytest.raises(SudoRefused) as caught:
        run(make_transport(open_sshd, user=user, sudo_password=lambda: "wrong"), "id -u")
    assert caught.value.reference == "sudo-password-wrong"


def test_requiretty_where_no_terminal_can_be_made(
    open_sshd: Sshd, make_user: MakeUser, make_transport: MakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = make_user("USER ALL=(ALL) NOPASSWD: ALL", TTY)
    monkeypatch.setattr(shell, "_HAS_SCRIPT", "command -v no-such-script")
    with pytest.raises(SudoRefused) as caught:
        run(make_transport(open_sshd, user=user), "id -u")
    assert caught.value.reference == "sudo-requiretty"
    assert "Defaults:USER !requiretty" in caught.value.hint


def test_secure_path_is_not_what_bash_gets(open_sshd: Sshd, make_user: MakeUser, make_transport: MakeTransport) -> None:
    user = make_user("USER ALL=(ALL) ALL", "Defaults:USER secure_path=/usr/bin:/bin", password=PASSWORD)
    transport = make_transport(open_sshd, user=user, sudo_password=lambda: PASSWORD)
    assert run(transport, 'echo "$PATH"') == (0, [shell.PATH])


def test_a_password_that_takes_its_time(
    open_sshd: Sshd, make_user: MakeUser, make_transport: MakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody types it, for longer than a shell may take to come up."""
    monkeypatch.setattr(execution, "READY_LIMIT_S", 1.5)
    user = make_user("USER ALL=(ALL) ALL", password=PASSWORD)
    transport = make_transport(open_sshd, user=user, sudo_password=lambda: time.sleep(2) or PASSWORD)
    assert run(transport, "id -u") == (0, ["0"])


def test_a_rule_that_went_away_between_two_executes(
    open_sshd: Sshd, make_user: MakeUser, make_transport: MakeTransport
) -> None:
    user = make_user("USER ALL=(ALL) NOPASSWD: ALL", password=PASSWORD)
    transport = make_transport(open_sshd, user=user, sudo_password=never)
    assert run(transport, "id -u") == (0, ["0"])
    Path(f"/etc/sudoers.d/{user}").write_text(f"{user} ALL=(ALL) ALL\n")
    with pytest.raises(SudoRefused):
        run(transport, "id -u")


def test_no_shell(open_sshd: Sshd, make_user: MakeUser, make_transport: MakeTransport) -> None:
    user = make_user("USER ALL=(ALL) NOPASSWD: ALL", shell="/usr/sbin/nologin")
    with pytest.raises(HostError) as caught:
        run(make_transport(open_sshd, user=user), "id -u")
    assert caught.value.reference == "no-shell"
