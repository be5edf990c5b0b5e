"""Host keys against a real sshd: who is let in, who is refused, and what is said (invariant I10)."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from kubeboot.errors import HostKeyChanged, HostKeyUnknown, Unreachable
from tests.transport.sshd import MakeSshd, MakeTransport, Sshd, fingerprint, make_key, run

pytestmark = pytest.mark.sshd
BOTH = ("ed25519", "rsa")


def test_unknown_is_refused_with_the_fingerprint_and_the_commands(sshd: Sshd, make_transport: MakeTransport) -> None:
    with pytest.raises(HostKeyUnknown) as caught:
        make_transport(sshd, known="").connect()
    mark = fingerprint(sshd.folder / "host_ed25519.pub")
    assert mark in caught.value.message
    assert "ssh-ed25519" in caught.value.message
    assert f'hostKey: "{mark}"' in caught.value.hint
    assert f"ssh-keyscan -p {sshd.port} 127.0.0.1" in caught.value.hint
    assert "kubeboot ssh-setup" in caught.value.hint
    assert caught.value.known_hosts_line + "\n" == sshd.known_hosts_line()
    assert (caught.value.reference, caught.value.exit_code) == ("host-key-unknown", 7)


def test_nothing_is_recorded_by_kubeboot(sshd: Sshd, make_transport: MakeTransport, tmp_path: Path) -> None:
    with pytest.raises(HostKeyUnknown):
        make_transport(sshd, known="").connect()
    assert (tmp_path / "known_hosts").read_text() == ""
    assert not (tmp_path / "home/.ssh").exists()


@pytest.mark.parametrize("kind", BOTH)
def test_pinned_fingerprint_of_any_type(make_sshd: MakeSshd, make_transport: MakeTransport, kind: str) -> None:
    sshd = make_sshd(host_keys=BOTH)
    pin = fingerprint(sshd.folder / f"host_{kind}.pub")
    assert run(make_transport(sshd, known="", host_key=pin), "echo in") == (0, ["in"])


@pytest.mark.parametrize("kind", BOTH)
def test_pinned_public_key(make_sshd: MakeSshd, make_transport: MakeTransport, kind: str) -> None:
    sshd = make_sshd(host_keys=BOTH)
    pin = sshd.host_keys[kind] + " root@node1"
    assert run(make_transport(sshd, known="", host_key=pin), "echo in") == (0, ["in"])


def test_a_wrong_pin_is_changed_although_known_hosts_would_do(
    sshd: Sshd, make_transport: MakeTransport, tmp_path: Path
) -> None:
    make_key(tmp_path / "other")
    expected = fingerprint(tmp_path / "other.pub")
    with pytest.raises(HostKeyChanged) as caught:
        make_transport(sshd, host_key=expected).connect()
    assert expected in caught.value.message
    assert fingerprint(sshd.folder / "host_ed25519.pub") in caught.value.message
    assert (caught.value.reference, caught.value.exit_code) == ("host-key-changed", 7)


def test_a_pinned_type_that_the_host_does_not_have(sshd: Sshd, make_transport: MakeTransport, tmp_path: Path) -> None:
    with pytest.raises(HostKeyChanged) as caught:
        make_transport(sshd, host_key=make_key(tmp_path / "other", "rsa")).connect()
    assert "ssh-rsa" in caught.value.message


def test_a_pin_that_is_none(sshd: Sshd, make_transport: MakeTransport) -> None:
    with pytest.raises(Unreachable) as caught:
        make_transport(sshd, host_key="ssh-ed25519 AAAA").connect()
    assert caught.value.reference == "host-key-pin-invalid"


def test_i10_a_changed_key_is_refused_and_both_are_shown(
    sshd: Sshd, make_transport: MakeTransport, tmp_path: Path
) -> None:
    other = make_key(tmp_path / "other")
    with pytest.raises(HostKeyChanged) as caught:
        make_transport(sshd, known=f"# one\n[127.0.0.1]:{sshd.port} {other}\n").connect()
    error = caught.value
    assert fingerprint(tmp_path / "other.pub") in error.message
    assert fingerprint(sshd.folder / "host_ed25519.pub") in error.message
    assert f"{tmp_path}/known_hosts line 2" in error.message
    assert f"ssh-keygen -f {tmp_path}/known_hosts -R '[127.0.0.1]:{sshd.port}'" in error.hint


def test_i10_another_type_than_the_recorded_is_changed_too(
    sshd: Sshd, make_transport: MakeTransport, tmp_path: Path
) -> None:
    other = make_key(tmp_path / "other", "rsa")
    with pytest.raises(HostKeyChanged):
        make_transport(sshd, known=f"[127.0.0.1]:{sshd.port} {other}\n").connect()


def test_the_recorded_type_is_negotiated(make_sshd: MakeSshd, make_transport: MakeTransport) -> None:
    sshd = make_sshd(host_keys=BOTH)
    for kind in BOTH:
        assert run(make_transport(sshd, known=sshd.known_hosts_line(kind)), "echo in") == (0, ["in"])


def test_the_inventorys_known_hosts_comes_before_the_users(
    sshd: Sshd, make_transport: MakeTransport, tmp_path: Path
) -> None:
    stale = tmp_path / "stale"
    stale.write_text(f"[127.0.0.1]:{sshd.port} {make_key(tmp_path / 'other')}\n")
    assert run(make_transport(sshd, known_hosts=(stale,)), "echo in") == (0, ["in"])
    with pytest.raises(HostKeyChanged):
        make_transport(sshd, known="", known_hosts=(stale,)).connect()


def test_the_users_known_hosts_is_read(sshd: Sshd, make_transport: MakeTransport, tmp_path: Path) -> None:
    users = tmp_path / "users"
    users.write_text(sshd.known_hosts_line())
    assert run(make_transport(sshd, known="", known_hosts=(tmp_path / "none", users)), "echo in") == (0, ["in"])


def test_hashed_names(sshd: Sshd, make_transport: MakeTransport, tmp_path: Path) -> None:
    hashed = tmp_path / "hashed"
    hashed.write_text(sshd.known_hosts_line())
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", hashed], check=True, capture_output=True)
    assert "127.0.0.1" not in hashed.read_text()
    assert run(make_transport(sshd, known=hashed.read_text()), "echo in") == (0, ["in"])


def test_a_revoked_key_is_refused_even_when_recorded(sshd: Sshd, make_transport: MakeTransport, tmp_path: Path) -> None:
    revoked = tmp_path / "revoked"
    revoked.write_text(f"@revoked * {sshd.host_keys['ed25519']}\n")
    for pin in ("", sshd.host_keys["ed25519"]):
        with pytest.raises(HostKeyChanged, match="revoked"):
            make_transport(sshd, known_hosts=(revoked,), host_key=pin).connect()


def test_the_name_without_the_port_does_not_vouch(sshd: Sshd, make_transport: MakeTransport) -> None:
    with pytest.raises(HostKeyUnknown):
        make_transport(sshd, known=f"127.0.0.1 {sshd.host_keys['ed25519']}\n").connect()


def certify(folder: Path, sshd: Sshd, *flags: str) -> str:
    """Give the sshd a certificate by a new authority; the authority's public key."""
    authority = make_key(folder / "authority")
    public = sshd.folder / "host_ed25519.pub"
    command = ["ssh-keygen", "-q", "-s", folder / "authority", "-h", "-I", "test", *flags, public]
    subprocess.run(command, check=True, capture_output=True)
    return authority


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["-n", "127.0.0.1"], ""),
        (["-n", "other,127.0.0.1", "-V", "-1h:+1h"], ""),
        (["-n", "other"], "is for other, not for"),
        ([], "is for nobody"),
        (["-n", "127.0.0.1", "-V", "-2h:-1h"], "not valid now"),
    ],
)
def test_certificates(
    make_sshd: MakeSshd, make_transport: MakeTransport, tmp_path: Path, flags: list[str], reason: str
) -> None:
    sshd = make_sshd(options=[f"HostCertificate {tmp_path}/sshd0/host_ed25519-cert.pub"])
    authority = certify(tmp_path, sshd, *flags)
    sshd.restart()
    transport = make_transport(sshd, known=f"@cert-authority [127.0.0.1]:* {authority}\n")
    if not reason:
        assert run(transport, "echo in") == (0, ["in"])
        return
    with pytest.raises(HostKeyUnknown, match=reason):
        transport.connect()
    recorded = f"@cert-authority [127.0.0.1]:* {authority}\n{sshd.known_hosts_line()}"
    assert run(make_transport(sshd, known=recorded), "echo in") == (0, ["in"]), "the key itself is recorded"


def test_another_authority_or_a_revoked_one(make_sshd: MakeSshd, make_transport: MakeTransport, tmp_path: Path) -> None:
    sshd = make_sshd(options=[f"HostCertificate {tmp_path}/sshd0/host_ed25519-cert.pub"])
    authority = certify(tmp_path, sshd, "-n", "127.0.0.1")
    sshd.restart()
    other = make_key(tmp_path / "other")
    with pytest.raises(HostKeyUnknown, match="no @cert-authority here"):
        make_transport(sshd, known=f"@cert-authority * {other}\n").connect()
    with pytest.raises(HostKeyUnknown, match="@revoked"):
        make_transport(sshd, known=f"@cert-authority * {authority}\n@revoked * {authority}\n").connect()


def test_an_authority_and_a_host_without_a_certificate(
    sshd: Sshd, make_transport: MakeTransport, tmp_path: Path
) -> None:
    other = make_key(tmp_path / "other")
    with pytest.raises(HostKeyUnknown):
        make_transport(sshd, known=f"@cert-authority * {other}\n").connect()
