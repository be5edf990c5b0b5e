"""`kubeboot inventory check | schema | show`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from kubeboot.cli.inventory import inventory
from kubeboot.errors import InventoryError
from kubeboot.inventory.load import load_inventory

GOOD = """
cluster: {kubernetesVersion: 1.29.15}
hosts:
  - {name: node1, address: 192.168.56.11, roles: [control-plane]}
  - {name: node2, address: 192.168.56.12, roles: [worker]}
"""

RICH = """
cluster:
  kubernetesVersion: v1.29.1
  kubeadm: {kubeletConfiguration: {maxPods: 200, evictionHard: {memory.available: "1e5"}}}
mirrors:
  preset: aliyun
  registries: {docker.io: [{url: "https://10.0.0.5:5000", username: me, passwordFile: password}]}
addons: {calico: {enabled: false}, ingressNginx: {hostNetwork: false}}
hostPreparation: {sysctl: {vm.swappiness: 1, vm.panic_on_oom: null}}
hosts:
  - {name: node1, address: 192.168.56.11, ssh: {port: 2222}, labels: {a: "1e5", b: "true", c: "0o7"}}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KUBEBOOT_INVENTORY", raising=False)
    (tmp_path / "inventory.yaml").write_text(GOOD)
    (tmp_path / "password").write_text("hunter2\n")
    (tmp_path / "password").chmod(0o600)
    return tmp_path


def run(*arguments, **options):
    return CliRunner().invoke(inventory, arguments, **options)


def test_check_of_a_good_inventory():
    result = run("check")
    assert (result.exit_code, result.output) == (0, "inventory.yaml: 2 hosts, no problems\n")


def test_check_prints_warnings(folder):
    (folder / "inventory.yaml").write_text(GOOD.replace("[worker]", "[control-plane, worker]"))
    result = run("check")
    assert result.exit_code == 0
    assert "inventory.yaml:3:1: warning: hosts: 2 control planes survive no more failures than 1\n    use an odd" in (
        result.output
    )
    assert result.output.endswith("inventory.yaml: 2 hosts, 2 warnings\n")


def test_check_raises_every_problem(folder):
    (folder / "inventory.yaml").write_text("cluster: {}\nhosts: []\n")
    result = run("check")
    assert isinstance(result.exception, InventoryError)
    assert result.exception.exit_code == 2
    assert len(result.exception.problems) == 2


def test_inventory_by_environment(folder):
    (folder / "other.yaml").write_text(GOOD)
    result = run("check", env={"KUBEBOOT_INVENTORY": "other.yaml"})
    assert result.output.startswith("other.yaml: 2 hosts")


def test_schema_is_json():
    schema = json.loads(run("schema").stdout)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["required"] == ["cluster", "hosts"]


@pytest.mark.parametrize("text", [GOOD, RICH])
def test_show_loads_to_the_same_cluster(folder, text):
    (folder / "inventory.yaml").write_text(text)
    result = run("show")
    assert result.exit_code == 0, result.exception
    (folder / "shown.yaml").write_text(result.stdout)
    assert load_inventory("shown.yaml")[0] == load_inventory("inventory.yaml")[0]


def test_show_as_json_holds_the_same(folder):
    (folder / "inventory.yaml").write_text(RICH)
    assert json.loads(run("show", "--json").stdout) == yaml.safe_load(run("show").stdout)


@pytest.mark.parametrize("command", ["check", "explain", "new", "schema", "show"])
def test_help_fits_80_columns(command):
    result = run(command, "--help", terminal_width=80)
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_explain_without_its_key_and_with_one_that_is_not_there():
    assert "  hosts <list of mappings> required\n" in run("explain").stdout
    result = run("explain", "hosts.tains")
    assert (result.exception.exit_code, result.exception.reference) == (2, "key-unknown")


def test_the_readme_shows_what_explain_says(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    block = re.search(r"^\$ kubeboot inventory explain hosts.taints\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    assert block[1] == run("explain", "hosts.taints").stdout


def test_show_fills_defaults_and_holds_no_password(folder):
    (folder / "inventory.yaml").write_text(RICH)
    shown = run("show").stdout
    assert "hunter2" not in shown
    data = yaml.safe_load(shown)
    assert data["cluster"]["controlPlaneEndpoint"] == "192.168.56.11:6443"
    assert data["mirrors"]["imageRepository"] == "registry.aliyuncs.com/google_containers"
    assert data["hosts"][0]["roles"] == ["control-plane", "worker"]
    login = {"user": "root", "port": 2222, "identityFile": "", "connectTimeout": 10, "host": ""}
    no_password = {"sudoPasswordFile": "", "sudoPasswordCommand": []}
    assert data["hosts"][0]["ssh"] == login | no_password


def test_the_command_line_does_not_load_pydantic():
    code = "import sys, kubeboot.cli.inventory; sys.exit('pydantic' in sys.modules or 'yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
