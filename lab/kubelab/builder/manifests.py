"""Upstream's add-on manifests for the mirror: from ../shared beside the repository, else upstream, else the lab's own.

They are not part of the repository. Where neither source is there, small manifests of the lab's own take their place,
so that a demo works from a clone alone; the file FALLBACK in the mirror then lists which they are.
"""

from __future__ import annotations

import hashlib
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from ..mirror import WEB_FOLDER
from ..places import LAB_FOLDER
from .target import Target

TARGET = "manifests"
FOLDER = WEB_FOLDER / "manifests"
_SHARED = LAB_FOLDER.parent.parent / "shared" / "manifests"
_OWN = LAB_FOLDER / "manifests"
_UPSTREAM = "https://raw.githubusercontent.com"
CALICO = "projectcalico/calico/v{version}/manifests/calico.yaml"
INGRESS_NGINX = "kubernetes/ingress-nginx/controller-v{version}/deploy/static/provider/baremetal/deploy.yaml"
_PATIENCE_S = 20


@dataclass(frozen=True)
class Manifest:
    """One upstream file: its place upstream, its name in ../shared, its digest, and the lab's own instead."""

    place: str
    shared_name: str
    sha256: str
    own_name: str


def _calico(version: str, sha256: str) -> Manifest:
    return Manifest(CALICO.format(version=version), f"calico-v{version}.yaml", sha256, "calico.yaml")


def _ingress(version: str, sha256: str) -> Manifest:
    return Manifest(
        INGRESS_NGINX.format(version=version), f"ingress-nginx-{version}-baremetal.yaml", sha256, "ingress-nginx.yaml"
    )


MANIFESTS = (
    _calico("3.27.5", "a8b89fd22e304cea657d5a4ee06a350bb2287dc6d39ff83e06e8a7e5cf9f172b"),
    _calico("3.27.0", "dbc4d6fdb5ca87978f6d67a43b09094852cd375398cad5c1650c1c462dd58d8b"),
    _ingress("1.13.9", "946884f0b417d7af1bc50d8896bd8c201b90fda25813cf797e050ee19b53e1c4"),
    _ingress("1.11.0", "e2cb62f3b871841ca60cd5a1c3cc5f9951253523166e935300a9b32c1d035f60"),
    _ingress("1.9.6", "9a6909c46baf2eaaf3386311776585ecbfc89c4fdf0ea1589a8acb68d579fdff"),
)


def target() -> Target:
    """The folder `manifests` of the mirror. That ../shared came or went is a changed input."""
    there = [manifest.shared_name for manifest in MANIFESTS if (_SHARED / manifest.shared_name).exists()]
    return Target(TARGET, "disk", FOLDER, _make, (repr(MANIFESTS), repr(there), _OWN, "1"))


def _make(output: Path) -> None:
    replaced = [manifest for manifest in MANIFESTS if not _fetch(manifest, output / manifest.place)]
    if replaced:
        places = "\n".join(manifest.place for manifest in replaced)
        (output / "FALLBACK").write_text(places + "\n")
        print(f"     upstream cannot be reached; the lab's own small manifests stand in for:\n{places}", flush=True)


def _fetch(manifest: Manifest, place: Path) -> bool:
    """Put the upstream file in place, or the lab's own; whether it is upstream's."""
    place.parent.mkdir(parents=True, exist_ok=True)
    for source in (_shared, _kept, _downloaded):
        text = source(manifest)
        if text and hashlib.sha256(text).hexdigest() == manifest.sha256:
            place.write_bytes(text)
            return True
    text_of_own = (_OWN / manifest.own_name).read_text()
    version = next(word for word in manifest.place.split("/") if word.startswith(("v", "controller-v")))
    place.write_text(text_of_own.replace("@VERSION@", version.removeprefix("controller-")))
    return False


def _shared(manifest: Manifest) -> bytes:
    path = _SHARED / manifest.shared_name
    return path.read_bytes() if path.exists() else b""


def _kept(manifest: Manifest) -> bytes:
    """What an earlier build left in the cache, for a checkout without ../shared beside it."""
    path = FOLDER / manifest.place
    return path.read_bytes() if path.exists() else b""


def _downloaded(manifest: Manifest) -> bytes:
    try:
        url = f"{_UPSTREAM}/{manifest.place}"
        with urllib.request.urlopen(url, timeout=_PATIENCE_S) as answer:  # noqa: S310 (always https)
            text: bytes = answer.read()
            return text
    except (urllib.error.URLError, TimeoutError, OSError):
        return b""
