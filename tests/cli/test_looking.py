"""`kubeboot inventory new --look`: names and comments from the hosts, and what is said about hosts that differ."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from kubeboot.cli.group import run as kubeboot
from kubeboot.cli.looking import own_names, seen, warnings
from kubeboot.facts import Facts
from kubeboot.inventory.load import load_inventory
from kubeboot.inventory.starting import Start, StartHost, check_start, start_hosts
from tests.transport.sshd import SSHD, Sshd

GOOD = Facts(
    "x", os_id="debian", os_version="12", os_name="Debian GNU/Linux 12 (bookworm)", is_systemd=True, arch="x86_64",
    cpus=4, memory_mb=7960,
)  # fmt: skip


def hosts(count: int, *names: str) -> list[StartHost]:
    given = [(name, f"10.0.0.{100 + number}") for number, name in enumerate(names)]
    return start_hosts((), (), [*given, *(("", f"10.0.0.{number}") for number in range(1, count + 1))])


def named(start: list[StartHost], *said: str) -> list[str]:
    facts = {host.name: replace(GOOD, host=host.name, hostname=name) for host, name in zip(start, said, strict=True)}
    return list(own_names(start, facts).values())


def test_hosts_keep_the_names_they_have() -> None:
    assert named(hosts(3), "alpha", "Beta", "c.example.org") == ["alpha", "beta", "c.example.org"]


@pytest.mark.parametrize("name", ["", "localhost", "my_host", "10.0.0.1", "-x", "a b", "$(reboot)", "x\n  - name: y"])
def test_what_is_no_name_for_a_node_is_not_taken_over(name: str) -> None:
    assert named(hosts(2), name, "b") == ["control1", "b"]


def test_equal_names_are_nobodys() -> None:
    assert named(hosts(3), "debian", "debian", "c") == ["control1", "worker1", "c"]


def test_a_name_that_was_given_stays_and_is_nobody_elses() -> None:
    assert named(hosts(2, "alpha"), "omega", "alpha", "b") == ["alpha", "worker1", "b"]


def test_a_generated_name_gives_way_to_a_hosts_own() -> None:
    assert named(hosts(2), "worker1", "localhost") == ["worker1", "worker1-2"]


def said(start: list[StartHost], *facts: Facts) -> str:
    cluster = check_start(Start(tuple(start)), Path("x.yaml"))[1].cluster
    known = {
        host.name: replace(each, host=host.name, hostname=each.hostname or f"h{number}")
        for number, (host, each) in enumerate(zip(start, facts, strict=True))
    }
    return "\n".join(warnings(start, own_names(start, known), cluster, known))


def test_hosts_that_are_alike_need_no_warning() -> None:
    assert said(hosts(2), GOOD, GOOD) == ""


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (
            {"os_name": "Ubuntu 22.04.4 LTS"},
            "the hosts run different systems: Debian GNU/Linux 12 (bookworm) (1), Ubun",
        ),
        ({"os_id": "alpine"}, "[os-unsupported]"),
        ({"arch": "aarch64"}, "[architecture]"),
        ({"machine_id": "same"}, "h0, h1: same /etc/machine-id same"),
        ({"hostname": "localhost"}, "10.0.0.2: its host name localhost is not a name for a node; it is called worker1"),
    ],
)
def test_what_differs_is_said(changes: dict[str, str], text: str) -> None:
    assert text in said(hosts(2), replace(GOOD, machine_id="same"), replace(GOOD, **changes))


def test_a_small_control_plane_is_said_under_its_own_name() -> None:
    text = said(hosts(2), replace(GOOD, cpus=1, memory_mb=900), replace(GOOD, cpus=1, memory_mb=900))
    assert "h0: has 1 CPU;" in text and "h0: has 900 MB" in text and "h1" not in text


def test_what_was_seen_fits_on_one_line_of_comment() -> None:
    assert seen(GOOD) == "Debian GNU/Linux 12 (bookworm), 4 CPUs, 7.8 GB"
    assert seen(replace(GOOD, os_name="x\nhosts: []\x1b[31m", cpus=1, memory_mb=0)) == "x hosts: [] [31m, 1 CPU"
    assert seen(Facts("x")) == ""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A folder, and an sshd that 192.0.2.1 leads to by ~/.ssh/config."""
    if not SSHD or os.geteuid() != 0:
        pytest.skip("needs root and sshd")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.chdir(tmp_path)
    sshd = Sshd(tmp_path / "sshd")
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/config").write_text(f"Host 192.0.2.*\n  HostName 127.0.0.1\n  Port {sshd.port}\n")
    yield sshd
    sshd.close()


@pytest.mark.sshd
def test_a_look_fills_in_name_and_comment(place: Sshd, tmp_path: Path) -> None:
    (tmp_path / "known_hosts").write_text(place.known_hosts_line())
    code = kubeboot(["inventory", "new", "192.0.2.1", "--look", "--identity-file", str(place.client_key)])
    assert code == 0
    cluster, _ = load_inventory("inventory.yaml")
    own = socket.gethostname().lower()
    assert cluster.hosts[0].name in (own, "control1")
    assert f"address: 192.0.2.1  # {seen_here()}" in (tmp_path / "inventory.yaml").read_text()


def seen_here() -> str:
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    return release["PRETTY_NAME"].strip('"')


@pytest.mark.sshd
def test_an_unknown_host_key_says_how_it_is_accepted(place: Sshd, tmp_path: Path, capsys) -> None:
    code = kubeboot(["inventory", "new", "192.0.2.1-2", "--look", "--identity-file", str(place.client_key)])
    error = capsys.readouterr().err
    assert code == 7
    assert "SHA256:" in error and "kubeboot ssh-setup -i FILE" in error and "--look --force" in error
    assert not (tmp_path / "inventory.yaml").exists()
