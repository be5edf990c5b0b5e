"""The table at the bottom of a terminal."""

from __future__ import annotations

from kubeboot.report.live import Activity, Row


def rows(activity, width=80, height=24, now_s=100.0):
    return [host + rest for host, rest in activity.render(width, height, now_s)]


def test_a_row_says_phase_time_and_step_and_what_is_waited_for():
    activity = Activity()
    activity.set("node1", Row("packages", "Install containerd and much more that does not fit on this line", 59.0))
    activity.set("worker-2", Row("join", "waits for join material from node1", 90.0, is_waiting=True))
    assert rows(activity, width=70) == [
        "node1     packages        41s  Install containerd and much more tha...",
        "worker-2  join            10s  waits for join material from node1",
    ]


def test_never_more_than_half_the_terminal():
    activity = Activity()
    for number in range(100):
        activity.set(f"node{number}", Row("host-prep", "Turn swap off", float(number), is_waiting=number >= 20))
    for height in (2, 5, 24, 500):
        shown = rows(activity, height=height)
        assert len(shown) <= max(1, min(20, height // 2))
        assert all(len(line) <= 80 for line in shown)
    assert rows(activity, height=10)[-1] == "and 96 more hosts, 80 of them waiting"


def test_who_works_longest_comes_first_and_who_waits_last():
    activity = Activity()
    activity.set("c", Row("join", "waits for x", 1.0, is_waiting=True))
    activity.set("b", Row("images", "Pull", 50.0))
    activity.set("a", Row("packages", "Install", 10.0))
    assert [line[0] for line in rows(activity)] == ["a", "b", "c"]


def test_hosts_that_failed_are_counted():
    activity = Activity()
    activity.set("a", Row("packages", "Install", 10.0))
    activity.fail("a")
    assert rows(activity) == ["1 host failed"]


def test_a_new_text_in_the_same_phase_goes_on_from_when_it_began():
    activity = Activity()
    activity.set("a", Row("rollout", "Wait until every node is Ready", 10.0))
    activity.say("a", Row("rollout", "waiting: node2", 90.0))
    assert rows(activity) == ["a  rollout         90s  waiting: node2"]
