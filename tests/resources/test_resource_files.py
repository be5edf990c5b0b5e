"""File and Block under real bash: they converge from every state they may find, whatever stands in them."""

from __future__ import annotations

import os

import pytest

from kubeboot.errors import StepFailed
from kubeboot.resources import Block, File, Resource, Service
from tests.resources.sandbox import Sandbox

PATH = "/etc/app/app.conf"
HOSTILE = {
    "substitutions": "$(touch /etc/pwned) `touch /etc/pwned` ${HOME} $((1+1)) \\$x \\n\n",
    "quotes": 'it\'s "quoted" \'\' "" \\\' \\"\n',
    "unicode": "päivää ☃ 東京\n",
    "no newline at the end": "one\ntwo",
    "heredoc terminator": "before\nKUBEBOOT_END\ntouch /etc/pwned\n",
    "heredoc terminator first": "KUBEBOOT_END\nKUBEBOOT_FILES\n",
    "carriage returns": "one\r\ntwo\r\n",
    "empty": "",
    "only newlines": "\n\n\n",
    "percent and tabs": "%s %d %%\t\\t\\0\n",
    "long lines": "x" * 70_000 + "\n" + "y" * 70_000,
    "leading dashes": "-n\n--help\n",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_i1_i2_i3_file_of_any_content_converges_byte_for_byte(sandbox: Sandbox, content: str) -> None:
    plan, _ = sandbox.converge(File(PATH, content, mode="0640"))
    assert plan.reason == "missing"
    assert sandbox.read(PATH) == content
    assert sandbox.path(PATH).stat().st_mode & 0o7777 == 0o640
    assert not sandbox.path("/etc/pwned").exists()


@pytest.mark.parametrize(
    "path", ("/etc/it's here/a file", "/etc/$(touch pwned)/päivä", '/etc/"x"/-n', "/etc/new/a/b/c")
)
def test_file_of_any_path_converges(sandbox: Sandbox, path: str) -> None:
    sandbox.converge(File(path, "content\n"))
    assert sandbox.read(path) == "content\n"


def test_nul_cannot_be_content_and_says_so_while_compiling() -> None:
    with pytest.raises(ValueError, match="NUL"):
        File(PATH, "a\0b\n").check()


def test_plan_shows_what_would_change(sandbox: Sandbox) -> None:
    sandbox.write(PATH, "one\nthe user's\nthree\n")
    plan, applied = sandbox.converge(File(PATH, "one\ntwo\nthree\n"))
    assert plan.statuses == ["drift"]
    assert plan.reason == applied.reason == "content differs"
    assert "-the user's\n+two\n" in plan.diffs[0]
    assert f"--- {PATH} (now)\n+++ {PATH} (wanted)" in plan.diffs[0]


@pytest.mark.parametrize("mode", (0o600, 0o755, 0o4644))
def test_mode_is_put_right(sandbox: Sandbox, mode: int) -> None:
    sandbox.write(PATH, "x\n", mode)
    plan, _ = sandbox.converge(File(PATH, "x\n"))
    assert plan.reason == f"is {mode:o} root:root, wanted 644 root:root"


def test_owner_is_put_right(sandbox: Sandbox) -> None:
    sandbox.write(PATH, "x\n")
    sandbox.converge(File(PATH, "x\n", owner="ada:ada"))
    assert sandbox.path(PATH).stat().st_uid == 1000


def test_unknown_owner_fails_and_leaves_the_old_file(sandbox: Sandbox) -> None:
    sandbox.write(PATH, "old\n")
    run = sandbox.run(File(PATH, "new\n", owner="nobody-there:root"))
    assert run.statuses == ["failed"]
    assert "invalid user" in run.output
    assert sandbox.read(PATH) == "old\n"


def test_symlink_is_replaced_and_its_target_left_alone(sandbox: Sandbox) -> None:
    sandbox.write("/etc/elsewhere", "the target\n")
    sandbox.path("/etc/app").mkdir()
    sandbox.path(PATH).symlink_to("/etc/elsewhere")
    sandbox.run(File(PATH, "new\n"))
    assert not sandbox.path(PATH).is_symlink()
    assert sandbox.read(PATH) == "new\n"
    assert sandbox.read("/etc/elsewhere") == "the target\n"
    assert str(sandbox.path(f"/var/lib/kubeboot/original{PATH}").readlink()) == "/etc/elsewhere"


def test_dangling_symlink_is_replaced(sandbox: Sandbox) -> None:
    sandbox.path("/etc/app").mkdir()
    sandbox.path(PATH).symlink_to("/nowhere")
    sandbox.converge(File(PATH, "new\n"))


def test_directory_in_the_way_fails_and_stays(sandbox: Sandbox) -> None:
    sandbox.write(f"{PATH}/inside", "the user's\n")
    run = sandbox.run(File(PATH, "new\n"))
    assert run.statuses == ["failed"]
    assert sandbox.read(f"{PATH}/inside") == "the user's\n"


def test_rest_of_an_interrupted_write_does_no_harm(sandbox: Sandbox) -> None:
    sandbox.write(f"{PATH}.kubeboot-new", "half a fi", 0o600)
    sandbox.converge(File(PATH, "whole\n"))
    assert not sandbox.path(f"{PATH}.kubeboot-new").exists()


def test_original_is_kept_exactly_once(sandbox: Sandbox) -> None:
    original = f"/var/lib/kubeboot/original{PATH}"
    sandbox.write(PATH, "the user's\n", 0o640)
    sandbox.run(File(PATH, "first\n"))
    sandbox.run(File(PATH, "second\n"))
    assert sandbox.read(original) == "the user's\n"
    assert sandbox.path(original).stat().st_mode & 0o7777 == 0o640
    assert sandbox.path("/var/lib/kubeboot/original").stat().st_mode & 0o077 == 0


def test_a_file_that_was_not_there_is_remembered_as_absent(sandbox: Sandbox) -> None:
    sandbox.run(File(PATH, "first\n"))
    sandbox.run(File(PATH, "second\n"))
    assert sandbox.path(f"/var/lib/kubeboot/original{PATH}.absent").exists()
    assert not sandbox.path(f"/var/lib/kubeboot/original{PATH}").exists()


def test_i9_secret_content_is_in_the_file_and_nowhere_else(sandbox: Sandbox) -> None:
    secret = File(PATH, "password: canary\n", mode="0600", is_secret=True)
    plan, applied = sandbox.converge(secret)
    assert sandbox.read(PATH) == "password: canary\n"
    assert (plan.diffs, applied.diffs) == ({0: "(secret, changed)\n"}, {0: "(secret, changed)\n"})
    for run in (plan, applied):
        assert "canary" not in repr(run)
    left = sandbox.shell("grep -rl canary /etc /run /var /tmp /root || true").split()
    assert left == [PATH]


SERVICE = Service("app")


def with_service(content: str) -> tuple[Resource, ...]:
    return File(PATH, content, restarts="app"), SERVICE


@pytest.fixture
def running(sandbox: Sandbox) -> Sandbox:
    """A host whose service app runs with the configuration "old"."""
    sandbox.write("/var/lib/fake-systemd/app/enabled", "")
    sandbox.write("/var/lib/fake-systemd/app/active", "")
    sandbox.write(PATH, "old\n")
    return sandbox


def restarts(sandbox: Sandbox) -> int:
    return sandbox.calls.count("systemctl restart app")


def test_new_configuration_restarts_a_running_service_once(running: Sandbox) -> None:
    plan = running.run(*with_service("new\n"), mode="plan")
    assert [result.reason for result in plan.results] == ["content differs", "must restart: its configuration changed"]
    assert running.run(*with_service("new\n")).statuses == ["changed", "changed"]
    assert running.run(*with_service("new\n")).statuses == ["ok", "ok"]
    assert restarts(running) == 1


def test_a_plan_leaves_no_restart_behind(running: Sandbox) -> None:
    running.run(*with_service("new\n"), mode="plan")
    assert running.run(SERVICE).statuses == ["ok"]


def test_change_of_mode_alone_restarts_nothing(running: Sandbox) -> None:
    running.path(PATH).chmod(0o600)
    assert running.run(*with_service("old\n")).statuses == ["changed", "ok"]
    assert restarts(running) == 0


def test_i4_killed_before_the_restart_the_next_run_restarts(running: Sandbox) -> None:
    assert running.run(File(PATH, "new\n", restarts="app")).statuses == ["changed"]
    plan = running.run(*with_service("new\n"), mode="plan")
    assert plan.statuses == ["ok", "drift"]
    assert running.run(*with_service("new\n")).statuses == ["ok", "changed"]
    assert restarts(running) == 1


def test_a_service_not_running_yet_is_started_not_restarted(sandbox: Sandbox) -> None:
    sandbox.path("/var/lib/fake-systemd/app").mkdir()
    sandbox.converge(*with_service("new\n"))
    assert restarts(sandbox) == 0
    assert "systemctl start app" in sandbox.calls


BLOCK = Block("/etc/hosts", "kubeboot hosts", ("10.0.0.1 m1", "10.0.0.2 m2"))
BEGIN, END = "# BEGIN kubeboot hosts (managed by kubeboot)\n", "# END kubeboot hosts (managed by kubeboot)\n"
TEXT = f"{BEGIN}10.0.0.1 m1\n10.0.0.2 m2\n{END}"


@pytest.mark.parametrize(
    ("before", "after"),
    (
        ("127.0.0.1 localhost\n", f"127.0.0.1 localhost\n{TEXT}"),
        ("127.0.0.1 localhost", f"127.0.0.1 localhost\n{TEXT}"),
        ("", TEXT),
        (f"{BEGIN}10.9.9.9 old\n{END}127.0.0.1 localhost\n", f"{TEXT}127.0.0.1 localhost\n"),
        (f"a\n{BEGIN}10.9.9.9 old\nb\n", f"a\n10.9.9.9 old\nb\n{TEXT}"),
        (f"a\n{BEGIN}x\n{END}b\n{BEGIN}y\n{END}c\n", f"a\n{TEXT}b\nc\n"),
        (f"a\n{END}b\n", f"a\n{END}b\n{TEXT}"),
        ("it's $(touch /etc/pwned)\n", f"it's $(touch /etc/pwned)\n{TEXT}"),
        ("  # indented\n\n\n", f"  # indented\n\n\n{TEXT}"),
    ),
    ids=(
        "new",
        "no newline",
        "empty file",
        "older block",
        "no end mark",
        "two blocks",
        "end alone",
        "hostile",
        "blanks",
    ),
)
def test_i1_i2_i3_block_converges_and_keeps_every_other_line(sandbox: Sandbox, before: str, after: str) -> None:
    sandbox.write("/etc/hosts", before)
    plan, _ = sandbox.converge(BLOCK)
    assert "10.0.0.1 m1" in plan.diffs[0]
    assert sandbox.read("/etc/hosts") == after
    assert sandbox.read("/var/lib/kubeboot/original/etc/hosts") == before


def test_i3_lines_that_somebody_adds_behind_a_block_are_no_drift(sandbox: Sandbox) -> None:
    sandbox.write("/etc/hosts", "127.0.0.1 localhost\n")
    sandbox.converge(BLOCK)
    sandbox.write("/etc/hosts", sandbox.read("/etc/hosts") + "10.7.7.7 printer\n")
    assert sandbox.run(BLOCK).statuses == ["ok"]


def test_block_makes_a_missing_file(sandbox: Sandbox) -> None:
    sandbox.converge(BLOCK)
    assert sandbox.read("/etc/hosts") == TEXT


def test_block_keeps_mode_and_owner(sandbox: Sandbox) -> None:
    sandbox.write("/etc/hosts", "a\n", 0o640)
    os.chown(sandbox.path("/etc/hosts"), 1000, 1000)
    sandbox.converge(BLOCK)
    info = sandbox.path("/etc/hosts").stat()
    assert (info.st_mode & 0o7777, info.st_uid) == (0o640, 1000)


def test_block_without_a_folder_for_its_file_fails(sandbox: Sandbox) -> None:
    run = sandbox.run(Block("/etc/no/such/file", "x", ("y",)))
    assert isinstance(run.error, StepFailed)
    assert run.statuses == ["failed"]


def test_block_of_hostile_lines(sandbox: Sandbox) -> None:
    sandbox.write("/etc/hosts", "a\n")
    sandbox.converge(Block("/etc/hosts", 'it\'s "here"', ("$(touch /etc/pwned)", "KUBEBOOT_END", "\\1 & %s")))
    assert not sandbox.path("/etc/pwned").exists()
    assert "\n$(touch /etc/pwned)\nKUBEBOOT_END\n\\1 & %s\n" in sandbox.read("/etc/hosts")
