"""Questions on a real terminal: nothing typed is shown, and typing is seen again afterwards, even after Ctrl-C."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.report.on_terminal import OnTerminal

ROOT = Path(__file__).parents[2]
SECRET = "s3cret"


SETUP = "from kubeboot.report.terminal import Terminal; t = Terminal(); "


def test_a_secret_is_not_shown() -> None:
    run = OnTerminal("-c", SETUP + "print(t.secret('password: ') == 's3cret', t.secret('again: '))")
    run.wait_for("password: ")
    run.type(SECRET + "\n")
    run.wait_for("again: ")
    run.type("\n")
    run.wait_for("True None")
    assert SECRET not in run.shown
    assert run.end() == 0


def test_ctrl_c_beside_a_question_of_another_thread_leaves_a_terminal_that_echoes() -> None:
    run = OnTerminal(
        "-c",
        SETUP + "import threading, os, time\n"
        "threading.Thread(target=t.secret, args=('password: ',), daemon=True).start()\n"
        "try: time.sleep(20)\n"
        "except KeyboardInterrupt: t.restore(); print('left', flush=True); time.sleep(3); os._exit(130)",
    )
    run.wait_for("password: ")
    assert not run.echoes()
    run.type("\x03")
    run.wait_for("left")
    assert run.echoes()
    assert run.end() == 130


def test_only_a_clear_yes_is_one() -> None:
    run = OnTerminal("-c", SETUP + "print([t.confirm(f'question {n}?') for n in range(4)])")
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
