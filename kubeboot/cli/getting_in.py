"""What `kubeboot ssh-setup` does: keys, then host keys, then passwords, then a look at whether one gets in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from difflib import get_close_matches

from kubeboot.cli.accepting import Accepting, list_of
from kubeboot.cli.given import given_in_file
from kubeboot.errors import EXIT_DONE, HostError, HostKeyUnknown, HostsFailed, Unreachable, UsageError
from kubeboot.inventory.load import CHECKS_WITHOUT_KEYS, load_inventory
from kubeboot.model import Host
from kubeboot.report.printer import Printer, stdout_console
from kubeboot.report.terminal import Terminal, has_terminal
from kubeboot.report.words import counted, host_list
from kubeboot.transport.ssh import KeyRing, SshTransport
from kubeboot.transport.ssh.install import Installer, key_file, make_key
from kubeboot.transport.ssh.route import MAX_HOPS

Errors = dict[str, HostError]


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for. `names`: these hosts only; none: all."""

    path: str
    names: tuple[str, ...]
    password_file: str
    fingerprints: str
    accepts_all: bool
    parallel: int


class Setup:
    """One run over all hosts; each host keeps its own error."""

    def __init__(self, options: Options) -> None:
        cluster, _ = load_inventory(options.path, CHECKS_WITHOUT_KEYS)
        self._options = options
        self._directory = cluster.directory
        self._hosts = _chosen(cluster.hosts, options.names)
        self._printer = Printer(stdout_console())
        self._terminal = Terminal()
        self._keys = KeyRing(self._terminal.secret if has_terminal() else None)
        self._password = given_in_file(options.password_file) if options.password_file else None
        listed = list_of(options.fingerprints)
        self._accepting = Accepting(self._printer, self._terminal, cluster.directory, listed, options.accepts_all)
        self._changes = 0

    def run(self) -> int:
        """The exit code. Raises HostsFailed and UsageError."""
        try:
            failed = self._run()
        finally:
            self._terminal.restore()
        good = [host for host in self._hosts if host.name not in failed]
        done = "nothing was to be done" if not self._changes else f"{self._changes} changed"
        if good:
            by_key = f"{counted(len(good), 'host')} can be logged in to by key; {done}"
            self._printer.line(by_key, "bold")
        if failed:
            raise HostsFailed([failed[host.name] for host in self._hosts if host.name in failed])
        self._printer.line(f"next: kubeboot plan -i {self._options.path}")
        return EXIT_DONE

    def _run(self) -> Errors:
        self._make_keys(self._hosts, is_default_made=False)
        failed = self._accept(self._look(self._hosts))
        refused = [host for host in self._hosts if _is_refused(failed.get(host.name))]
        if not refused:
            return failed
        self._make_keys(refused, is_default_made=True)
        password = self._password or self._ask(refused)
        if password is None:
            for host in refused:
                failed[host.name].hint = "no password was given: run this on a terminal, or add --password-file FILE"
            return failed
        others = {name: error for name, error in failed.items() if not _is_refused(error)}
        return others | self._install(refused, password)

    def _make_keys(self, hosts: Sequence[Host], *, is_default_made: bool) -> None:
        """A key where the inventory names one that does not exist; the default one where no other opened a host."""
        for host in hosts:
            try:
                hop = SshTransport(host, directory=self._directory).hops()[-1]
            except Unreachable:  # told when the host is looked at
                continue
            path = key_file(hop)
            if path.exists() or not (hop.identity_file or is_default_made):
                continue
            try:
                make_key(path)
            except OSError as error:
                message = f"the key {path} cannot be made: {error.strerror}"
                raise UsageError(message, reference="key-not-made") from None
            self._changed(f"made the key {path}")

    def _look(self, hosts: Sequence[Host]) -> Errors:
        """Whether kubeboot gets in as things are; an error for each host where it does not."""

        def look(host: Host) -> None:
            transport = SshTransport(host, directory=self._directory, keys=self._keys)
            try:
                transport.connect()
            finally:
                transport.close()

        return self._each(hosts, look)

    def _accept(self, failed: Errors) -> Errors:
        """Have unknown host keys accepted, round by round: behind a jump host the next unknown one may come."""
        rejected: Errors = {}
        for _ in range(MAX_HOPS):
            unknown = {name: each for name, each in failed.items() if isinstance(each, HostKeyUnknown)}
            if not unknown:
                break
            refused = self._accepting.accept(list(unknown.values()), self._hosts)
            self._changes += self._accepting.recorded
            again = self._look([host for host in self._hosts if host.name in unknown and host.name not in refused])
            failed = {name: each for name, each in failed.items() if name not in unknown} | again
            rejected |= refused
        return failed | rejected

    def _ask(self, hosts: Sequence[Host]) -> str | None:
        users = " and ".join(dict.fromkeys(host.ssh.user for host in hosts))
        names = host_list([host.name for host in hosts])
        return self._terminal.secret(f"login password of {users} on {names}: ")

    def _install(self, hosts: Sequence[Host], password: str) -> Errors:
        """The errors of hosts where the key could not be installed, or does not open the door even so."""

        def install(host: Host) -> None:
            installer = Installer(host, password, directory=self._directory, keys=self._keys)
            try:
                said[host.name] = installer.install()
            finally:
                installer.close()

        said: dict[str, str] = {}
        failed = self._each(hosts, install)
        done = [host for host in hosts if host.name not in failed]
        still = self._look(done)
        for host in done:
            if host.name not in still:
                self._changed(f"{host.name}: key installed for {host.ssh.user}")
        for error in still.values():
            error.message = f"the key is in place now, and still: {error.message}"
            error.output = said[error.host]
        return failed | still

    def _changed(self, text: str) -> None:
        self._changes += 1
        self._printer.line(text)

    def _each(self, hosts: Sequence[Host], work: Callable[[Host], None]) -> Errors:
        """Do it on all hosts at once; the errors by host name."""

        def attempt(host: Host) -> tuple[str, HostError | None]:
            try:
                work(host)
            except HostError as error:
                return host.name, error
            return host.name, None

        pool = ThreadPoolExecutor(self._options.parallel, thread_name_prefix="ssh-setup")
        try:
            return {name: error for name, error in pool.map(attempt, hosts) if error}
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # after Ctrl-C nobody waits


def _is_refused(error: HostError | None) -> bool:
    return error is not None and error.reference == "auth-refused"


def _chosen(hosts: Sequence[Host], names: Sequence[str]) -> tuple[Host, ...]:
    """The named hosts, in the inventory's order; all without names. Raises UsageError."""
    known = [host.name for host in hosts]
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"Did you mean {near[0]}?" if near else f"The inventory has {host_list(known)}."
            raise UsageError(f"the inventory has no host {name}", hint=hint, reference="host-unknown")
    return tuple(host for host in hosts if not names or host.name in names)
