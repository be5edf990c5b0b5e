"""A manifest from where the inventory says: a file, a URL, the cache. Its sha256 is always checked when known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kubeboot.addons.store import cached_source, digest, keep_source
from kubeboot.errors import SourceError

MOST_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Source:
    """Where one manifest comes from.

    `label` names it in messages, `location` is an absolute path or an http(s) URL, `instead` says what else the
    user can do when it cannot be had. A URL must have a `sha256`.
    """

    label: str
    location: str
    sha256: str
    instead: str

    @property
    def is_url(self) -> bool:
        return "://" in self.location


def read_source(source: Source, cache: Path) -> bytes:
    """The manifest's bytes; the network is asked only for what the cache lacks. Raises SourceError."""
    if source.is_url and (content := cached_source(cache, source.sha256)) is not None:
        return content
    content = _download(source) if source.is_url else _read_file(source)
    if source.sha256 and digest(content) != source.sha256:
        raise _wrong_content(source, digest(content))
    if source.is_url:
        keep_source(cache, content)
    return content


def _read_file(source: Source) -> bytes:
    try:
        with Path(source.location).open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise _unreachable(source, reason[0].lower() + reason[1:]) from None
    if len(content) > MOST_BYTES:
        raise _unreachable(source, f"it is larger than {MOST_BYTES // 1024**2} MiB")
    return content


def _download(source: Source) -> bytes:
    if not source.location.startswith(("http://", "https://")):
        raise _unreachable(source, "only http and https URLs are read")
    if not source.sha256:
        raise _unreachable(source, "a URL needs the sha256 of what it should hold")
    # urllib costs 30 ms to import, and nearly every run finds all it needs in the cache
    from kubeboot.addons.download import DownloadFailed, download

    try:
        return download(source.location)
    except DownloadFailed as error:
        raise _unreachable(source, str(error)) from None


def _unreachable(source: Source, reason: str) -> SourceError:
    return SourceError(
        f"the manifest of {source.label} cannot be had from {source.location}: {reason}",
        hint=source.instead,
        reference="manifest-unavailable",
    )


def _wrong_content(source: Source, got: str) -> SourceError:
    if source.is_url:
        hint = "look at what the URL serves (a proxy's error page? a newer file?); " + source.instead
    else:
        hint = "if the file was changed on purpose, put its new sha256 into the inventory; else get it again"
    return SourceError(
        f"the manifest of {source.label} from {source.location} is not what it should be: "
        f"expected sha256 {source.sha256}, got {got}",
        hint=hint,
        reference="manifest-checksum",
    )
