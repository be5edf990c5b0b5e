"""Labs for benchmarks: hosts up, commands in the controller's namespace, time and use of a process."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LAB = ROOT / "lab" / "lab"
NAME = "bench"


@dataclass(frozen=True, slots=True)
class Use:
    """What a command took: seconds on the wall, CPU seconds and peak memory of it and its children."""

    wall_s: float
    cpu_s: float
    memory_mb: int
    exit_code: int
    output: str


def lab(*arguments: str, check: bool = True) -> str:
    """Run the lab's command for the benchmark's own lab."""
    done = subprocess.run([LAB, *arguments], env=_environment(), check=False, capture_output=True, text=True)
    if check and done.returncode:
        sys.exit(f"bench: lab {' '.join(arguments)} failed: {done.stderr.strip()}")
    return done.stdout


@contextmanager
def hosts(count: int, delay_ms: int = 0) -> Iterator[Path]:
    """Bare hosts and the path of their inventory; down again whatever happens."""
    lab("down")
    try:
        lab("up", str(count))
        folder = Path("/tmp/kubeboot-bench")  # noqa: S108 - on the benchmark's own machine
        folder.mkdir(mode=0o700, exist_ok=True)
        inventory = folder / "inventory.yaml"
        inventory.write_text(lab("inventory"), encoding="utf-8")
        if delay_ms:
            lab("delay", str(delay_ms))
        for old in folder.glob("*.kubeconfig*"):
            old.unlink()
        yield inventory
    finally:
        lab("down", check=False)


def in_lab(*command: str) -> Sequence[str]:
    """The command as it runs where the hosts can be reached."""
    return [str(LAB), "ctl", *command]


def measure(command: Sequence[str]) -> Use:
    """Run to the end. Memory is the peak of the largest process among it and its children."""
    with tempfile.TemporaryFile() as output:
        started = time.monotonic()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=_environment()
        )
        _, status, used = os.wait4(process.pid, 0)
        wall_s = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    return Use(wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024, process.returncode, text)


def _environment() -> dict[str, str]:
    # Compiled modules are kept, as for every installed program.
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"KUBEBOOT_LAB": NAME, "PYTHONPATH": str(ROOT)}
