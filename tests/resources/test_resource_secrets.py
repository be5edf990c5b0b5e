"""I9 on a host: secrets are in root-only files while a unit runs, and neither in its log nor in its records."""

from __future__ import annotations

import time

import pytest

from kubeboot import redaction
from kubeboot.resources import Emit, Secret, Shell
from tests.resources.sandbox import Sandbox

DONE = "[ -e /etc/done ] || drift missing"
TOKEN = "abcdef.0123456789abcdef"


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_values", ())


def test_i9_secret_reaches_the_apply_in_a_root_only_file_and_is_gone_after(sandbox: Sandbox) -> None:
    apply = 'stat -c \'%a %U\' "$(secret it.txt)" >/etc/mode; wc -c <"$(secret it.txt)" >/etc/size; : >/etc/done'
    run = sandbox.run(Shell("it", DONE, apply, None, (Secret("it.txt", "canary\n"),)))
    assert run.statuses == ["changed"]
    assert (sandbox.read("/etc/mode"), sandbox.read("/etc/size")) == ("600 root\n", "7\n")
    assert sandbox.shell("grep -rl canary /etc /run /var /tmp /root || true") == ""


@pytest.mark.parametrize("ending", ("exit 1", "kill -KILL $PPID; sleep 5"))
def test_i9_secret_is_gone_however_the_script_ended(sandbox: Sandbox, ending: str) -> None:
    run = sandbox.run(
        Shell("it", DONE, f'cat "$(secret it.txt)" >/dev/null; {ending}', None, (Secret("it.txt", "canary\n"),))
    )
    assert run.error is not None
    sandbox.shell("for i in {1..50}; do grep -rlq canary /run || exit 0; sleep 0.1; done; exit 1")


def test_i9_value_of_an_output_is_not_in_the_log(sandbox: Sandbox) -> None:
    sandbox.write("/root/value", "canary")
    run = sandbox.run(Emit("value", "cat /root/value"))
    assert "canary" not in sandbox.read(run.log_path)
    assert "canary" not in repr(run.events)


def test_i9_what_a_step_prints_goes_into_the_log_without_secrets(sandbox: Sandbox) -> None:
    redaction.learn("hunter2 of 'the' registry")
    secret = Secret("login", f"password: hunter2 of 'the' registry\ntoken {TOKEN}\n")
    show = 'cat "$(secret login)"; echo it is well >&2'
    run = sandbox.run(Shell("it", DONE, f"{show}; : >/etc/done", show, (secret,)))
    assert run.statuses == ["changed"]
    log = sandbox.read(run.log_path)
    assert "password: ***\n" in log
    assert "token ***\n" in log
    assert "it is well\n" in log
    assert run.diffs == {0: "password: ***\ntoken ***\nit is well\n"}
    for value in ("hunter2", TOKEN):
        assert sandbox.shell(f"grep -rlF '{value}' /etc /run /var /tmp /root || true") == ""


def timers(sandbox: Sandbox) -> list[str]:
    """Those that were started once the unit's end was over."""
    ended = sandbox.path("/run/kubeboot/runs/run-1/the-phase/ended")
    while not ended.exists():
        time.sleep(0.05)
    return [call for call in sandbox.read("/var/log/calls").splitlines() if "--on-active=" in call]


def test_i9_an_output_that_nobody_may_see(sandbox: Sandbox) -> None:
    """It comes back, is hidden in all that is printed afterwards, and its record has a time to live."""
    apply = "echo hunter2.on.the.host | secret_output it; echo got hunter2.on.the.host; : >/etc/done"
    run = sandbox.run(Shell("it", DONE, apply))
    assert run.outputs == {"it": "hunter2.on.the.host\n"}
    assert sandbox.read(run.log_path).endswith("got ***\n")
    assert [call.split()[-2:] for call in timers(sandbox)] == [["-rf", "/run/kubeboot/runs/run-1/the-phase"]]


def test_i9_a_script_without_such_an_output_needs_no_timer(sandbox: Sandbox) -> None:
    sandbox.run(Emit("value", "echo x"))
    assert timers(sandbox) == []


def test_i9_output_that_cannot_be_cleaned_is_not_kept(sandbox: Sandbox) -> None:
    run = sandbox.run(Shell("it", DONE, f'rm "$(secret mask.sed)"; echo {TOKEN}; : >/etc/done'))
    assert run.statuses == ["changed"]
    assert TOKEN not in sandbox.read(run.log_path)
    assert "could not be hidden" in sandbox.read(run.log_path)


def test_i9_here_documents_do_not_reach_a_disk(sandbox: Sandbox) -> None:
    """bash writes those that no pipe can hold into files; these lie beside the script, and only bash looks there."""
    where = 'readlink /proc/self/fd/0 <<<"$(printf "%0200000d" 0)"; bash -c \'echo "in steps: ${TMPDIR:-unset}"\''
    run = sandbox.run(Shell("it", DONE, f"{where}; : >/etc/done"))
    _, said, after = sandbox.read(run.log_path).splitlines()
    assert said.startswith("/run/kubeboot/runs/run-1/the-phase/sh-thd")
    assert after == "in steps: unset"
