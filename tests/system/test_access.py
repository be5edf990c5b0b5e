"""Getting in where it is not easy: sudo with a password or a terminal, tight sshd, odd shells, jump hosts, no key.

All of it with `kubeboot plan`, which changes nothing; three hosts, each difficult in its own way.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_hosts import PROGRAM, REPOSITORY, Inventory, Lab, merged

sys.path.insert(0, str(REPOSITORY))
from tests.report.on_terminal import OnTerminal

pytestmark = pytest.mark.lab
HOSTS = 3
PASSWORD = "kb $(reboot) 'ops'"
SUDOERS = "/etc/sudoers.d/ops"


def with_ssh(inventory: Inventory, *settings: dict[str, object]) -> Inventory:
    """Each host with settings of its own under `ssh`."""
    hosts = [merged(host, {"ssh": own}) for host, own in zip(inventory["hosts"], settings, strict=True)]
    return {**inventory, "hosts": hosts}


def write(lab: Lab, host: str, path: str, text: str, mode: str = "644") -> None:
    lab.on(host, f"cat > {path} <<'END'\n{text}\nEND\nchmod {mode} {path}")


@pytest.fixture(scope="module", autouse=True)
def difficult(lab: Lab) -> Iterator[None]:
    """node1: sudo. node2: sshd and umask. node3: shell and profile. All: ops has a password."""
    for host in lab.hosts:
        lab.on(host, f"chpasswd <<'END'\nops:{PASSWORD}\nEND\nrm -rf /root/.ssh/known_hosts")
    write(lab, "node1", SUDOERS, "Defaults requiretty\nDefaults secure_path=/usr/bin:/bin\nops ALL=(ALL) ALL", "440")
    write(lab, "node2", "/etc/ssh/sshd_config.d/00-tight.conf", "MaxStartups 2\nMaxSessions 2")
    lab.on("node2", "systemctl restart ssh; echo 'umask 077' | tee -a /root/.bashrc /etc/profile >/etc/ssh/sshrc")
    with Path(shutil.which("tcsh") or "/bin/false").open("rb") as shell:
        command = [PROGRAM, "ssh", "node3", "cat >/bin/csh; chmod 755 /bin/csh; chsh -s /bin/csh ops"]
        subprocess.run(command, env=lab.env, stdin=shell, check=True, capture_output=True)
    write(lab, "node3", "/home/ops/.cshrc", "echo \"Welcome!  KUBEBOOT-READY\"\nprintf 'no newline'\numask 077")
    (lab.folder / "password").write_text(PASSWORD + "\n")
    (lab.folder / "password").chmod(0o600)
    yield


def hard(lab: Lab) -> Inventory:
    own: dict[str, object] = {"user": "ops"}
    return with_ssh(lab.inventory(), {**own, "sudoPasswordFile": "password"}, {}, own)


@pytest.mark.skipif(not shutil.which("tcsh"), reason="no tcsh on this machine")
def test_all_of_it_at_once(lab: Lab) -> None:
    """requiretty, secure_path and a sudo password; MaxStartups 2, MaxSessions 2, umask 077; csh and a noisy profile."""
    lab.kubeboot("plan", hard(lab)).assert_code(5).assert_says("3 hosts")


def test_i9_the_password_is_nowhere_on_the_host(lab: Lab) -> None:
    files = "find /var/log /run/kubeboot /tmp /root /home -xdev -type f -exec cat {} + 2>/dev/null"
    said = lab.on(
        "node1", f"{{ journalctl --no-pager -q; {files}; }} | tr -d '\\0' | grep -aF -c 'kb $(reboot)' || true"
    )
    assert said == "0"


def test_without_the_password_the_host_and_the_way_are_named(lab: Lab) -> None:
    no_password = merged(lab.inventory("--hosts", "node1"), {"ssh": {"user": "ops"}})
    run = lab.kubeboot("plan", no_password, "-q").assert_code(3)
    run.assert_says(r"FAILED node1: sudo wants a password", "--ask-sudo-password")
    (lab.folder / "wrong").write_text("wrong\n")
    run = lab.kubeboot("plan", no_password, "-q", "--sudo-password-file", str(lab.folder / "wrong")).assert_code(3)
    run.assert_says(r"FAILED node1: sudo refused the password \[sudo-password-wrong\]")
    command = ["cat", str(lab.folder / "password")]
    lab.kubeboot("plan", merged(no_password, {"ssh": {"sudoPasswordCommand": command}}), "-q").assert_code(5)


def on_terminal(lab: Lab, *words: str) -> OnTerminal:
    command = [str(PROGRAM), "ctl", sys.executable, "-m", "kubeboot", *words]
    return OnTerminal(command=command, environment={**lab.env, "TERM": "xterm"})


def test_somebody_types_the_password_once(lab: Lab) -> None:
    """Asked for at once, and asked for when a host turns out to want it."""
    inventory = lab.write(merged(lab.inventory("--hosts", "node1"), {"ssh": {"user": "ops"}}))
    for option, prompt in (("-K", "sudo password: "), ("-v", "sudo password of ops on node1")):
        run = on_terminal(lab, "plan", option, "-i", str(inventory))
        run.wait_for(prompt)
        run.type(PASSWORD + "\n")
        assert run.end() == 5, run.shown
        assert PASSWORD not in run.shown
        assert run.shown.count(prompt) == 1


def test_through_two_jump_hosts(lab: Lab) -> None:
    inventory = lab.inventory("--hosts", "node3")
    addresses = {host["name"]: host["address"] for host in lab.inventory()["hosts"]}
    home = lab.folder / "home/.ssh"
    home.mkdir(exist_ok=True)
    jump = ",".join(f"root@{addresses[name]}" for name in ("node1", "node2"))
    (home / "config").write_text(f"Host {addresses['node3']}\n  ProxyJump {jump}\n")
    try:
        run = lab.kubeboot("plan", inventory).assert_code(7)
        run.assert_says("nobody vouches for the key of " + addresses["node1"])
        keys = {name: lab.on(name, "cat /etc/ssh/ssh_host_ed25519_key.pub") for name in ("node1", "node2")}
        lines = [f"{addresses[name]} {key}" for name, key in keys.items()]
        (lab.folder / "known_hosts").write_text("\n".join(lines))
        lab.kubeboot("plan", inventory).assert_code(5)
        came = lab.on("node3", "journalctl -u ssh --no-pager -q | grep 'Accepted publickey' | tail -n 1")
        assert f"from {addresses['node2']} " in lab.on("node3", "journalctl -u ssh --no-pager -q") and came
    finally:
        (home / "config").unlink()
        (lab.folder / "known_hosts").unlink()


def test_from_a_password_to_a_plan(lab: Lab) -> None:
    """Hosts that nobody has a key for: one password, one list of fingerprints, one question."""
    for host in lab.hosts:
        lab.on(host, "rm -rf /home/ops/.ssh; echo 'ops ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/ops")
        write(lab, host, "/etc/ssh/sshd_config.d/00-password.conf", "PasswordAuthentication yes")
        lab.on(host, "systemctl restart ssh")
    lab.wait_for_ssh(*lab.hosts)
    inventory = lab.inventory("--user", "ops")
    marks = {host["name"]: host.pop("hostKey") for host in inventory["hosts"]}
    inventory["ssh"]["identityFile"] = "new_key"
    path = lab.write(inventory)
    (lab.folder / "marks").write_text("".join(f"{name} {mark}\n" for name, mark in marks.items() if name != "node3"))
    options = ["--password-file", str(lab.folder / "password"), "--fingerprints", str(lab.folder / "marks")]
    run = lab.kubeboot("ssh-setup", path, *options).assert_code(7)
    run.assert_says("FAILED node3: .*has no line for it", "node1: key installed", "node2: key installed")
    assert not lab.on("node3", "journalctl -u ssh --no-pager -q | grep -c 'password for ops' || true").strip("0")
    run_here = on_terminal(lab, "ssh-setup", "-i", str(path))
    run_here.wait_for("Accept this host key? [y/N] ")
    assert marks["node3"] in run_here.shown
    run_here.type("y\n")
    run_here.wait_for("login password of ops on node3: ")
    run_here.type(PASSWORD + "\n")
    assert run_here.end() == 0, run_here.shown
    run = lab.kubeboot("ssh-setup", path).assert_code(0)
    run.assert_says("3 hosts can be logged in to by key; nothing was to be done")
    lab.kubeboot("plan", path).assert_code(5)
