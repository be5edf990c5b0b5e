"""Events become these very lines."""

from __future__ import annotations

import itertools

import pytest
from happenings import START_S, changed, done, drift, failed, in_place, waits

from kubeboot.engine import events
from kubeboot.errors import Blocked, Finding

MANY = tuple(f"node{number}" for number in range(1, 101))


def flat(*groups):
    return tuple(itertools.chain.from_iterable(groups))


def test_a_terminal_shows_seconds_since_the_start(screen):
    at_120 = screen(120)
    at_120.start("node1", "node2")
    assert at_120.lines == ["kubeboot init: cluster lab, 2 hosts"]
    assert at_120.show(changed("node1", at=43.1)) == [
        "  43.1s  node1    packages       changed   "
        "Install containerd, kubeadm, kubelet, kubectl and the tools they call (41 s)",
    ]


def test_80_columns_have_no_column_for_the_phase(screen):
    at_80 = screen(80)
    at_80.start("node1", "node2")
    assert at_80.show(changed("node1", at=43.1)) == [
        "  43.1s  node1    changed   Install containerd, kubeadm, kubelet, kubectl and",
        "                            the tools they call (41 s)",
    ]


def test_a_pipe_gets_whole_lines_with_the_time_of_day(screen):
    pipe = screen(0)
    pipe.start("node1", "node2")
    assert pipe.lines == ["2026-01-01T00:00:00Z  kubeboot init: cluster lab, 2 hosts"]
    assert pipe.show(changed("node1", at=43.1)) == [
        "2026-01-01T00:00:43Z  node1    packages       changed   "
        "Install containerd, kubeadm, kubelet, kubectl and the tools they call (41 s)"
    ]


def test_what_was_in_place_on_several_hosts_is_one_line(screen):
    pipe = screen(80)
    pipe.start("node1", "node2", "node3")
    hosts = ("node1", "node2", "node3")
    assert pipe.show(*flat(*([in_place(host), in_place(host), done(host)] for host in hosts))) == [
        "   1.0s  3 hosts  in place  host-prep: 2 steps",
    ]


def test_one_host_alone_is_named(screen):
    pipe = screen(80)
    pipe.start("node1")
    assert pipe.show(in_place("node1"), done("node1")) == ["   1.0s  node1  in place  host-prep: 1 step"]


def test_equal_lines_of_100_hosts_fold(screen):
    wide = screen(120)
    wide.start(*MANY)
    shown = wide.show(*(changed(host, at=1 + number / 100, ms=2000) for number, host in enumerate(MANY)))
    assert shown == [
        "   2.0s  100 hosts  packages       changed   "
        "Install containerd, kubeadm, kubelet, kubectl and the tools they call",
        "                                             (2.0 s)",
    ]


def test_folded_lines_tell_the_quickest_and_the_slowest_and_come_after_five_seconds(screen):
    wide = screen(160)
    wide.start(*MANY)
    for each in (changed("node1", 1.0, ms=1000), changed("node2", 3.0, ms=3000), changed("node3", 7.0, ms=900)):
        wide.sink.handle(each)
    assert wide.lines[1:] == [
        "   7.0s  3 hosts    packages       changed   "
        "Install containerd, kubeadm, kubelet, kubectl and the tools they call (0.9 s to 3.0 s)"
    ]


def test_a_failure_is_one_line_at_once_with_the_last_words_of_the_host(screen):
    at_80 = screen(80)
    at_80.start(*MANY)
    at_80.sink.handle(changed("node1"))
    at_80.sink.handle(failed("node2"))
    assert at_80.lines[1:] == ["   2.0s  node2      FAILED    install-packages: E: Unable to locate package s..."]


def test_a_blocked_host_says_what_will_not_come(screen):
    wide = screen(120)
    wide.start("node1", "node2")
    error = Blocked("node2", "waits for join material, which will not come: node1 failed in packages", phase="join")
    assert wide.show(events.HostFailed(START_S + 3, "node2", error)) == [
        "   3.0s  node2    join           blocked   "
        "waits for join material, which will not come: node1 failed in packages",
    ]


def test_times_never_go_back(screen):
    wide = screen(120)
    wide.start(*MANY)
    shown = wide.show(changed("node1", 1.0), failed("node2", 4.0))
    assert [line[:8] for line in shown if line[:8].strip()] == ["   4.0s ", "   4.0s "]


def test_waiting_is_told_in_a_pipe_and_not_again_before_15_seconds(screen):
    pipe = screen(0)
    pipe.start("node1")
    events_ = [waits("node1", f"deployment coredns {number} of 2", at=at) for number, at in ((0, 1), (1, 9), (1, 17))]
    assert pipe.show(*events_) == [
        "2026-01-01T00:00:01Z  node1  rollout        waiting   deployment coredns 0 of 2",
        "2026-01-01T00:00:17Z  node1  rollout        waiting   deployment coredns 1 of 2",
    ]


