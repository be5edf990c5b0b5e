"""Where sudo passwords come from: read once, in order, and never told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from kubeboot.errors import SudoRefused
from kubeboot.model import Host, Role, SshSettings
from kubeboot.redaction import redact
from kubeboot.transport.credentials import SudoPasswords

SECRET = "s3cret-of-hosts"


def host(name: str = "node1", **settings: Any) -> Host:
    return Host(name, "10.0.0.1", frozenset({Role.WORKER}), SshSettings(**settings))


def never(_: str) -> str:
    raise AssertionError("nobody is to be asked")


def test_the_command_line_comes_first(tmp_path: Path) -> None:
    passwords = SudoPasswords(never, given="typed")
    assert passwords.of(host(sudo_password_file=tmp_path / "missing"))() == "typed"


def test_each_host_its_own_file_or_command(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("first\nsecond line\n")
    passwords = SudoPasswords(never)
    assert passwords.of(host(sudo_password_file=tmp_path / "one"))() == "first"
    assert passwords.of(host(sudo_password_command=("echo", "kb two words")))() == "kb two words"


def test_a_source_is_read_once_and_only_when_needed(tmp_path: Path) -> None:
    command = ("sh", "-c", f"echo x >> {tmp_path}/ran; echo {SECRET}")
    passwords = SudoPasswords(never)
    askers = [passwords.of(host(f"node{number}", sudo_password_command=command)) for number in range(8)]
    assert not (tmp_path / "ran").exists()
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda ask: ask(), askers)) == {SECRET}
    assert (tmp_path / "ran").read_text() == "x\n"


def test_people_are_asked_once_per_user() -> None:
    asked: list[str] = []
    passwords = SudoPasswords(lambda prompt: asked.append(prompt) or SECRET)
    users = ("ops", "ops", "admin")
    assert [passwords.of(host(f"node{n}", user=user))() for n, user in enumerate(users)] == [SECRET] * 3
    assert [prompt.split(" (")[0] for prompt in asked] == [
        "sudo password of ops on node0",
        "sudo password of admin on node2",
    ]


def test_i9_what_is_read_is_hidden_wherever_it_is_printed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("hush-hush-17\n")
    SudoPasswords(never).of(host(sudo_password_file=tmp_path / "file"))()
    assert redact("sudo said: hush-hush-17 is no command") == "sudo said: *** is no command"


def test_nobody_to_ask() -> None:
    assert SudoPasswords(lambda _: None).of(host())() is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file"),
        (b"", "does not begin with a line that is a password"),
        (f"\n{SECRET}".encode(), "does not begin with a line that is a password"),
        (f"{SECRET}\x1b[0m".encode(), "does not begin with a line that is a password"),
        (SECRET.encode() + b"\xff", "is not UTF-8"),
    ],
    ids=["missing", "empty", "empty line", "escapes", "bytes"],
)
def test_an_unusable_file(tmp_path: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "file").write_bytes(content)
    with pytest.raises(SudoRefused, match=message) as caught:
        SudoPasswords(never).of(host(sudo_password_file=tmp_path / "file"))()
    assert SECRET not in f"{caught.value.message} {caught.value.hint}"
    assert (caught.value.host, caught.value.reference) == ("node1", "sudo-password-unusable")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (f"echo {SECRET}; echo no such entry >&2; exit 3", r"failed \(exit 3\): no such entry"),
        ("exit 4", r"failed \(exit 4\): it said nothing"),
        ("true", "does not begin with a line"),
    ],
)
def test_an_unusable_command(script: str, message: str) -> None:
    with pytest.raises(SudoRefused, match=message) as caught:
        SudoPasswords(never).of(host(sudo_password_command=("sh", "-c", script)))()
    assert SECRET not in caught.value.message
    with pytest.raises(SudoRefused, match="cannot be run"):
        SudoPasswords(never).of(host(sudo_password_command=("no-such-program",)))()
