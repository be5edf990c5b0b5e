"""Getting in, and what is said when it does not work."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from kubeboot.errors import Unreachable
from tests.transport.sshd import MakeSshd, MakeTransport, Sshd, free_port, kill, make_key, run

pytestmark = pytest.mark.sshd


def refusal(transport) -> Unreachable:
    with pytest.raises(Unreachable) as caught:
        transport.connect()
    assert caught.value.host == "node1"
    assert caught.value.exit_code == 4
    return caught.value


@contextmanager
def server(answer: bytes) -> Iterator[int]:
    """Something that listens, says `answer` to everybody, and waits. Its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        kept: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                kept.append(connection)
                connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)
        for connection in kept:
            connection.close()


def test_connection_refused(sshd: Sshd, make_transport: MakeTransport) -> None:
    assert refusal(make_transport(sshd, port=free_port())).reference == "connection-refused"


def test_name_unknown(sshd: Sshd, make_transport: MakeTransport) -> None:
    error = refusal(make_transport(sshd, address="no-such-host.invalid"))
    assert error.reference == "host-name-unknown"


def test_connection_timeout(sshd: Sshd, make_transport: MakeTransport) -> None:
    with socket.socket() as full:  # a backlog of none that is already taken: the kernel drops what comes
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        started = time.monotonic()
        error = refusal(make_transport(sshd, port=full.getsockname()[1], connect_timeout_s=2))
        for filler in fillers:
            filler.close()
    assert error.reference == "connection-timeout"
    assert time.monotonic() - started < 4


def test_not_an_ssh_server(sshd: Sshd, make_transport: MakeTransport) -> None:
    with server(b"220 mail.example.com ESMTP \x1b[31m\r\n") as port:
        error = refusal(make_transport(sshd, port=port))
    assert error.reference == "not-an-ssh-server"
    assert "220 mail.example.com" in error.message
    assert "\x1b" not in error.message


def test_a_silent_server(sshd: Sshd, make_transport: MakeTransport) -> None:
    started = time.monotonic()
    with server(b"") as port:
        error = refusal(make_transport(sshd, port=port, connect_timeout_s=2))
    assert error.reference == "ssh-silent"
    assert time.monotonic() - started < 6


def test_an_old_protocol(sshd: Sshd, make_transport: MakeTransport) -> None:
    with server(b"SSH-1.5-old\r\n") as port:
        assert refusal(make_transport(sshd, port=port)).reference == "ssh-protocol-mismatch"


def test_no_common_algorithm(make_sshd: MakeSshd, make_transport: MakeTransport) -> None:
    sshd = make_sshd(options=["Ciphers aes128-cbc"])
    assert refusal(make_transport(sshd)).reference == "ssh-protocol-mismatch"


def test_auth_refused_says_what_was_tried(sshd: Sshd, make_transport: MakeTransport, tmp_path: Path) -> None:
    make_key(tmp_path / "stranger")
    error = refusal(make_transport(sshd, identity_file=tmp_path / "stranger"))
    assert error.reference == "auth-refused"
    assert "root" in error.message
    assert str(tmp_path / "stranger") in error.message
    assert f"ssh-copy-id -p {sshd.port} root@127.0.0.1" in error.hint


def test_no_key_at_all(sshd: Sshd, make_transport: MakeTransport) -> None:
    error = refusal(make_transport(sshd, identity_file=None))
    assert error.reference == "auth-refused"
    assert "no key at all" in error.message


def test_default_keys_are_found(sshd: Sshd, make_transport: MakeTransport, tmp_path: Path) -> None:
    folder = tmp_path / "home/.ssh"
    folder.mkdir()
    (folder / "id_ed25519").write_bytes(sshd.client_key.read_bytes())
    assert run(make_transport(sshd, identity_file=None), "echo in") == (0, ["in"])


def test_an_encrypted_key(sshd: Sshd, make_transport: MakeTransport, tmp_path: Path) -> None:
    make_key(tmp_path / "locked", passphrase="secret")
    error = refusal(make_transport(sshd, identity_file=tmp_path / "locked"))
    assert error.reference == "key-encrypted"
    assert f"ssh-add {tmp_path / 'locked'}" in error.hint


@pytest.mark.parametrize("has_public", [True, False])
def test_an_encrypted_key_that_the_agent_holds(
    sshd: Sshd, make_transport: MakeTransport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_public: bool
) -> None:
    agent_socket = tmp_path / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", agent_socket], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 5
        while not agent_socket.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(agent_socket))
        for number in range(8):  # more keys than MaxAuthTries: only the matching one may be tried
            make_key(tmp_path / f"other{number}")
            subprocess.run(["ssh-add", "-q", tmp_path / f"other{number}"], check=True)
        subprocess.run(["ssh-add", "-q", sshd.client_key], check=True)
        subprocess.run(
            ["ssh-keygen", "-q", "-p", "-P", "", "-N", "secret", "-f", sshd.client_key], check=True, capture_output=True
        )
        if not has_public:
            sshd.client_key.with_suffix(".pub").unlink()
        assert run(make_transport(sshd), "echo in") == (0, ["in"])
    finally:
        kill(agent.pid, 15)
        agent.wait(5)


@pytest.mark.parametrize(("content", "text"), [(None, "No such file"), (b"\x00rubbish", "not a private key")])
def test_an_unusable_key_file(
    sshd: Sshd, make_transport: MakeTransport, tmp_path: Path, content: bytes | None, text: str
) -> None:
    if content is not None:
        (tmp_path / "bad").write_bytes(content)
    error = refusal(make_transport(sshd, identity_file=Path("bad")))
    assert error.reference == "key-unreadable"
    assert text in error.message


