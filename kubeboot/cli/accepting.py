"""Who says that a host key is the right one: a list, the person at the terminal, or nobody at all on request."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kubeboot.errors import HostError, HostKeyChanged, HostKeyUnknown, UsageError
from kubeboot.model import Host
from kubeboot.report.printer import Printer
from kubeboot.report.terminal import Terminal, has_terminal
from kubeboot.report.words import counted, host_list, table
from kubeboot.transport.fingerprints import Fingerprints, read_fingerprints, record
from kubeboot.transport.hostkeys import HostKey, Verdict

NOT_ACCEPTED = (
    'nothing was recorded. Accept it on a terminal, or with --fingerprints FILE (lines "HOST SHA256:...", from the\n'
    "hosts' consoles, or what ssh-keyscan printed on a network that you trust)"
)
COLUMNS = ("HOST", "ADDRESS", "TYPE", "FINGERPRINT")


def list_of(path: str) -> Fingerprints | None:
    """The list of that file; None without one. Raises UsageError."""
    if not path:
        return None
    try:
        return read_fingerprints(Path(path).expanduser())
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"the list {path} cannot be used: {reason}", reference="fingerprints-unusable") from None


class Accepting:
    """Shows unknown keys, has them accepted, and records them. `recorded`: how many the last time."""

    def __init__(
        self, printer: Printer, terminal: Terminal, directory: Path, listed: Fingerprints | None, accepts_all: bool
    ) -> None:
        self._printer = printer
        self._terminal = terminal
        self._file = directory / "known_hosts"
        self._listed = listed
        self._accepts_all = accepts_all
        self.recorded = 0

    def accept(self, unknown: Sequence[HostKeyUnknown], hosts: Sequence[Host]) -> dict[str, HostError]:
        """Record what is accepted; the errors of hosts whose keys are not. Raises UsageError (cannot be written)."""
        by_line: dict[str, list[str]] = {}
        for error in unknown:
            by_line.setdefault(error.known_hosts_line, []).append(error.host)
        self._show(by_line)
        refused = self._refused(unknown, hosts)
        lines = list(dict.fromkeys(each.known_hosts_line for each in unknown if each.host not in refused))
        self.recorded = len(lines)
        if lines:
            try:
                record(self._file, lines)
            except OSError as error:
                raise UsageError(f"{self._file} cannot be written: {error.strerror}", reference="known-hosts") from None
            self._printer.line(f"recorded {counted(len(lines), 'host key')} in {self._file}")
        return refused

    def _show(self, by_line: dict[str, list[str]]) -> None:
        rows = [COLUMNS]
        for line, names in by_line.items():
            name, key = _parse(line)
            rows.append((host_list(names), name, key.kind, key.fingerprint))
        self._printer.line("Host keys that nobody vouches for yet:")
        self._printer.lines(table(rows))

    def _refused(self, unknown: Sequence[HostKeyUnknown], hosts: Sequence[Host]) -> dict[str, HostError]:
        if self._listed:
            by_name = {host.name: host for host in hosts}
            judged = {each.host: self._judge(each, by_name[each.host], self._listed) for each in unknown}
            return {name: error for name, error in judged.items() if error}
        if self._accepts_all:
            self._printer.line("accepted unseen (--accept-new-host-keys)", "yellow")
            return {}
        keys = "this host key" if len(unknown) == 1 else "these host keys"
        question = (
            f"Compare with the hosts' consoles (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub). Accept {keys}?"
        )
        if has_terminal() and self._terminal.confirm(question):
            return {}
        for each in unknown:
            each.hint = NOT_ACCEPTED
        return {each.host: each for each in unknown}

    def _judge(self, error: HostKeyUnknown, host: Host, listed: Fingerprints) -> HostError | None:
        """A jump host goes by its own name only: the host's line must not vouch for another machine."""
        name, key = _parse(error.known_hosts_line)
        own = {name, name.removeprefix("[").partition("]")[0]}
        if own & {host.address, host.ssh.host.lower()}:
            own |= {host.name, host.address}
        verdict = listed.judge(sorted(own), key)
        if verdict is Verdict.TRUSTED:
            return None
        if verdict is Verdict.UNKNOWN:
            error.message += f"; {listed.path} has no line for it"
            return error
        message = f"{name} presented {key.kind} {key.fingerprint}, and {listed.path} says otherwise"
        hint = "somebody may sit in between, or the list is old; compare with the host's console"
        return HostKeyChanged(error.host, message, hint=hint)


def _parse(line: str) -> tuple[str, HostKey]:
    name, kind, encoded = line.split()
    return name, HostKey.parse(kind, encoded)
