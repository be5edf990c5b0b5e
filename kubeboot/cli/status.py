"""`kubeboot status`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kubeboot.cli.init import access_options, json_option
from kubeboot.cli.inventory import inventory_option

if TYPE_CHECKING:
    from kubeboot.report.runs import KeptRun

DOING = "asking for the cluster's state"


@click.command()
@json_option
@inventory_option
@access_options
def status(**options: Any) -> int:
    """Show the cluster on one screen: nodes, API, etcd, certificates, add-ons, pods.

    Asks every control plane and changes nothing; one that is away keeps nobody else from answering.
    """
    return _status(**options)


def _status(*, path: str, is_json: bool, parallel: int, is_sudo_asked: bool, sudo_file: str) -> int:
    import json
    import time

    from kubeboot.cli.connections import connections
    from kubeboot.cli.given import given_sudo_password
    from kubeboot.engine.survey import survey
    from kubeboot.errors import EXIT_DONE, HostError, HostsFailed
    from kubeboot.inventory.load import load_inventory
    from kubeboot.phases.verify import api_server
    from kubeboot.render import template_text
    from kubeboot.report.printer import Printer, stdout_console
    from kubeboot.report.runs import list_runs
    from kubeboot.report.status import read_status, status_lines
    from kubeboot.report.terminal import Terminal
    from kubeboot.resources.quoting import sh

    cluster, _ = load_inventory(path)
    terminal = Terminal()
    password = given_sudo_password(terminal, is_sudo_asked, sudo_file)
    planes = cluster.control_planes
    questions = {
        host.name: f"ADDRESS={sh(api_server(cluster, host))} NODE={sh(host.name)}\n{template_text('status.sh')}"
        for host in planes
    }
    with connections(cluster, planes, terminal, password) as transports:
        answers = survey(transports, questions, DOING, parallel)
    errors = [answer for answer in answers.values() if isinstance(answer, HostError)]
    if len(errors) == len(planes):
        raise HostsFailed(errors)
    found = read_status(cluster, answers, time.time())
    found.last_run = next((_run_words(run) for run in list_runs(cluster.name, path)), "")
    printer = Printer(stdout_console())
    if is_json:
        click.echo(json.dumps(found.as_json(), indent=2))
    else:
        for line, style in status_lines(found, printer.width):
            printer.line(line, style)
    return EXIT_DONE


def _run_words(run: KeptRun) -> str:
    import time

    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.started.time_s))
    changed = f", {run.done.changed} changed" if run.done and run.started.mode == "apply" else ""
    return f"{when} {run.started.command}: {run.status}{changed} (from this machine; kubeboot report {run.run_id})"
