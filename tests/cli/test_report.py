"""`kubeboot report` as a process: what it writes where, and what it says when it cannot."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from kubeboot.report.words import seconds
from tests.cli.test_command_line import kubeboot
from tests.report.synthetic import Simulation, keep, of_one_host

INVENTORY = """
cluster: {name: lab, kubernetesVersion: 1.29.15}
hosts:
  - {name: node1, address: 10.0.0.1, roles: [control-plane]}
"""
OLD, NEW = "20260101-000000-aaaa", "20260102-000000-bbbb"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with an inventory, and two runs that are kept."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "inventory.yaml").write_text(INVENTORY)
    keep(tmp_path / "state/kubeboot/lab" / OLD, Simulation(2, {"node1": "control-plane"}).run())
    keep(tmp_path / "state/kubeboot/lab" / NEW, list(of_one_host())[:-1])
    return folder


def written(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != "inventory.yaml")


def test_the_last_run_of_the_inventorys_cluster_becomes_a_page_here(here):
    result = kubeboot("report", cwd=here)
    name = "kubeboot-report-20260101-000000-abcd.html"
    assert (result.returncode, result.stdout, result.stderr) == (0, f"report: {name}\n", "")
    assert written(here) == [name]
    assert "Did not end" in (here / name).read_text()


def test_a_run_by_the_beginning_of_its_id_needs_no_inventory(here, tmp_path):
    result = kubeboot("report", "20260101", "--html", "page.html", "--junit", "junit.xml", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (0, "report: page.html\nreport: junit.xml\n")
    assert '<h1>Cluster lab: <span class="bad">Failed</span></h1>' in (tmp_path / "page.html").read_text()
    assert ElementTree.parse(tmp_path / "junit.xml").getroot().get("failures") == "1"  # noqa: S314 - our own


def test_junit_alone_makes_no_page(here):
    assert kubeboot("report", "--junit", "junit.xml", cwd=here).returncode == 0
    assert written(here) == ["junit.xml"]


def test_a_run_by_its_folder(here, tmp_path):
    folder = keep(tmp_path / "copied", of_one_host())
    assert kubeboot("report", str(folder), "--html", "page.html", cwd=here).returncode == 0
    assert ">Done<" in (here / "page.html").read_text()


def test_the_list(here):
    result = kubeboot("report", "--list", cwd=here, TZ="UTC")
    done = Simulation(2, {"node1": "control-plane"}).run()[-1]
    took = seconds(done.duration_ms)
    assert result.stdout.splitlines() == [
        "RUN                   COMMAND  STARTED           HOSTS  RESULT       CHANGED  TOOK",
        "20260101-000000-abcd  init     2026-01-01 00:00  1      did not end",
        f"20260101-000000-abcd  init     2026-01-01 00:00  2      failed       {done.changed:<7}  {took}",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["2027"], "kubeboot: there is no run '2027' on this machine [run-unknown]"),
        (["2026"], f"kubeboot: '2026' is the beginning of 2 runs: {OLD}, {NEW} [run-ambiguous]"),
        (
            ["--html", "no/such/page.html"],
            "kubeboot: the report cannot be written to no/such/page.html: No such file or",
        ),
        (["--list", "2026"], "kubeboot: --list stands alone."),
        (["-i", "none.yaml"], "kubeboot: the inventory none.yaml does not exist"),
    ],
)
def test_what_cannot_be_is_one_sentence(arguments, message, here):
    result = kubeboot("report", *arguments, cwd=here)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(message)
    assert written(here) == []


def test_a_cluster_without_runs(here):
    result = kubeboot("report", cwd=here, XDG_STATE_HOME=str(here / "none"))
    assert result.stderr.startswith("kubeboot: no run of cluster lab is kept on this machine [run-unknown]\n")
    assert result.returncode == 2


def test_a_run_that_ends_early_is_kept_by_the_command_itself(here):
    """The whole way from `kubeboot plan` to the list: its host cannot be reached."""
    addons = "addons: {calico: {enabled: false}, ingressNginx: {enabled: false}}\n"
    (here / "inventory.yaml").write_text(INVENTORY.replace("]}", "], ssh: {host: 127.0.0.1, port: 1}}") + addons)
    state = str(here.parent / "own")
    plan = kubeboot("plan", cwd=here, XDG_STATE_HOME=state, HOME=str(here))
    assert plan.returncode == 4, plan.stderr
    listed = kubeboot("report", "--list", cwd=here, XDG_STATE_HOME=state).stdout.splitlines()
    assert [line.split()[1:2] + line.split()[5:6] for line in listed[1:]] == [["plan", "failed"]]
    assert kubeboot("report", "--html", "page.html", cwd=here, XDG_STATE_HOME=state).returncode == 0
    assert "node1 <code>connection-refused</code>" in (here / "page.html").read_text()
