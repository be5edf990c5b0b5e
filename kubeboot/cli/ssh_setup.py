"""`kubeboot ssh-setup`."""

from __future__ import annotations

from typing import Any

import click

from kubeboot.cli.completing import complete_files, complete_hosts
from kubeboot.cli.inventory import inventory_option, parallel_option


@click.command("ssh-setup")
@inventory_option
@click.option(
    "--password-file",
    default="",
    metavar="FILE",
    help="Take the login password from the first line of FILE.",
    shell_complete=complete_files,
)
@click.option(
    "--fingerprints",
    default="",
    metavar="FILE",
    help='Accept exactly the host keys of FILE: lines "HOST SHA256:...", or those of ssh-keyscan.',
    shell_complete=complete_files,
)
@click.option(
    "--accept-new-host-keys",
    "accepts_all",
    is_flag=True,
    help="Accept every unknown host key unseen: for throwaway machines. A changed key is refused all the same.",
)
@parallel_option
@click.argument("names", nargs=-1, metavar="[HOST]...", shell_complete=complete_hosts)
def ssh_setup(fingerprints: str, accepts_all: bool, **options: Any) -> int:
    """Make it possible to log in by key, to all hosts or to those named.

    Makes an ed25519 key if there is none. Shows the host keys that nobody vouches for yet, and records them in
    known_hosts beside the inventory once you agree. Where the key is refused, asks for the login password once, for
    all hosts, and adds the key to authorized_keys as ssh-copy-id would. Run again, it changes nothing.
    """
    if fingerprints and accepts_all:
        message = "--fingerprints and --accept-new-host-keys exclude each other."
        raise click.UsageError(message, click.get_current_context())
    from kubeboot.cli.getting_in import Options, Setup

    return Setup(Options(fingerprints=fingerprints, accepts_all=accepts_all, **options)).run()
