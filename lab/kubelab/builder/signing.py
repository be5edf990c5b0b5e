"""The lab's own signing key: made once, signs the package repositories."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..mirror import PUBLIC_KEY
from ..process import run
from .target import Target

TARGET = "signing key"
_PRIVATE_FILE = "private.asc"
_OWNER = "kubeboot lab <lab@lab.invalid>"


def target() -> Target:
    """Both halves of the key as text."""
    return Target(TARGET, "packages", PUBLIC_KEY.parent, _make, (_OWNER, "1"))


def _make(output: Path) -> None:
    output.mkdir(mode=0o700)
    with _home() as home:
        run([*_gpg(home), "--quick-generate-key", _OWNER, "rsa3072", "sign", "never"])
        (output / PUBLIC_KEY.name).write_text(run([*_gpg(home), "--armor", "--export"]))
        (output / _PRIVATE_FILE).write_text(run([*_gpg(home), "--armor", "--export-secret-keys"]))
        (output / _PRIVATE_FILE).chmod(0o600)


def sign(release: Path) -> None:
    """Write InRelease and Release.gpg beside a Release file."""
    with _home() as home:
        run([*_gpg(home), "--import", PUBLIC_KEY.parent / _PRIVATE_FILE])
        for name, how in (("InRelease", "--clear-sign"), ("Release.gpg", "--detach-sign")):
            run([*_gpg(home), "--armor", "--output", release.with_name(name), how, release])


@contextmanager
def _home() -> Iterator[Path]:
    """A short-lived gpg home in /tmp: its agent's socket path must be short, the cache's may be long."""
    with tempfile.TemporaryDirectory(prefix="kubelab-gpg-", dir="/tmp", ignore_cleanup_errors=True) as name:
        try:
            yield Path(name)
        finally:
            run(["gpgconf", "--homedir", name, "--kill", "all"])


def _gpg(home: Path) -> list[str]:
    silent = ["--batch", "--yes", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]
    return ["gpg", "--homedir", str(home), *silent]
