"""Questions on a real terminal: nothing typed is shown, and typing is seen again afterwards, even after Ctrl-C."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECRET = "s3cret"


class OnTerminal:
    """A Python program whose terminal is ours."""

    def __init__(self, code: str) -> None:
        self.shown = ""
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            os.environ["PYTHONPATH"] = str(ROOT)
            os.execv(sys.executable, [sys.executable, "-c", code])  # noqa: S606

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + 20
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
        deadline = time.monotonic() + 20
        while self._read():
            assert time.monotonic() < deadline, self.shown
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def echoes(self) -> bool:
        done = subprocess.run(["stty", "-a"], stdin=self._terminal, capture_output=True, text=True, check=True)
        return " echo " in done.stdout


SETUP = "from kubeboot.report.terminal import Terminal; t = Terminal(); "


def test_a_secret_is_not_shown() -> None:
    run = OnTerminal(SETUP + "print(t.secret('password: ') == 's3cret', t.secret('again: '))")
    run.wait_for("password: ")
    run.type(SECRET + "\n")
    run.wait_for("again: ")
    run.type("\n")
    run.wait_for("True None")
    assert SECRET not in run.shown
    assert run.end() == 0


def test_ctrl_c_beside_a_question_of_another_thread_leaves_a_terminal_that_echoes() -> None:
    run = OnTerminal(
        SETUP + "import threading, os, time\n"
        "threading.Thread(target=t.secret, args=('password: ',), daemon=True).start()\n"
        "try: time.sleep(20)\n"
        "except KeyboardInterrupt: t.restore(); print('left', flush=True); time.sleep(3); os._exit(130)"
    )
    run.wait_for("password: ")
    assert not run.echoes()
    run.type("\x03")
    run.wait_for("left")
    assert run.echoes()
    assert run.end() == 130


def test_only_a_clear_yes_is_one() -> None:
    run = OnTerminal(SETUP + "print([t.confirm(f'question {n}?') for n in range(4)])")
    for number, answer in enumerate(("y", "Yes", "", "nein")):
        run.wait_for(f"question {number}? [y/N] ")
        run.type(answer + "\n")
    run.wait_for("[True, True, False, False]")


def test_without_a_terminal_nobody_is_asked() -> None:
    code = SETUP + "print(t.secret('password: '))"
    done = subprocess.run(
        [sys.executable, "-c", code], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert (done.stdout, done.stderr) == ("None\n", "")
