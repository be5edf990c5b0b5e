"""Hosts for tests of the engine: a unit that lives on while links come and go, and what it answers."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Iterator

from kubeboot.engine.script import Settings

NONCE = "0123456789abcdef"
SETTINGS = Settings(run_id="20260101-000000-abcd", nonce=NONCE, owner="me@here", mode="apply")


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def line(*fields: object) -> str:
    return "\t".join((NONCE, *map(str, fields)))


def result(number: int, status: str = "ok", reason: str = "", output: str = "", code: int = 0) -> str:
    return line("R", number, status, code, 5, b64(reason), b64(output))


DONE = line("E", "done")
FAILED = line("E", "failed")


def is_start(payload: bytes) -> bool:
    """Whether that payload brings a script; else it only follows."""
    return b"KUBEBOOT_FILES" in payload


def from_line(payload: bytes) -> int:
    """The number of the record from which that payload follows."""
    found = re.search(rb"^KB_FROM=(\d+)$", payload, re.MULTILINE)
    assert found
    return int(found[1])


def files(payload: bytes) -> dict[str, str]:
    """The unit's files in a payload that starts one."""
    import io
    import tarfile

    found = re.search(rb"<<'KUBEBOOT_FILES'[^\n]*\n(.*?)\nKUBEBOOT_FILES", payload, re.DOTALL)
    assert found
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(found[1])), mode="r:gz") as archive:
        return {member.name: content.read().decode() for member in archive if (content := archive.extractfile(member))}


class Unit:
    """What the launcher does on a host, as a responder for FakeTransport: starts once, then follows.

    `make` gives the records of each start. `reboots_before`: numbers of the executes before which the host reboots.
    """

    def __init__(self, make: Callable[[bytes], Iterable[str]], reboots_before: Iterable[int] = ()) -> None:
        self._make = make
        self._reboots = set(reboots_before)
        self._records: dict[str, list[str]] = {}
        self._executes = 0
        self.boots = 1
        self.starts = 0

    def __call__(self, payload: bytes) -> Iterator[str]:
        self._executes += 1
        if self._executes in self._reboots:
            self._records.clear()
            self.boots += 1
        return self._answer(payload)

    def _answer(self, payload: bytes) -> Iterator[str]:
        found = re.search(rb"^KB_DIR=(.*)$", payload, re.MULTILINE)
        assert found
        directory = found[1].decode()
        yield line("B", f"boot-{self.boots}")
        if directory not in self._records:
            if not is_start(payload):
                yield line("G")
                return
            self.starts += 1
            self._records[directory] = list(self._make(payload))
        yield from self._records[directory][from_line(payload) - 1 :]
