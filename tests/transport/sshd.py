"""A real sshd on a free loopback port, with its own host keys, configuration and authorized key."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from kubeboot.transport.base import Transport
from kubeboot.transport.ssh import SshTransport

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
START_LIMIT_S = 10

MakeSshd = Callable[..., "Sshd"]
MakeTransport = Callable[..., SshTransport]
MakeUser = Callable[..., str]


def run(transport: Transport, payload: str | bytes) -> tuple[int | None, list[str]]:
    """Execute and collect every line."""
    lines: list[str] = []
    data = payload.encode() if isinstance(payload, str) else payload
    status = transport.execute(data, lambda line: lines.append(line) is None)
    return status, lines


def make_key(path: Path, kind: str = "ed25519", passphrase: str = "", *more: str) -> str:
    """Make a key pair; the public key's line without its comment."""
    extra = ["-b", "2048"] if kind == "rsa" else []
    subprocess.run(["ssh-keygen", "-q", "-t", kind, *extra, *more, "-N", passphrase, "-C", "", "-f", path], check=True)
    return " ".join(path.with_name(path.name + ".pub").read_text().split()[:2])


def fingerprint(public: Path) -> str:
    """As ssh-keygen says it."""
    done = subprocess.run(["ssh-keygen", "-lf", public], check=True, capture_output=True, text=True)
    return done.stdout.split()[1]


class Sshd:
    """Starts in the constructor, ends in close. `folder` is its own; `client_key` may log in as anybody."""

    def __init__(self, folder: Path, *, host_keys: Sequence[str] = ("ed25519",), options: Sequence[str] = ()) -> None:
        folder.mkdir()
        self.folder = folder
        self.client_key = folder / "client"
        authorized = make_key(self.client_key)
        self.host_keys = {kind: make_key(folder / f"host_{kind}", kind) for kind in host_keys}
        (folder / "authorized_keys").write_text(authorized + "\n")
        self.port = free_port()
        self.log = folder / "log"
        self._options = options
        self.start()

    def start(self) -> None:
        """Start the daemon and wait until it listens."""
        assert SSHD
        Path("/run/sshd").mkdir(exist_ok=True)
        config = self.folder / "sshd_config"
        lines = [
            *self._options,
            f"ListenAddress 127.0.0.1:{self.port}",
            "ListenAddress [::1]:" + str(self.port),
            *(f"HostKey {self.folder}/host_{kind}" for kind in self.host_keys),
            f"AuthorizedKeysFile {self.folder}/authorized_keys",
            "StrictModes no",
            "PermitRootLogin yes",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "UsePAM no",
            "PidFile none",
        ]
        config.write_text("\n".join(lines) + "\n")
        self._process = subprocess.Popen([SSHD, "-D", "-f", config, "-E", self.log], stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline and self._process.poll() is None:
            if f"Server listening on 127.0.0.1 port {self.port}" in (self.log.read_text() if self.log.exists() else ""):
                return
            time.sleep(0.02)
        raise RuntimeError(f"sshd did not start: {self.log.read_text()}")

    def known_hosts_line(self, kind: str = "ed25519") -> str:
        """What ssh would record."""
        return f"[127.0.0.1]:{self.port} {self.host_keys[kind]}\n"

    def sessions(self) -> list[int]:
        """Pids of this daemon's connection processes."""
        return _children(self._process.pid)

    def kill_sessions(self) -> None:
        """End every connection as a crash would, and leave the daemon listening."""
        for session in self.sessions():
            for pid in (*_children(session), session):
                kill(pid, signal.SIGKILL)

    def freeze_sessions(self) -> None:
        """Every connection stays up and says nothing any more; close ends them all the same."""
        for session in self.sessions():
            for pid in (*_children(session), session):
                kill(pid, signal.SIGSTOP)

    def stop(self) -> None:
        """Stop listening; connections live on."""
        self._process.terminate()
        self._process.wait(5)

    def restart(self) -> None:
        """Stop listening and listen again, with what the files say now."""
        self.stop()
        self.log.unlink()
        self.start()

    def close(self) -> None:
        """End the daemon and every connection."""
        if self._process.poll() is None:
            self.kill_sessions()
            self.stop()


def kill(pid: int, number: int) -> None:
    """Kill one process that may be gone."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def free_port() -> int:
    """A loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