def test_quiet_shows_nothing(screen):
    quiet = screen(80, verbosity=-1)
    quiet.start("node1")
    warning = Finding("memory", "little", "why", "do", ("node1",), is_warning=True)
    quiet.show(
        events.PreflightEnded(START_S, (), (warning,), (warning,)),
        changed("node1"),
        in_place("node1"),
        done("node1"),
        waits("node1", "x"),
        events.Notice(START_S, "node1", "lost"),
        failed("node1"),
    )
    assert quiet.lines == []


def test_verbose_shows_every_resource_with_its_output(screen):
    pipe = screen(0, verbosity=1)
    pipe.start("node1")
    done_ = events.ResourceDone(
        START_S, "node1", "packages", "s", "package x", "changed", 9, "missing", "a\nb\n", "x: 1"
    )
    assert pipe.show(done_) == [
        "2026-01-01T00:00:00Z  node1  packages       changed   package x: missing",
        "  | a",
        "  | b",
        "    x: 1",
    ]


def test_warnings_of_preflight_wrap_and_name_the_hosts(screen):
    at_80 = screen(80)
    at_80.start("node1", "node2", "node3")
    finding = Finding(
        "firewall-active",
        "ufw is active",
        "It drops what nodes say to each other unless its rules allow all of the ports",
        "open the ports, or turn it off: ufw disable",
        ("node1", "node2", "node3"),
        is_warning=True,
    )
    assert at_80.show(events.PreflightEnded(START_S, (), (finding,), (finding,))) == [
        "WARNING firewall-active (all 3 hosts): ufw is active",
        "  why:  It drops what nodes say to each other unless its rules allow all of the",
        "        ports",
        "  do:   open the ports, or turn it off: ufw disable",
        "waived firewall-active (all 3 hosts): ufw is active",
    ]


def test_a_plan_shows_an_equal_diff_once_with_the_hosts(screen):
    at_80 = screen(80)
    at_80.start("node1", "node2", "node3", mode="plan")
    diff = "--- /etc/hosts (now)\n+++ /etc/hosts (wanted)\n+10.0.0.1 node1\n+10.0.0.2 node2\n"
    shown = at_80.show(*drift("node1", diff), *drift("node2", diff), in_place("node3"), done("node3"))
    assert shown == [
        "",
        "host-prep",
        "  Let every host find every other by name in /etc/hosts",
        "    node1, node2: block hosts in /etc/hosts: entries differ",
        "      --- /etc/hosts (now)",
        "      +++ /etc/hosts (wanted)",
        "      +10.0.0.1 node1",
        "      +10.0.0.2 node2",
        "",
        "HOST   WOULD CHANGE  IN PLACE",
        "node1  1 step        0 steps",
        "node2  1 step        0 steps",
        "node3  0 steps       1 step",
        "",
    ]


def test_a_plan_of_100_hosts_is_as_short_as_that_of_one(screen):
    at_80 = screen(80)
    at_80.start(*MANY, mode="plan")
    shown = at_80.show(*flat(*(drift(host, label=f"host name {host}", reason="is debian") for host in MANY)))
    assert shown == [
        "",
        "host-prep",
        "  Let every host find every other by name in /etc/hosts",
        "    all 100 hosts: host name <host>: is debian",
        "",
        "HOST           WOULD CHANGE  IN PLACE",
        "all 100 hosts  1 step        0 steps",
        "",
    ]


def test_a_plan_without_differences_tells_no_phase(screen):
    at_80 = screen(80)
    at_80.start("node1", mode="plan")
    assert at_80.show(in_place("node1"), done("node1")) == [
        "",
        "HOST   WOULD CHANGE  IN PLACE",
        "node1  0 steps       1 step",
        "",
    ]


@pytest.mark.parametrize("width", [40, 80, 120, 0])
def test_no_line_is_wider_than_the_terminal_or_ends_in_spaces(screen, width):
    page = screen(width)
    page.start("node1", "worker-with-a-rather-long-name.example.com")
    lost = events.Notice(START_S, "", "stopping: node1 ends what it is doing; Ctrl-C again leaves now")
    page.show(changed("node1"), changed("worker-with-a-rather-long-name.example.com"), lost, failed("node1"))
    assert all(line == line.rstrip() for line in page.lines)
    assert not width or max(map(len, page.lines)) <= width or width < 80


def test_what_hosts_say_cannot_control_the_terminal(screen):
    page = screen(80)
    page.start("node1")
    assert "\x1b" not in "\n".join(page.show(failed("node1", output="\x1b[2Jgone"), waits("node1", "\x1b]0;x\x07")))


def test_nothing_is_printed_after_the_end(screen):
    page = screen(80)
    page.start("node1")
    page.sink.close()
    assert page.show(changed("node1")) == []


def test_a_disk_that_is_full_under_the_log_does_not_stop_the_run(screen, monkeypatch):
    page = screen(0)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(page.printer.console, "print", full)
    page.start("node1")
    assert page.show(changed("node1")) == []
