"""The command line.

This module holds what `kubeboot --help` needs and imports nothing heavy: click alone takes three times as long to load
as Python itself. Everything else begins in `kubeboot.cli.group`.
"""

from __future__ import annotations

import os
import sys

COMMANDS = {
    "init": ("kubeboot.cli.init", "init", "Make the cluster of an inventory. Run it again to go on."),
    "plan": ("kubeboot.cli.init", "plan", "Show what init would do, and change nothing."),
    "apply": ("kubeboot.cli.init", "apply", "Do exactly what a saved plan says."),
    "verify": ("kubeboot.cli.init", "verify", "Compare hosts and cluster with the inventory."),
    "status": ("kubeboot.cli.status", "status", "Show nodes, API, etcd, certificates, add-ons on one screen."),
    "diagnose": ("kubeboot.cli.diagnose", "diagnose", "Say what is wrong with a cluster, why, and what to do."),
    "report": ("kubeboot.cli.report", "report", "Write a past run as one HTML page, or as JUnit XML."),
    "ssh-setup": ("kubeboot.cli.ssh_setup", "ssh_setup", "Get in by key: install it, record host keys."),
    "inventory": ("kubeboot.cli.inventory", "inventory", "Write an inventory, check it, show it, explain its keys."),
    "phases": ("kubeboot.cli.phases", "phases", "List what init, verify or diagnose does, step by step."),
    "completion": ("kubeboot.cli.completion", "completion", "Print what completes commands in bash, zsh or fish."),
    "version": ("kubeboot.cli.version", "version", "Print kubeboot's version and the Kubernetes versions it knows."),
}
"""Command -> module, attribute, one line of help."""

COMPLETE_VARIABLE = "_KUBEBOOT_COMPLETE"
"""Set by a shell that asks what Tab shall offer."""

HELP_OPTIONS = ("-h", "--help")


def help_text() -> str:
    """What `kubeboot --help` prints: at most 80 columns, the same on every terminal."""
    width = max(map(len, COMMANDS))
    commands = "\n".join(f"  {name:<{width}}  {line}" for name, (_, _, line) in COMMANDS.items())
    return f"""\
Usage: kubeboot COMMAND [OPTIONS]

Turn bare Linux hosts into a Kubernetes cluster over SSH, with kubeadm.

Commands:
{commands}

Options:
  -h, --help  Show this text; after a command, its options.
  --version   Show kubeboot's version.

Begin with `kubeboot plan -i inventory.yaml`: it shows what would be done and
changes nothing. Then `kubeboot init -i inventory.yaml` does it.

Exit codes: 0 done; 1 a step failed; 2 usage or inventory; 3 preflight;
4 host lost or unreachable; 5 changes pending; 6 locked by another run;
7 refused for safety; 130 interrupted; 70 a bug in kubeboot."""


def main() -> None:
    """Run the command line and exit with its code."""
    if os.environ.get(COMPLETE_VARIABLE):
        from kubeboot.cli.completing import answer

        sys.exit(answer())
    arguments = sys.argv[1:]
    is_help = len(arguments) == 1 and arguments[0] in (*HELP_OPTIONS, "help")
    if arguments and not is_help:
        _run(arguments)
    code = 0 if is_help else 2
    try:
        print(help_text(), file=sys.stdout if code == 0 else sys.stderr, flush=True)
    except OSError:  # whoever read it is gone
        os._exit(code)
    sys.exit(code)


def _run(arguments: list[str]) -> None:
    try:
        from kubeboot.cli.group import run_and_leave
    except KeyboardInterrupt:  # before anything was begun
        sys.exit(130)
    run_and_leave(arguments)
