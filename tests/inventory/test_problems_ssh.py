"""What the inventory says about getting in: sudo passwords by file or command, other names, nothing in clear."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kubeboot.inventory.load import load_inventory, read_inventory
from kubeboot.inventory.show import inventory_yaml
from tests.inventory.conftest import Load, Problems

Base = Callable[..., str]
Assert = Callable[..., None]


@pytest.mark.parametrize(
    "key", ["password", "sudoPassword", "sudo_password", "becomePass", "ansible_become_password", "passphrase"]
)
@pytest.mark.parametrize("is_shared", [True, False])
def test_no_password_in_clear(problems_of: Problems, base: Base, key: str, is_shared: bool) -> None:
    text = base(hosts=f"ssh:\n  {key}: my-secret") if is_shared else base(hosts=f"    ssh: {{{key}: my-secret}}")
    (problem,) = problems_of(text)
    assert problem.path.endswith(f"ssh.{key}")
    assert "not for the inventory" in problem.message
    assert "sudoPasswordFile" in problem.hint and "--ask-sudo-password" in problem.hint
    assert "my-secret" not in problem.message + problem.hint


def test_each_host_may_have_its_own(load: Load, base: Base, tmp_path: Path) -> None:
    for name in ("shared", "own"):
        (tmp_path / name).write_text("x\n")
        (tmp_path / name).chmod(0o600)
    more = "    ssh: {sudoPasswordFile: own, host: node2.mgmt}\nssh: {sudoPasswordCommand: [pass, show, sudo]}"
    cluster, warnings = load(base(hosts=more))
    assert warnings == ()
    first, second = (host.ssh for host in cluster.hosts)
    assert (first.sudo_password_file, first.sudo_password_command) == (None, ("pass", "show", "sudo"))
    assert (second.sudo_password_file, second.sudo_password_command) == (tmp_path / "own", ())
    assert (first.host, second.host) == ("", "node2.mgmt")
    (tmp_path / "shown.yaml").write_text(inventory_yaml(read_inventory(tmp_path / "inventory.yaml")))
    assert load_inventory(tmp_path / "shown.yaml")[0].hosts == cluster.hosts


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("{sudoPasswordFile: none}", "ssh.sudoPasswordFile", "does not exist"),
        ("{sudoPasswordFile: empty}", "ssh.sudoPasswordFile", "is not one line with a password"),
        ("{sudoPasswordFile: good, sudoPasswordCommand: [x]}", "ssh.sudoPasswordCommand", "is given beside"),
        ("{sudoPasswordCommand: pass show x}", "ssh.sudoPasswordCommand", "it must be a list|is not a list"),
        ('{sudoPasswordCommand: [""]}', "ssh.sudoPasswordCommand", "begins with an empty word"),
    ],
)
def test_what_cannot_be(problems_of: Problems, base: Base, tmp_path: Path, text: str, path: str, message: str) -> None:
    (tmp_path / "empty").write_text("")
    (tmp_path / "good").write_text("x")
    problems = [problem for problem in problems_of(base(hosts=f"ssh: {text}")) if not problem.is_warning]
    assert [problem.path for problem in problems] == [path]
    assert any(part in problems[0].message for part in message.split("|"))


def test_a_password_file_that_others_can_read(problems_of: Problems, base: Base, tmp_path: Path) -> None:
    (tmp_path / "open").write_text("x")
    (tmp_path / "open").chmod(0o644)
    (problem,) = problems_of(base(hosts="ssh: {sudoPasswordFile: open}"))
    assert problem.is_warning and "can be read by others" in problem.message


@pytest.mark.parametrize("name", ["fe80::1%eth0", "2001:db8::5", "node-2.mgmt.example.com", "my_alias", "10.0.0.9"])
def test_names_to_log_in_by(load: Load, base: Base, name: str) -> None:
    assert load(base(hosts=f'    ssh: {{host: "{name}"}}'))[0].hosts[1].ssh.host == name


@pytest.mark.parametrize("name", ["-oProxyCommand=x", "a b", "$(id)", "root@x", "x;y", "a" * 300, "[::1]"])
def test_names_that_are_none(problems_of: Problems, base: Base, name: str) -> None:
    (problem,) = problems_of(base(hosts=f'    ssh: {{host: "{name}"}}'))
    assert "is not a host name or address" in problem.message
