"""known_hosts as sshd(8) defines it, without a connection."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubeboot.transport.hostkeys import HostKey, Verdict, known_name, read_known_hosts, vouchers


def key(seed: int, kind: str = "ssh-ed25519") -> HostKey:
    name = kind.encode()
    return HostKey(kind, len(name).to_bytes(4, "big") + name + bytes([seed]) * 36)


def line(names: str, wanted: HostKey, marker: str = "") -> str:
    return f"{marker} {names} {wanted.kind} {base64.b64encode(wanted.blob).decode()} comment\n".lstrip()


A, B, RSA = key(1), key(2), key(3, "ssh-rsa")


@pytest.mark.parametrize(
    ("names", "name", "matches"),
    [
        ("node1", "node1", True),
        ("NODE1", "node1", True),
        ("node1,10.0.0.1", "10.0.0.1", True),
        ("*.example.com", "a.example.com", True),
        ("*.example.com,!a.example.com", "a.example.com", False),
        ("node?", "node12", False),
        ("[node1]:2222", "[node1]:2222", True),
        ("[node1]:2222", "node1", False),
        ("node1", "[node1]:2222", False),
        ("[nod]e1", "node1", False),
        ("|1|rubbish", "node1", False),
        (",", "", True),
    ],
)
def test_names(tmp_path: Path, names: str, name: str, matches: bool) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(line(names, A))
    assert [entry.matches(name) for entry in read_known_hosts(path)] == [matches]


def test_name_on_a_port() -> None:
    assert known_name("Node1", 22) == "node1"
    assert known_name("fd00::1", 2222) == "[fd00::1]:2222"


def test_the_first_file_that_knows_the_host_decides(tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    first.write_text(line("other", B))
    second.write_text(line("node1", A) + line("node1", RSA))
    known = vouchers("node1", "", (tmp_path / "none", first, second))
    assert known.judge(A) is Verdict.TRUSTED
    assert known.judge(RSA) is Verdict.TRUSTED
    assert known.judge(B) is Verdict.CHANGED
    assert known.key_types[:2] == ("ssh-ed25519", "ssh-rsa")
    first.write_text(line("node1", B))
    known = vouchers("node1", "", (first, second))
    assert known.judge(A) is Verdict.CHANGED


def test_unknown_and_revoked(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(line("*", B, "@revoked") + line("node1", B))
    assert vouchers("node1", "", (path,)).judge(B) is Verdict.REVOKED
    assert vouchers("node2", "", (path,)).judge(A) is Verdict.UNKNOWN
    assert vouchers("node2", B.fingerprint, (path,)).judge(B) is Verdict.REVOKED


@pytest.mark.parametrize("pin", ["SHA1:x", "ssh-ed25519", "ssh-ed25519 !", "ssh-rsa " + "AAAAB3Nz"])
def test_pins_that_are_none(pin: str) -> None:
    with pytest.raises(ValueError):
        vouchers("node1", pin, ())


def test_a_pin_overrules_the_files(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(line("node1", B))
    assert vouchers("node1", A.fingerprint, (path,)).judge(A) is Verdict.TRUSTED
    assert vouchers("node1", A.fingerprint + "=", (path,)).judge(A) is Verdict.TRUSTED
    assert vouchers("node1", A.fingerprint, (path,)).judge(B) is Verdict.CHANGED


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_rubbish_vouches_for_nobody(tmp_path: Path, rubbish: bytes) -> None:
    path = tmp_path / "known_hosts"
    path.write_bytes(b"* ssh-ed25519 " + rubbish + b"\n@marker * " + rubbish)
    assert vouchers("node1", "", (path,)).judge(A) in (Verdict.UNKNOWN, Verdict.CHANGED)


def test_an_unreadable_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        vouchers("node1", "", (tmp_path,))
