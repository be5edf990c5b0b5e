"""A support bundle: one archive that only its owner may read, with a listing of what is inside."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from kubeboot import __version__
from kubeboot.engine.collect import Item
from kubeboot.errors import UsageError
from kubeboot.redaction import redact

LISTING = "LISTING.txt"
MODE = 0o600
HEAD = """\
Support bundle of kubeboot {version}, cluster {cluster}, {time} UTC.
Secrets are masked with three stars: passwords, tokens, keys. Look through it before you pass it on.

"""


def writable(path: Path) -> Path:
    """The same path, when a file can be made there. Raises UsageError "bundle-unwritable"."""
    folder = path.parent
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        hint = "Name a file in a folder that exists: --bundle bundle.tar.gz"
        raise UsageError(f"the bundle {path} cannot be written", hint=hint, reference="bundle-unwritable")
    return path


def write_bundle(path: Path, cluster: str, diagnosis: str, hosts: Mapping[str, Sequence[Item]]) -> int:
    """Write the archive; how many files it holds. What is there already is replaced once the new one is whole."""
    items = [Item("diagnosis.txt", "what diagnose found", redact(diagnosis))]
    items += [Item(f"{host}/{item.path}", item.what, item.text) for host, many in hosts.items() for item in many]
    data = _archive(f"kubeboot-bundle-{cluster}", [_listing(cluster, items), *items])
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return len(items) + 1


def _listing(cluster: str, items: Sequence[Item]) -> Item:
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    width = max(len(item.path) for item in items)
    rows = [f"{item.path:<{width}}  {len(item.text.encode()):>8}  {item.what}" for item in items]
    text = HEAD.format(version=__version__, cluster=cluster, time=moment)
    return Item(LISTING, "this", text + f"{'PATH':<{width}}  {'BYTES':>8}  WHAT\n" + "\n".join(rows) + "\n")


def _archive(folder: str, items: Sequence[Item]) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        for item in items:
            content = item.text.encode()
            member = tarfile.TarInfo(f"{folder}/{item.path}")
            member.size, member.mode, member.mtime = len(content), MODE, int(time.time())
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(raw.getvalue(), 6)
