"""`kubeboot inventory new`: whatever it writes passes `inventory check`; what cannot be leaves no file."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubeboot.cli.inventory import inventory
from kubeboot.errors import UsageError
from kubeboot.inventory.load import CHECKS_WITHOUT_KEYS, load_inventory
from kubeboot.model import Role

ROOT = Path(__file__).parents[2]
BOTH = frozenset(Role)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KUBEBOOT_INVENTORY", raising=False)
    return tmp_path


def new(*arguments: str) -> Result:
    return CliRunner().invoke(inventory, ["new", *arguments])


def hosts() -> list[tuple[str, str, frozenset[Role]]]:
    cluster, _ = load_inventory("inventory.yaml")
    return [(host.name, host.address, host.roles) for host in cluster.hosts]


def test_flags_make_a_file_that_says_what_was_asked_for() -> None:
    planes = ("--control-plane", "cp=10.0.0.1", "--worker", "10.0.0.2-3", "--worker", "db=10.0.0.9")
    result = new(
        *planes, "--name", "lab", "--user", "ops", "--kubernetes-version", "v1.29.7", "--endpoint", "k8s.x.org"
    )
    assert result.exit_code == 0, result.exception
    cluster, warnings = load_inventory("inventory.yaml")
    assert warnings == ()
    assert (cluster.name, cluster.kubernetes_version, cluster.endpoint) == ("lab", "1.29.7", "k8s.x.org:6443")
    assert [host.name for host in cluster.hosts] == ["cp", "worker1", "worker2", "db"]
    assert {host.ssh.user for host in cluster.hosts} == {"ops"}


def test_it_ends_with_the_next_commands() -> None:
    lines = new("10.0.0.1-3", "-o", "my cluster.yaml").output.splitlines()
    assert lines[0] == "wrote my cluster.yaml: 1 control plane (control1), 2 workers"
    commands = [line.partition("   ")[0].strip() for line in lines[2:]]
    assert [line.split(" -i ")[0] for line in commands] == [
        "kubeboot ssh-setup",
        "kubeboot plan",
        "kubeboot init",
    ]
    assert all("-i 'my cluster.yaml'" in line for line in commands)


@pytest.mark.parametrize(("count", "planes"), [(1, 1), (3, 1), (4, 1), (5, 3), (9, 3)])
def test_control_planes_are_the_first_addresses(count: int, planes: int) -> None:
    assert new(f"10.0.0.1-{count}").exit_code == 0
    roles = [roles for _, _, roles in hosts()]
    assert [Role.CONTROL_PLANE in each for each in roles] == [True] * planes + [False] * (count - planes)
    assert (roles[0] == BOTH) == (count == 1)


def test_named_control_planes_leave_the_rest_to_work() -> None:
    assert new("10.0.0.5-6", "--control-plane", "10.0.0.1").exit_code == 0
    assert [(name, address) for name, address, _ in hosts()] == [
        ("control1", "10.0.0.1"),
        ("worker1", "10.0.0.5"),
        ("worker2", "10.0.0.6"),
    ]


def test_generated_names_pass_over_given_ones() -> None:
    assert new("10.0.0.1", "worker1=10.0.0.2", "10.0.0.3").exit_code == 0
    assert [name for name, _, _ in hosts()] == ["control1", "worker1", "worker2"]


def test_hosts_inside_the_default_subnets_get_others() -> None:
    assert new("10.88.0.1", "10.96.3.4").exit_code == 0
    networking = load_inventory("inventory.yaml")[0].networking
    assert (networking.pod_subnet, networking.service_subnet) == ("10.89.0.0/16", "10.97.0.0/16")


def test_every_commented_key_is_valid_once_uncommented(folder: Path) -> None:
    assert new("10.0.0.1-3").exit_code == 0
    path = folder / "inventory.yaml"
    text = re.sub(r"^( *)#(?=[a-zA-Z])", r"\1", path.read_text(), flags=re.MULTILINE)
    (folder / ".ssh").mkdir()
    text = text.replace("~/.ssh/id_ed25519", "key")
    (folder / "key").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    (folder / "key").chmod(0o600)
    path.write_text(text)
    cluster, warnings = load_inventory(path)
    assert warnings == ()
    assert cluster.hosts[-1].ssh.port == 2222 and cluster.endpoint == "k8s.example.com:6443"


def test_a_file_that_is_there_stays_unless_forced(folder: Path) -> None:
    (folder / "inventory.yaml").write_text("mine")
    result = new("10.0.0.1")
    assert isinstance(result.exception, UsageError)
    assert (result.exception.reference, result.exception.exit_code) == ("file-exists", 2)
    assert "--force" in result.exception.hint
    assert (folder / "inventory.yaml").read_text() == "mine"
    assert new("10.0.0.1", "--force").exit_code == 0
    assert len(hosts()) == 1


def test_a_dangling_link_counts_as_a_file(folder: Path) -> None:
    (folder / "inventory.yaml").symlink_to("nowhere")
    assert isinstance(new("10.0.0.1").exception, UsageError)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no address was given"),
        (["10.0.0.3-1"], "ends before it begins"),
        (["10.0.0.1", "--user", "a b"], "--user: .* is not a user name"),
        (["10.0.0.1", "--name", "A"], "--name: .* is not a valid name"),
        (["10.0.0.1", "--kubernetes-version", "1.30.1"], "--kubernetes-version: Kubernetes 1.30 is not supported"),
        (["10.0.0.1", "--endpoint", "http://x"], "--endpoint: .* is not an endpoint"),
        (["10.0.0.1", "--identity-file", "a\nb"], "--identity-file: .* is not a path"),
        (["10.0.0.1", "10.0.0.1"], r"make no inventory: hosts\[1\].address: is the same"),
        (["fd00::1"], "is IPv6"),
        (["10.0.0.1", "-o", "no/such/folder.yaml"], "cannot be written: No such file"),
        (["10.0.0.1", "-o", "~nobody-of-that-name/x.yaml"], "cannot be written: No such file"),
        (["10.0.0.1", "-o", "", "--force"], "is a folder"),
        (["10.0.0.1", "-o", "/dev/null/x.yaml"], "cannot be written: Not a directory"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(folder: Path, arguments: list[str], message: str) -> None:
    result = new(*arguments)
    assert isinstance(result.exception, UsageError)
    assert re.search(message, result.exception.message)
    assert list(folder.iterdir()) == []


def test_a_key_that_is_not_there_is_said() -> None:
    assert "the key none does not exist yet; ssh-setup makes it\n" in new("10.0.0.1", "--identity-file", "none").output


def test_a_relative_key_is_found_from_another_folder(folder: Path) -> None:
    (folder / "sub").mkdir()
    assert new("10.0.0.1", "--identity-file", "key", "-o", "sub/inventory.yaml").exit_code == 0
    assert f"identityFile: {folder}/key\n" in (folder / "sub/inventory.yaml").read_text()


NAMES = st.from_regex(r"[a-z0-9]([a-z0-9.-]{0,8}[a-z0-9])?|yes|null|1e5|0x10", fullmatch=True)
ADDRESSES = st.ip_addresses(v=4).map(str) | st.integers(0, 99).map(lambda last: f"10.88.1.{last}")
WORDS = ADDRESSES | st.tuples(NAMES, ADDRESSES).map("=".join) | st.integers(1, 9).map(lambda n: f"10.0.0.1-{n}")
LISTS = st.lists(WORDS, max_size=4, unique=True)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=120)
@given(
    planes=LISTS,
    workers=LISTS,
    others=LISTS,
    name=NAMES,
    user=st.from_regex(r"[a-zA-Z_][\w.-]{0,8}|true|no", fullmatch=True),
    key=st.text(max_size=12).filter(lambda text: "\0" not in text),
    endpoint=st.just("") | NAMES | ADDRESSES,
)
def test_what_is_written_passes_the_check(folder, planes, workers, others, name, user, key, endpoint) -> None:
    flags = [f"--control-plane={each}" for each in planes] + [f"--worker={each}" for each in workers]
    given_flags = [f"--name={name}", f"--user={user}", f"--identity-file={key}", f"--endpoint={endpoint}"]
    result = new(*flags, *given_flags, "--", *others)
    path = folder / "inventory.yaml"
    if result.exception:
        assert isinstance(result.exception, UsageError), result.exc_info
        assert not path.exists()
        return
    cluster, _ = load_inventory(path, CHECKS_WITHOUT_KEYS)
    path.unlink()
    assert (cluster.name, {host.ssh.user for host in cluster.hosts}) == (name, {user})


def test_on_a_terminal_it_asks(folder: Path) -> None:
    """Wrong answers are asked again; the control planes work where there are no workers."""
    answers = ["lab", "1.30.1", "1.29.3", "", "10.0.0.1", "", "ops", "~/key"]
    main, end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "kubeboot", "inventory", "new"],
        cwd=folder, stdin=end, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    os.write(main, "".join(f"{answer}\n" for answer in answers).encode())
    output, _ = process.communicate(timeout=60)
    os.close(main)
    os.close(end)
    assert process.returncode == 0, output
    assert "Kubernetes 1.30 is not supported" in output and "there must be one at least" in output
    text = (folder / "inventory.yaml").read_text()
    assert "name: lab" in text and "1.29.3" in text and "identityFile: ~/key" in text and "user: ops" in text
    assert "roles: [control-plane, worker]" in text
