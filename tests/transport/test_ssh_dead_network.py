"""A network that is dead without saying so is noticed within 20 s: direct, and behind a jump host."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.transport.sshd import SSHD, MakeSshd, MakeTransport, make_key, run

pytestmark = [pytest.mark.sshd, pytest.mark.lab]  # half a minute, root, network namespaces
LIMIT_S = 20

CLIENT = """
import sys, time
from pathlib import Path
from kubeboot.model import Host, Role, SshSettings
from kubeboot.transport.ssh import SshTransport
folder = Path(sys.argv[1])
host = Host("node1", "10.99.99.2", frozenset({Role.WORKER}), SshSettings(identity_file=folder / "client"))
transport = SshTransport(host, directory=folder, known_hosts=(), ssh_config=())
print(transport.execute(b"echo ready; sleep 60", lambda line: print(line, flush=True) is None), flush=True)
"""


@pytest.fixture
def namespaces() -> Iterator[tuple[str, str]]:
    """Two network namespaces with a cable between them; nothing of the machine's own network is touched."""
    if os.geteuid() != 0 or not SSHD or not shutil.which("ip"):
        pytest.skip("needs root, sshd and ip")
    names = (f"kbtest-a{os.getpid()}", f"kbtest-b{os.getpid()}")
    try:
        for name in names:
            if subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode:
                pytest.skip("this machine lets nobody make network namespaces")
        here = ["ip", "-n", names[0]]
        subprocess.run([*here, "link", "add", "kb0", "type", "veth", "peer", "kb0", "netns", names[1]], check=True)
        for number, name in enumerate(names, 1):
            subprocess.run(["ip", "-n", name, "addr", "add", f"10.99.99.{number}/24", "dev", "kb0"], check=True)
            subprocess.run(["ip", "-n", name, "link", "set", "kb0", "up"], check=True)
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True)


def test_a_black_hole_is_noticed(namespaces: tuple[str, str], tmp_path: Path) -> None:
    ours, theirs = namespaces
    key = make_key(tmp_path / "client")
    (tmp_path / "authorized_keys").write_text(key + "\n")
    (tmp_path / "known_hosts").write_text(f"10.99.99.2 {make_key(tmp_path / 'host')}\n")
    options = [f"HostKey={tmp_path}/host", f"AuthorizedKeysFile={tmp_path}/authorized_keys", "StrictModes=no"]
    options += ["PidFile=none", "UsePAM=no", "PermitRootLogin=yes", "ListenAddress=10.99.99.2"]
    flags = [flag for option in options for flag in ("-o", option)]
    Path("/run/sshd").mkdir(exist_ok=True)
    sshd = subprocess.Popen(
        ["ip", "netns", "exec", theirs, str(SSHD), "-D", "-f", "/dev/null", *flags], stderr=subprocess.DEVNULL
    )
    try:
        client = subprocess.Popen(
            ["ip", "netns", "exec", ours, sys.executable, "-c", CLIENT, tmp_path],
            stdout=subprocess.PIPE,
            text=True,
        )
        with client:
            assert client.stdout
            assert client.stdout.readline() == "ready\n"
            subprocess.run(["ip", "-n", theirs, "link", "set", "kb0", "down"], check=True)
            cut_at = time.monotonic()
            rest, _ = client.communicate(timeout=LIMIT_S + 10)
            assert rest == "None\n"
            assert time.monotonic() - cut_at <= LIMIT_S
    finally:
        sshd.terminate()
        sshd.wait(5)


def test_a_host_that_falls_silent_behind_a_jump_host_is_noticed(
    make_sshd: MakeSshd, make_transport: MakeTransport
) -> None:
    jump, target = make_sshd(), make_sshd()
    config = f"Host 127.0.0.1\n ProxyJump root@localhost:{jump.port}\nHost localhost\n IdentityFile {jump.client_key}\n"
    known = f"[localhost]:{jump.port} {jump.host_keys['ed25519']}\n" + target.known_hosts_line()
    transport = make_transport(target, known=known, config=config)
    assert run(transport, "echo in; sleep 7") == (0, ["in"]), "a silent command on a living host goes on"
    timer = threading.Timer(1, jump.freeze_sessions)
    timer.start()
    started = time.monotonic()
    assert run(transport, "echo in; sleep 60") == (None, ["in"])
    timer.join()
    assert time.monotonic() - started <= LIMIT_S + 1
