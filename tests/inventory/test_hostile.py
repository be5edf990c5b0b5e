"""Whatever is in the file, the answer is a Cluster or an InventoryError, soon; nothing unsafe gets through."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kubeboot.errors import InventoryError
from kubeboot.inventory.load import load_inventory
from kubeboot.inventory.problems import format_problems, quoted
from kubeboot.inventory.schema import inventory_schema

QUICK = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def attempt(path, data: bytes):
    """The error of loading these bytes, or None."""
    file = path / "inventory.yaml"
    file.write_bytes(data)
    try:
        load_inventory(file)
    except InventoryError as error:
        assert error.problems
        assert error.exit_code == 2
        assert format_problems(error)
        return error
    return None


DOCUMENTS = [
    (b"\xff\xfe", "not UTF-8 text", 1, 1),
    (b"a: b\nc: \xe9", "not UTF-8 text", 2, 4),
    (b"a: b\nc: \x00", "the control character U+0000 is not allowed", 2, 4),
    (b'a: "\\0"', "holds a control character", 1, 4),
    (b'a: "\\ud800"', "holds a control character", 1, 4),
    (b'a: "\\UFFFFFFFF"', "a character escape that does not exist", 1, 1),
    (b"x" * (11 * 1024 * 1024), "larger than 1024 KiB", 0, 0),
    (b"[" * 100_000, "nested deeper than 30 levels", 1, 32),
    (b"{a: " * 100_000, "nested deeper than 30 levels", 1, 122),
    (b"- " * 50_000, "nested deeper than 30 levels", 1, 63),
    (b"&a [*a]", "*a refers to nothing that stands before it", 1, 5),
    (b"a: &a [x]\nb: [" + b"*a, " * 100 + b"]", "more than 64 aliases", 2, 261),
    (b"[" + b"1," * 60_000 + b"]", "more than 50000 values", 1, 100000),
    (b"!!python/object/apply:os.system [id]", "is not allowed", 1, 1),
    (b"? [a]\n: b", "a key must be a word", 1, 3),
    (b"- a\n", "is a list; it must be a mapping", 1, 1),
    (b"text", '"text" is not a mapping', 1, 1),
    (b"~", '"~" is not a mapping', 1, 1),
    (b"", "is required", 1, 1),
    (b"# nothing\n", "is required", 1, 1),
]


@pytest.mark.parametrize(("data", "message", "line", "column"), DOCUMENTS, ids=range(len(DOCUMENTS)))
def test_documents_that_are_refused(tmp_path, data, message, line, column):
    error = attempt(tmp_path, data)
    found = [problem for problem in error.problems if message in problem.message]
    assert [(problem.line, problem.column) for problem in found[:1]] == [(line, column)], error.problems


def test_alias_bomb(tmp_path):
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 7)]
    started = time.perf_counter()
    error = attempt(tmp_path, "\n".join(lines).encode())
    assert "more than" in error.problems[0].message
    assert time.perf_counter() - started < 2


def test_a_few_aliases_work(tmp_path):
    text = """
cluster: {kubernetesVersion: 1.29.15}
hosts:
  - {name: a, address: 10.0.0.1, roles: [control-plane], labels: &labels {disk: ssd}}
  - {name: b, address: 10.0.0.2, roles: [worker], labels: *labels}
