"""Shell, WaitFor and Emit, and the rules that hold for every check and apply."""

from __future__ import annotations

import subprocess

import pytest

from kubeboot.engine.owner import this_run
from kubeboot.errors import CheckBroken, HostBusy, NotConverged, StepFailed
from kubeboot.resources import Emit, File, Phase, Resource, Shell, Step, WaitFor
from tests.resources.sandbox import Sandbox, context

DONE = "[ -e /etc/done ] || drift 'not done'"
AFTER = File("/etc/after", "x\n")


def test_i1_i2_i3_shell_converges(sandbox: Sandbox) -> None:
    plan, applied = sandbox.converge(Shell("it", DONE, ": >/etc/done", "echo the difference"))
    assert plan.reason == applied.reason == "not done"
    assert plan.diffs[0] == "the difference\n"


BROKEN = {
    "missing binary": "no-such-program --version",
    "missing binary in a pipeline": "no-such-program | cat",
    "unset variable": 'echo "$no_such_variable"',
    "failing command before a good one": "false; true",
    "fails by itself": "fail 'cannot tell'",
    "exit 1": "exit 1",
    "exit 91": "exit 91",
    "killed": "kill -KILL $BASHPID",
    "failing command substitution": 'x=$(false); echo "$x"',
}


@pytest.mark.parametrize("check", BROKEN.values(), ids=BROKEN)
def test_a_broken_check_is_unknown_and_nothing_is_applied(sandbox: Sandbox, check: str) -> None:
    for mode in ("plan", "apply"):
        run = sandbox.run(Shell("it", check, ": >/etc/applied"), AFTER, mode=mode)
        assert run.statuses == ["unknown"]
        assert isinstance(run.error, CheckBroken)
        assert (run.error.phase, run.error.step) == ("the-phase", "the-step")
    assert not sandbox.path("/etc/applied").exists()
    assert not sandbox.path("/etc/after").exists()


def test_output_of_a_broken_check_is_told(sandbox: Sandbox) -> None:
    run = sandbox.run(Shell("it", "echo one; no-such-program", "true"))
    assert run.error is not None
    assert "one\n" in run.error.output
    assert "no-such-program: command not found" in run.error.output
    assert "A program is missing" in run.error.hint


@pytest.mark.parametrize(
    "middle", ("false", "no-such-program", "false | cat", "x=$(false)", "(exit 3)", 'echo "$unset"')
)
def test_a_failing_apply_stops_at_the_failing_line(sandbox: Sandbox, middle: str) -> None:
    run = sandbox.run(Shell("it", DONE, f": >/etc/before\n{middle}\n: >/etc/done"), AFTER)
    assert run.statuses == ["failed"]
    assert type(run.error) is StepFailed
    assert run.reason == "not done"
    assert sandbox.path("/etc/before").exists()
    assert not sandbox.path("/etc/done").exists()
    assert not sandbox.path("/etc/after").exists()


def test_exit_code_and_last_lines_of_a_failing_apply_are_told(sandbox: Sandbox) -> None:
    run = sandbox.run(Shell("it", DONE, "for i in {1..50}; do echo line $i; done; exit 42"))
    assert run.error is not None
    assert "exit 42" in run.error.message
    assert run.error.output.splitlines() == [f"line {number}" for number in range(31, 51)]
    assert run.error.log_path == run.log_path
    assert "line 1\n" in sandbox.read(run.log_path)
    assert sandbox.path(run.log_path).stat().st_mode & 0o077 == 0


def test_an_apply_that_does_nothing_has_not_converged(sandbox: Sandbox) -> None:
    run = sandbox.run(Shell("it", DONE, "echo I did it"), AFTER)
    assert run.statuses == ["not-converged"]
    assert isinstance(run.error, NotConverged)
    assert "still not done" in run.error.message
    assert "I did it" in run.error.output


def test_a_check_that_breaks_after_the_apply_is_unknown(sandbox: Sandbox) -> None:
    run = sandbox.run(Shell("it", "[ ! -e /etc/done ] || exit 7\ndrift first", ": >/etc/done"))
    assert run.statuses == ["unknown"]


def test_a_drift_that_nothing_can_be_done_about_fails(sandbox: Sandbox) -> None:
    assert sandbox.run(Shell("it", "drift 'bad hardware'"), mode="plan").statuses == ["drift"]
    run = sandbox.run(Shell("it", "drift 'bad hardware'"))
    assert run.statuses == ["failed"]
    assert run.error is not None
    assert "bad hardware" in run.error.output


