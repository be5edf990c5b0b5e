"""The cache on this machine: manifests by their sha256, and what the edits made of them.

A cache that cannot be written only costs time, so it is never an error. Nothing in it is trusted unread: a source is
checked against the sha256 it is wanted by, an edited result against the sha256 in its own first line.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from dataclasses import astuple
from pathlib import Path

from kubeboot import __version__
from kubeboot.addons.addon import Addon, Rollout

MODE = 0o644  # nothing secret in it


def default_cache() -> Path:
    """`kubeboot/manifests` in the user's cache folder; a relative XDG_CACHE_HOME does not count, as its spec says."""
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (given if given.is_absolute() else Path.home() / ".cache") / "kubeboot" / "manifests"


def digest(content: bytes) -> str:
    """sha256 in hex."""
    return hashlib.sha256(content).hexdigest()


def cached_source(cache: Path, sha256: str) -> bytes | None:
    """The source of that sha256; None when the cache lacks it or holds something else under its name."""
    try:
        content = (cache / f"{sha256}.yaml").read_bytes()
    except OSError:
        return None
    return content if digest(content) == sha256 else None


def keep_source(cache: Path, content: bytes) -> None:
    """Remember a source that was checked."""
    _write(cache / f"{digest(content)}.yaml", content)


def edited_key(source_sha256: str, inputs: object) -> str:
    """Names an edited result by all it was made from: the source, the inputs (by their repr) and kubeboot's code."""
    return digest(repr((source_sha256, inputs, __version__, _code_sha256())).encode())


def cached_addon(cache: Path, key: str) -> Addon | None:
    """The edited result of that key; None when there is none or it was damaged."""
    try:
        stored_sha256, _, rest = (cache / "edited" / key).read_bytes().partition(b"\n")
        if digest(rest).encode() != stored_sha256:
            return None
        head, _, manifest = rest.partition(b"\n")
        name, version, images, rollouts, namespace = json.loads(head)
        made_of = tuple(Rollout(*item) for item in rollouts)
        return Addon(name, version, manifest.decode(), tuple(images), made_of, namespace)
    except (OSError, ValueError, TypeError):
        return None


def keep_addon(cache: Path, key: str, addon: Addon) -> None:
    """Remember an edited result."""
    rollouts = [astuple(rollout) for rollout in addon.rollouts]
    head = json.dumps([addon.name, addon.version, addon.images, rollouts, addon.namespace])
    rest = head.encode() + b"\n" + addon.manifest.encode()
    _write(cache / "edited" / key, digest(rest).encode() + b"\n" + rest)


def _code_sha256() -> str:
    """Of this folder's modules: while kubeboot is being worked on its edits change and its version does not."""
    modules = sorted(Path(__file__).parent.glob("*.py"))
    return digest(b"".join(module.read_bytes() for module in modules))


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, also with two runs at once."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                os.fchmod(file.fileno(), MODE)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
