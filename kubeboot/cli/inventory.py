"""`kubeboot inventory`: look at the inventory without touching any host."""

from __future__ import annotations

from typing import Any

import click

from kubeboot.cli.completing import complete_files, complete_keys

inventory_option = click.option(
    "-i",
    "--inventory",
    "path",
    default="inventory.yaml",
    envvar="KUBEBOOT_INVENTORY",
    show_default=True,
    show_envvar=True,
    metavar="PATH",
    help="The inventory file.",
    shell_complete=complete_files,
)
parallel_option = click.option(
    "--parallel",
    default=20,
    show_default=True,
    metavar="N",
    type=click.IntRange(1, 500),
    help="Work on so many hosts at a time.",
)


@click.group("inventory")
def inventory() -> None:
    """Check and show the inventory; touches no host."""


@inventory.command()
@inventory_option
def check(path: str) -> None:
    """Say everything that is wrong with the inventory."""
    from kubeboot.inventory.load import load_inventory
    from kubeboot.inventory.problems import counted, format_problem

    cluster, warnings = load_inventory(path)
    for warning in warnings:
        click.echo(format_problem(path, warning))
    found = counted(len(warnings), "warning") if warnings else "no problems"
    click.echo(f"{path}: {counted(len(cluster.hosts), 'host')}, {found}")


@inventory.command()
def schema() -> None:
    """Print the inventory's JSON schema (draft 2020-12)."""
    import json

    from kubeboot.inventory.schema import inventory_schema

    click.echo(json.dumps(inventory_schema(), indent=2, ensure_ascii=False))


@inventory.command()
@inventory_option
@click.option("--json", "is_json", is_flag=True, help="As JSON, without where the values came from.")
def show(path: str, is_json: bool) -> None:
    """Print the inventory with all defaults filled in, and where each value came from.

    It is an inventory itself: comments say "line 12" of the file, "default" and what the default follows from,
    "from ssh" for what a host takes over, "preset" for a mirror's addresses. Passwords and tokens are not shown.
    """
    import json

    from kubeboot.inventory.load import read_inventory
    from kubeboot.inventory.problems import format_problem
    from kubeboot.inventory.show import inventory_values, inventory_yaml

    reading = read_inventory(path)
    for warning in reading.warnings:
        click.echo(format_problem(path, warning), err=True)
    if is_json:
        click.echo(json.dumps(inventory_values(reading), indent=2, ensure_ascii=False))
    else:
        click.echo(inventory_yaml(reading), nl=False)


@inventory.command()
@click.argument("key", required=False, default="", shell_complete=complete_keys)
@click.option("--recursive", "is_recursive", is_flag=True, help="Show the whole tree below the key.")
def explain(key: str, is_recursive: bool) -> None:
    """Explain a key: type, default, what is allowed, an example.

    KEY is dotted, such as cluster.networking.podSubnet or hosts.labels. Without it: the top-level keys.
    """
    from kubeboot.cli.explaining import explain_lines

    for line in explain_lines(key, is_recursive):
        click.echo(line)


@inventory.command("new")
@click.option(
    "-o",
    "--output",
    default="inventory.yaml",
    show_default=True,
    metavar="PATH",
    help="The file to write.",
    shell_complete=complete_files,
)
@click.option("--name", default="kubernetes", show_default=True, help="The cluster's name.")
@click.option("--kubernetes-version", "version", default="", metavar="VERSION", help="Default: the newest known.")
@click.option("--control-plane", "control_planes", multiple=True, metavar="ADDRESS", help="May be repeated.")
@click.option("--worker", "workers", multiple=True, metavar="ADDRESS", help="May be repeated.")
@click.option("--user", default="root", show_default=True, help="The login user.")
@click.option(
    "--identity-file", default="", metavar="FILE", help="The private key to log in with.", shell_complete=complete_files
)
@click.option("--endpoint", default="", metavar="HOST[:PORT]", help="Where every node reaches the API.")
@click.option("--look", "is_looking", is_flag=True, help="Look at the hosts: their names and what they are.")
@click.option("--force", "is_forced", is_flag=True, help="Overwrite the file if it is there.")
@parallel_option
@click.argument("addresses", nargs=-1, metavar="[ADDRESS]...")
def new_file(**options: Any) -> int:
    """Write a commented inventory to start with.

    An ADDRESS may be a range, 192.168.56.11-13, and have a name before it, db1=192.168.56.20. Of those given without
    an option the first is the control plane, of five or more the first three; the others are workers. Without any
    address it asks a few questions.

    --look connects to each host, as ssh-setup left it, and takes over its host name; it warns where hosts differ or
    are too small. It changes nothing on them.
    """
    from kubeboot.cli.starting import Options, new_inventory

    return new_inventory(Options(**options))
