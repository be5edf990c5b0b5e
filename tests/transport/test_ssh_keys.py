"""Private keys with a passphrase: asked for once, with no connection held meanwhile."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kubeboot.errors import Unreachable
from kubeboot.transport.ssh import KeyRing
from kubeboot.transport.ssh.keyring import KeyEncrypted, KeyLocked, KeyUnusable
from tests.transport.sshd import MakeTransport, Sshd, make_key, run

SECRET = "open sesame"


class Person:
    """Answers in turn, and counts the questions."""

    def __init__(self, *answers: str | None) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, prompt: str) -> str | None:
        self.asked.append(prompt)
        return self.answers.pop(0)


@pytest.mark.parametrize(("kind", "form"), [("ed25519", ""), ("rsa", ""), ("rsa", "PEM"), ("ecdsa", "")])
def test_a_key_is_unlocked_by_its_passphrase(tmp_path: Path, kind: str, form: str) -> None:
    path = tmp_path / "key"
    make_key(path, kind, SECRET, *(["-m", form] if form else []))
    person = Person("wrong", SECRET)
    keys = KeyRing(person)
    with pytest.raises(KeyLocked):
        keys.load(path)
    keys.unlock(path)
    assert keys.load(path) is keys.load(path)
    assert person.asked == [f"Passphrase of {path}: ", f"That is not it. Passphrase of {path}: "]


@pytest.mark.parametrize(("answers", "is_wrong"), [(("a", "b", "c"), True), ((None,), False)])
def test_who_does_not_know_it_is_not_asked_again(tmp_path: Path, answers: tuple[str, ...], is_wrong: bool) -> None:
    make_key(tmp_path / "key", passphrase=SECRET)
    keys = KeyRing(Person(*answers))
    keys.unlock(tmp_path / "key")
    keys.unlock(tmp_path / "key")
    with pytest.raises(KeyEncrypted) as caught:
        keys.load(tmp_path / "key")
    assert caught.value.is_wrong == is_wrong


def test_without_anybody_to_ask(tmp_path: Path) -> None:
    make_key(tmp_path / "key", passphrase=SECRET)
    with pytest.raises(KeyEncrypted):
        KeyRing().load(tmp_path / "key")
    with pytest.raises(KeyUnusable):
        KeyRing(Person()).load(tmp_path / "none")


@pytest.mark.sshd
def test_many_hosts_one_question_and_no_connection_meanwhile(
    sshd: Sshd, make_transport: MakeTransport, tmp_path: Path
) -> None:
    make_key(tmp_path / "locked", passphrase=SECRET)
    (sshd.folder / "authorized_keys").write_bytes((tmp_path / "locked.pub").read_bytes())
    open_while_asked: list[int] = []
    lock = threading.Lock()

    def ask(_: str) -> str:
        with lock:
            time.sleep(2.5)  # longer than the time for a connection; the others find the key locked meanwhile
            open_while_asked.append(len(sshd.sessions()))
            return SECRET

    keys = KeyRing(ask)
    settings = {"identity_file": tmp_path / "locked", "connect_timeout_s": 2}
    transports = [make_transport(sshd, keys=keys, **settings) for _ in range(5)]
    with ThreadPoolExecutor(5) as pool:
        results = list(pool.map(lambda transport: run(transport, "echo in"), transports))
    assert results == [(0, ["in"])] * 5
    assert open_while_asked == [0]


@pytest.mark.sshd
def test_a_wrong_passphrase_is_said(sshd: Sshd, make_transport: MakeTransport, tmp_path: Path) -> None:
    make_key(tmp_path / "locked", passphrase=SECRET)
    keys = KeyRing(Person("a", "b", "c"))
    with pytest.raises(Unreachable, match="does not fit") as caught:
        make_transport(sshd, identity_file=tmp_path / "locked", keys=keys).connect()
    assert caught.value.reference == "key-encrypted"
