"""Tab, in real shells: commands, options, hosts, phases, findings, keys; quick, and silent for any inventory."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from kubeboot.cli import COMMANDS
from kubeboot.cli.completing import complete_hosts, complete_phases, host_names
from kubeboot.inventory.key_names import key_names
from kubeboot.inventory.reference import all_keys
from kubeboot.preflight import CHECK_NAMES, UNWAIVABLE
from kubeboot.workflows import INIT

ROOT = Path(__file__).parents[2]
INVENTORY = """
cluster: {kubernetesVersion: 1.29.15}
hosts:
  - {name: node1, address: 192.168.56.11, roles: [control-plane]}
  - {name: node2, address: 192.168.56.12, roles: [worker]}
  - {name: store, address: 192.168.56.13, roles: [worker]}
"""
TAB_LIMIT_S = 0.3
HEAVY = ("pydantic", "paramiko", "rich", "jinja2", "cryptography")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An inventory, a HOME of its own, and `kubeboot` on PATH."""
    (tmp_path / "inventory.yaml").write_text(INVENTORY)
    (tmp_path / "other.yaml").write_text("hosts: [{name: elsewhere}]")
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin/kubeboot"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m kubeboot "$@"\n')
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.delenv("KUBEBOOT_INVENTORY", raising=False)
    return tmp_path


def run(*command: str, code: str) -> list[str]:
    done = subprocess.run([*command, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1]


def bash(line: str) -> list[str]:
    """As readline would ask: words are split at = too."""
    words = line.replace("=", " = ").split(" ")
    quoted = " ".join(f"'{word}'" for word in words)
    code = f"""eval "$(kubeboot completion bash)"; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}
    _kubeboot_completion kubeboot; [ ${{#COMPREPLY[@]}} = 0 ] || printf '%s\\n' "${{COMPREPLY[@]}}" """
    return run("bash", "--norc", code=code)


def fish(line: str) -> list[str]:
    found = run("fish", "--no-config", code=f"kubeboot completion fish | source; complete -C '{line}'")
    return [each.partition("\t")[0] for each in found]


def zsh(line: str) -> list[str]:
    """With zsh's own functions replaced by ones that print what would be offered."""
    code = f"""compdef() {{ :; }}; compadd() {{ print -l -- ${{(P)@[-1]}}; }}
    _describe() {{ print -l -- ${{${{(P)3}}%%:*}}; }}
    eval "$(kubeboot completion zsh)"; words=({" ".join(f"'{word}'" for word in line.split(" "))}); CURRENT=$#words
    _kubeboot_completion"""
    return run("zsh", "-f", code=code)


SHELLS = [
    pytest.param(each, marks=pytest.mark.skipif(not shutil.which(each.__name__), reason=f"no {each.__name__}"))
    for each in (bash, fish, zsh)
]
KEYS = ["cluster.networking", "cluster.networking.podSubnet", "cluster.networking.serviceSubnet"]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("kubeboot ", list(COMMANDS)),
        ("kubeboot inv", ["inventory"]),
        ("kubeboot inventory e", ["explain"]),
        ("kubeboot init --dr", ["--dry-run"]),
        ("kubeboot ssh-setup ", ["node1", "node2", "store"]),
        ("kubeboot ssh-setup node1 n", ["node2"]),
        ("kubeboot ssh-setup -i other.yaml ", ["elsewhere"]),
        ("kubeboot ssh-setup -i none.yaml ", []),
        ("kubeboot plan --ignore-preflight-errors mem", ["memory"]),
        ("kubeboot plan --ignore-preflight-errors cpu-count,mem", ["cpu-count,memory"]),
        ("kubeboot inventory explain cluster.networking", [*KEYS, "cluster.networking.dnsDomain"]),
        ("kubeboot completion ", ["bash", "zsh", "fish"]),
        ("kubeboot nosuch ", []),
    ],
)
def test_tab_offers(shell, line: str, expected: list[str]) -> None:
    assert sorted(shell(line)) == sorted(expected)


@pytest.mark.parametrize("shell", SHELLS)
def test_an_option_with_an_equals_sign(shell) -> None:
    prefix = "" if shell is bash else "--ignore-preflight-errors="
    assert shell("kubeboot plan --ignore-preflight-errors=cpu-count,mem") == [f"{prefix}cpu-count,memory"]


def test_files_are_left_to_the_shell(folder: Path) -> None:
    if not shutil.which("fish"):
        pytest.skip("no fish")
    assert fish("kubeboot plan -i oth") == ["other.yaml"]


TYPED = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "PS1='READY''> '; source <(kubeboot completion bash)\n"),
    "zsh": (
        ["zsh", "-f", "-i"],
        "PS1='READY''> '; autoload -U compinit; compinit -u -D; . <(kubeboot completion zsh)\n",
    ),
}


