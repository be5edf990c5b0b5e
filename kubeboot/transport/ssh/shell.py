"""The remote command: a root bash under any login shell, and how the host says whether it may have one.

The command is one line of /bin/sh inside single quotes, without a single quote or exclamation mark of its own, and with
a backslash only before a double quote or a dollar: sh, bash, dash, zsh, csh and fish all pass such an argument on
unchanged. Root's bash prints READY before it reads its stdin, so what shell profiles print comes before READY and is
dropped.
"""

from __future__ import annotations

from enum import Enum

READY = "KUBEBOOT-READY"
PASSWORD = "KUBEBOOT-PASSWORD"  # noqa: S105 (a line that asks for one)
VIA_SUDO = "KUBEBOOT-SUDO"
VIA_SUDO_TTY = "KUBEBOOT-SUDO-TTY"
NO_SUDO = "KUBEBOOT-NOSUDO"
NO_BASH = "KUBEBOOT-NOBASH"
PROMPT = "KUBEBOOT-SUDO-PROMPT"
MARKERS = (READY, VIA_SUDO, VIA_SUDO_TTY, PASSWORD, NO_SUDO, NO_BASH)

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_CLEAN = f"umask 022; PATH={PATH}; LC_ALL=C; export PATH LC_ALL; unset BASH_ENV ENV"
# The empty line ends whatever a profile printed without a newline.
_ROOT = f"{_CLEAN}; echo; echo {READY}; exec bash --noprofile --norc -s"
_NEEDS_BASH = f"command -v bash >/dev/null || {{ echo; echo {NO_BASH}; exit 127; }}"
# sudo is asked with the very command that is run later: sudoers may allow some commands only.
# -k: a remembered password must not hide that one is needed; where none is needed bash would execute the password.
_ASK = "sudo -kn /bin/sh -c :"
_WITHOUT = "sudo -n /bin/sh -c"
_WITH = f"sudo -k -S -p {PROMPT} /bin/sh -c"
# requiretty wants a controlling terminal and does not look at stdin: script(1) makes one, and sudo gets our own three
# streams in it. So nothing is echoed, nothing is cut at 4096 bytes, and stderr stays apart.
_HAS_SCRIPT = "command -v script"
_HAS_TTY = f'SHELL=/bin/sh; export SHELL; E=$(script -qec "{_ASK}" /dev/null 2>&1 </dev/null)'


def _on_tty(sudo: str) -> str:
    inner = f'exec {sudo} \\"\\$R\\" <&3 >&4 2>&5 3<&- 4>&- 5>&-'
    return (
        "export R; SHELL=/bin/sh; export SHELL; exec 3<&0 4>&1 5>&2; "
        f'exec script -qec "{inner}" /dev/null </dev/null >/dev/null 2>&1'
    )


class Access(Enum):
    """How root is had on this connection; UNKNOWN until the first command asked."""

    UNKNOWN = "unknown"
    ROOT = "root"
    SUDO = "sudo without a password"
    SUDO_TTY = "sudo without a password, on a terminal"
    SUDO_PASSWORD = "sudo with a password"  # noqa: S105

    @property
    def is_known_to_need_nothing(self) -> bool:
        """The payload may be sent straight away."""
        return self in (Access.ROOT, Access.SUDO, Access.SUDO_TTY)


def remote_command(access: Access) -> str:
    """What to exec. Once access is known the command cannot ask for a password any more, so a payload sent straight
    away is never read by sudo."""
    if access is Access.ROOT:
        return f"exec /bin/sh -c '{_CLEAN}; {_NEEDS_BASH}; {_ROOT}'"
    if access is Access.SUDO:
        return f'exec /bin/sh -c \'R="{_ROOT}"; {_CLEAN}; exec {_WITHOUT} "$R"\''
    if access is Access.SUDO_TTY:
        return f"exec /bin/sh -c 'R=\"{_ROOT}\"; {_CLEAN}; {_on_tty(_WITHOUT)}'"
    return f"exec /bin/sh -c '{_probe()}'"


def _probe() -> str:
    as_root = 'if [ "$(id -u)" = 0 ]; then eval "$R"; fi'
    has_sudo = f"command -v sudo >/dev/null || {{ echo; echo {NO_SUDO} there is no sudo command; exit 1; }}"
    steps = (
        f'R="{_ROOT}"',
        _CLEAN,
        _NEEDS_BASH,
        as_root,
        has_sudo,
        f'E=$({_ASK} 2>&1 </dev/null) && {{ echo; echo {VIA_SUDO}; exec {_WITHOUT} "$R"; }}',
        f'case "$E" in *password*) echo; echo {PASSWORD}; exec {_WITH} "$R";; esac',
        # Without script(1) sudo's own refusal stays the last word.
        f'case "$E" in *have?a?tty*) {_HAS_SCRIPT} >/dev/null && {{ {_HAS_TTY} && '
        f"{{ echo; echo {VIA_SUDO_TTY}; {_on_tty(_WITHOUT)}; }}; }};; esac",
        f'case "$E" in *password*) echo; echo {PASSWORD}; {_on_tty(_WITH)};; esac',
        f'echo; echo {NO_SUDO} "$E"; exit 1',
    )
    return "; ".join(steps)
