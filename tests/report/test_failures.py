"""Errors as a tired administrator reads them."""

from __future__ import annotations

from kubeboot.errors import (
    Blocked,
    Finding,
    HostKeyUnknown,
    HostsFailed,
    InternalError,
    Interrupted,
    InventoryError,
    PreflightFailed,
    Problem,
    StepFailed,
    Unreachable,
)
from kubeboot.report.failures import format_error, format_host_errors


def step_failed(host, output="E: Unable to locate package socat", hint="No configured repository has this package."):
    return StepFailed(
        host,
        "packages conntrack, socat: failed (exit 100)",
        phase="packages",
        step="install-packages",
        output=output,
        hint=hint,
        log_path="/var/log/kubeboot/r-packages.log",
    )


def refused(host, address):
    hint = "the host is there and nothing listens on that port: is sshd running, and is the port right?"
    message = f"{address} port 22 refused the connection"
    return Unreachable(host, message, hint=hint, reference="connection-refused")


def test_a_failed_step():
    assert format_error(HostsFailed([step_failed("node1")]), 80).splitlines() == [
        "FAILED node1: packages: install-packages: packages conntrack, socat: failed",
        "  (exit 100) [step-failed]",
        "  | E: Unable to locate package socat",
        "  hint: No configured repository has this package.",
        "  log:  /var/log/kubeboot/r-packages.log on node1",
        "",
        "kubeboot: 1 host failed. Mend the cause, then run the same command again: it",
        "  goes on from where it stopped.",
    ]


def test_a_known_cause_is_told_with_its_check_and_its_remedy():
    error = StepFailed("node1", "swap: failed (exit 1)", phase="p", step="s", output="boom", log_path="/l")
    error.cause = "swap-on"
    assert list(format_host_errors([error], 80)) == [
        "FAILED node1: p: s: swap: failed (exit 1) [step-failed]",
        "  | boom",
        "  why:   Swap is on again on that host, and the kubelet does not start with it.",
        "  check: swapon --show; systemctl list-units --type swap",
        "  then:  Turn it off (swapoff -a), and for good with kubeboot init, which also",
        "         takes it out of /etc/fstab.",
        "  log:   /l on node1",
    ]


def test_the_same_cause_on_several_hosts_is_told_once():
    errors = [step_failed("node1", "attempt 1\nE: x"), step_failed("node2", "attempt 2\nE: x")]
    assert format_error(HostsFailed(errors)).splitlines()[:6] == [
        "FAILED node1, node2: packages: install-packages: packages conntrack, socat: failed (exit 100) [step-failed]",
        "  node1 said:",
        "  | attempt 1",
        "  | E: x",
        "  hint: No configured repository has this package.",
        "  log:  /var/log/kubeboot/r-packages.log on each of them",
    ]


def test_unknown_causes_fold_only_when_the_last_words_agree():
    same = [step_failed("node1", "a\nboom 1 of node1", ""), step_failed("node2", "b\nboom 2 of node2", "")]
    other = step_failed("node3", "bang", "")
    text = format_error(HostsFailed([*same, other]))
    assert text.count("FAILED") == 2
    assert "FAILED node1, node2:" in text
    assert "  | bang" in text


def test_hosts_out_of_reach_show_each_address_and_the_hint_once():
    errors = [refused("node1", "10.0.0.1"), refused("node2", "10.0.0.2")]
    failed = HostsFailed(errors)
    failed.hint = "Nothing was changed on any host."
    assert format_error(failed, 80).splitlines() == [
        "FAILED node1, node2 [connection-refused]",
        "  node1: 10.0.0.1 port 22 refused the connection",
        "  node2: 10.0.0.2 port 22 refused the connection",
        "  hint: the host is there and nothing listens on that port: is sshd running, and",
        "        is the port right?",
        "",
        "kubeboot: 2 hosts failed. Nothing was changed on any host. Mend the cause, then",
        "  run the same command again.",
    ]
    assert failed.exit_code == 4


def test_100_hosts_out_of_reach_are_ten_examples_and_the_other_names():
    lines = format_error(HostsFailed([refused(f"n{each}", f"10.0.0.{each}") for each in range(100)])).splitlines()
    assert len(lines) == 1 + 10 + 1 + 1 + 2
    assert lines[11].startswith("  and alike on n10, n11, ")
    assert lines[11].endswith(", n99")


def test_a_hint_with_commands_keeps_them_whole_at_any_width():
    command = "  echo 'ann ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/kubeboot && chmod 440 /etc/sudoers.d/kubeboot"
    lines = format_error(Unreachable("node1", "no", hint=f"on the host:\n{command}\nand then again"), 60).splitlines()
    assert lines[1:] == ["  hint: on the host:", f"        {command}", "        and then again"]


