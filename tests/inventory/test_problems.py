"""Problems that need a whole inventory, warnings, and several problems at once."""

from __future__ import annotations

import pytest

from kubeboot.errors import InventoryError, Problem
from kubeboot.inventory.problems import format_problems
from kubeboot.inventory.schema import inventory_schema


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("1.29.99", "1.29.99 does not exist; newest known is 1.29.15"),
        ("1.28.3", "Kubernetes 1.28 is not supported; kubeboot knows 1.29"),
        ("v1.30.0", "Kubernetes 1.30 is not supported; kubeboot knows 1.29"),
        ("1.29", "1.29 is a number, not a version"),
        ('"1.29"', '"1.29" lacks the patch number'),
        ("latest", '"latest" is not a version'),
        ("1.29.01", "1.29.01 does not exist; newest known is 1.29.15"),
        ("true", '"True" is not a version'),
    ],
)
def test_kubernetes_version(base, problems_of, version, message):
    problem = problems_of(base().replace("1.29.15", version))[0]
    assert (problem.path, problem.line, problem.column) == ("cluster.kubernetesVersion", 2, 22)
    assert problem.message == message
    assert problem.hint == "write a full version such as 1.29.15"


def test_no_control_plane(assert_one, base, problems_of):
    assert_one(
        problems_of(base().replace("control-plane", "worker")),
        (4, 1, "hosts", "no host is a control plane", "roles: [control-plane]"),
    )


def test_disable_ipv6_on_ipv6_hosts(base, problems_of):
    text = base(cluster="  networking: {podSubnet: 'fd01::/48', serviceSubnet: 'fd02::/112'}", hosts="")
    text = (
        text.replace("10.0.0.", "fd00::") + "hostPreparation: {disableIPv6: true}\naddons: {calico: {enabled: false}}"
    )
    assert [problem.path for problem in problems_of(text)] == [
        "cluster.networking.podSubnet",
        "cluster.networking.serviceSubnet",
        "hosts[0].address",
        "hosts[1].address",
    ]


def test_ipv6_needs_a_pod_network_of_its_own(base, problems_of):
    text = base(cluster="  networking: {podSubnet: 'fd01::/48', serviceSubnet: 'fd02::/112'}", hosts="")
    problems = problems_of(text.replace("10.0.0.", "fd00::"))
    assert [problem.path for problem in problems] == ["cluster.networking.podSubnet"]


WARNINGS = [
    ("", "", "[control-plane, worker]", "2 control planes survive no more failures than 1"),
    ("", "", "[control-plane, worker]", "is not given: it becomes node1's address"),
    ("  controlPlaneEndpoint: 10.0.0.1:8443", "", "[worker]", "port 8443 is not where node1 serves the API (6443)"),
    ("", "hostPreparation: {sysctl: {net.ipv4.ip_forward: 0}}", "[worker]", "needs net.ipv4.ip_forward = 1"),
]


@pytest.mark.parametrize(("cluster", "hosts", "roles", "message"), WARNINGS)
def test_warnings_do_not_stop(base, load, cluster, hosts, roles, message):
    _, warnings = load(base(cluster=cluster, hosts=hosts).replace("[worker]", roles))
    assert all(warning.is_warning and warning.line for warning in warnings)
    assert [warning for warning in warnings if message in warning.message]


def test_the_base_has_no_problems(base, load):
    assert load(base())[1] == ()


def test_no_worker_is_a_warning(base, load):
    _, warnings = load(base().split("  - name: node2")[0])
    assert [warning.message for warning in warnings] == ["no host is a worker, so ordinary pods run nowhere"]


def test_everything_at_once_in_the_order_of_the_file(problems_of):
    text = """\
cluster: {kubernetesVersion: 1.29.99, networking: {podSubnet: 10.0.0.0/8}, nmae: x}
hosts:
  - {name: a, address: 10.0.0.300, roles: [worker]}
  - {name: a, address: 10.0.0.1, roles: [worker]}
  - {name: c, address: 10.0.0.1, roles: [worker], labels: {x: 1}}
ssh: {identityFile: missing}
"""
    found = [(problem.line, problem.path) for problem in problems_of(text)]
    assert found == [
        (1, "cluster.kubernetesVersion"),
        (1, "cluster.networking.podSubnet"),
        (1, "cluster.nmae"),
        (2, "hosts"),
        (3, "hosts[0].address"),
        (4, "hosts[1].name"),
        (4, "hosts[1].address"),
        (5, "hosts[2].address"),
        (5, "hosts[2].address"),
        (5, "hosts[2].labels.x"),
        (6, "ssh.identityFile"),
    ]


def test_format_puts_problems_before_warnings():
    error = InventoryError(
        "inventory.yaml",
        [
            Problem("hosts", "2 control planes", "use an odd number", 2, 1, is_warning=True),
            Problem("hosts[2].address", '"x" is not an IP address', "such as 10.0.0.1", 12, 5),
            Problem("", "does not exist"),
        ],
    )
    assert format_problems(error).splitlines() == [
        'inventory.yaml:12:5: hosts[2].address: "x" is not an IP address',
        "    such as 10.0.0.1",
        "inventory.yaml: does not exist",
        "inventory.yaml:2:1: warning: hosts: 2 control planes",
        "    use an odd number",
    ]


def test_every_key_of_the_schema_has_a_description():
    schema = inventory_schema()
    for section in (schema, *schema["$defs"].values()):
        assert section["additionalProperties"] is False
        for key, item in section["properties"].items():
            target = schema["$defs"].get(item.get("$ref", "").rpartition("/")[2], {})
            assert item.get("description") or target.get("description"), key
