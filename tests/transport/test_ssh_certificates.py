"""Forged and misused host certificates; genuine ones are tried against an sshd in test_ssh_host_keys."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubeboot.transport.hostkeys import Vouchers, vouchers
from kubeboot.transport.ssh.certificates import parse, problem
from tests.transport.sshd import make_key

Issue = Callable[..., tuple[bytes, Vouchers]]


@pytest.fixture
def issue(tmp_path: Path) -> Issue:
    """A certificate for node1 and what known_hosts says of its authority."""

    def make(*flags: str, kind: str = "ed25519", authority: str = "ed25519") -> tuple[bytes, Vouchers]:
        line = make_key(tmp_path / "authority", authority)
        make_key(tmp_path / "host", kind)
        command = ["ssh-keygen", "-q", "-s", tmp_path / "authority", "-I", "test", "-n", "node1", *flags]
        subprocess.run([*command, tmp_path / "host.pub"], check=True, capture_output=True)
        blob = base64.b64decode((tmp_path / "host-cert.pub").read_text().split()[1])
        (tmp_path / "known_hosts").write_text(f"@cert-authority * {line}\n")
        return blob, vouchers("node1", "", (tmp_path / "known_hosts",))

    return make


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
@pytest.mark.parametrize("authority", ["ed25519", "ecdsa", "rsa"])
def test_genuine(issue: Issue, kind: str, authority: str) -> None:
    blob, known = issue("-h", kind=kind, authority=authority)
    assert problem(blob, "Node1", known) == ""


def test_a_changed_name_breaks_the_signature(issue: Issue) -> None:
    blob, known = issue("-h")
    assert "signature is wrong" in problem(blob.replace(b"node1", b"node2"), "node2", known)


def test_a_users_certificate_vouches_for_no_host(issue: Issue) -> None:
    blob, known = issue()
    assert "not a plain host certificate" in problem(blob, "node1", known)


def test_sha1_is_refused(issue: Issue) -> None:
    blob, known = issue("-h", "-t", "ssh-rsa", authority="rsa")
    assert "signature is wrong" in problem(blob, "node1", known)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(data=st.data())
def test_no_changed_byte_goes_unnoticed(issue: Issue, tmp_path: Path, data: st.DataObject) -> None:
    for name in ("authority", "authority.pub", "host", "host.pub", "host-cert.pub"):
        (tmp_path / name).unlink(missing_ok=True)
    blob, known = issue("-h")
    at = data.draw(st.integers(0, len(parse(blob).signed) + 3))  # everything signed, and the signature's length
    forged = blob[:at] + bytes([blob[at] ^ (1 << data.draw(st.integers(0, 7)))]) + blob[at + 1 :]
    assert problem(forged, "node1", known)
