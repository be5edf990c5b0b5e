"""The lock of a run: on every host of the inventory and, where there is a cluster, a Lease in it.

A host's lock is taken by the exec that looks at it, so facts are looked at under the lock and it costs no exec of its
own; the bootstrap control plane's comes first, so that of two runs at once one gets all. templates/lock.sh says whose
lock is dead, templates/lease.sh what the Lease is for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from kubeboot.engine import answer
from kubeboot.engine.owner import Owner, decode_owner
from kubeboot.engine.script import as_stdin
from kubeboot.errors import HostBusy, HostError
from kubeboot.render import template_text
from kubeboot.resources.quoting import sh
from kubeboot.transport.base import Transport

RENEW_EVERY_S = 20
AT_ONCE = 20
MARK = "KBL1"
OnNotice = Callable[[str, str], None]
"""Gets a host and a sentence for the user."""
Ask = Callable[[str], list[str]]
"""Runs shell text on a host and returns the lines of its answer."""


class OutOfTurn(Exception):
    """The bootstrap control plane's lock was not to be had, so this host's was not tried."""


@dataclass(frozen=True, slots=True)
class Held:
    """Another run's lock: its run id, its owner if readable, seconds since it was heard of, its units on the host."""

    run_id: str
    owner: Owner | None
    silent_s: str
    units: str

    def describe(self) -> str:
        """For people."""
        who = self.owner.describe(time.time()) if self.owner else f"run {self.run_id}"
        units = self.units.replace(".service", "")
        here = f"runs {units}" if units else f"seen {self.silent_s} s ago"
        return f"{who}; {here}"


class Locks:
    """One run's locks. `notice` hears of locks that were taken over."""

    def __init__(self, owner: Owner, transports: Mapping[str, Transport], first: str, notice: OnNotice) -> None:
        self.first = first
        self._owner = owner
        self._transports = transports
        self._notice = notice
        self._taken: set[str] = set()
        self._first_tried = threading.Event()
        self._ended = threading.Event()
        self._renewer = threading.Thread(target=self._keep_renewing, name="locks", daemon=True)

    def take(self, host: str, ask: Ask) -> list[str]:
        """Take the host's lock; the lines that `ask` gets beyond the lock's own.

        A lock whose process is known to be gone is taken over. Raises HostBusy, and OutOfTurn.
        """
        try:
            self._wait_for_turn(host)
            return self._take(host, ask, self._shell("lock.sh"), "kb_owner_try {dead} take")
        finally:
            self.pass_turn(host)

    def pass_turn(self, host: str) -> None:
        """The bootstrap control plane was tried, well or badly: the others may go on."""
        if host == self.first:
            self._first_tried.set()

    def take_lease(self) -> None:
        """Take the Lease in the cluster of the bootstrap control plane. Raises HostBusy and HostLost."""

        def ask(text: str) -> list[str]:
            return answer.ask(self._transports[self.first], self.first, as_stdin(text), "taking the lock").lines

        self._take(self.first, ask, self._shell("lease.sh"), "KB_DEAD={dead} kb_lease_try")

    def start(self) -> None:
        """Keep the locks alive until `release`."""
        self._renewer.start()

    def release(self) -> None:
        """Give back what was taken, stop renewing, and leave nothing of the run in /run (plans too)."""
        self._ended.set()
        self.give_back()

    def give_back(self) -> None:
        """Give back what was taken, where the connection still stands; it can be taken again."""
        self._first_tried.clear()
        taken, self._taken = self._taken, set()
        self._interject(self._transports, "kb_owner_release", "kb_lease_release" if self.first in taken else ":")

    def _wait_for_turn(self, host: str) -> None:
        if host == self.first:
            return
        self._first_tried.wait()
        if self.first not in self._taken:
            raise OutOfTurn

    def _take(self, host: str, ask: Ask, functions: str, call: str) -> list[str]:
        dead = ""
        while True:
            command = call.format(dead=sh(dead))
            lines = ask(
                f"{functions}answer=$({command})\nprintf '{MARK}\\t%s\\n' \"$answer\"\n"
                "case $answer in held*) exit 0 ;; esac\n"
            )
            held = self._read(host, lines)
            if held is None:
                self._taken.add(host)
                return [line for line in lines if not line.startswith(MARK)]
            if held.run_id == dead or not (held.owner and held.owner.is_dead()):
                raise busy(host, held)
            dead = held.run_id
            self._notice(host, f"takes over the lock of {held.owner.describe(time.time())}: that process is gone")

    def _read(self, host: str, lines: list[str]) -> Held | None:
        answer = next((line.split("\t") for line in lines if line.startswith(f"{MARK}\t")), [])
        match answer[1:]:
            case ["held", run_id, owner, silent_s, units]:
                return Held(run_id, decode_owner(owner), silent_s, units)
            case ["silent", owner, silent_s]:
                who = decode_owner(owner)
                text = who.describe(time.time()) if who else "another run"
                self._notice(host, f"takes over the lock of {text}: silent for {silent_s} s, nothing of it runs here")
                return None
            case ["ours"]:
                return None
        raise HostError(
            host,
            "the lock could not be taken: /run/kubeboot cannot be written, or bash is broken there",
            reference="lock-unusable",
            hint="Look at `df /run` and `mount` on the host; a read-only or full /run must be mended first.",
        )

    def _shell(self, template: str) -> str:
        owner = self._owner
        holder = f"{owner.user} {owner.run_id}"
        values = f"KB_RUN={sh(owner.run_id)} KB_OWNER={sh(owner.encode())} KB_HOLDER={sh(holder)} KB_DEAD=''\n"
        return values + template_text(template)

    def _keep_renewing(self) -> None:
        while not self._ended.wait(RENEW_EVERY_S):
            self._interject(sorted(self._taken), "kb_owner_try '' renew >/dev/null", "kb_lease_try >/dev/null")

    def _interject(self, hosts: Iterable[str], own: str, lease: str) -> None:
        """Call `own` on the hosts, and before it `lease` on the bootstrap control plane, all at once."""
        on_host = f"{self._shell('lock.sh')}{own}\n"
        on_first = f"{self._shell('lease.sh')}{lease}\n{on_host}"
        with ThreadPoolExecutor(AT_ONCE, "locks") as pool:
            for host in hosts:
                text = on_first if host == self.first else on_host
                pool.submit(self._transports[host].interject, as_stdin(text))


def busy(host: str, held: Held) -> HostBusy:
    """The refusal, with what is known of who is at work."""
    return HostBusy(
        host,
        f"locked by {held.describe()}",
        hint="Run again when it has ended, or with --wait. The lock of a run that is dead is free 60 s after its last "
        "sign, once nothing of it runs on the host.",
    )
