"""The whole lab: bring hosts up, take everything down, and the moves on single hosts in between."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from . import cgroups, delay, machine, mirror, netns, network, saves
from .errors import LabError
from .host import Host, host_named, hosts_of, power_off, power_on, prepare, unmount, wipe
from .places import CACHE, STATE, Lab, claim_lab, existing_lab, lab_lock, lab_name
from .process import run

ROOT_FILE_SYSTEM = CACHE / "host" / "root"
SSH_PORTS = (22, 2222)
_BOOT_PATIENCE_S = 120.0
_MOST_HOSTS = 200


def up(count: int) -> list[Host]:
    """Make sure that node1..nodeN run, with the mirror beside them; return all the lab's hosts."""
    if not 1 <= count <= _MOST_HOSTS:
        raise LabError(f"{count} hosts cannot be made", f"ask for 1 to {_MOST_HOSTS}, for example: lab up 3")
    machine.require_built(ROOT_FILE_SYSTEM)
    with lab_lock(lab_name()):
        lab = claim_lab()
        lab.hosts_folder.mkdir(exist_ok=True)
        machine.raise_inotify_limits()
        _make_key(lab)
        (lab.folder / "resolv.conf").write_text(f"nameserver {lab.mirror_address}\n")
        network.lay(lab)
        hosts = [Host(lab, number) for number in range(1, count + 1)]
        booted = [host for host in hosts if _boot(host)]
        mirror.start(lab)
        _write_known_hosts(lab)
        wait_for_ssh(booted)
        return hosts_of(lab)


def down() -> bool:
    """End and remove everything of the lab, also what an interrupted `up` left; False if there was nothing."""
    name = lab_name()
    with lab_lock(name):
        lab = Lab(name, 0)  # nothing below depends on the index, which an interrupted `up` may not have written
        top = f"{cgroups.TOP}/{name}"
        was_there = lab.folder.exists()
        cgroups.end_processes(f"{top}/services")
        cgroups.end_processes(top)
        for host in hosts_of(lab):
            unmount(host)
        network.delete_namespaces(lab)
        cgroups.remove(top)
        cgroups.remove_top_if_empty()
        _remove_folder(lab.folder)
        return was_there


def fresh(names: Sequence[str]) -> None:
    """Hosts as new: same name, address and keys, an empty disk."""
    with lab_lock(lab_name()):
        lab = existing_lab()
        hosts = [host_named(lab, name) for name in names]
        machine.require_built(ROOT_FILE_SYSTEM)
        for host in hosts:
            power_off(host)
            wipe(host)
        _boot_again(hosts)


def save(name: str, names: Sequence[str]) -> None:
    """Keep the disks of hosts (all, if none is named) under a name: a power cut, then they go on from there."""
    with lab_lock(lab_name()):
        lab = existing_lab()
        hosts = [host_named(lab, each) for each in names] or hosts_of(lab)
        folder = saves.new_save(lab, name)
        for host in hosts:
            power_off(host)
            saves.keep(host, folder)
            saves.bring_back(host, name)
        _boot_again(hosts)


def restore(name: str, names: Sequence[str]) -> None:
    """Hosts (all of the save, if none is named) as they were when they were saved, with a new boot."""
    with lab_lock(lab_name()):
        lab = existing_lab()
        hosts = [host_named(lab, each) for each in saves.chosen(names, saves.saved_hosts(lab, name), name)]
        for host in hosts:
            power_off(host)
            saves.bring_back(host, name)
        _boot_again(hosts)


def _boot_again(hosts: Sequence[Host]) -> None:
    """Boot hosts whose disk was changed under them; a cable that was out is in again."""
    for host in hosts:
        (host.folder / "network.hub").unlink(missing_ok=True)
        _boot(host)
    wait_for_ssh(hosts)


def kill(names: Sequence[str]) -> None:
    """Cut the power of hosts; their disks stay as they are."""
    with lab_lock(lab_name()):
        lab = existing_lab()
        for host in [host_named(lab, name) for name in names]:
            power_off(host)


def start(names: Sequence[str]) -> None:
    """Boot hosts that are off; those that run are left alone."""
    with lab_lock(lab_name()):
        lab = existing_lab()
        hosts = [host_named(lab, name) for name in names]
        wait_for_ssh([host for host in hosts if _boot(host)])


def set_link(name: str, is_up: bool) -> None:
    """Plug a host's network cable in or out; it stays so over the host's reboots."""
    with lab_lock(lab_name()):
        lab = existing_lab()
        host = host_named(lab, name)
        command = network.port_command(host.number, is_up)
        (host.folder / "network.hub").write_text(command)
        if host.is_running():
            network.batch(lab.hub_namespace, [command])


def set_delay(milliseconds: float) -> None:
    """Make the round trip between the controller and the hosts this much longer."""
    with lab_lock(lab_name()):
        delay.set_round_trip(existing_lab(), milliseconds)


def wait_for_ssh(hosts: Sequence[Host]) -> None:
    """Return when every host greets on both ssh ports; hosts whose cable is out are not waited for."""
    deadline = time.monotonic() + _BOOT_PATIENCE_S
    for host in hosts:
        if " down" in (host.folder / "network.hub").read_text():
            continue
        for port in SSH_PORTS:
            while not netns.listens(host.lab.hub_namespace, host.address, port, b"SSH-"):
                if time.monotonic() > deadline:
                    hint = f"see its console: {host.folder}/console.log"
                    raise LabError(f"{host.name} does not answer on ssh port {port}", hint)
                time.sleep(0.02)


def _boot(host: Host) -> bool:
    """Boot a host if it is off; whether it was."""
    if host.is_running() and (host.folder / "root").is_mount():
        return False
    power_off(host)
    prepare(host, ROOT_FILE_SYSTEM)
    power_on(host)
    return True


def _make_key(lab: Lab) -> None:
    if not lab.key.with_suffix(".pub").exists():
        lab.key.unlink(missing_ok=True)
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"lab {lab.name}", "-f", lab.key])


def _write_known_hosts(lab: Lab) -> None:
    lines = []
    for host in hosts_of(lab):
        key = (host.folder / "identity/ssh_host_ed25519_key.pub").read_text().rsplit(" ", 1)[0]
        lines += [f"{host.name},{host.address} {key}", f"[{host.name}]:2222,[{host.address}]:2222 {key}"]
    lab.known_hosts.write_text("\n".join(lines) + "\n")


def _remove_folder(folder: Path) -> None:
    if not folder.exists():
        return
    busy = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines() if f" {folder}/" in line]
    if busy:  # never delete through a mount
        raise LabError(f"{busy[0]} is still mounted", f"unmount it and repeat: umount {busy[0]}")
    aside = STATE / f".old-{folder.name}"
    shutil.rmtree(aside, ignore_errors=True)
    folder.rename(aside)
    shutil.rmtree(aside)