"""
    assert attempt(tmp_path, text.encode()) is None


@pytest.mark.parametrize("name", ["missing.yaml", "", "bad\0name", "x" * 5000])
def test_files_that_cannot_be_read(tmp_path, name):
    with pytest.raises(InventoryError) as caught:
        load_inventory(str(tmp_path / name))
    assert caught.value.problems[0].line == 0


HOSTILE = [
    "$(id)",
    "`id`",
    "a;id",
    "a'b",
    'a"b',
    "a\nb",
    "-oProxyCommand=id",
    "a b",
    "a\\b",
    "a|b",
    "${HOME}",
    "a\tb",
    "ü",
]
FIELDS = [
    "cluster.name",
    "cluster.kubernetesVersion",
    "cluster.controlPlaneEndpoint",
    "cluster.networking.podSubnet",
    "cluster.networking.serviceSubnet",
    "cluster.networking.dnsDomain",
    "cluster.kubeProxy.mode",
    "cluster.containerd.package",
    "cluster.containerd.version",
    "mirrors.preset",
    "mirrors.osPackages",
    "mirrors.dockerPackages",
    "mirrors.kubernetesPackages.url",
    "mirrors.kubernetesPackages.key",
    "mirrors.kubernetesPackages.keyUrl",
    "mirrors.kubernetesPackages.fingerprints.0",
    "mirrors.imageRepository",
    "mirrors.registries.KEY",
    "mirrors.registries.x.0",
    "mirrors.registries.x.0.url",
    "mirrors.registries.x.0.username",
    "mirrors.manifests",
    "addons.calico.version",
    "addons.calico.manifest",
    "addons.calico.manifestSha256",
    "addons.ingressNginx.version",
    "addons.manifests.0.name",
    "ssh.user",
    "ssh.identityFile",
    "time.servers.0",
    "hostPreparation.sysctl.KEY",
    "hostPreparation.packages.0",
    "preflight.ignore.0",
    "hosts.0.name",
    "hosts.0.address",
    "hosts.0.hostKey",
    "hosts.0.roles.0",
    "hosts.0.ssh.user",
    "hosts.0.labels.KEY",
    "hosts.0.labels.x",
    "hosts.0.taints.0",
]


def hostile_document(field, value):
    """A good inventory with this value at this place."""
    data = {"cluster": {"kubernetesVersion": "1.29.15"}, "hosts": [{"name": "a", "address": "10.0.0.1"}]}
    parts = [int(part) if part.isdigit() else value if part == "KEY" else part for part in field.split(".")]
    place = data
    for part, following in pairwise(parts):
        empty = [] if isinstance(following, int) else {}
        if isinstance(place, list):
            place += [empty] if len(place) <= part else []
            place = place[part]
        else:
            place = place.setdefault(part, empty)
    last = ["http://x"] if "KEY" in field and "registries" in field else value
    if isinstance(place, list):
        place.append(last)
    else:
        place[parts[-1]] = last
    return yaml.safe_dump(data, allow_unicode=True).encode()


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_are_refused(tmp_path, field, value):
    error = attempt(tmp_path, hostile_document(field, value))
    assert error is not None
    assert "\n" not in error.problems[0].message
    assert error.problems[0].line > 0


def test_quoted_is_one_printable_line_without_credentials():
    assert quoted("a\nb\x1b[2J") == r'"a\nb\u001b[2J"'
    assert quoted("https://me:secret@host/x") == '"https://***@host/x"'
    assert len(quoted("x" * 10**6)) < 70


KEYS = sorted({key for section in inventory_schema()["$defs"].values() for key in section["properties"]} | {"hosts"})
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(HOSTILE),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), inner),
    max_leaves=30,
)
SHAPED = st.fixed_dictionaries(
    {"cluster": VALUES, "hosts": st.lists(st.dictionaries(st.sampled_from(KEYS), VALUES), max_size=3) | VALUES},
    optional={key: VALUES for key in ("mirrors", "addons", "ssh", "time", "hostPreparation", "preflight")},
)


@QUICK
@given(data=st.binary(max_size=300))
def test_any_bytes(tmp_path, data):
    attempt(tmp_path, data)


@QUICK
@given(text=st.text(st.sampled_from("ab:-[]{}&*!|>#%@`'\"?, \n\t\\x0~<=") | st.characters(codec="utf-8"), max_size=80))
@example(text="%TAG ! tag:%ff\n--- !a")
@example(text="? \n")
@example(text="- &a\n- *a")
@example(text='"\\x')
@example(text="--- >\n\t")
def test_any_text(tmp_path, text):
    attempt(tmp_path, text.encode())


@settings(QUICK, max_examples=300)
@given(data=SHAPED)
def test_any_values(tmp_path, data):
    attempt(tmp_path, yaml.safe_dump(data, allow_unicode=True).encode("utf-8", "replace"))
