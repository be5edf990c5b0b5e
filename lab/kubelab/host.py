"""One host: its folder on disk, its boot under guard.sh, its end.

FOLDER/identity   machine-id and ssh host keys: they outlive `fresh`
FOLDER/disk       upper and work of the overlay over the shared root file system
FOLDER/lowers     of a restored host: layers of saves between those two, topmost first (see saves.py)
FOLDER/root       where that overlay is mounted
FOLDER/{containerd,kubelet,etcd}   bound to /var/lib/*: overlayfs does not stack on the host's own overlay
"""

from __future__ import annotations

import re
import shlex
import shutil
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from . import cgroups, network
from .errors import LabError
from .places import Lab
from .process import run, spawn, succeeds

GUARD = Path(__file__).resolve().parent / "guard.sh"
_NSPAWN = Path("/run/systemd/nspawn")
DATA = ("containerd", "kubelet", "etcd")
_KEY_TYPES = ("ed25519", "ecdsa")
_HOMES = ("root", "home/ops")
_NAME = re.compile(r"node([1-9][0-9]*)")


@dataclass(frozen=True)
class Host:
    """A host by its number: node1, node2, ..."""

    lab: Lab
    number: int

    @property
    def name(self) -> str:
        return f"node{self.number}"

    @property
    def address(self) -> str:
        return self.lab.host_address(self.number)

    @property
    def folder(self) -> Path:
        return self.lab.hosts_folder / self.name

    @property
    def machine(self) -> str:
        """systemd-nspawn's name for it, unique on this machine."""
        return f"{self.lab.name}-{self.name}"

    @property
    def lowers(self) -> Path:
        return self.folder / "lowers"

    @property
    def cgroup(self) -> str:
        return cgroups.host_group(self.lab.name, self.name)

    @property
    def guard_cgroup(self) -> str:
        return f"{cgroups.TOP}/{self.lab.name}/services/guard-{self.name}"

    def is_running(self) -> bool:
        """Whether anything of it runs; a host between two boots does not."""
        return bool(cgroups.processes(self.cgroup))


def hosts_of(lab: Lab) -> list[Host]:
    """Every host that the lab has, running or not, by number."""
    matches = (_NAME.fullmatch(path.name) for path in lab.hosts_folder.glob("node*"))
    return [Host(lab, number) for number in sorted(int(found[1]) for found in matches if found)]


def host_named(lab: Lab, name: str) -> Host:
    """The host with this name, or an error that lists those that are there."""
    for host in hosts_of(lab):
        if host.name == name:
            return host
    there = ", ".join(host.name for host in hosts_of(lab)) or "none"
    raise LabError(f"the lab {lab.name!r} has no host {name!r} (it has: {there})", "add hosts with: lab up N")


def prepare(host: Host, root_file_system: Path) -> None:
    """Make what is missing of the host's folder, mount its disk, and write what makes it this host."""
    for name in ("identity", "disk/upper", "disk/work", "root", *DATA):
        (host.folder / name).mkdir(parents=True, exist_ok=True)
    _make_identity(host)
    (host.folder / "network.host").write_text(network.host_batch(host.lab, host.number))
    if not (host.folder / "network.hub").exists():
        (host.folder / "network.hub").write_text(network.port_command(host.number, is_up=True))
    _write_guard_settings(host)
    if not is_mounted(host):
        disk = host.folder / "disk"
        saved = host.lowers.read_text().split() if host.lowers.exists() else []
        lowers = ":".join([*saved, str(root_file_system)])
        options = f"lowerdir={lowers},upperdir={disk}/upper,workdir={disk}/work"
        run(["mount", "-t", "overlay", "kubelab", "-o", options, host.folder / "root"])
    _personalize(host)


def is_mounted(host: Host) -> bool:
    """Whether the host's disk is mounted."""
    return (host.folder / "root").is_mount()


