"""Run other programs: argument lists only, and a failure carries the program's own last words."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from .errors import LabError

_LAST_LINES = 8
_children: set[subprocess.Popen[str]] = set()
_children_lock = threading.Lock()


def run(
    argv: Sequence[str | Path],
    *,
    stdin: str | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    what: str = "",
) -> str:
    """Run to its end and return stdout; LabError with the program's last lines if it fails."""
    words = [str(word) for word in argv]
    pipe = subprocess.PIPE
    try:
        child = subprocess.Popen(
            words,
            stdin=pipe if stdin is not None else subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
            text=True,
            errors="replace",
            cwd=cwd,
            env={**os.environ, **(env or {})},
        )
    except FileNotFoundError:
        raise LabError(f"{words[0]} is not installed", "lab build installs what the lab needs") from None
    with _children_lock:
        _children.add(child)
    try:
        out, err = child.communicate(stdin)
    finally:
        with _children_lock:
            _children.discard(child)
    if child.returncode != 0:
        tail = "\n".join((err.strip() or out.strip()).splitlines()[-_LAST_LINES:])
        raise LabError(f"{what or ' '.join(words[:4])} failed with exit code {child.returncode}:\n{tail}")
    return out


def end_children() -> None:
    """Ask every program that `run` waits for, in any thread, to end: Ctrl-C must not leave a compiler behind."""
    with _children_lock:
        for child in _children:
            child.terminate()


def succeeds(argv: Sequence[str | Path]) -> bool:
    """Whether the program ends with exit code 0; its output is dropped."""
    words = [str(word) for word in argv]
    return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0


def spawn(cgroup: Path, argv: Sequence[str | Path], log: Path) -> int:
    """Start a background program inside a cgroup of the lab, where `down` finds it in any case; return its pid."""
    words = [str(word) for word in argv]
    enter = 'echo $$ > "$0/cgroup.procs" && exec "$@"'
    with log.open("ab") as out:
        child = subprocess.Popen(
            ["sh", "-c", enter, str(cgroup), *words],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd="/",
        )
    child.returncode = 0  # it outlives this process on purpose: no ResourceWarning when the object goes
    return child.pid
