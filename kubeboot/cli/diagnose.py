"""`kubeboot diagnose`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from kubeboot.cli.init import access_options, hosts_option, names_in
from kubeboot.cli.inventory import inventory_option


@click.command()
@inventory_option
@click.option(
    "--bundle",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Also collect logs, configurations and objects into FILE (.tar.gz), without secrets.",
)
@hosts_option
@access_options
@click.option("-v", "--verbose", is_flag=True, help="Show everything that is looked at, with its output.")
def diagnose(hosts: str, **options: Any) -> int:
    """Say what is wrong with a cluster, why, and what to do.

    Reads only, at any time: on a made, half-made or broken cluster. Exit code 0: nothing was found. 5: findings.
    """
    from kubeboot.cli.diagnosing import Diagnosing, diagnose_cluster

    return diagnose_cluster(Diagnosing(hosts=names_in(hosts), **options))