def _make_identity(host: Host) -> None:
    folder = host.folder / "identity"
    machine_id = folder / "machine-id"
    if not machine_id.exists():
        machine_id.write_text(uuid.uuid4().hex + "\n")
    for kind in _KEY_TYPES:
        path = folder / f"ssh_host_{kind}_key"
        if not path.with_suffix(".pub").exists():
            path.unlink(missing_ok=True)
            run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", f"root@{host.name}", "-f", path])


def _write_guard_settings(host: Host) -> None:
    values = {
        "NAME": host.name,
        "MACHINE": host.machine,
        "HOST_NAMESPACE": host.lab.namespace_prefix + host.name,
        "HUB_NAMESPACE": host.lab.hub_namespace,
        "PORT": network.port(host.number),
        "CGROUP": host.cgroup,
    }
    lines = [f"{name}={shlex.quote(value)}" for name, value in values.items()]
    lines.append(f"TREES=({' '.join(shlex.quote(str(tree)) for tree in cgroups.trees())})")
    (host.folder / "guard.env").write_text("\n".join(lines) + "\n")


def _personalize(host: Host) -> None:
    """Write names and keys into a disk that has not got them yet; a used disk is left as its host made it."""
    root = host.folder / "root"
    if (root / "etc/ssh/ssh_host_ed25519_key").exists():
        return
    (root / "etc/hostname").write_text(host.name + "\n")
    (root / "etc/hosts").write_text("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n")
    (root / "etc/resolv.conf").write_text(f"nameserver {host.lab.mirror_address}\n")
    public_key = host.lab.key.with_suffix(".pub").read_text()
    for home in _HOMES:
        folder = root / home / ".ssh"
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / "authorized_keys").write_text(public_key)
        (folder / "authorized_keys").chmod(0o600)
        for path in (folder, folder / "authorized_keys"):
            owner = (root / home).stat()
            shutil.chown(path, owner.st_uid, owner.st_gid)
    for path in sorted((host.folder / "identity").iterdir()):
        place = root / "etc" if path.name == "machine-id" else root / "etc/ssh"
        shutil.copy2(path, place / path.name)


def power_on(host: Host) -> None:
    """Boot the host; returns at once."""
    cgroups.make_host_group(host.lab.name, host.name)
    group = cgroups.service_group(host.lab.name, f"guard-{host.name}")
    spawn(group, ["bash", GUARD, host.folder], host.folder / "console.log")


def power_off(host: Host) -> None:
    """Cut the power: the guard first, so that it does not boot the host again, then everything in the host."""
    cgroups.end_processes(host.guard_cgroup)
    cgroups.end_processes(host.cgroup)


def wipe(host: Host) -> None:
    """Drop the host's disk; its identity stays. The old disk is only moved aside: deleting it takes a while."""
    unmount(host)
    trash = host.lab.folder / "trash"
    trash.mkdir(exist_ok=True)
    host.lowers.unlink(missing_ok=True)
    for name in ("disk", *DATA):
        if (host.folder / name).exists():
            (host.folder / name).rename(trash / uuid.uuid4().hex)
    empty_trash(host.lab)


def empty_trash(lab: Lab) -> None:
    """Delete old disks in the background, at the lowest priority."""
    trash = lab.folder / "trash"
    old: Iterable[Path] = trash.iterdir()
    group = cgroups.service_group(lab.name, "trash")
    spawn(group, ["nice", "-n", "19", "rm", "-rf", "--", *old], lab.folder / "trash.log")


def unmount(host: Host) -> None:
    """Unmount the host's disk, and take away what systemd-nspawn leaves in /run when it is killed."""
    root = host.folder / "root"
    while root.is_mount():
        found = root.stat()
        (_NSPAWN / "locks" / f"inode-{found.st_dev}:{found.st_ino}").unlink(missing_ok=True)
        if not succeeds(["umount", "--recursive", root]):
            run(["umount", "--lazy", root])
    for kind in ("propagate", "unix-export"):
        shutil.rmtree(_NSPAWN / kind / host.machine, ignore_errors=True)
