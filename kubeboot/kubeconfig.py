"""The admin kubeconfig beside the inventory: mode 0600, written whole, never over another cluster's."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

from kubeboot.errors import SourceError
from kubeboot.kubeadm_config import ca_certificate


def kubeconfig_path(directory: Path, cluster_name: str) -> Path:
    """`<cluster>.kubeconfig` beside the inventory."""
    return directory / f"{cluster_name}.kubeconfig"


def check_kubeconfig_place(path: Path, has_cluster: bool) -> str:
    """A warning when a new cluster will find another's kubeconfig at `path`; empty when all is well."""
    if has_cluster or not path.exists():
        return ""
    return (
        f"{path} is there already, from another cluster; it stays, and the new kubeconfig goes beside it as {path}.new"
    )


def save_kubeconfig(path: Path, text: str) -> tuple[Path, bool]:
    """Write it; where it went and whether that changed anything. Raises SourceError when it cannot be written."""
    try:
        path = _own_place(path, text)
        if path.exists() and path.read_bytes() == text.encode() and not path.stat().st_mode & 0o077:
            return path, False
        _write(path, text)
    except OSError as error:
        raise SourceError(
            f"the kubeconfig cannot be written to {path}: {error.strerror}",
            hint="The cluster itself is fine: /etc/kubernetes/admin.conf on the control plane is the same file.",
            reference="kubeconfig-not-written",
        ) from error
    return path, True


def _own_place(path: Path, text: str) -> Path:
    """`path`, or beside it the first that is free or of the same cluster."""
    numbers = itertools.count(2)
    place, name = path, path.name
    while place.exists() and _authority(place.read_text(encoding="utf-8", errors="replace")) != _authority(text):
        place = path.with_name(f"{name}.new" if place == path else f"{name}.new{next(numbers)}")
    return place


def _authority(text: str) -> bytes:
    try:
        return ca_certificate(text)
    except ValueError:
        return b""


def _write(path: Path, text: str) -> None:
    new = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path)
