"""One lab for one test module: hosts that are made, broken and looked at, and kubeboot run against them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAM = REPOSITORY / "lab" / "lab"
CACHE = Path(os.environ.get("KUBEBOOT_LAB_CACHE", "/var/cache/kubeboot-lab"))
BUILT = CACHE / "host" / "root"

SECRETS = {
    "a join token": re.compile(r"\b[a-z0-9]{6}\.[a-z0-9]{16}\b"),
    "a private key": re.compile(r"PRIVATE KEY|client-key-data"),
    "a certificate key": re.compile(r"certificate[- _]?key\W{1,4}[0-9a-f]{64}", re.IGNORECASE),
}

# The kubelet measures the disk of the whole machine, which the lab shares with others: only a really full one counts.
CALM_KUBELET = {
    "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1Gi", "imagefs.available": "1Gi"},
    "imageGCHighThresholdPercent": 99,
    "imageGCLowThresholdPercent": 98,
}

PICTURE = (
    r"find /etc -xdev -printf '%p %y %m %u:%g %l\n' | LC_ALL=C sort; "
    "find /etc -xdev -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum"
)

Inventory = dict[str, Any]


def secrets_in(text: str) -> list[str]:
    """Kinds of secrets that stand in `text`, each with where."""
    found = []
    for kind, pattern in SECRETS.items():
        found += [f"{kind}: ...{text[max(0, hit.start() - 60) : hit.start()]}" for hit in pattern.finditer(text)]
    return found


def merged(base: Inventory, changes: Mapping[str, Any]) -> Inventory:
    """`base` with `changes` laid over it, mapping by mapping; None takes a key away."""
    result = dict(base)
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result


@dataclass(frozen=True)
class Ended:
    """A run of kubeboot that is over."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def text(self) -> str:
        return self.out + self.err

    @property
    def summary(self) -> str:
        """The last line on stdout: what changed, what was in place, how long it took."""
        return self.out.rstrip().rpartition("\n")[2]

    def assert_code(self, code: int) -> Ended:
        assert self.code == code, f"exit {self.code}, wanted {code}\n{self.text}"
        assert "Traceback" not in self.text, self.text
        assert not secrets_in(self.text), secrets_in(self.text)
        return self

    def assert_says(self, *parts: str) -> Ended:
        """Each part is a regular expression that must be found."""
        for part in parts:
            assert re.search(part, self.text), f"nothing like {part!r} in\n{self.text}"
        return self

    def assert_nothing_changed(self) -> Ended:
        assert self.summary.startswith("0 changed,"), self.text
        return self