@pytest.mark.parametrize("shell", [each for each in TYPED if shutil.which(each)])
def test_a_tab_that_is_typed(shell: str) -> None:
    """The line is completed and run: `kubeboot vers<Tab><Enter>`."""
    command, setup = TYPED[shell]
    main, end = pty.openpty()
    process = subprocess.Popen(
        command, stdin=end, stdout=end, stderr=end, start_new_session=True, env={**os.environ, "TERM": "dumb"}
    )
    os.close(end)
    seen = b""

    def until(text: bytes) -> None:
        nonlocal seen
        deadline = time.monotonic() + 30
        while text not in seen:
            assert time.monotonic() < deadline, seen
            if select.select([main], [], [], 0.2)[0]:
                seen += os.read(main, 4096)

    try:
        os.write(main, setup.encode())
        until(b"READY> ")
        os.write(main, b"kubeboot vers\t")
        until(b"kubeboot version")
        os.write(main, b"\n")
        until(b"Kubernetes 1.29.0 to")
    finally:
        process.kill()
        process.wait()
        os.close(main)


def ask(line: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    words = line.split(" ")
    variables = {"_KUBEBOOT_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    return subprocess.run(
        [sys.executable, "-m", "kubeboot"], env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        cwd=cwd, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_the_inventory_may_be_named_by_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBEBOOT_INVENTORY", "other.yaml")
    assert ask("kubeboot ssh-setup ", folder).stdout == "plain,elsewhere\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hosts: [",
        "\0",
        "\xff",
        "hosts: 1",
        "hosts: [1, [], {name: {}}, {}]",
        "- a",
        "hosts: {name: x}",
        "a: &a [*a]",
    ],
)
def test_a_broken_inventory_completes_nothing_and_prints_nothing(folder: Path, text: str) -> None:
    (folder / "inventory.yaml").write_text(text, encoding="latin-1")
    assert list(host_names("inventory.yaml")) == []
    done = ask("kubeboot ssh-setup ", folder)
    assert (done.stdout.strip(), done.stderr) == ("", "")


def test_an_inventory_with_problems_still_has_names(folder: Path) -> None:
    (folder / "inventory.yaml").write_text(
        "cluster: {nosuch: 1}\nhosts: [{name: a, bad: 1}, {}, {name: $(x)}, {name: b}]"
    )
    assert list(host_names("inventory.yaml")) == ["a", "b"]


def test_tab_does_not_wait_for_a_pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    assert list(host_names("pipe")) == list(host_names(str(folder))) == list(host_names("a\0b")) == []


LINES = ["kubeboot ssh-setup ", "kubeboot init --ignore-preflight-errors ", "kubeboot inventory explain ", "kubeboot "]


@pytest.mark.parametrize("line", LINES)
def test_tab_is_quick(folder: Path, line: str) -> None:
    """CPU time, the best of three: the machine that runs the tests may be busy."""
    times = []
    for _ in range(3):
        before = os.times()
        assert ask(line, folder).stdout
        after = os.times()
        times.append(after.children_user + after.children_system - before.children_user - before.children_system)
    assert min(times) < TAB_LIMIT_S


@pytest.mark.parametrize("line", LINES)
def test_tab_imports_nothing_heavy(folder: Path, line: str) -> None:
    code = (
        "import os, sys\nfrom kubeboot.cli import main\n"
        f"try: main()\nexcept SystemExit: sys.exit(' '.join(set({HEAVY}) & set(sys.modules)) or None)"
    )
    words = {"COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "_KUBEBOOT_COMPLETE": "bash_complete", **words}
    done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_key_is_offered() -> None:
    assert key_names() == [key.name for key in all_keys()]


def values(complete, incomplete: str, **given: object) -> list[str]:
    context = click.Context(click.Command("x"))
    context.params.update(given)
    return [item.value for item in complete(context, click.Argument(["names"]), incomplete)]


def test_phases_come_in_their_order_and_once() -> None:
    names = [phase.name for phase in INIT]
    assert values(complete_phases, "") == names
    assert values(complete_phases, "images,j") == ["images,join-control-plane", "images,join"]
    assert values(complete_phases, "join,images,jo") == ["join,images,join-control-plane"]
    assert values(complete_phases, "images,zz") == []


def test_hosts_may_stand_in_a_list_with_commas() -> None:
    assert values(complete_hosts, "node1,") == ["node1,node2", "node1,store"]
    assert values(complete_hosts, "", path="other.yaml") == ["elsewhere"]


def test_findings_that_cannot_be_waived_are_not_offered(folder: Path) -> None:
    offered = ask("kubeboot init --ignore-preflight-errors ", folder).stdout.split()
    assert {each.removeprefix("plain,") for each in offered} == CHECK_NAMES - UNWAIVABLE
