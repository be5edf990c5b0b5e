"""Host name, modules, sysctls, swap and services under real bash, with a small systemd and a /proc/sys of files."""

from __future__ import annotations

import pytest

from kubeboot.resources import Hostname, KernelModules, Service, SwapOff, Sysctls
from tests.resources.sandbox import SWAPS_HEADER, Sandbox

FSTAB = """\
# /etc/fstab: static file system information.
UUID=1-2 / ext4 errors=remount-ro 0 1
/dev/sda2\tnone\tswap\tsw\t0\t0
  /swapfile swap swap defaults 0 0
#/dev/sdb1 none swap sw 0 0
/dev/sdc1 /swap ext4 defaults 0 2
"""
FSTAB_AFTER = """\
# /etc/fstab: static file system information.
UUID=1-2 / ext4 errors=remount-ro 0 1
# kubeboot turned swap off: /dev/sda2\tnone\tswap\tsw\t0\t0
# kubeboot turned swap off:   /swapfile swap swap defaults 0 0
#/dev/sdb1 none swap sw 0 0
/dev/sdc1 /swap ext4 defaults 0 2
"""


@pytest.mark.parametrize("before", (None, "old\n", "no-newline", "", "two\nlines\n"))
def test_i1_i2_i3_host_name_converges(sandbox: Sandbox, before: str | None) -> None:
    if before is not None:
        sandbox.write("/etc/hostname", before)
    plan, _ = sandbox.converge(Hostname("m1"))
    assert plan.reason == "is bare"
    assert sandbox.read("/etc/hostname") == "m1\n"
    assert sandbox.read("/proc-sys/kernel/hostname") == "m1\n"
    kept = "/var/lib/kubeboot/original/etc/hostname"
    assert sandbox.path(kept if before is not None else f"{kept}.absent").exists()


def test_host_name_that_is_right_now_and_wrong_at_boot_is_drift(sandbox: Sandbox) -> None:
    sandbox.write("/proc-sys/kernel/hostname", "m1\n")
    plan, _ = sandbox.converge(Hostname("m1"))
    assert plan.reason == "is unset at boot"


def test_cloud_init_is_told_to_keep_the_host_name(sandbox: Sandbox) -> None:
    sandbox.path("/etc/cloud/cloud.cfg.d").mkdir(parents=True)
    sandbox.converge(Hostname("m1"))
    assert sandbox.read("/etc/cloud/cloud.cfg.d/99-kubeboot-hostname.cfg") == "preserve_hostname: true\n"


MODULES = KernelModules("/etc/modules-load.d/kubeboot.conf", ("overlay", "dummy_mod"))


def test_i1_i2_i3_modules_converge(sandbox: Sandbox) -> None:
    sandbox.path("/sys/module/overlay").mkdir()
    sandbox.write("/var/lib/fake-modules/dummy_mod", "")
    plan, _ = sandbox.converge(MODULES)
    assert plan.reason == "dummy_mod is not loaded"
    assert sandbox.read("/etc/modules-load.d/kubeboot.conf") == "# Managed by kubeboot\noverlay\ndummy_mod\n"
    assert sandbox.calls == ["modprobe -- dummy_mod"]


def test_a_module_that_this_kernel_lacks_fails_by_name(sandbox: Sandbox) -> None:
    sandbox.path("/sys/module/overlay").mkdir()
    run = sandbox.run(MODULES)
    assert run.statuses == ["failed"]
    assert "has no module dummy_mod" in run.output


def test_loaded_modules_still_have_to_load_at_boot(sandbox: Sandbox) -> None:
    for name in ("overlay", "dummy_mod"):
        sandbox.path(f"/sys/module/{name}").mkdir()
    plan, _ = sandbox.converge(MODULES)
    assert plan.reason == "not loaded at boot"
    assert sandbox.calls == []


@pytest.mark.parametrize(
    ("module", "feature"),
    (("br_netfilter", "net/bridge/bridge-nf-call-iptables"), ("nf_conntrack", "net/netfilter/nf_conntrack_max")),
)
def test_a_module_whose_feature_shows_is_there(sandbox: Sandbox, module: str, feature: str) -> None:
    sandbox.write(f"/proc-sys/{feature}", "1\n")
    assert sandbox.run(KernelModules("/etc/modules-load.d/x.conf", (module,))).statuses == ["changed"]
    assert sandbox.calls == []


def sysctls(**values: str) -> Sysctls:
    return Sysctls(
        "/etc/sysctl.d/99-zz-kubeboot.conf", {key.replace("__", "."): value for key, value in values.items()}
    )


def test_i1_i2_i3_sysctls_converge(sandbox: Sandbox) -> None:
    sandbox.write("/proc-sys/vm/swappiness", "60\n")
    sandbox.write("/proc-sys/net/ipv4/ip_forward", "1\n")
    plan, _ = sandbox.converge(sysctls(vm__swappiness="0", net__ipv4__ip_forward="1"))
    assert plan.reason == "vm.swappiness is 60, wanted 0"
    assert plan.diffs[0] == "vm.swappiness: 60 -> 0\n"
    assert sandbox.read("/proc-sys/vm/swappiness") == "0"
    conf = "# Managed by kubeboot\nvm.swappiness = 0\nnet.ipv4.ip_forward = 1\n"
    assert sandbox.read("/etc/sysctl.d/99-zz-kubeboot.conf") == conf


def test_sysctls_that_are_right_now_still_have_to_be_at_boot(sandbox: Sandbox) -> None:
    sandbox.write("/proc-sys/vm/swappiness", "0\n")
    plan, _ = sandbox.converge(sysctls(vm__swappiness="0"))
    assert plan.reason == "not set at boot"


