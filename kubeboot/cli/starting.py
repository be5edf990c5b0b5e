"""What `kubeboot inventory new` does: answers from flags or questions, perhaps a look at the hosts, and the file."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import click

from kubeboot.errors import EXIT_DONE, InventoryError, UsageError
from kubeboot.inventory import syntax, versions
from kubeboot.inventory.addresses import named_addresses
from kubeboot.inventory.files import resolve
from kubeboot.inventory.load import Reading
from kubeboot.inventory.problems import Invalid, format_problem
from kubeboot.inventory.starting import Start, check_start, start_hosts
from kubeboot.report.printer import Printer, stdout_console
from kubeboot.report.terminal import has_terminal
from kubeboot.report.words import counted

T = TypeVar("T")
NO_ADDRESS = "Such as: kubeboot inventory new --control-plane 192.168.56.11 --worker 192.168.56.12-13"


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for, as it was typed."""

    output: str
    name: str
    version: str
    control_planes: tuple[str, ...]
    workers: tuple[str, ...]
    addresses: tuple[str, ...]
    user: str
    identity_file: str
    endpoint: str
    is_looking: bool
    is_forced: bool
    parallel: int


def new_inventory(options: Options) -> int:
    """Write the file; the exit code. Raises UsageError, and with a look HostsFailed."""
    path = Path(os.path.expanduser(options.output))  # noqa: PTH111 - pathlib's raises for an unknown ~user
    _refuse_existing(path, options.is_forced)
    if not (options.control_planes or options.workers or options.addresses):
        options = _asked(options)
    start = _start(options, path)
    text, reading = _checked(start, path)
    printer = Printer(stdout_console())
    if options.is_looking:
        from kubeboot.cli.looking import look

        start = look(start, reading.cluster, printer, options.parallel)
        text, reading = _checked(start, path)
    _write(path, text, options.is_forced)
    for warning in reading.warnings:
        printer.lines(format_problem(options.output, warning).splitlines(), "yellow")
    for line in _summary(path, start, reading):
        printer.line(line)
    return EXIT_DONE


def _refuse_existing(path: Path, is_forced: bool) -> None:
    if path.is_dir():
        raise UsageError(f"{path} is a folder", hint="Name a file with -o.", reference="file-exists")
    if os.path.lexists(path) and not is_forced:
        hint = "Name another file with -o, or add --force to overwrite it."
        raise UsageError(f"{path} is there already and was left as it is", hint=hint, reference="file-exists")


def _start(options: Options, path: Path) -> Start:
    """The answers in their canonical form. Raises UsageError."""
    planes = _valid("--control-plane", named_addresses, options.control_planes)
    workers = _valid("--worker", named_addresses, options.workers)
    others = _valid("the addresses", named_addresses, options.addresses)
    if not (planes or workers or others):
        raise UsageError("no address was given", hint=NO_ADDRESS, reference="no-address")
    hosts = start_hosts(planes, workers, others)
    return Start(
        hosts=tuple(hosts),
        name=_valid("--name", syntax.dns_label, options.name),
        version=_valid(
            "--kubernetes-version", versions.kubernetes_version, options.version or versions.NEWEST_KUBERNETES
        ),
        user=_valid("--user", syntax.user, options.user),
        identity_file=_identity(options.identity_file, path),
        endpoint=_valid("--endpoint", syntax.endpoint, options.endpoint) if options.endpoint else "",
    )


def _valid(what: str, check: Callable[..., T], value: object) -> T:
    """The checked value. Raises UsageError in place of Invalid."""
    try:
        return check(value)
    except Invalid as error:
        raise UsageError(f"{what}: {error.message}", hint=error.hint, reference="value-invalid") from None


def _identity(text: str, path: Path) -> str:
    """As it was typed where that means the same beside the inventory, else absolute."""
    if not text:
        return ""
    _valid("--identity-file", syntax.file_path, text)
    is_same = text.startswith("~") or path.absolute().parent == Path.cwd()
    return text if is_same else str(Path(text).absolute())


def _checked(start: Start, path: Path) -> tuple[str, Reading]:
    try:
        return check_start(start, path)
    except Invalid as error:
        raise UsageError(error.message, hint=error.hint, reference="value-invalid") from None
    except InventoryError as error:
        problem = next(each for each in error.problems if not each.is_warning)
        where = f"{problem.path}: " if problem.path else ""
        message = f"these answers make no inventory: {where}{problem.message}"
        raise UsageError(message, hint=problem.hint, reference="value-invalid") from None


def _write(path: Path, text: str, is_forced: bool) -> None:
    """All of it or nothing; without --force a file that came meanwhile stays."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        _refuse_existing(path, is_forced)
        beside.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", reference="file-not-written") from None
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def _summary(path: Path, start: Start, reading: Reading) -> Iterator[str]:
    planes = [host.name for host in start.hosts if host.is_control_plane]
    workers = len(start.hosts) - len(planes)
    others = counted(workers, "worker") if workers else "for pods too"
    yield f"wrote {path}: {counted(len(planes), 'control plane')} ({', '.join(planes)}), {others}"
    if start.identity_file and not resolve(reading.cluster.directory, start.identity_file).exists():
        yield f"the key {start.identity_file} does not exist yet; ssh-setup makes it"
    inventory = shlex.quote(str(path))
    yield "next:"
    yield f"  kubeboot ssh-setup -i {inventory}   # log in by key, accept host keys"
    yield f"  kubeboot plan -i {inventory}        # show what would be done"
    yield f"  kubeboot init -i {inventory}        # do it"


def _asked(options: Options) -> Options:
    """The same with what the person at the terminal says; flags are the defaults. Raises UsageError without one."""
    if not has_terminal():
        raise UsageError("no address was given", hint=NO_ADDRESS, reference="no-address")
    click.echo("A few questions; Enter takes what stands in brackets. Addresses may be ranges: 192.168.56.11-13")
    return replace(
        options,
        name=_ask("name of the cluster", options.name, syntax.dns_label),
        version=_ask("Kubernetes version", options.version or versions.NEWEST_KUBERNETES, versions.kubernetes_version),
        control_planes=(_ask("addresses of control planes", "", _some_addresses),),
        workers=(_ask("addresses of workers (none: the control planes work too)", "", _addresses),),
        user=_ask("login user: root, or one who may use sudo", options.user, syntax.user),
        identity_file=_ask("private key (none: the agent's and the default keys)", options.identity_file, str),
    )


def _ask(question: str, default: str, check: Callable[[str], str]) -> str:
    """The answer, asked again until it is good."""

    def checked(text: str) -> str:
        try:
            return check(text)
        except Invalid as error:
            raise click.UsageError(f"{error.message}; {error.hint}") from None

    answer: str = click.prompt(question, default=default, show_default=bool(default), value_proc=checked)
    return answer


def _addresses(text: str) -> str:
    named_addresses([text])
    return text


def _some_addresses(text: str) -> str:
    if not named_addresses([text]):
        raise Invalid("there must be one at least", "such as 192.168.56.11")
    return text