def test_different_hints_are_told_for_the_first_host():
    keys = [HostKeyUnknown(f"n{each}", f"key {each}", hint=f'hostKey: "SHA256:{each}"') for each in (1, 2)]
    assert '  hint: for n1, the others alike: hostKey: "SHA256:1"' in format_error(HostsFailed(keys)).splitlines()


def test_causes_come_before_what_they_block():
    blocked = [
        Blocked(f"node{each}", "waits for x, which will not come: node3 failed", phase="join") for each in (1, 2)
    ]
    lines = format_error(HostsFailed([*blocked, step_failed("node3")])).splitlines()
    assert lines[0].startswith("FAILED node3:")
    assert "BLOCKED node1, node2: join: waits for x, which will not come: node3 failed [blocked]" in lines
    assert lines[-1].startswith("kubeboot: 1 host failed, 2 blocked by that. Mend")


def test_output_is_the_last_twenty_lines_each_once_and_harmless():
    output = "\n".join(f"line {each}" for each in range(100)) + "\nagain\x1b[2J\nagain\x1b[2J\n"
    lines = list(format_host_errors([step_failed("node1", output)]))
    shown = [line for line in lines if line.startswith("  |")]
    assert len(shown) == 20
    assert shown[-1] == "  | again [2J"
    assert shown[-2] == "  | line 99"


def test_long_lines_of_output_wrap_at_the_terminal():
    lines = list(format_host_errors([step_failed("node1", "word " * 60)], 80))
    assert all(len(line) <= 80 for line in lines)


def test_a_message_that_names_every_package_is_cut_in_the_middle():
    error = StepFailed("node1", "packages " + "abc, " * 100 + "xyz: failed (exit 100)")
    line = next(format_host_errors([error]))
    assert len(line) < 180
    assert line.endswith("xyz: failed (exit 100) [step-failed]")


def test_findings_say_why_and_what_to_do_and_how_to_waive():
    findings = [
        Finding("cpu-count", "1 CPU", "a control plane needs 2", "give it one more", ("node1",)),
        Finding("memory", "900 MB", "a control plane needs 1700 MB", "give it more", ("node1",)),
    ]
    assert format_error(PreflightFailed(findings), 80).splitlines() == [
        "ERROR cpu-count (node1): 1 CPU",
        "  why:  a control plane needs 2",
        "  do:   give it one more",
        "ERROR memory (node1): 900 MB",
        "  why:  a control plane needs 1700 MB",
        "  do:   give it more",
        "kubeboot: 2 preflight checks failed; nothing was changed on any host",
        "  [preflight-failed]",
        "  If you know better, add:",
        "    --ignore-preflight-errors cpu-count,memory",
    ]


def test_a_refusal_offers_no_way_round():
    finding = Finding("foreign-cluster", "is in another cluster", "why", "do", ("node1",), is_refusal=True)
    text = format_error(PreflightFailed([finding, Finding("memory", "little", "why", "do")]))
    assert "REFUSED foreign-cluster (node1): is in another cluster" in text
    assert "--ignore-preflight-errors" not in text


def test_a_missing_inventory_says_how_to_begin():
    text = format_error(InventoryError("inventory.yaml", [Problem("", "does not exist", "x")]), 80)
    assert text.startswith("kubeboot: the inventory inventory.yaml does not exist [inventory-invalid]\n")
    assert "cluster: {kubernetesVersion:" in text
    assert "inventory.example.yaml" in text
    assert "-i PATH" in text


def test_the_smallest_inventory_that_it_shows_is_valid(tmp_path):
    from kubeboot.inventory.load import load_inventory
    from kubeboot.report.failures import FIRST_INVENTORY

    shown = [line for line in FIRST_INVENTORY.splitlines() if line.startswith("    ")]
    (tmp_path / "inventory.yaml").write_text("\n".join(shown))
    assert len(load_inventory(tmp_path / "inventory.yaml")[0].hosts) == 2


def test_problems_of_an_inventory_end_with_what_was_touched():
    error = InventoryError("i.yaml", [Problem("hosts[0]", "is wrong", "be right", 3, 5)])
    assert format_error(error).splitlines() == [
        "i.yaml:3:5: hosts[0]: is wrong",
        "    be right",
        "kubeboot: i.yaml has 1 problem; no host was touched [inventory-invalid]",
    ]


def test_an_interruption_says_what_is_left_running():
    error = Interrupted("left while work was running on node1", hint="The same command again goes on.")
    assert format_error(error).splitlines() == [
        "kubeboot: left while work was running on node1 [interrupted]",
        "  hint: The same command again goes on.",
    ]


def test_an_error_without_a_hint_is_one_line():
    assert format_error(InternalError("this cannot be")) == "kubeboot: this cannot be [internal-error]"