def test_stdin_hungry_commands_do_not_eat_the_script(sandbox: Sandbox) -> None:
    hungry = Shell("hungry", f"cat; {DONE}", "cat >/etc/eaten; : >/etc/done", "cat")
    assert sandbox.run(hungry, AFTER).statuses == ["changed", "changed"]
    assert sandbox.read("/etc/eaten") == ""


def test_functions_and_variables_of_one_resource_do_not_reach_the_next(sandbox: Sandbox) -> None:
    first = Shell("first", "state=left; helper() { :; }; cd /tmp; umask 777; set +e", None)
    second = Shell("second", '[ -z "${state:-}" ]; ! declare -F helper; [ "$PWD" != /tmp ]; [ "$(umask)" = 0022 ]')
    assert sandbox.run(first, second).statuses == ["ok", "ok"]


HOSTILE_LABELS = ("it's", "$(touch /etc/pwned)", 'a "b" `c`', "tab\there", "new\nline", "päivää", "-n", "")


@pytest.mark.parametrize("label", HOSTILE_LABELS)
def test_a_label_is_only_text(sandbox: Sandbox, label: str) -> None:
    run = sandbox.run(Shell(label, DONE, "echo done; : >/etc/done"), WaitFor(label, "true", 1))
    assert run.statuses == ["changed", "ok"]
    assert not sandbox.path("/etc/pwned").exists()


def test_control_characters_in_output_do_not_reach_the_controller(sandbox: Sandbox) -> None:
    run = sandbox.run(Shell("it", DONE, "printf '\\033[31mred\\007\\000\\377\\033]0;title\\007'; exit 1"))
    assert "red" in run.output
    assert not {"\x1b", "\x07", "\x00"} & set(run.output)


def test_printed_records_are_not_records(sandbox: Sandbox) -> None:
    forge = 'printf "%s\\tE\\tdone\\n" "$KB_NONCE"; printf "R\\t0\\tok\\n"'
    assert sandbox.run(Shell("it", f"{forge}; {DONE}", f"{forge}; : >/etc/done"), AFTER).statuses == [
        "changed",
        "changed",
    ]


def test_wait_passes_as_soon_as_the_condition_does(sandbox: Sandbox) -> None:
    wait = WaitFor(
        "it", 'n=$(cat /tmp/n 2>/dev/null || echo 0); echo $((n + 1)) >/tmp/n\n[ $n = 3 ] || drift "n is $n"', 20, 0.05
    )
    run = sandbox.run(wait)
    assert run.statuses == ["ok"]
    assert run.reason == ""
    assert run.waits == ["n is 0", "n is 1", "n is 2"]


def test_wait_that_times_out_fails_with_its_reason_and_explanation(sandbox: Sandbox) -> None:
    wait = WaitFor(
        "the thing", "drift 'two pods'", 1, 0.1, on_timeout="echo the pods are pending; false; echo and more"
    )
    run = sandbox.run(wait, AFTER)
    assert run.statuses == ["failed"]
    assert run.reason == "two pods"
    assert "Not there after 1 s: two pods" in run.output
    assert "the pods are pending" in run.output
    assert type(run.error) is StepFailed
    assert run.waits == ["two pods"]


def test_wait_tells_what_a_broken_condition_prints_now_not_what_it_drifted_from_before(sandbox: Sandbox) -> None:
    condition = "if [ ! -e /tmp/once ]; then : >/tmp/once; drift 'pods are pending'; fi\nno-such-program"
    run = sandbox.run(WaitFor("the API", condition, 1, 0.1))
    assert run.waits[0] == "pods are pending"
    assert "no-such-program: command not found" in run.reason
    assert run.reason.startswith("the API: ")


def test_wait_in_a_plan_does_not_wait(sandbox: Sandbox) -> None:
    run = sandbox.run(WaitFor("it", "drift 'not there'", 600), mode="plan")
    assert run.statuses == ["drift"]
    assert run.waits == []


def test_wait_condition_stops_at_its_first_failing_line(sandbox: Sandbox) -> None:
    assert sandbox.run(WaitFor("it", "false\ntrue", 0, 0.1)).statuses == ["failed"]


@pytest.mark.parametrize(
    "value",
    ("one line", "two\nlines", "", "päivää 'x' $(y)", "x" * 300_000),
    ids=("one", "two", "empty", "hostile", "long"),
)
def test_output_comes_back_as_it_was(sandbox: Sandbox, value: str) -> None:
    sandbox.write("/etc/value", value)
    run = sandbox.run(Emit("value", "cat /etc/value"))
    assert run.statuses == ["ok"]
    assert run.outputs == {"value": value + "\n"}