def test_max_startups_is_waited_out(make_sshd: MakeSshd, make_transport: MakeTransport) -> None:
    sshd = make_sshd(options=["MaxStartups 2"])
    transports = [make_transport(sshd) for _ in range(10)]
    with ThreadPoolExecutor(10) as pool:
        results = list(pool.map(lambda transport: run(transport, "echo in"), transports))
    assert results == [(0, ["in"])] * 10


def test_many_hosts_behind_a_jump_host_that_lets_two_in_at_a_time(
    make_sshd: MakeSshd, make_transport: MakeTransport
) -> None:
    jump, target = make_sshd(options=["MaxStartups 2", "MaxSessions 2"]), make_sshd(options=["MaxStartups 2"])
    config = f"Host 127.0.0.1\n ProxyJump root@localhost:{jump.port}\nHost localhost\n IdentityFile {jump.client_key}\n"
    known = f"[localhost]:{jump.port} {jump.host_keys['ed25519']}\n{target.known_hosts_line()}"
    transports = [make_transport(target, known=known, config=config) for _ in range(20)]
    with ThreadPoolExecutor(20) as pool:
        results = list(pool.map(lambda transport: run(transport, "echo in"), transports))
    assert results == [(0, ["in"])] * 20


def test_an_sshd_that_turns_everybody_away(sshd: Sshd, make_transport: MakeTransport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    listener.accept()[0].close()
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        started = time.monotonic()
        error = refusal(make_transport(sshd, port=listener.getsockname()[1], connect_timeout_s=1))
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)
    assert error.reference == "ssh-turned-away"
    assert time.monotonic() - started < 6


def test_ipv6(sshd: Sshd, make_transport: MakeTransport) -> None:
    known = f"[::1]:{sshd.port} {sshd.host_keys['ed25519']}\n"
    assert run(make_transport(sshd, address="::1", known=known), "echo in") == (0, ["in"])


def test_ssh_config_gives_what_the_inventory_leaves_open(sshd: Sshd, make_transport: MakeTransport) -> None:
    config = f"Host node1.lab\n HostName 127.0.0.1\n Port {sshd.port}\n User root\n IdentityFile {sshd.client_key}\n"
    transport = make_transport(sshd, address="node1.lab", port=22, identity_file=None, config=config)
    assert run(transport, "echo in") == (0, ["in"])


def test_proxy_jump_through_two_hosts_checks_each_key(make_sshd: MakeSshd, make_transport: MakeTransport) -> None:
    outer, inner, target = make_sshd(), make_sshd(), make_sshd()
    config = "\n".join(
        [
            f"Host 127.0.0.1\n ProxyJump root@outer,root@localhost:{inner.port}",
            f"Host outer\n HostName localhost\n Port {outer.port}\n IdentityFile {outer.client_key}",
            f"Host localhost\n IdentityFile {inner.client_key}",
        ]
    )
    jumps = [f"[localhost]:{jump.port} {jump.host_keys['ed25519']}\n" for jump in (outer, inner)]
    transport = make_transport(target, known="".join([*jumps, target.known_hosts_line()]), config=config)
    assert run(transport, "echo in") == (0, ["in"])
    assert [len(sshd.sessions()) for sshd in (outer, inner, target)] == [1, 1, 1]
    outer.kill_sessions()
    assert run(transport, "echo in") == (None, [])
    transport.connect()
    assert run(transport, "echo in") == (0, ["in"])
    with pytest.raises(Unreachable, match=f"nobody vouches for the key of localhost port {outer.port}"):
        make_transport(target, config=config).connect()


def test_proxy_jump_to_nowhere(make_sshd: MakeSshd, make_transport: MakeTransport) -> None:
    jump, target = make_sshd(), make_sshd()
    config = f"Host 127.0.0.1\n ProxyJump root@localhost:{jump.port}\nHost localhost\n IdentityFile {jump.client_key}\n"
    known = f"[localhost]:{jump.port} {jump.host_keys['ed25519']}\n"
    error = refusal(make_transport(target, known=known, config=config, port=free_port()))
    assert error.reference == "proxy-failed"


def test_proxy_command(sshd: Sshd, make_transport: MakeTransport, tmp_path: Path) -> None:
    relay = tmp_path / "relay.py"
    relay.write_text(
        "import socket, sys, threading, os\n"
        "s = socket.create_connection((sys.argv[1], int(sys.argv[2])))\n"
        "def up():\n    while d := os.read(0, 65536): s.sendall(d)\n    os._exit(0)\n"
        "threading.Thread(target=up, daemon=True).start()\n"
        "while d := s.recv(65536): os.write(1, d)\n"
    )
    transport = make_transport(sshd, config=f"Host *\n ProxyCommand python3 {relay} %h %p\n")
    assert run(transport, "echo in") == (0, ["in"])
    assert run(transport, b"cat | wc -c\n" + bytes(5_000_000)) == (0, ["5000000"])


def test_a_proxy_command_that_fails(sshd: Sshd, make_transport: MakeTransport) -> None:
    error = refusal(make_transport(sshd, config="Host *\n ProxyCommand sh -c 'echo no such bastion >&2; exit 3'\n"))
    assert error.reference == "proxy-failed"
    assert "no such bastion" in error.message


def test_paramiko_says_nothing_itself(
    sshd: Sshd, make_transport: MakeTransport, capfd: pytest.CaptureFixture[str]
) -> None:
    with server(b"rubbish\r\n") as port:
        refusal(make_transport(sshd, port=port))
    assert capfd.readouterr() == ("", "")
