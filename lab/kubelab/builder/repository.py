"""Signed apt repositories: Debian's own, flat as Kubernetes publishes it, and pooled as Docker does."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ..mirror import PUBLIC_KEY, WEB_FOLDER
from ..process import run
from . import signing
from .debs import KUBERNETES_DEBS, containerd_targets, debs_of, kubernetes_targets
from .downloads import DOWNLOADS, DOWNLOADS_TARGET
from .target import Target

_DATE = "Tue, 14 Nov 2023 22:13:20 UTC"
KUBERNETES_PLACE = "kubernetes/core:/stable:/v1.29/deb"


def targets() -> list[Target]:
    """The three repositories, each below the web server's folder."""
    kubernetes = [target.name for target in kubernetes_targets()]
    containerd = [target.name for target in containerd_targets()]
    return [
        _target("apt repository debian", "debian", _debian, [DOWNLOADS_TARGET]),
        _target("apt repository kubernetes", KUBERNETES_PLACE, _kubernetes, kubernetes),
        _target("apt repository docker", "docker/linux/debian", _docker, containerd),
    ]


def _target(name: str, place: str, make: Callable[[Path], None], needs: Sequence[str]) -> Target:
    return Target(name, "packages", WEB_FOLDER / place, make, ("1",), (signing.TARGET, *needs))


def _debian(output: Path) -> None:
    _pooled(output, "bookworm", "main", DOWNLOADS.glob("*.deb"))


def _docker(output: Path) -> None:
    _pooled(output, "bookworm", "stable", debs_of(containerd_targets()))
    shutil.copy(PUBLIC_KEY, output / "gpg")


def _kubernetes(output: Path) -> None:
    _link_all(debs_of(kubernetes_targets()), output / "amd64")
    packages = run(["apt-ftparchive", "packages", "amd64"], cwd=output)
    _write_index(packages, output)
    _write_release(output, {"Origin": "lab", "Label": KUBERNETES_DEBS}, _index_files(output))
    shutil.copy(PUBLIC_KEY, output / "Release.key")


def _pooled(output: Path, suite: str, component: str, debs: Iterable[Path]) -> None:
    _link_all(debs, output / "pool" / component)
    packages = run(["apt-ftparchive", "packages", f"pool/{component}"], cwd=output)
    release = output / "dists" / suite
    _write_index(packages, release / component / "binary-amd64")
    fields = {"Origin": "lab", "Label": "lab", "Suite": suite, "Codename": suite, "Components": component}
    _write_release(release, fields, _index_files(release))


def _link_all(debs: Iterable[Path], folder: Path) -> None:
    folder.mkdir(parents=True)
    for deb in debs:
        (folder / deb.name).hardlink_to(deb)


def _write_index(packages: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    plain = packages.encode()
    (folder / "Packages").write_bytes(plain)
    (folder / "Packages.gz").write_bytes(gzip.compress(plain, mtime=0))
    (folder / "Packages.xz").write_bytes(lzma.compress(plain))


def _index_files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("Packages*"))


def _write_release(folder: Path, fields: dict[str, str], files: Sequence[Path]) -> None:
    """A Release file over the indexes, signed in both ways that apt knows."""
    lines = [f"{name}: {value}" for name, value in fields.items()]
    lines += ["Architectures: amd64", f"Date: {_DATE}"]
    for title, algorithm in (("MD5Sum", "md5"), ("SHA256", "sha256")):
        lines.append(f"{title}:")
        for path in files:
            data = path.read_bytes()
            digest = hashlib.new(algorithm, data, usedforsecurity=False).hexdigest()
            lines.append(f" {digest} {len(data)} {path.relative_to(folder)}")
    release = folder / "Release"
    release.write_text("\n".join(lines) + "\n")
    signing.sign(release)