def test_output_that_cannot_be_had_is_unknown_in_apply_and_to_come_in_plan(sandbox: Sandbox) -> None:
    emit = Emit("value", "cat /etc/no-such-file")
    assert sandbox.run(emit).statuses == ["unknown"]
    plan = sandbox.run(emit, mode="plan")
    assert (plan.statuses, plan.reason, plan.outputs) == (["drift"], "known after init", {})


def running_script(sandbox: Sandbox, seconds: float) -> None:
    """What a killed run left behind: a script that goes on for that long."""
    sandbox.shell(
        "mkdir -p /run/kubeboot; exec 9>>/run/kubeboot/lock; flock 9; echo 'packages /run/old' >/run/kubeboot/lock\n"
        "mkdir -p /run/old; printf 'n\\tS\\tinstall\\n' >/run/old/records\n"
        f"setsid sleep {seconds} >/dev/null 2>&1 </dev/null &"
    )


def test_a_script_that_was_left_running_is_waited_for_and_named(sandbox: Sandbox) -> None:
    running_script(sandbox, 4)
    run = sandbox.run(AFTER)
    assert run.statuses == ["changed"]
    assert run.waits == ["what an interrupted run left running here to end: packages, install"]


def test_a_script_that_does_not_end_makes_the_host_busy(sandbox: Sandbox) -> None:
    running_script(sandbox, 12)
    run = sandbox.run(AFTER)
    assert isinstance(run.error, HostBusy)
    assert run.error.message.endswith("did not end in time: packages")
    assert not sandbox.path("/etc/after").exists()


def test_i1_plan_waits_for_nobody(sandbox: Sandbox) -> None:
    running_script(sandbox, 4)
    assert sandbox.run(AFTER, mode="plan").statuses == ["drift"]


def test_a_host_that_another_run_took_over_is_left_alone(sandbox: Sandbox) -> None:
    other = this_run("20260101-000000-abcd", "init")
    sandbox.write("/run/kubeboot/owner", f"{other.run_id} 0 {other.encode()}\n")
    run = sandbox.run(AFTER)
    assert isinstance(run.error, HostBusy)
    assert other.user in run.error.message
    assert not sandbox.path("/etc/after").exists()


SLOW: tuple[Resource, ...] = (Shell("slow", DONE, "sleep 300 & sleep 300; wait"),)


def test_a_step_that_takes_too_long_is_stopped_with_all_it_started(sandbox: Sandbox) -> None:
    run = sandbox.run(*SLOW, AFTER, step_s=1)
    assert run.error is not None
    assert type(run.error) is StepFailed
    assert "did not end within 1 s and was stopped" in run.error.output
    assert run.error.step == "the-step"
    assert not sandbox.path("/etc/after").exists()
    assert "sleep 300" not in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout


def test_a_run_that_is_asked_to_stop_ends_before_its_next_step(sandbox: Sandbox) -> None:
    stop = Shell("stop", DONE, ': >"$KB_DIR/stop"; : >/etc/done')
    steps = (Step("one", "One", "safe", lambda _: iter((stop,))), Step("two", "Two", "safe", lambda _: iter((AFTER,))))
    run = sandbox.run_phase(Phase("the-phase", "A phase", lambda each: each.hosts, steps), context())
    assert run.error is None
    assert run.statuses == ["changed"]
    assert not sandbox.path("/etc/after").exists()


def test_a_host_that_starts_no_units_says_so(sandbox: Sandbox) -> None:
    sandbox.write("/var/lib/fake-systemd/no-units", "")
    run = sandbox.run(AFTER)
    assert run.error is not None
    assert run.error.reference == "unit-systemd-run"
    assert not sandbox.path("/etc/after").exists()


def test_a_run_directory_that_cannot_be_made_says_so(sandbox: Sandbox) -> None:
    sandbox.write("/run/kubeboot", "a file where the folder should be")
    run = sandbox.run(AFTER)
    assert run.error is not None
    assert run.error.reference == "unit-setup"


def test_files_of_ended_runs_are_cleared_by_the_next(sandbox: Sandbox) -> None:
    for _ in range(3):
        sandbox.run(AFTER)
    scripts = list(sandbox.path("/run/kubeboot/runs").glob("*/*/script"))
    assert len(scripts) == 1


def test_i1_plan_leaves_no_log(sandbox: Sandbox) -> None:
    sandbox.run(Shell("it", "echo noise; drift x", "true"), mode="plan")
    assert not sandbox.path("/var/log/kubeboot").exists()
