"""The bundle's script under real bash, with canary secrets in what it reads; and what a hostile host may answer."""

from __future__ import annotations

import base64
import gzip
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from kubeboot.engine import collect as collecting
from kubeboot.engine.collect import MOST_BYTES, Item, collect, parse_items
from kubeboot.errors import HostLost
from kubeboot.redaction import learn
from kubeboot.transport.fake import FakeTransport
from tests.phases.diagnosed import ANSWERS, answers, host
from tests.resources.sandbox import Sandbox

__all__ = ["host"]

TOKEN = "cafe00.0123456789abcdef"
KEY = "5ec4e7" * 10 + "abcd"
PASSWORD = "canary-of-the-registry"
LEARNT = "canarythatonlythisrunknows"
PEM = "MIIEcanarycanarycanarycanarycanarycanarycanarycanary"
PRIVATE = f"-----BEGIN RSA PRIVATE KEY-----\n{PEM}\n-----END RSA PRIVATE KEY-----\n"
CANARIES = (TOKEN, KEY, PASSWORD, LEARNT, PEM)


def packed(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def plant(host: Sandbox) -> None:
    host.write("/etc/containerd/config.toml", f'[auth]\n  username = "robot"\n  password = "{PASSWORD}"\n')
    host.write("/etc/kubernetes/kubeboot/init.yaml", f"certificateKey: {KEY}\ntoken: {TOKEN}\n")
    host.write("/etc/kubernetes/admin.conf", f"users:\n- client-key-data: {PEM}\n")
    host.write("/etc/kubernetes/pki/ca.key", PRIVATE)
    host.write("/var/log/kubeboot/r-join.log", f"joined with {TOKEN}\n{PRIVATE}and {LEARNT}\n")
    host.write("/etc/hosts", "127.0.0.1 localhost\n")
    answers(host, journal=f'--token {TOKEN} proxy http://me:{PASSWORD}@proxy "auth": "{PEM}"\n')
    container = {"env": [{"name": "A", "value": PASSWORD}], "args": [f"--pw={PASSWORD}"]}
    pods = json.dumps({"items": [{"metadata": {"namespace": "default"}, "spec": {"containers": [container]}}]})
    answers(host, pods_json=pods)


def script(values: Iterable[str] = ()) -> tuple[str, str]:
    """What a host gets, and the nonce in it."""
    sent: list[bytes] = []

    def answer(payload: bytes) -> Iterable[str]:
        sent.append(payload)
        return ()

    collect(("cp1",), {"cp1": FakeTransport(answer)}, "cp1", values, 1)
    (payload,) = sent
    nonce = payload.partition(b"NONCE=")[2].split()[0].decode()
    return payload.decode(), nonce


def test_i9_no_secret_of_a_host_is_in_its_answer(host: Sandbox) -> None:
    plant(host)
    learn(LEARNT)
    text, nonce = script((LEARNT,))
    before = host.tree()
    lines = host.shell(text).splitlines()
    assert host.tree() == before
    items = {item.path: item for item in parse_items(lines, nonce)}
    raw = "\n".join(gzip.decompress(base64.b64decode(line.split("\t")[3])).decode() for line in lines)
    for canary in CANARIES:
        assert canary not in raw, "masked on the host already"
        assert not any(canary in item.text for item in items.values())
    assert 'username = "robot"\n  password = ***' in items["files/etc/containerd/config.toml"].text
    assert items["files/etc/hosts"].text == "127.0.0.1 localhost\n"
    assert "joined with ***" in items["logs/kubeboot/r-join.log"].text
    assert '"value": "***"' in items["cluster/pods.yaml"].text
    assert not [path for path in items if path.endswith((".key", "admin.conf"))]
    assert {"logs/kubelet.txt", "system/versions.txt", "runtime/containers.txt", "cluster/nodes.yaml"} <= set(items)


def test_a_long_journal_is_cut_to_its_end(host: Sandbox) -> None:
    host.write(f"{ANSWERS}/journal", "".join(f"line {number} of a long journal\n" for number in range(60_000)))
    text, nonce = script()
    items = {item.path: item for item in parse_items(host.shell(text).splitlines(), nonce)}
    journal = items["logs/kubelet.txt"].text
    assert journal.endswith("line 59999 of a long journal\n")
    assert MOST_BYTES - 100 < len(journal) <= MOST_BYTES


def test_what_is_too_much_for_one_answer_is_left_out(host: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "MOST_ANSWER", 3000)
    text, _ = script()
    answer = host.shell(text)
    assert len(answer) < 6000
    texts = [gzip.decompress(base64.b64decode(line.split("\t")[3])) for line in answer.splitlines()]
    assert any(text.startswith(b"left out") for text in texts)


@pytest.mark.parametrize(
    "line",
    (
        f"other\ta.txt\tx\t{packed('x')}",
        f"n\t../../etc/passwd\tx\t{packed('x')}",
        f"n\t/etc/passwd\tx\t{packed('x')}",
        f"n\ta/../b\tx\t{packed('x')}",
        f"n\t.ssh/x\tx\t{packed('x')}",
        "n\ta.txt\tx\tno base64",
        f"n\ta.txt\tx\t{base64.b64encode(b'no gzip').decode()}",
        "n\ta.txt\tx",
        "",
    ),
)
def test_an_odd_answer_is_passed_over(line: str) -> None:
    assert parse_items([line, f"n\tgood.txt\tgood\t{packed('good')}"], "n") == (Item("good.txt", "good", "good"),)


def test_a_bomb_is_cut() -> None:
    (item,) = parse_items([f"n\ta.txt\tx\t{packed('0' * 50_000_000)}"], "n")
    assert len(item.text) <= MOST_BYTES + 1000


def test_what_comes_is_masked_once_more() -> None:
    (item,) = parse_items([f"n\ta.txt\tx\t{packed(f'token {TOKEN} here')}"], "n")
    assert item.text == "token *** here"


def test_a_host_that_is_lost_is_an_error_and_the_others_go_on() -> None:
    dead, alive = FakeTransport(lose_after=[0]), FakeTransport()
    items, errors = collect(("a", "b"), {"a": dead, "b": alive}, "", (), 2)
    assert list(items) == ["b"]
    assert [type(error) for error in errors] == [HostLost]


def test_i8_what_a_host_is_sent_is_clean_under_shellcheck() -> None:
    text, _ = script()
    tool = str(Path(sys.executable).with_name("shellcheck"))
    command = [tool, "-s", "bash", "-S", "info", "-f", "gcc", "-e", "SC2016", "-"]
    done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
    assert done.stdout == ""
