"""Debian: the package mirror this machine is set up with, and root file systems made from it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from ..errors import LabError
from ..process import run

HOST_SUITE = "bookworm"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_APT = Path("/etc/apt")
_NO_DOCUMENTATION = ("doc", "man", "locale", "i18n", "info")


@cache
def mirror_url() -> str:
    """The URL from which this machine takes Debian's main archive."""
    for url, suites, components in _sources():
        if "main" in components and any(re.fullmatch(r"bookworm|trixie|stable|testing|sid", suite) for suite in suites):
            return url.rstrip("/")
    hint = "the lab is built on Debian 12: put its archive into /etc/apt/sources.list"
    raise LabError("this machine's apt has no Debian archive", hint)


def _sources() -> Iterator[tuple[str, list[str], list[str]]]:
    """(URL, suites, components) of every apt source, in both of its formats."""
    for path in [_APT / "sources.list", *sorted((_APT / "sources.list.d").glob("*.list"))]:
        for line in path.read_text().splitlines() if path.exists() else []:
            words = re.sub(r"\[.*?\]", "", line).split()
            if len(words) > 3 and words[0] == "deb":
                yield words[1], [words[2]], words[3:]
    for path in sorted((_APT / "sources.list.d").glob("*.sources")):
        for paragraph in re.split(r"\n\s*\n", path.read_text()):
            fields = dict(re.findall(r"^([A-Za-z-]+):[ \t]*(.*)$", paragraph, re.MULTILINE))
            for url in fields.get("URIs", "").split():
                yield url, fields.get("Suites", "").split(), fields.get("Components", "").split()


def bootstrap(folder: Path, suite: str, variant: str, packages: Sequence[str], is_slim: bool = True) -> None:
    """Make a root file system with packages in it, without documentation unless it is to be like a user's."""
    slim = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in _NO_DOCUMENTATION] if is_slim else []
    run(
        [
            "mmdebstrap",
            "--quiet",
            f"--variant={variant}",
            "--mode=root",
            f"--keyring={KEYRING}",
            *slim,
            f"--include={','.join(packages)}",
            '--aptopt=Apt::Install-Recommends "false"',
            suite,
            folder,
            f"deb {mirror_url()} {suite} main",
        ],
        what=f"mmdebstrap of {folder.name}",
    )
