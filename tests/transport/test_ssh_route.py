"""ssh_config and inventory together, without a connection."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any

import pytest

from kubeboot.model import Host, Role, SshSettings
from kubeboot.transport.ssh.route import Hop, RouteError, SshConfig, route


def hops(tmp_path: Path, config: str, address: str = "node1", **settings: Any) -> tuple[Hop, ...]:
    path = tmp_path / "config"
    path.write_text(config)
    host = Host("n", address, frozenset({Role.WORKER}), SshSettings(**settings))
    return route(host, tmp_path, SshConfig((path, tmp_path / "none")))


def test_nothing_configured(tmp_path: Path) -> None:
    (hop,) = hops(tmp_path, "")
    assert (hop.address, hop.port, hop.user, hop.proxy_command) == ("node1", 22, "root", "")


def test_config_fills_in_and_the_inventory_wins(tmp_path: Path) -> None:
    config = "Host node1\n HostName 10.0.0.1\n Port 2200\n User alice\n IdentityFile /k\n HostKeyAlias other\n"
    (hop,) = hops(tmp_path, config)
    assert str(hop) == "alice@10.0.0.1:2200"
    assert (hop.config_identities, hop.known_as) == ((Path("/k"),), "other")
    (hop,) = hops(tmp_path, config, user="bob", port=2022, identity_file=Path("keys/id"))
    assert str(hop) == "bob@10.0.0.1:2022"
    assert hop.identity_file == tmp_path / "keys/id"


def test_proxy_command_gets_the_inventorys_values(tmp_path: Path) -> None:
    (hop,) = hops(tmp_path, "Host *\n ProxyCommand nc -u %r %h %p\n", user="bob", port=2022)
    assert hop.proxy_command == "nc -u bob node1 2022"


def test_jump_hosts(tmp_path: Path) -> None:
    config = "Host node1\n ProxyJump a,carol@b:2201,ssh://[fd00::1]:2202\nHost a\n User dave\n ProxyJump front\n"
    found = hops(tmp_path, config)
    me = getpass.getuser()
    expected = [f"{me}@front:22", "dave@a:22", "carol@b:2201", f"{me}@[fd00::1]:2202", "root@node1:22"]
    assert [str(hop) for hop in found] == expected


def test_jump_none_and_first_keyword_wins(tmp_path: Path) -> None:
    assert len(hops(tmp_path, "Host node1\n ProxyJump none\nHost *\n ProxyJump a\n")) == 1
    (hop,) = hops(tmp_path, "Host node1\n ProxyCommand nc %h %p\nHost *\n ProxyJump a\n")
    assert hop.proxy_command == "nc node1 22"


def test_a_circle_of_jump_hosts(tmp_path: Path) -> None:
    with pytest.raises(RouteError, match="circle"):
        hops(tmp_path, "Host *\n ProxyJump a\n")


def test_include(tmp_path: Path) -> None:
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d/1").write_text("Host node1\n Port 2200\n")
    (tmp_path / "conf.d/2").write_text("Host node2\n User zoe\n")
    (hop,) = hops(tmp_path, "Include conf.d/*\nUser alice\n")
    assert str(hop) == "alice@node1:2200"
    (hop,) = hops(tmp_path, "Host other\n User x\n Include conf.d/2\n Port 1\nHost *\n User y\n")
    assert str(hop) == "y@node1:22"


@pytest.mark.parametrize("config", ["Host 'x\n", "Port\n", "Host *\n Port many\n", "Host *\n ProxyJump :\n"])
def test_a_config_that_cannot_be_used(tmp_path: Path, config: str) -> None:
    with pytest.raises(RouteError):
        hops(tmp_path, config)
