"""Container images, made without a container engine: layers are tar archives, names and digests are files.

An image target is a folder with `manifest.json`, `names.json` and `blobs/DIGEST`; registry.py puts them together.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from ..process import run

_MEDIA = "application/vnd.docker."
_EPOCH = 1_700_000_000
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Content:
    """What a layer holds: path in the image -> file to copy, and path -> target of a symbolic link."""

    files: Mapping[str, Path] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    folders: Sequence[str] = ()


class _Digesting(io.RawIOBase):
    """A file that knows the sha256 of what was written to it."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target = target
        self.digest = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.digest.update(data)
        return self._target.write(data)


def write_layer(content: Content, output: Path) -> None:
    """A layer folder (`layer.tar.gz` and `diff_id`) from single files."""

    def fill(stream: IO[bytes]) -> None:
        with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as archive:
            for path in _folders_of(content):
                archive.addfile(_entry(path, tarfile.DIRTYPE, 0o755))
            for path, source in sorted(content.files.items()):
                entry = _entry(path, tarfile.REGTYPE, source.stat().st_mode & 0o777)
                entry.size = source.stat().st_size
                with source.open("rb") as data:
                    archive.addfile(entry, data)
            for path, target in sorted(content.links.items()):
                entry = _entry(path, tarfile.SYMTYPE, 0o777)
                entry.linkname = target
                archive.addfile(entry)

    _write_compressed(fill, output)


def write_root_layer(root: Path, output: Path) -> None:
    """A layer folder from a whole root file system, with the capabilities of its files."""
    archive = output.with_suffix(".tar")
    run(
        [
            "tar",
            "--format=posix",
            "--pax-option=delete=atime,delete=ctime",
            "--sort=name",
            f"--mtime=@{_EPOCH}",
            "--numeric-owner",
            "--xattrs",
            "--xattrs-include=security.capability",
            "-C",
            root,
            "-cf",
            archive,
            ".",
        ]
    )

    def fill(stream: IO[bytes]) -> None:
        with archive.open("rb") as source:
            shutil.copyfileobj(source, stream, _CHUNK)

    _write_compressed(fill, output)
    archive.unlink()


def _write_compressed(fill: Callable[[IO[bytes]], None], output: Path) -> None:
    output.mkdir(parents=True)
    with (output / "layer.tar.gz").open("wb") as raw, gzip.GzipFile("", "wb", 1, raw, mtime=0) as packed:
        plain = _Digesting(packed)  # type: ignore[arg-type]
        fill(plain)  # type: ignore[arg-type]
    (output / "diff_id").write_text("sha256:" + plain.digest.hexdigest())


def _folders_of(content: Content) -> list[str]:
    parents = {str(folder) for path in (*content.files, *content.links) for folder in Path(path).parents}
    return sorted((parents | set(content.folders)) - {"/", "."})


def _entry(path: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(path.lstrip("/"))
    entry.type, entry.mode, entry.mtime = kind, mode, _EPOCH
    return entry


def write_image(output: Path, names: Sequence[str], layers: Sequence[Path], config: Mapping[str, object]) -> None:
    """An image folder: its layers' blobs (hard links), its configuration and its manifest."""
    blobs = output / "blobs"
    blobs.mkdir(parents=True)
    described = []
    for layer in layers:
        source = layer / "layer.tar.gz"
        digest = file_digest(source)
        if not (blobs / digest).exists():
            (blobs / digest).hardlink_to(source)
        described.append(_descriptor("image.rootfs.diff.tar.gzip", digest, source.stat().st_size))
    settings = _configuration(config, [(layer / "diff_id").read_text() for layer in layers])
    digest = hashlib.sha256(settings).hexdigest()
    (blobs / digest).write_bytes(settings)
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{_MEDIA}distribution.manifest.v2+json",
        "config": _descriptor("container.image.v1+json", digest, len(settings)),
        "layers": described,
    }
    (output / "manifest.json").write_text(json.dumps(manifest))
    (output / "names.json").write_text(json.dumps(list(names)))


def _configuration(config: Mapping[str, object], diff_ids: Sequence[str]) -> bytes:
    content = {
        "architecture": "amd64",
        "os": "linux",
        "created": "2023-11-14T22:13:20Z",
        "config": {"Env": [_PATH], **config},
        "rootfs": {"type": "layers", "diff_ids": list(diff_ids)},
    }
    return json.dumps(content, sort_keys=True).encode()


def _descriptor(kind: str, digest: str, size: int) -> dict[str, object]:
    return {"mediaType": _MEDIA + kind, "size": size, "digest": f"sha256:{digest}"}


def file_digest(path: Path) -> str:
    """sha256 of a file, in hex."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
