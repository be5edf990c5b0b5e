"""Fixtures: a running sshd, and transports to it that know nothing of the user's own ~/.ssh."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kubeboot.model import Host, Role, SshSettings
from kubeboot.transport.ssh import SshTransport
from tests.transport.sshd import SSHD, MakeSshd, MakeTransport, MakeUser, Sshd


@pytest.fixture(autouse=True)
def no_agent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the user's agent nor the user's keys take part."""
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()


@pytest.fixture
def make_sshd(tmp_path: Path) -> Iterator[MakeSshd]:
    if not SSHD:
        pytest.skip("no sshd on this machine (package openssh-server)")
    started: list[Sshd] = []

    def make(**options: Any) -> Sshd:
        started.append(Sshd(tmp_path / f"sshd{len(started)}", **options))
        return started[-1]

    yield make
    for sshd in started:
        sshd.close()


@pytest.fixture
def sshd(make_sshd: MakeSshd) -> Sshd:
    return make_sshd()


@pytest.fixture
def make_transport(tmp_path: Path) -> Iterator[MakeTransport]:
    """A transport to `sshd`, whose key is recorded beside the inventory unless `known` says otherwise."""
    made: list[SshTransport] = []

    def make(sshd: Sshd, *, known: str | None = None, config: str = "", **settings: Any) -> SshTransport:
        options = {key: settings.pop(key) for key in ("sudo_password", "known_hosts", "keys") if key in settings}
        address = settings.pop("address", "127.0.0.1")
        (tmp_path / "known_hosts").write_text(sshd.known_hosts_line() if known is None else known)
        (tmp_path / "ssh_config").write_text(config)
        ssh = replace(SshSettings(port=sshd.port, identity_file=sshd.client_key), **settings)
        host = Host("node1", address, frozenset({Role.WORKER}), ssh)
        files = options.pop("known_hosts", ())
        made.append(
            SshTransport(host, directory=tmp_path, known_hosts=files, ssh_config=(tmp_path / "ssh_config",), **options)
        )
        return made[-1]

    yield make
    for transport in made:
        transport.close()


@pytest.fixture
def open_sshd() -> Iterator[Sshd]:
    """An sshd whose authorized_keys every user can read; pytest's tmp_path is root's alone."""
    if not SSHD or os.geteuid() != 0 or not shutil.which("sudo"):
        pytest.skip("needs root, sshd and sudo")
    with tempfile.TemporaryDirectory(prefix="kbtest-") as folder:
        Path(folder).chmod(0o755)
        sshd = Sshd(Path(folder) / "sshd")
        sshd.client_key.chmod(0o600)
        yield sshd
        sshd.close()


@pytest.fixture
def make_user() -> Iterator[MakeUser]:
    """A user, and what sudoers says of it."""
    name = f"kbtest{os.getpid()}"
    rules = Path(f"/etc/sudoers.d/{name}")

    def make(*lines: str, password: str = "*", shell: str = "/bin/sh", home: Path = Path("/")) -> str:  # noqa: S107
        if password != "*":
            password = subprocess.run(
                ["openssl", "passwd", "-6", "-stdin"], input=password, text=True, capture_output=True, check=True
            ).stdout.strip()
        command = ["useradd", "--system", "--home-dir", str(home), "--shell", shell, "--password", password, name]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"this machine lets nobody make users: {done.stderr}")
        rules.write_text("".join(f"{line.replace('USER', name)}\n" for line in lines))
        rules.chmod(0o440)
        return name

    yield make
    rules.unlink(missing_ok=True)
    Path(f"/var/lib/sudo/lectured/{name}").unlink(missing_ok=True)
    subprocess.run(["userdel", "-f", name], capture_output=True)
