"""Image references, the splitter, the catalog, and the end-of-life notice."""

from __future__ import annotations

import dataclasses

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kubeboot.addons.catalog import RELEASES, find_release
from kubeboot.addons.documents import parse, split
from kubeboot.addons.edit import moved
from kubeboot.addons.images import qualified, registry_of, without_digest
from kubeboot.addons.life import end_of_life_notice
from kubeboot.errors import SourceError
from kubeboot.inventory.versions import CALICO_VERSIONS, INGRESS_NGINX_VERSIONS
from kubeboot.model import Addons
from tests.addons.conftest import make_cluster


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("busybox", "docker.io/library/busybox:latest"),
        ("busybox:1.36", "docker.io/library/busybox:1.36"),
        ("docker.io/busybox", "docker.io/library/busybox:latest"),
        ("index.docker.io/busybox", "docker.io/library/busybox:latest"),
        ("calico/node:v3", "docker.io/calico/node:v3"),
        ("busybox@sha256:ab", "docker.io/library/busybox@sha256:ab"),
        ("quay.io/a/b", "quay.io/a/b:latest"),
        ("localhost/a", "localhost/a:latest"),
        ("localhost:5000/a", "localhost:5000/a:latest"),
        ("registry/a", "docker.io/registry/a:latest"),
        ("r.io/a/b:1@sha256:ab", "r.io/a/b:1@sha256:ab"),
    ],
)
def test_qualified(image: str, expected: str) -> None:
    assert qualified(image) == expected
    assert qualified(expected) == expected
    assert registry_of(image) == expected.partition("/")[0]


def test_a_digest_alone_stays() -> None:
    assert without_digest("r:5000/a:1@sha256:ab") == "r:5000/a:1"
    assert without_digest("r:5000/a@sha256:ab") == "r:5000/a@sha256:ab"
    assert without_digest("r:5000/a:1") == "r:5000/a:1"


def test_moved_keeps_tag_and_digest() -> None:
    names = {"r.io/x/a": "b"}
    assert moved("r.io/x/a:1@sha256:ab", "m/n", names) == "m/n/b:1@sha256:ab"
    assert moved("r.io/x/a", "m/n", names) == "m/n/b:latest"
    assert moved("r.io/x/c:1", "m/n", names) == "r.io/x/c:1"


LINES = st.sampled_from(
    [
        "---",
        "--- # c",
        "---x",
        " ---",
        "a: |",
        "  text",
        "  ---",
        "b: 1",
        "# c",
        "",
        "---\t",
        "----",
        "c: 'x",
        "'",
        "\r",
    ]
)


@given(st.lists(LINES, max_size=12), st.sampled_from(["", "\n"]))
def test_splitting_loses_nothing_and_agrees_with_yaml(lines: list[str], end: str) -> None:
    text = "\n".join(lines) + end
    pieces = split(text)
    assert "".join(piece for piece, _ in pieces) == text
    try:
        whole = [item for item in yaml.safe_load_all(text) if item is not None]
    except yaml.YAMLError:
        return
    assert [item for piece, _ in pieces if (item := yaml.safe_load(piece)) is not None] == whole


def test_only_documents_that_are_surely_crds_are_passed_over() -> None:
    crd = "kind: CustomResourceDefinition\nmetadata: {name: a}\n"
    text = f"{crd}---\nkind: ConfigMap\ndata:\n  x: |\n    kind: CustomResourceDefinition\n---\n{crd}kind: ConfigMap\n"
    first, second, third = parse(text, "x")
    assert first.content is None
    assert second.kind == "ConfigMap"
    assert third.kind == "ConfigMap"


def test_the_catalog_holds_what_the_inventory_accepts() -> None:
    assert [release.version for release in RELEASES if release.addon == "calico"] == list(CALICO_VERSIONS)
    assert [release.version for release in RELEASES if release.addon == "ingress-nginx"] == list(INGRESS_NGINX_VERSIONS)
    assert all(len(release.sha256) == 64 for release in RELEASES)


@pytest.mark.parametrize("mirror", ["http://10.0.0.5/manifests", "http://10.0.0.5/manifests/"])
def test_a_mirror_keeps_upstream_s_path(mirror: str) -> None:
    release = find_release("calico", "3.27.5")
    assert release.url() == "https://raw.githubusercontent.com/projectcalico/calico/v3.27.5/manifests/calico.yaml"
    assert release.url(mirror) == "http://10.0.0.5/manifests/projectcalico/calico/v3.27.5/manifests/calico.yaml"


def test_an_unknown_version_names_the_known_ones() -> None:
    with pytest.raises(SourceError) as caught:
        find_release("calico", "3.30.0")
    assert "3.27.0, 3.27.5" in caught.value.hint


def test_end_of_life_notice() -> None:
    both = end_of_life_notice(make_cluster(Addons()))
    assert both and "1.29 reached its end of life on 2025-02-28" in both and "ingress-nginx was retired" in both
    without = end_of_life_notice(make_cluster(Addons(ingress_nginx=None)))
    assert without and "ingress-nginx" not in without
    later = dataclasses.replace(make_cluster(Addons(ingress_nginx=None)), kubernetes_version="1.99.0")
    assert end_of_life_notice(later) is None
