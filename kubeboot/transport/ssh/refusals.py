"""What can be wrong once logged in: no root, no shell, no bash. Plain words and the next thing to do.

The texts looked for are sudo's own in the C locale (sudo 1.8 to 1.9).
"""

from __future__ import annotations

from kubeboot.errors import HostError, SudoRefused, Unreachable

HOW_TO_GIVE = "add --ask-sudo-password (-K), or --sudo-password-file FILE, or ssh.sudoPasswordFile to the inventory"
NOPASSWD = (
    "on the host, as root, allow the login user everything without a password:\n"
    "  echo 'USER ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/kubeboot && chmod 440 /etc/sudoers.d/kubeboot"
)


def sudo_refused(host: str, said: str) -> SudoRefused:
    """The login user is not root, and sudo said no (or is not there)."""
    lowered = said.lower()
    if "must have a tty" in lowered:
        hint = (
            "install script(1) there (Debian: bsdutils, others: util-linux), or take requiretty back, as root:\n"
            "  echo 'Defaults:USER !requiretty' > /etc/sudoers.d/kubeboot-tty && chmod 440 /etc/sudoers.d/kubeboot-tty"
        )
        message = "sudo works only on a terminal here (requiretty), and the host has no script(1) to make one"
        return SudoRefused(host, message, hint=hint, reference="sudo-requiretty")
    if "no sudo command" in lowered:
        hint = "install sudo on the host, or log in as root (ssh.user in the inventory)"
        message = "the login user is not root and the host has no sudo"
        return SudoRefused(host, message, hint=hint, reference="sudo-missing")
    if "password is required" in lowered:
        message = "sudo wants a password, and kubeboot was given none"
        return SudoRefused(host, message, hint=f"{HOW_TO_GIVE}, or {NOPASSWD}")
    message = f"the login user may not become root; sudo said: {said.strip() or 'nothing'}"
    return SudoRefused(host, message, hint=NOPASSWD, output=said)


def wrong_password(host: str) -> SudoRefused:
    """sudo did not take the password; it is sent once only, so that no account is locked."""
    hint = (
        "it was tried once, so that no account is locked; check the login user's password on this host. Hosts with\n"
        "passwords of their own have a sudoPasswordFile each, under the host's ssh in the inventory"
    )
    return SudoRefused(host, "sudo refused the password", hint=hint, reference="sudo-password-wrong")


def no_bash(host: str) -> HostError:
    """The host has no bash."""
    hint = "install it, for example: apt-get install bash"
    return HostError(host, "the host has no bash, which everything here runs in", hint=hint, reference="bash-missing")


def no_shell(host: str, output: str) -> Unreachable:
    """The login worked and no command was run: nologin, a forced command, an expired password."""
    hint = "has the login user a real shell and no forced command? Try: ssh USER@HOST true"
    message = "logged in, but the host runs no commands for this user"
    return Unreachable(host, message, hint=hint, reference="no-shell", output=output)


def shell_silent(host: str, limit_s: int, output: str) -> Unreachable:
    """The login worked and the shell never came to the point."""
    hint = "a shell profile that waits for something, or sudo waiting for a dead DNS server"
    message = f"logged in, but no root shell within {limit_s} s"
    return Unreachable(host, message, hint=hint, reference="shell-silent", output=output)


def no_session(host: str, detail: str) -> Unreachable:
    """The connection stands and sshd opens no session on it."""
    hint = "see MaxSessions in the host's sshd_config; sshd's log on the host tells more"
    return Unreachable(host, f"sshd opened no session: {detail}", hint=hint, reference="session-refused")
