"""Preflight as a whole: silent on healthy hosts, in order, waivable except for refusals."""

from __future__ import annotations

import re

import pytest
from preflight_world import CONTROL_PLANE_UP, UP, make_cluster, make_facts

from kubeboot.errors import EXIT_PREFLIGHT, EXIT_REFUSED, PreflightFailed
from kubeboot.facts import Facts
from kubeboot.preflight import CHECK_NAMES, CHECKS, UNWAIVABLE, Preflight, check_name, run_preflight

WORST = {
    "cpus": 1, "memory_mb": 500, "os_id": "rhel", "os_version": "9", "is_systemd": False, "is_root_writable": False,
    "arch": "riscv64", "machine_id": "same", "macs": ("02:00:00:00:00:01",), "product_uuid": "same", "hostname": "same",
    "listening_ports": frozenset({10250}), "kernel_features": frozenset(), "loadable_modules": frozenset(),
    "cgroup_controllers": frozenset(), "selinux": "enforcing", "active_units": frozenset({"firewalld", "crio"}),
    "nameservers": (), "proxies": {"http_proxy": "http://p:1"}, "is_dpkg_interrupted": True, "is_reboot_required": True,
    "disk_free_mb": {"/": 1}, "inodes_free": {"/": 1}, "interfaces": {"10.88.0.9/24": "eth0"}, "has_etcd_data": True,
    "apt_lock_holder": "apt", "kubeboot_mark": "other",
}  # fmt: skip


def test_healthy_hosts_give_no_finding() -> None:
    assert run_preflight(make_cluster(), make_facts()) == Preflight()


def test_a_running_cluster_gives_no_finding() -> None:
    busy = {"listening_ports": frozenset({22, 80, 443, 2379, 2380, 6443, 10250, 10257, 10259})}
    facts = make_facts(m1=CONTROL_PLANE_UP, m2=CONTROL_PLANE_UP | {"admin_context": ""}, w1=UP, all=busy)
    assert run_preflight(make_cluster(), facts) == Preflight()


def test_findings_carry_their_checks_name_and_words() -> None:
    cluster, facts = make_cluster(), make_facts(all=WORST)
    seen = set()
    for check in CHECKS:
        for finding in check(cluster, facts):
            seen.add(finding.name)
            assert finding.name == check_name(check)
            assert finding.message and finding.why and finding.remedy and set(finding.hosts) <= facts.keys()
            assert finding.is_refusal == (finding.name in UNWAIVABLE)
    assert len(seen) >= 24


def test_names_are_unique_kebab_case_and_documented() -> None:
    assert len(CHECK_NAMES) == len(CHECKS) and UNWAIVABLE <= CHECK_NAMES
    for check in CHECKS:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", check_name(check)) and check.__doc__


def test_errors_come_in_the_order_of_the_checks() -> None:
    order = [check_name(check) for check in CHECKS]
    names = [finding.name for finding in run_preflight(make_cluster(), make_facts(all=WORST)).errors]
    assert names == sorted(names, key=order.index) and len(names) > 8


@pytest.mark.parametrize("where", ["inventory", "argument"])
def test_a_finding_is_waived_by_name(where: str) -> None:
    names = frozenset({"cpu-count"})
    cluster = make_cluster(waived=names if where == "inventory" else frozenset())
    result = run_preflight(cluster, make_facts(m1={"cpus": 1}), names if where == "argument" else frozenset())
    assert not result.errors and [finding.name for finding in result.waived] == ["cpu-count"]


def test_a_refusal_cannot_be_waived() -> None:
    facts = make_facts(w1=UP | {"kubeboot_mark": "other"})
    result = run_preflight(make_cluster(waived=CHECK_NAMES), facts, CHECK_NAMES)
    assert [finding.name for finding in result.errors] == ["foreign-cluster"]
    with pytest.raises(PreflightFailed) as caught:
        result.raise_errors()
    assert caught.value.exit_code == EXIT_REFUSED


def test_errors_are_raised_and_warnings_are_not() -> None:
    run_preflight(make_cluster(), make_facts(m1={"is_reboot_required": True})).raise_errors()
    with pytest.raises(PreflightFailed) as caught:
        run_preflight(make_cluster(), make_facts(m1={"cpus": 1})).raise_errors()
    assert caught.value.exit_code == EXIT_PREFLIGHT


def test_hosts_without_facts_break_nothing() -> None:
    facts = make_facts()
    for name in ("m1", "m2", "w1"):
        rest = {host: known for host, known in facts.items() if host != name}
        assert not run_preflight(make_cluster(), rest).errors
    assert run_preflight(make_cluster(), {}) == Preflight()


def test_empty_facts_break_nothing() -> None:
    assert run_preflight(make_cluster(), {name: Facts(name) for name in ("m1", "m2", "w1")}).errors
