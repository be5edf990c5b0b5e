"""I10 over the whole command line: no command and no option lets a changed host key through."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from kubeboot.cli import COMMANDS
from kubeboot.cli.group import run as kubeboot
from kubeboot.report.saved_plan import SavedPlan
from tests.transport.sshd import Sshd, make_key

pytestmark = pytest.mark.sshd
NO_HOSTS = {"phases", "inventory", "version", "report", "completion"}
"""Commands that never connect."""
VALUES = {
    "--ignore-preflight-errors": "cpu-count",
    "--parallel": "3",
    "--wait": "0",
    "--sudo-password-file": "PASSWORD",
    "--password-file": "PASSWORD",
    "--fingerprints": "LIST",
    "--hosts": "node1",
    "--phases": "host-prep,packages",
    "--skip": "packages",
    "--out": "OUT",
    "--bundle": "OUT",
}
"""A value for each option that takes one; a new option needs one here, and so comes under this test."""
FILES = ("PASSWORD", "LIST", "OUT")
NEEDS_TERMINAL = {"--ask-sudo-password"}
SSH_CONFIG = "Host *\n StrictHostKeyChecking no\n UserKnownHostsFile /dev/null\n VerifyHostKeyDNS yes\n"


def command_lines() -> Iterator[tuple[str, ...]]:
    """Each command alone, with each of its options, and with all of them."""
    for name, (module, attribute, _) in COMMANDS.items():
        if name in NO_HOSTS:
            continue
        command: click.Command = getattr(importlib.import_module(module), attribute)
        every: list[str] = []
        yield (name,)
        for option in command.params:
            spelled = option.opts[-1]
            if not isinstance(option, click.Option) or spelled == "--inventory" or spelled in NEEDS_TERMINAL:
                continue
            words = (spelled,) if option.is_flag else (spelled, VALUES[spelled])
            yield (name, *words)
            every += words if spelled not in ("--quiet", "--fingerprints") else ()
        yield (name, *every)


@pytest.mark.parametrize("words", list(command_lines()), ids=" ".join)
def test_i10_a_changed_key_is_refused_under_every_option(
    words: tuple[str, ...], sshd: Sshd, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The key that would be used opens nothing here: were the host key accepted, the login would be refused."""
    make_key(tmp_path / "stranger")
    (tmp_path / "home/.ssh").mkdir()
    (tmp_path / "home/.ssh/config").write_text(SSH_CONFIG)
    (tmp_path / "PASSWORD").write_text("kb-every-option\n")
    (tmp_path / "LIST").write_text(sshd.known_hosts_line())
    (tmp_path / "known_hosts").write_text(f"[127.0.0.1]:{sshd.port} {make_key(tmp_path / 'other')}\n")
    before = (tmp_path / "known_hosts").read_bytes()
    inventory = tmp_path / "inventory.yaml"
    inventory.write_text(
        "cluster: {kubernetesVersion: 1.29.15}\n"
        "addons: {calico: {enabled: false}, ingressNginx: {enabled: false}}\n"
        f"ssh: {{port: {sshd.port}, identityFile: stranger}}\n"
        "hosts: [{name: node1, address: 192.0.2.1, ssh: {host: 127.0.0.1}}]\n"
    )
    plan = SavedPlan(made="", command="plan", cluster="kubernetes", inventory=str(inventory), inputs={}, machines={},
                     would_change=0, in_place=0, resources=())  # fmt: skip
    (tmp_path / "PLAN").write_text(plan.text())
    files = [str(tmp_path / word) if word in FILES else word for word in words]
    first = [files[0], str(tmp_path / "PLAN")] if words[0] == "apply" else [files[0], "-i", str(inventory)]
    code = kubeboot([*first, *files[1:]])
    said = capsys.readouterr()
    assert (code, "[host-key-changed]" in said.err) == (7, True), said.out + said.err
    assert (tmp_path / "known_hosts").read_bytes() == before
    assert "root" not in sshd.log.read_text(), "nobody was to be logged in"
