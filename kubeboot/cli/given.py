"""Passwords that the command line gives: typed before anything else, or read from a file."""

from __future__ import annotations

from pathlib import Path

from kubeboot.errors import UsageError
from kubeboot.report.terminal import Terminal, has_terminal
from kubeboot.transport.credentials import Unusable, password_in_file


def given_sudo_password(terminal: Terminal, is_asked: bool, file: str) -> str | None:
    """The sudo password for all hosts; None when the command line gives none. Raises UsageError."""
    if file:
        return given_in_file(file)
    if not is_asked:
        return None
    if not has_terminal():
        hint = "Use --sudo-password-file FILE, or ssh.sudoPasswordFile in the inventory."
        raise UsageError(
            "there is no terminal on which to ask for the sudo password", hint=hint, reference="no-terminal"
        )
    password = terminal.secret("sudo password: ")
    if password is None:
        raise UsageError("no sudo password was given", reference="no-password")
    return password


def given_in_file(file: str) -> str:
    """The password in a file that the command line names. Raises UsageError."""
    try:
        return password_in_file(Path(file).expanduser())
    except Unusable as error:
        raise UsageError(str(error), reference="password-file-unusable") from None