@dataclass
class Lab:
    """`name` tells it apart from other labs; inventories, kubeconfigs and kubeboot's cache lie in `folder`."""

    name: str
    folder: Path
    count: int = 0
    _running: list[subprocess.Popen[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        home = self.folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        self.env = {
            **os.environ,
            "KUBEBOOT_LAB": self.name,
            "PYTHONPATH": str(REPOSITORY),
            "HOME": str(home),
            "XDG_CACHE_HOME": str(home / "cache"),
            "XDG_STATE_HOME": str(home / "state"),
            "SSH_AUTH_SOCK": "",
            "COLUMNS": "200",
        }

    # The lab.

    def lab(self, *words: str, timeout_s: float = 120) -> str:
        done = subprocess.run(
            [PROGRAM, *words], env=self.env, capture_output=True, text=True, check=False, timeout=timeout_s
        )
        assert done.returncode == 0, f"lab {' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def up(self, count: int) -> None:
        self.count = max(self.count, count)
        self.lab("up", str(count))

    def down(self) -> None:
        for process in self._running:
            self.end(process, signal.SIGKILL)
        self.lab("down")

    @property
    def hosts(self) -> list[str]:
        return [f"node{number + 1}" for number in range(self.count)]

    def fresh(self, *hosts: str) -> None:
        self.lab("fresh", *(hosts or self.hosts))
        self.wait_for_ssh(*(hosts or self.hosts))

    def power_cut(self, host: str) -> None:
        """Off and on again."""
        self.lab("kill", host)
        self.lab("start", host)
        self.wait_for_ssh(host)

    def wait_for_ssh(self, *hosts: str) -> None:
        """Until sshd answers, and lets in others than root as well."""
        is_up = "test ! -e /run/nologin"
        for host in hosts:
            wait_until(lambda host=host: self.try_on(host, is_up).returncode == 0, f"sshd of {host}", 60)

    def try_on(self, host: str, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, "ssh", host, command], env=self.env, capture_output=True, text=True, check=False, timeout=120
        )

    def on(self, host: str, command: str) -> str:
        """What `command` prints on the host; it must succeed."""
        done = self.try_on(host, command)
        assert done.returncode == 0, f"{host}: {command}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout.strip()

    def ask(self, host: str, *commands: str) -> list[str]:
        """What each command prints on the host, all in one go."""
        answers = self.on(host, "; ".join(rf"{{ {command}; }} 2>&1; printf '\0'" for command in commands))
        return [answer.strip() for answer in answers.split("\0")[: len(commands)]]

    def files(self, host: str, *folders: str) -> dict[str, str]:
        """Every file below the folders with its content."""
        mark = "\x01"  # files may hold NUL, and strip() takes the separators
        parts = self.on(host, rf"find {' '.join(folders)} -type f -printf '\001%p\001' -exec cat {{}} \;").split(mark)
        return dict(zip(parts[1::2], parts[2::2], strict=True))

    def picture(self, host: str) -> str:
        """Every file of /etc with type, mode, owner and sha256."""
        return self.on(host, PICTURE)

    def pictures(self) -> dict[str, str]:
        return {host: self.picture(host) for host in self.hosts}

    def packages(self, host: str) -> str:
        return self.on(host, "dpkg-query -W")

    def kubectl(self, *words: str, host: str = "node1") -> str:
        return self.on(host, f"kubectl --kubeconfig /etc/kubernetes/admin.conf {' '.join(words)}")

    def objects(self, *words: str) -> list[dict[str, Any]]:
        """Items of `kubectl get WORDS`."""
        return list(json.loads(self.kubectl("get", *words, "-o", "json"))["items"])

    def inventory(self, *options: str, **changes: Any) -> Inventory:
        """What `lab inventory` prints, as data, with `changes` laid over its top level."""
        base = yaml.safe_load(self.lab("inventory", *options))
        calm = {"cluster": {"kubeadm": {"kubeletConfiguration": CALM_KUBELET}}}
        return merged(merged(base, calm), changes)

    def write(self, inventory: Inventory, name: str = "inventory") -> Path:
        path = self.folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump(inventory, sort_keys=False, allow_unicode=True))
        return path

    def _command(self, command: str, inventory: Inventory | Path | None, *options: str) -> list[str]:
        path = self.write(inventory) if isinstance(inventory, dict) else inventory
        named = ["-i", str(path)] if path else []
        return [str(PROGRAM), "ctl", sys.executable, "-m", "kubeboot", command, *named, *options]

    def kubeboot(
        self, command: str, inventory: Inventory | Path | None, *options: str, timeout_s: float = 240
    ) -> Ended:
        """Run kubeboot on the controller to its end; a command that takes no inventory gets None."""
        started = time.monotonic()
        done = subprocess.run(
            self._command(command, inventory, *options),
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
            cwd=self.folder,
        )
        return Ended(done.returncode, done.stdout, done.stderr, time.monotonic() - started)

    def start(self, command: str, inventory: Inventory | Path, *options: str) -> subprocess.Popen[str]:
        """Run kubeboot beside the test; its output goes to the file of `output_of`."""
        with self._output.open("w") as output:
            process = subprocess.Popen(
                self._command(command, inventory, *options),
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                cwd=self.folder,
                # A job in a script's background ignores SIGINT from birth.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
        self._running.append(process)
        return process

    @property
    def _output(self) -> Path:
        return self.folder / "started.txt"

    def said(self) -> str:
        """What the run that `start` began has said so far."""
        return self._output.read_text()

    def wait(self, process: subprocess.Popen[str], timeout_s: float = 240) -> Ended:
        """The end of a run that `start` began."""
        started = time.monotonic()
        code = process.wait(timeout_s)
        self._running.remove(process)
        return Ended(code, self._output.read_text(), "", time.monotonic() - started)

    def end(self, process: subprocess.Popen[str], number: signal.Signals) -> str:
        """Signal it, wait, and hand out what it said."""
        process.send_signal(number)
        process.wait(30)
        self._running.remove(process)
        return self._output.read_text()

    def wait_for_step(
        self, process: subprocess.Popen[str], host: str, phase: str, step: str, also: str = "true"
    ) -> None:
        """Until that step has begun on the host, and the command `also` succeeds there."""
        begun = f"grep -qs '\tS\t{step}$' /run/kubeboot/runs/*/{phase}/records && {also}"

        def is_there() -> bool:
            assert process.poll() is None, f"kubeboot ended before {step}:\n{self._output.read_text()}"
            return self.try_on(host, begun).returncode == 0

        wait_until(is_there, f"{phase}: {step} on {host}", 180)


def wait_until(is_there: Callable[[], bool], what: str, timeout_s: float, interval_s: float = 0.2) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_there():
        assert time.monotonic() < deadline, f"waited {timeout_s} s for {what}"
        time.sleep(interval_s)


def lab_of_module(module: str, folder: Path, count: int) -> Iterator[Lab]:
    """A lab of `count` hosts, gone afterwards whatever happens. Its name holds the process id: sessions never meet."""
    lab = Lab(f"st{os.getpid()}{module}"[:20], folder)
    try:
        lab.up(count)
        yield lab
    finally:
        lab.down()
