"""Fixtures: clusters, a cache of the test's own, and upstream's manifests where this machine has them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kubeboot.addons.addon import Addon
from kubeboot.addons.catalog import RELEASES
from kubeboot.addons.load import load_addons
from kubeboot.model import (
    Addons,
    Calico,
    Cluster,
    IngressNginx,
    Mirrors,
    Networking,
    PackageRepository,
    RegistryMirror,
)
from tests.addons.small import CALICO, INGRESS_NGINX

SHARED = Path(__file__).parents[3] / "shared" / "manifests"
MIRROR = (RegistryMirror("http://10.0.0.5:5000"),)

MakeCluster = Callable[..., Cluster]
Edit = Callable[..., Addon]


def upstream_text(addon: str, version: str) -> str:
    """Upstream's own manifest; the test is skipped where it is not there."""
    name = f"calico-v{version}.yaml" if addon == "calico" else f"ingress-nginx-{version}-baremetal.yaml"
    if not (SHARED / name).exists():
        pytest.skip(f"upstream's manifests are not part of the project, and {SHARED / name} is not there")
    return (SHARED / name).read_text()


def make_cluster(
    addons: Addons, *, pod_subnet: str = "10.88.0.0/16", directory: Path = Path(), **mirrors: Any
) -> Cluster:
    """A cluster of which only the add-ons and their sources matter. `mirrored`: registries with a mirror."""
    registries = {name: MIRROR for name in mirrors.pop("mirrored", ())}
    sources = Mirrors(PackageRepository("k"), PackageRepository("d"), registries=registries, **mirrors)
    networking = Networking(pod_subnet=pod_subnet)
    return Cluster("lab", "1.29.15", (), sources, "10.0.0.1", networking=networking, addons=addons, directory=directory)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """An empty cache folder."""
    return tmp_path / "cache"


@pytest.fixture
def upstream_cache(cache: Path) -> Path:
    """A cache that holds every release of the catalog."""
    cache.mkdir()
    for release in RELEASES:
        upstream_text(release.addon, release.version)
        name = f"{release.addon}-{'v' if release.addon == 'calico' else ''}{release.version}"
        (source,) = SHARED.glob(f"{name}*.yaml")
        shutil.copyfile(source, cache / f"{release.sha256}.yaml")
    return cache


@pytest.fixture
def edit_calico(tmp_path: Path, cache: Path) -> Edit:
    """The add-on that a Calico manifest's text becomes; `calico` are fields of the model's Calico."""

    def edit(text: str = CALICO, *, calico: dict[str, Any] | None = None, **cluster: Any) -> Addon:
        path = tmp_path / "calico.yaml"
        path.write_text(text)
        addons = Addons(Calico(manifest=str(path), **(calico or {})), None)
        return load_addons(make_cluster(addons, **cluster), cache)[0]

    return edit


@pytest.fixture
def edit_ingress(tmp_path: Path, cache: Path) -> Edit:
    """The add-on that an ingress-nginx manifest's text becomes."""

    def edit(text: str = INGRESS_NGINX, *, is_host_network: bool = True, **cluster: Any) -> Addon:
        path = tmp_path / "ingress.yaml"
        path.write_text(text)
        addons = Addons(None, IngressNginx(is_host_network=is_host_network, manifest=str(path)))
        return load_addons(make_cluster(addons, **cluster), cache)[0]

    return edit