def test_sysctl_of_several_numbers_is_equal_whatever_the_blanks(sandbox: Sandbox) -> None:
    sandbox.write("/proc-sys/net/ipv4/tcp_rmem", "4096\t87380\t16777216\n")
    sandbox.run(sysctls(net__ipv4__tcp_rmem="4096 87380 16777216"))
    assert sandbox.read("/proc-sys/net/ipv4/tcp_rmem") == "4096\t87380\t16777216\n"


def test_sysctl_of_several_numbers_differs_where_the_blanks_stand_elsewhere(sandbox: Sandbox) -> None:
    sandbox.write("/proc-sys/net/ipv4/ping_group_range", "1\t0\n")
    plan = sandbox.run(sysctls(net__ipv4__ping_group_range="10"), mode="plan")
    assert plan.reason == "net.ipv4.ping_group_range is 1\t0, wanted 10"


def test_sysctl_that_the_kernel_lacks_fails_with_the_way_out(sandbox: Sandbox) -> None:
    plan = sandbox.run(sysctls(net__no__such="1"), mode="plan")
    assert plan.reason == "net.no.such is absent, wanted 1"
    run = sandbox.run(sysctls(net__no__such="1"))
    assert run.statuses == ["failed"]
    assert "hostPreparation.sysctl: {net.no.such: null}" in run.output


def test_i1_i2_i3_swap_goes_now_and_at_boot(sandbox: Sandbox) -> None:
    sandbox.write("/etc/fstab", FSTAB)
    sandbox.write("/proc-swaps", SWAPS_HEADER + "/dev/sda2 partition 1024 0 -2\n")
    plan, _ = sandbox.converge(SwapOff())
    assert plan.reason == "/dev/sda2 is active"
    assert sandbox.read("/etc/fstab") == FSTAB_AFTER
    assert sandbox.read("/var/lib/kubeboot/original/etc/fstab") == FSTAB
    assert sandbox.read("/proc-swaps") == SWAPS_HEADER


@pytest.mark.parametrize("fstab", (None, "", "UUID=1-2 / ext4 defaults 0 1", "# only a comment\n"))
def test_fstab_without_swap_is_left_byte_for_byte(sandbox: Sandbox, fstab: str | None) -> None:
    if fstab is not None:
        sandbox.write("/etc/fstab", fstab)
    plan, _ = sandbox.converge(SwapOff())
    assert plan.reason == "swap units may start at boot"
    assert (sandbox.read("/etc/fstab") if sandbox.path("/etc/fstab").exists() else None) == fstab
    assert not sandbox.path("/var/lib/kubeboot/original/etc").exists()


def test_swap_that_is_only_in_fstab_is_drift(sandbox: Sandbox) -> None:
    sandbox.write("/etc/fstab", FSTAB)
    assert sandbox.run(SwapOff(), mode="plan").reason == "/dev/sda2 /swapfile is in /etc/fstab"


def test_zramswap_is_disabled(sandbox: Sandbox) -> None:
    wants = "/etc/systemd/system/multi-user.target.wants/zramswap.service"
    sandbox.write(wants, "")
    sandbox.converge(SwapOff())
    assert not sandbox.path(wants).exists()


def unit(sandbox: Sandbox, *states: str) -> None:
    sandbox.path("/var/lib/fake-systemd/app").mkdir(exist_ok=True)
    for state in states:
        sandbox.write(f"/var/lib/fake-systemd/app/{state}", "")


@pytest.mark.parametrize(
    ("states", "reason"),
    (((), "not enabled"), (("enabled",), "not running (inactive)"), (("active",), "not enabled")),
)
def test_i1_i2_i3_service_converges(sandbox: Sandbox, states: tuple[str, ...], reason: str) -> None:
    unit(sandbox, *states)
    plan, _ = sandbox.converge(Service("app"))
    assert plan.reason == reason


def test_service_that_is_only_enabled_is_not_started(sandbox: Sandbox) -> None:
    unit(sandbox)
    sandbox.converge(Service("app", is_running=False))
    assert not sandbox.path("/var/lib/fake-systemd/app/active").exists()


def test_a_plan_before_the_package_is_there_says_not_installed(sandbox: Sandbox) -> None:
    assert sandbox.run(Service("app"), mode="plan").reason == "not installed"


def test_silent_systemd_is_unknown_and_nothing_is_started(sandbox: Sandbox) -> None:
    unit(sandbox)
    sandbox.write("/var/lib/fake-systemd/silent", "")
    run = sandbox.run(Service("app"))
    assert run.statuses == ["unknown"]
    assert "systemd does not answer" in run.output
    assert not any("start app" in call for call in sandbox.calls)


def test_service_that_does_not_start_fails_with_its_journal(sandbox: Sandbox) -> None:
    unit(sandbox, "broken")
    run = sandbox.run(Service("app"))
    assert run.statuses == ["failed"]
    assert "the journal of app" in run.output
    assert run.output.endswith("app does not start\n")


def test_i4_service_that_does_not_restart_is_restarted_by_the_next_run(sandbox: Sandbox) -> None:
    unit(sandbox, "enabled", "active")
    sandbox.write("/run/kubeboot/restart/app", "")
    sandbox.write("/var/lib/fake-systemd/app/broken", "")
    assert sandbox.run(Service("app")).statuses == ["failed"]
    sandbox.path("/var/lib/fake-systemd/app/broken").unlink()
    assert sandbox.run(Service("app")).statuses == ["changed"]
    assert not sandbox.path("/run/kubeboot/restart/app").exists()
