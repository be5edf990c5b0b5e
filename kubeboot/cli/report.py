"""`kubeboot report`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kubeboot.cli.inventory import inventory_option

if TYPE_CHECKING:
    from kubeboot.report.runs import KeptRun


@click.command()
@click.argument("run", default="")
@inventory_option
@click.option("--html", "html", default="", metavar="FILE", help="Write the page there.")
@click.option("--junit", "junit", default="", metavar="FILE", help="Write JUnit XML there; no page unless --html too.")
@click.option("--list", "is_list", is_flag=True, help="List the runs that are kept, the newest first.")
def report(run: str, path: str, html: str, junit: str, is_list: bool) -> None:
    """Write a run as one HTML page, or as JUnit XML.

    RUN is a run's id, the beginning of one, or its folder; without it, the last run of the inventory's cluster. The
    page goes to kubeboot-report-RUN.html in this folder. No host is touched.
    """
    if is_list and (run or html or junit):
        raise click.UsageError("--list stands alone.", click.get_current_context())
    from kubeboot.report.words import shown

    if is_list:
        for line in _listed(_runs(path)):
            click.echo(shown(line))
        return
    for written in _write(run, path, html, junit):
        click.echo(shown(f"report: {written}"))


def _write(run: str, inventory: str, html: str, junit: str) -> list[Path]:
    from kubeboot.report.runs import find_run, read_run

    record = read_run(find_run(run) if run else _runs(inventory)[0].folder)
    written = []
    if html or not junit:
        from kubeboot.report.page.html import page

        target = Path(html or f"kubeboot-report-{record.kept.run_id}.html")
        written.append(_save(target, page(record)))
    if junit:
        from kubeboot.report.page.junit import junit as to_junit

        written.append(_save(Path(junit), to_junit(record)))
    return written


def _save(path: Path, text: str) -> Path:
    from kubeboot.errors import UsageError

    try:
        path.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(
            f"the report cannot be written to {path}: {error.strerror}",
            hint="Name another file with --html FILE or --junit FILE.",
            reference="report-not-written",
        ) from error
    return path


def _runs(inventory: str) -> Sequence[KeptRun]:
    """The runs of the inventory's cluster. Raises UsageError when there is none."""
    from kubeboot.errors import UsageError
    from kubeboot.inventory.load import load_inventory
    from kubeboot.report.runs import list_runs

    cluster, _ = load_inventory(inventory)
    runs = list_runs(cluster.name, inventory)
    if not runs:
        raise UsageError(
            f"no run of cluster {cluster.name} is kept on this machine",
            hint="Every `kubeboot plan` and `kubeboot init` is kept. Name a run's folder if it is elsewhere.",
            reference="run-unknown",
        )
    return runs


def _listed(runs: Sequence[KeptRun]) -> Sequence[str]:
    import time

    from kubeboot.report.words import seconds, table

    rows = [("RUN", "COMMAND", "STARTED", "HOSTS", "RESULT", "CHANGED", "TOOK")]
    for run in runs:
        done, started = run.done, run.started
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(started.time_s))
        ended = (f"{done.changed}", seconds(done.duration_ms)) if done else ("", "")
        rows.append((run.run_id, started.command, when, f"{len(started.hosts)}", run.status, *ended))
    return list(table(rows))
