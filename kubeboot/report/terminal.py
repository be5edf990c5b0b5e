"""Questions to the person at the terminal: one at a time, from any thread; secrets are not shown while typed."""

from __future__ import annotations

import getpass
import sys
import termios
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from kubeboot.redaction import learn


def has_terminal() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin is not None and sys.stdin.isatty()


class Terminal:
    """`paused` takes away what is being drawn while a question stands."""

    def __init__(self, paused: Callable[[], AbstractContextManager[None]] = nullcontext) -> None:
        self._paused = paused
        self._lock = threading.Lock()
        self._settings: list[Any] | None = None

    def secret(self, prompt: str) -> str | None:
        """What was typed; None when there is no terminal, or no answer (Ctrl-D, an empty line)."""
        if not has_terminal():
            return None
        with self._lock, self._paused():
            self._settings = termios.tcgetattr(sys.stdin)
            try:
                typed = getpass.getpass(prompt)
                learn(typed)
                return typed or None
            except EOFError:
                return None
            finally:
                self._settings = None

    def confirm(self, question: str) -> bool:
        """True for yes; no, an empty line and Ctrl-D are False. Only where there is a terminal."""
        with self._lock, self._paused():
            try:
                return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
            except EOFError:
                return False

    def restore(self) -> None:
        """Let typing be seen again when Ctrl-C left a question of another thread unanswered."""
        if self._settings:
            termios.tcsetattr(sys.stdin, termios.TCSANOW, self._settings)
