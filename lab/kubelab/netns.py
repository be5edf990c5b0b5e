"""Step into a network namespace: for this process's next sockets, or for good before running a command."""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from .errors import LabError
from .places import Lab

FOLDER = Path("/run/netns")
_NEW_NETWORK, _NEW_MOUNTS = 0x40000000, 0x00020000
_BIND, _SLAVE_ALL = 0x1000, 0x84000
_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        raise LabError(f"{what}: {os.strerror(ctypes.get_errno())}", "the lab needs root and network namespaces")


def _enter(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _check(_libc.setns(handle, _NEW_NETWORK), f"cannot enter {path}")
    finally:
        os.close(handle)


def is_alive(namespace: str) -> bool:
    """Whether the namespace is there; after a restart of the machine its file may be left without it."""
    return os.path.ismount(FOLDER / namespace)  # (Path.is_mount looks at folders only)


@contextmanager
def inside(namespace: str) -> Iterator[None]:
    """Sockets made and /proc/sys/net files opened in this block belong to the namespace."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _enter(FOLDER / namespace)
        yield
    finally:
        _check(_libc.setns(home, _NEW_NETWORK), "cannot leave the namespace")
        os.close(home)


def listens(namespace: str, address: str, port: int, banner: bytes = b"", timeout_s: float = 0.3) -> bool:
    """Whether a TCP connection from the namespace is accepted (and greeted with the banner, if one is given)."""
    with inside(namespace):
        probe = socket.socket()
    with probe:
        probe.settimeout(timeout_s)
        try:
            probe.connect((address, port))
            return probe.recv(len(banner)) == banner if banner else True
        except OSError:
            return False


def become(lab: Lab, argv: Sequence[str]) -> NoReturn:
    """Replace this process by a command that runs where the lab's hosts are reachable and their names resolve.

    The mount namespace of its own carries a single change: /etc/resolv.conf names the lab's resolver.
    """
    _enter(FOLDER / lab.controller_namespace)
    _check(_libc.unshare(_NEW_MOUNTS), "cannot make a mount namespace")
    _check(_libc.mount(None, b"/", None, _SLAVE_ALL, None), "cannot make mounts private")
    resolver = lab.folder / "resolv.conf"
    _libc.mount(bytes(resolver), b"/etc/resolv.conf", None, _BIND, None)  # if it fails, addresses still work
    try:
        os.execvp(argv[0], list(argv))  # noqa: S606 (no shell is what is wanted)
    except FileNotFoundError:
        raise LabError(f"{argv[0]}: no such command", "give a program on PATH, for example: lab ctl ssh -V") from None
    except PermissionError:
        raise LabError(f"{argv[0]} is not executable", "give a program on PATH, for example: lab ctl ssh -V") from None
