"""Log in by a password, once, to install a key. The host's key has been judged before: see handshake."""

from __future__ import annotations

import paramiko

from kubeboot.transport.ssh import problems
from kubeboot.transport.ssh.route import Hop


def log_in_by_password(host: str, hop: Hop, transport: paramiko.Transport, password: str, public_key: str) -> None:
    """Raises Unreachable (password-refused, password-not-allowed); connection errors pass.

    The password is given once only: by the method password, else to the one hidden question that PAM asks.
    """
    try:
        missing = _by_either(hop, transport, password)
    except paramiko.BadAuthenticationType as error:
        raise problems.no_password_login(host, hop, error.allowed_types, public_key) from None
    except paramiko.AuthenticationException:
        raise problems.password_refused(host, hop) from None
    if missing:
        raise problems.no_password_login(host, hop, [f"a password together with {', '.join(missing)}"], public_key)


def _by_either(hop: Hop, transport: paramiko.Transport, password: str) -> list[str]:
    try:
        return transport.auth_password(hop.user, password, fallback=False)
    except paramiko.BadAuthenticationType as error:
        if "keyboard-interactive" not in error.allowed_types:
            raise
    unused = [password]

    def answer(_title: str, _instructions: str, questions: list[tuple[str, bool]]) -> list[str]:
        """To a hidden question only, and to no second one: that would be a code, or the same once more."""
        return [unused.pop() if unused and not is_shown else "" for _, is_shown in questions]

    return transport.auth_interactive(hop.user, answer)
