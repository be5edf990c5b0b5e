"""`inventory show`: every value says where it came from, and no secret is among them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from kubeboot.errors import InventoryError
from kubeboot.inventory.load import load_inventory, read_inventory, read_text
from kubeboot.inventory.show import inventory_yaml

TEXT = """\
cluster:
  kubernetesVersion: v1.29.1
  controlPlaneEndpoint: k8s.example.com
  kubeadm: {kubeletConfiguration: {maxPods: 200}}
mirrors:
  preset: aliyun
  dockerPackages: https://10.0.0.5/docker
  imageRepository: ""
  registries: {docker.io: ["http://10.0.0.5:5000"]}
hostPreparation: {sysctl: {vm.panic_on_oom: null}}
ssh: {user: ops, sudoPasswordCommand: [pass, show]}
hosts:
  - {name: node1, address: 192.168.56.11, ssh: {port: 2222}}
"""

Shown = Callable[[str], dict[str, str]]


@pytest.fixture
def shown(tmp_path: Path) -> Shown:
    """The text of each shown line's comment, by what stands before it."""

    def run(text: str) -> dict[str, str]:
        lines = inventory_yaml(read_text(text.encode(), "x.yaml", tmp_path)).splitlines()
        return {before.strip(): origin for line in lines for before, _, origin in [line.partition("  # ")]}

    return run


@pytest.mark.parametrize(
    ("line", "origin"),
    [
        ("name: kubernetes", "default"),
        ("kubernetesVersion: 1.29.1", "line 2"),
        ("controlPlaneEndpoint: k8s.example.com:6443", "line 3; the port is the default"),
        ("maxPods: 200", "line 4"),
        ("url: https://10.0.0.5/docker", "line 7"),
        ("keyUrl: https://10.0.0.5/docker/gpg", "default: from url"),
        ("- 9DC858229FC7DD38854AE2D88D81803C0EBFCD88", "default: upstream's key"),
        ("url: https://mirrors.aliyun.com/kubernetes-new/core/stable/v1.29", "preset aliyun"),
        ("imageRepository: registry.aliyuncs.com/google_containers", "preset aliyun"),
        ("- url: http://10.0.0.5:5000", "line 9"),
        ("vm.panic_on_oom: null", "line 10"),
        ("port: 2222", "line 13"),
        ("connectTimeout: 10", "from ssh"),
        ("- pass", "from ssh"),
        ('host: ""', "default"),
        ("- worker", "default: a host that stands alone is both"),
        ("ready: 420", "default"),
    ],
)
def test_a_value_says_where_it_came_from(shown: Shown, line: str, origin: str) -> None:
    assert shown(TEXT)[line] == origin


def test_defaults_that_follow_from_other_keys(shown: Shown) -> None:
    lines = shown("cluster: {kubernetesVersion: 1.29.15}\nhosts: [{name: a, address: 192.0.2.1}]\n")
    assert lines["controlPlaneEndpoint: 192.0.2.1:6443"] == "default: from the address of a"
    assert lines["url: https://pkgs.k8s.io/core:/stable:/v1.29"] == "default: from kubernetesVersion"
    assert lines["imageRepository: registry.k8s.io"] == "default"


def test_a_host_with_a_sudo_password_of_its_own_inherits_neither_key(shown: Shown, tmp_path: Path) -> None:
    (tmp_path / "own").write_text("x1y2z3!\n")
    (tmp_path / "own").chmod(0o600)
    lines = shown(TEXT.replace("{port: 2222}", "{sudoPasswordFile: own}"))
    assert lines["sudoPasswordFile: own"] == "line 13"
    assert lines["sudoPasswordCommand: []"] == "default: the host has its own sudoPassword key"


def test_every_value_has_its_comment(shown: Shown) -> None:
    assert [line for line, origin in shown(TEXT).items() if not origin and not line.endswith(":")] == []


def test_secrets_in_what_is_passed_through_are_hidden_and_the_yaml_stays_valid(tmp_path: Path) -> None:
    secrets = {"tlsCipherSuites": ["abcdef.0123456789abcdef"], "clientConnection": {"password": "qX7.lorem-ipsum"}}
    text = TEXT.replace("{maxPods: 200}", f"{{maxPods: 200}}, kubeProxyConfiguration: {secrets}".replace("'", '"'))
    text = text.replace("tlsCipherSuites", "nodePortAddresses")
    shown = inventory_yaml(read_text(text.encode(), "x.yaml", tmp_path))
    assert "qX7.lorem-ipsum" not in shown and "abcdef.0123456789abcdef" not in shown
    passed = yaml.safe_load(shown)["cluster"]["kubeadm"]["kubeProxyConfiguration"]
    assert passed == {"nodePortAddresses": ["***"], "clientConnection": {"password": "***"}}


def test_what_many_hosts_share_needs_no_aliases(tmp_path: Path) -> None:
    hosts = "".join(
        f"  - {{name: n{i}, address: 192.0.2.{i}, roles: [control-plane, worker]}}\n" for i in range(1, 100)
    )
    path = tmp_path / "inventory.yaml"
    path.write_text(f"cluster: {{kubernetesVersion: 1.29.15}}\nssh: {{sudoPasswordCommand: [x]}}\nhosts:\n{hosts}")
    (tmp_path / "shown.yaml").write_text(inventory_yaml(read_inventory(path)))
    assert load_inventory(tmp_path / "shown.yaml")[0] == load_inventory(path)[0]


TEXTS = st.text(st.characters(exclude_categories=("Cs",), min_codepoint=32), max_size=200)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.dictionaries(TEXTS.filter(bool), TEXTS | st.integers(-9, 9) | st.lists(TEXTS, max_size=2), max_size=3))
def test_whatever_is_passed_through_comes_back(tmp_path: Path, passed: dict[str, object]) -> None:
    body = yaml.safe_dump({"maxPods": 1, "qosReserved": passed}, default_flow_style=True, width=10_000)
    text = TEXT.replace("{maxPods: 200}", body.strip())
    try:
        reading = read_text(text.encode(), "x.yaml", tmp_path)
    except InventoryError:
        assume(False)
    again = read_text(inventory_yaml(reading).encode(), "y.yaml", tmp_path)
    assert again.cluster == reading.cluster
