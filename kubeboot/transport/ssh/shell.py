"""The remote command: a root bash under any login shell, and how the host says whether it may have one.

The command is one line of /bin/sh inside single quotes, without a single quote, backslash or exclamation mark of its
own: sh, bash, dash, zsh, csh and fish all pass such an argument on unchanged. Root's bash prints READY before it reads
its stdin, so what shell profiles print comes before READY and is dropped.
"""

from __future__ import annotations

from enum import Enum

READY = "KUBEBOOT-READY"
PASSWORD = "KUBEBOOT-PASSWORD"  # noqa: S105 (a line that asks for one)
VIA_SUDO = "KUBEBOOT-SUDO"
NO_SUDO = "KUBEBOOT-NOSUDO"
NO_BASH = "KUBEBOOT-NOBASH"
PROMPT = "KUBEBOOT-SUDO-PROMPT"
MARKERS = (READY, VIA_SUDO, PASSWORD, NO_SUDO, NO_BASH)

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_CLEAN = f"umask 022; PATH={PATH}; LC_ALL=C; export PATH LC_ALL; unset BASH_ENV ENV"
# The empty line ends whatever a profile printed without a newline.
_ROOT = f"{_CLEAN}; echo; echo {READY}; exec bash --noprofile --norc -s"
_NEEDS_BASH = f"command -v bash >/dev/null || {{ echo; echo {NO_BASH}; exit 127; }}"
# sudo is asked with the very command that is run later: sudoers may allow some commands only.
# -k: a remembered password must not hide that one is needed; where none is needed bash would execute the password.
_WITHOUT_PASSWORD = (
    f'E=$(sudo -kn /bin/sh -c : 2>&1 </dev/null) && {{ echo; echo {VIA_SUDO}; exec sudo -n /bin/sh -c "$R"; }}'
)
_WITH_PASSWORD = f'echo; echo {PASSWORD}; exec sudo -k -S -p {PROMPT} /bin/sh -c "$R"'


class Access(Enum):
    """How root is had on this connection; UNKNOWN until the first command asked."""

    UNKNOWN = "unknown"
    ROOT = "root"
    SUDO = "sudo without a password"
    SUDO_PASSWORD = "sudo with a password"  # noqa: S105


def remote_command(access: Access) -> str:
    """What to exec. Once access is known the command cannot ask for a password any more, so a payload sent straight
    away is never read by sudo."""
    if access is Access.ROOT:
        return f"exec /bin/sh -c '{_CLEAN}; {_NEEDS_BASH}; {_ROOT}'"
    if access is Access.SUDO:
        return f'exec /bin/sh -c \'R="{_ROOT}"; {_CLEAN}; exec sudo -n /bin/sh -c "$R"\''
    return f"exec /bin/sh -c '{_probe()}'"


def _probe() -> str:
    as_root = 'if [ "$(id -u)" = 0 ]; then eval "$R"; fi'
    has_sudo = f"command -v sudo >/dev/null || {{ echo; echo {NO_SUDO} there is no sudo command; exit 1; }}"
    on_password = f'case "$E" in *password*) {_WITH_PASSWORD};; esac'
    refuse = f'echo; echo {NO_SUDO} "$E"; exit 1'
    steps = (f'R="{_ROOT}"', _CLEAN, _NEEDS_BASH, as_root, has_sudo, _WITHOUT_PASSWORD, on_password, refuse)
    return "; ".join(steps)
