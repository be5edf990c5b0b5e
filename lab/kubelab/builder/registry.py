"""The registry's content: all images in the storage layout of docker-registry, written directly, without a push."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from ..errors import LabError
from ..mirror import REGISTRY_FOLDER
from ..process import run
from .golang import KUBERNETES_VERSIONS, folder_of
from .target import Target

_UPSTREAM = "registry.k8s.io/"


def target(images: Sequence[Target]) -> Target:
    """The registry with every image; fails if an image that a kubeadm asks for is not there."""
    folders = [image.output for image in images]
    kubeadms = [f"kubeadm v{version}" for version in KUBERNETES_VERSIONS]

    def make(output: Path) -> None:
        names = [name for folder in folders for name in store(folder, output / "docker/registry/v2")]
        _require_all_that_kubeadm_wants(names)

    return Target("registry", "packages", REGISTRY_FOLDER, make, ("1",), (*(image.name for image in images), *kubeadms))


def store(image: Path, registry: Path) -> list[str]:
    """Put one image into the storage under all its names; return them."""
    manifest = (image / "manifest.json").read_bytes()
    digest = hashlib.sha256(manifest).hexdigest()
    _blob(registry, digest).write_bytes(manifest)
    digests = [path.name for path in (image / "blobs").iterdir()]
    for blob in digests:
        place = _blob(registry, blob)
        if not place.exists():
            place.hardlink_to(image / "blobs" / blob)
    names: list[str] = json.loads((image / "names.json").read_text())
    for name in names:
        repository, tag = name.rsplit(":", 1)
        folder = registry / "repositories" / repository
        for blob in digests:
            _link(folder / "_layers/sha256" / blob, blob)
        _link(folder / "_manifests/revisions/sha256" / digest, digest)
        _link(folder / "_manifests/tags" / tag / "current", digest)
        _link(folder / "_manifests/tags" / tag / "index/sha256" / digest, digest)
    return names


def _blob(registry: Path, digest: str) -> Path:
    folder = registry / "blobs/sha256" / digest[:2] / digest
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "data"


def _link(folder: Path, digest: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "link").write_text(f"sha256:{digest}")


def _require_all_that_kubeadm_wants(names: Sequence[str]) -> None:
    for version in KUBERNETES_VERSIONS:
        kubeadm = folder_of(f"kubeadm v{version}") / "kubeadm"
        listed = run([kubeadm, "config", "images", "list", "--kubernetes-version", f"v{version}"]).split()
        missing = [name for name in listed if name.removeprefix(_UPSTREAM) not in names]
        if missing:
            message = f"the lab makes no image {', '.join(missing)}, which kubeadm {version} wants"
            raise LabError(message, "correct builder/images.py")
