"""A program on a pseudo terminal, with somebody who types."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIMIT_S = 30


class OnTerminal:
    """`arguments` of Python, or a whole `command`, on a terminal that is ours."""

    def __init__(self, *arguments: str, command: Sequence[str] = (), environment: Mapping[str, str] = {}) -> None:
        self.shown = ""
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # a job in a script's background ignores it from birth
            words = list(command) or [sys.executable, *arguments]
            os.execvpe(words[0], words, {**os.environ, "PYTHONPATH": str(ROOT), **environment})  # noqa: S606

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + LIMIT_S
        while text not in self.shown:
            assert time.monotonic() < deadline, self.shown
            self._read()

    def _read(self) -> bool:
        if not select.select([self._terminal], [], [], 0.2)[0]:
            return True
        try:
            data = os.read(self._terminal, 4096)
        except OSError:  # the program has ended
            return False
        self.shown += data.decode()
        return bool(data)

    def type(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def end(self) -> int:
        deadline = time.monotonic() + LIMIT_S
        while self._read():
            assert time.monotonic() < deadline, self.shown
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def echoes(self) -> bool:
        done = subprocess.run(["stty", "-a"], stdin=self._terminal, capture_output=True, text=True, check=True)
        return " echo " in done.stdout
