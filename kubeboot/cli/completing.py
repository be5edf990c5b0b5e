"""What Tab offers: host, phase, preflight and key names. It answers fast, or not at all, and never complains.

Nothing here is imported before it is needed: a person waits. The shells' side is click's own, mended where lists with
commas and `--option=value` would break.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
    shell_complete,
)

from kubeboot.cli import COMPLETE_VARIABLE

PROGRAM = "kubeboot"
Items = list[CompletionItem]
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # nothing that a shell could take for more than a word


def complete_files(context: click.Context, parameter: click.Parameter, incomplete: str) -> Items:
    """Paths; the shell itself knows them."""
    return [CompletionItem(incomplete, type="file")]


def complete_hosts(context: click.Context, parameter: click.Parameter, incomplete: str) -> Items:
    """Hosts of the inventory named so far, or of the default one, but for those that are typed already."""
    typed = context.params.get(parameter.name or "")
    chosen = typed if isinstance(typed, tuple) else ()
    path = context.params.get("path") or os.environ.get("KUBEBOOT_INVENTORY") or "inventory.yaml"
    names = (name for name in host_names(str(path)) if name not in chosen)
    return _last_of_list({name: "" for name in names}, incomplete)


def complete_phases(context: click.Context, parameter: click.Parameter, incomplete: str) -> Items:
    """Phases of the command, in their order; one, or the last of several with commas."""
    from kubeboot.workflows import INIT, WORKFLOWS

    phases = WORKFLOWS.get(context.info_name or "", INIT)
    return _last_of_list({phase.name: phase.title for phase in phases}, incomplete)


def complete_preflight(context: click.Context, parameter: click.Parameter, incomplete: str) -> Items:
    """Findings that can be waived; one, or the last of several with commas."""
    from kubeboot.preflight import CHECK_NAMES, UNWAIVABLE

    return _last_of_list({name: "" for name in sorted(CHECK_NAMES - UNWAIVABLE)}, incomplete)


def complete_keys(context: click.Context, parameter: click.Parameter, incomplete: str) -> Items:
    """The inventory's keys, dotted."""
    from kubeboot.inventory.key_names import key_names

    return [CompletionItem(name) for name in key_names() if name.startswith(incomplete)]


def host_names(path: str) -> Iterator[str]:
    """The names in an inventory that may have problems; none of what is no inventory at all."""
    from kubeboot.inventory.document import MAX_BYTES, Unreadable, read_document

    try:
        file = Path(path).expanduser()
        if not file.is_file():  # a pipe would have Tab wait
            return
        with file.open("rb") as stream:
            root, _ = read_document(stream.read(MAX_BYTES + 1))
    except (OSError, ValueError, RuntimeError, Unreadable):
        return
    hosts = root.children.get("hosts")
    for host in hosts.children.values() if hosts else ():
        name = host.children.get("name")
        if name and _SAFE.fullmatch(name.text):
            yield name.text


def _last_of_list(names: Mapping[str, str], incomplete: str) -> Items:
    """Names (with their help) that may follow the last comma."""
    before, comma, last = incomplete.rpartition(",")
    typed = set(before.split(","))
    return [
        CompletionItem(before + comma + name, help=text or None)
        for name, text in names.items()
        if name.startswith(last) and name not in typed
    ]


class Bash(BashComplete):
    """bash takes `--option=value` for three words."""

    def get_completion_args(self) -> tuple[list[str], str]:
        args, incomplete = super().get_completion_args()
        return [arg for arg in args if arg != "="], incomplete


class _WholeWords(ShellComplete):
    """Where `--option=value` is one word, what completes the value has the option before it."""

    def get_completions(self, args: list[str], incomplete: str) -> Items:
        items = super().get_completions(args, incomplete)
        option, equals, _ = incomplete.partition("=")
        if equals and option.startswith("--"):
            for item in items:
                item.value = option + equals + item.value
        return items


class Zsh(_WholeWords, ZshComplete):
    """zsh."""


class Fish(_WholeWords, FishComplete):
    """fish; only the first comma of a line ends the kind of completion, others stand in lists."""

    source_template = FishComplete.source_template.replace('string split ","', 'string split -m 1 ","')


SHELLS: Mapping[str, type[ShellComplete]] = {"bash": Bash, "zsh": Zsh, "fish": Fish}


def script(shell: str) -> str:
    """What the shell has to read to complete kubeboot's command line."""
    from kubeboot.cli.group import cli

    return SHELLS[shell](cli, {}, PROGRAM, COMPLETE_VARIABLE).source()


def answer() -> int:
    """The shell's question, asked in the environment, answered on stdout; the exit code. Errors complete nothing."""
    from kubeboot.cli.group import cli

    for shell in SHELLS.values():
        add_completion_class(shell)
    try:
        return shell_complete(cli, {}, PROGRAM, COMPLETE_VARIABLE, os.environ[COMPLETE_VARIABLE])
    except (Exception, KeyboardInterrupt):
        return 1
