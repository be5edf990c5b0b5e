"""Manifests of the user's own: passed through, looked at, and refused with the place of what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kubeboot.addons.addon import Addon, Rollout
from kubeboot.addons.load import load_addons
from kubeboot.errors import SourceError
from kubeboot.model import Addons, UserManifest
from tests.addons.conftest import make_cluster

Own = Callable[[str], Addon]

APP = """\
%s
# my app
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: apps}
spec:
  template:
    spec:
      initContainers: [{name: wait, image: busybox}]
      containers: [{name: db, image: "postgres:16"}, {name: wait, image: busybox:latest}]
---
apiVersion: v1
kind: List
items:
  - apiVersion: batch/v1
    kind: Job
    metadata: {name: now}
    spec: {template: {spec: {containers: [{image: quay.io/a/b}]}}}
  - {apiVersion: batch/v1, kind: Job, metadata: {name: later}, spec: {suspend: true}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: a, image: "10.0.0.5:5000/tool@sha256:abc"}]}}}}}
---
# nothing here
---
apiVersion: v1
kind: Pod
metadata: {name: one}
spec: {containers: [{name: a, image: nginx/unit:1}]}
"""


@pytest.fixture
def own(tmp_path: Path, cache: Path) -> Own:
    """The add-on of a user's manifest that lies beside the inventory."""

    def load(text: str) -> Addon:
        (tmp_path / "app.yaml").write_bytes(text.encode())
        addons = Addons(None, None, (UserManifest("my-app", path="app.yaml"),))
        (addon,) = load_addons(make_cluster(addons, directory=tmp_path), cache)
        return addon

    return load


@pytest.mark.parametrize("begin", ["", "---"])
def test_passed_through_with_what_it_pulls_and_rolls_out(own: Own, begin: str) -> None:
    addon = own(APP % begin)
    assert addon.manifest == APP % begin
    assert (addon.name, addon.version, addon.namespace) == ("my-app", "", "default")
    assert addon.images == (
        "docker.io/library/busybox:latest",
        "docker.io/library/postgres:16",
        "quay.io/a/b:latest",
        "10.0.0.5:5000/tool@sha256:abc",
        "docker.io/nginx/unit:1",
    )
    assert addon.rollouts == (Rollout("statefulset", "apps", "db"), Rollout("job", "default", "now"))


def test_windows_line_ends_survive(own: Own) -> None:
    text = (APP % "---").replace("\n", "\r\n")
    assert own(text).manifest == text
    assert len(own(text).images) == 5


BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9))


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("a: 1\nb: [1\n", "line 3, column 1", "is not YAML"),
        ("---\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\na: b: c\n", "line 6, column 5", "mapping values"),
        ("a: 1\n\x07", "line", "is not YAML"),
        ("kind: Pod\nmetadata: {name: a}\n", "line 1, column 1", "has no apiVersion"),
        ("# c\n---\n# c\n\nkind: Pod\napiVersion: v1\n", "line 5, column 1", "has no metadata.name"),
        ("apiVersion: v1\nmetadata: {name: 3}\n", "line 1", "has no kind and no metadata.name"),
        ("apiVersion: v1\nkind: List\nitems: [{kind: Pod}]\n", "line 1", "items[0] has no apiVersion and no metadata"),
        ("apiVersion: v1\nkind: List\nitems: [3]\n", "line 1", "items[0] is not an object"),
        ("- a\n", "line 1", "holds a list"),
        ("--- # only comments\n", "", "holds no Kubernetes object"),
        ("", "", "holds no Kubernetes object"),
        ("a: 1\n...\nb: 2\n", "line", "is not YAML"),
        ("[" * 5000, "line 1", "nested deeper than 200 levels"),
        ("{a: " * 100_000, "line 1", "nested deeper than 200 levels"),
        ("- " * 100_000, "line 1", "nested deeper than 200 levels"),
        ("? " * 100_000, "line 1", "nested deeper than 200 levels"),
        ("a: 1\nb: " + "[" * 300 + "]" * 300, "line 2", "nested deeper than 200 levels"),
        ("".join(f"{' ' * depth}a:\n" for depth in range(300)), "line 201", "nested deeper than 200 levels"),
        ("a: &a\n- *a\n", "line 2", "holds itself (*a)"),
        (BOMB, "line 7", "holds more than 1000000 values"),
    ],
)
def test_refused_with_its_place(own: Own, text: str, place: str, problem: str) -> None:
    with pytest.raises(SourceError) as caught:
        own(text)
    assert place in caught.value.message
    assert problem in caught.value.message
    assert "app.yaml" in caught.value.message
    assert caught.value.hint


def test_not_utf8(own: Own, tmp_path: Path, cache: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe9\n")
    addons = Addons(None, None, (UserManifest("my-app", path="latin.yaml"),))
    with pytest.raises(SourceError, match="not UTF-8 text"):
        load_addons(make_cluster(addons, directory=tmp_path), cache)


def test_user_s_manifests_keep_their_order(tmp_path: Path, cache: Path) -> None:
    for name in "ba":
        (tmp_path / f"{name}.yaml").write_text(f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n")
    addons = Addons(None, None, tuple(UserManifest(name, path=str(tmp_path / f"{name}.yaml")) for name in "ba"))
    assert [addon.name for addon in load_addons(make_cluster(addons), cache)] == ["b", "a"]
