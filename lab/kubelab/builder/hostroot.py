"""The root file system that all hosts share below their own disks: Debian 12 as its installer leaves it, with sshd."""

from __future__ import annotations

import shutil
from pathlib import Path

from ..errors import LabError
from ..fleet import ROOT_FILE_SYSTEM
from ..places import LAB_FOLDER
from ..process import run
from . import debian
from .target import Target

PACKAGES = (
    "systemd",
    "systemd-sysv",
    "dbus",
    "openssh-server",
    "sudo",
    "iproute2",
    "ca-certificates",
    "procps",
    "kmod",
    "iputils-ping",
    "curl",
    "gnupg",
)
_UNIT = LAB_FOLDER / "ground" / "lab-ground.service"
_SSHD = "# The lab's tests use both an ordinary and an unusual port.\nPort 22\nPort 2222\nPasswordAuthentication no\n"
# Timers that would take the package lock at a random moment; and consoles that nobody sits at.
_MASKED = (
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "console-getty.service",
    "getty@.service",
    "container-getty@.service",
)


def target() -> Target:
    """The hosts' root file system."""
    settings = f"{PACKAGES} {_SSHD} {_MASKED} {debian.HOST_SUITE} 2"
    inputs = (settings, _UNIT)
    return Target("host root file system", "disk", ROOT_FILE_SYSTEM, _make, inputs, before_replacing=refuse_if_in_use)


def _make(root: Path) -> None:
    debian.bootstrap(root, debian.HOST_SUITE, "minbase", PACKAGES, is_slim=False)
    (root / "etc/ssh/sshd_config.d/lab.conf").write_text(_SSHD)
    for key in (root / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    run(["chroot", root, "useradd", "--create-home", "--shell", "/bin/bash", "ops"])
    sudoers = root / "etc/sudoers.d/ops"
    sudoers.write_text("ops ALL=(ALL) NOPASSWD: ALL\n")
    sudoers.chmod(0o440)
    shutil.copy(_UNIT, root / "etc/systemd/system" / _UNIT.name)
    run(["chroot", root, "systemctl", "--quiet", "enable", _UNIT.name])
    run(["chroot", root, "systemctl", "--quiet", "mask", *_MASKED])
    (root / "etc/timezone").write_text("Etc/UTC\n")
    (root / "etc/localtime").unlink(missing_ok=True)
    (root / "etc/localtime").symlink_to("/usr/share/zoneinfo/Etc/UTC")
    for name in ("etc/machine-id", "etc/hostname", "etc/resolv.conf"):
        (root / name).unlink(missing_ok=True)
        (root / name).write_text("")
    for name in ("var/lib/containerd", "var/lib/kubelet", "var/lib/etcd"):
        (root / name).mkdir()
    (root / "etc/apt/apt.conf.d/99mmdebstrap").unlink(missing_ok=True)


def refuse_if_in_use() -> None:
    """Running hosts stand on the old one: taking it away would break them in strange ways."""
    if f"lowerdir={ROOT_FILE_SYSTEM}," in Path("/proc/self/mounts").read_text():
        message = "the hosts' root file system is to be made anew, but hosts of a lab stand on the old one"
        raise LabError(message, "end all labs first: lab down")
