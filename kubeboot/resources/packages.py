"""Packages, their repositories and holds, for hosts with apt."""

from __future__ import annotations

from dataclasses import dataclass

from kubeboot.model import PackageRepository
from kubeboot.resources.base import Plain
from kubeboot.resources.quoting import content_command, sh, words


@dataclass(frozen=True, slots=True)
class AptRepository(Plain):
    """An apt source in deb822 form with its key under /etc/apt/keyrings.

    `suite` "/" means a flat repository. Without a key of its own (`keyring` given) the distribution's keyring signs it.
    """

    name: str
    repository: PackageRepository
    suite: str
    components: str = ""
    path: str = ""
    keyring: str = ""

    @property
    def label(self) -> str:
        return f"package repository {self.name}"

    @property
    def _keyring(self) -> str:
        has_key = self.repository.key or self.repository.key_url
        return f"/etc/apt/keyrings/{self.name}.asc" if has_key else self.keyring

    def _function(self, verb: str) -> str:
        source = [
            "# Managed by kubeboot",
            "Types: deb",
            f"URIs: {self.repository.url.rstrip('/')}{self.path}",
            f"Suites: {self.suite}",
            *([f"Components: {self.components}"] if self.components else []),
            f"Signed-By: {self._keyring}",
            "",
        ]
        parts = [f"content() {{\n{content_command(chr(10).join(source))}}}"]
        if self.repository.key:
            parts.append(f"key_content() {{\n{content_command(self.repository.key)}}}")
        keys = words(self.repository.key_url, " ".join(self.repository.fingerprints))
        own = self._keyring if self._keyring != self.keyring else ""
        parts.append(f"{verb} {sh(self.name)} {sh(own)} {keys}")
        return "\n".join(parts)

    def check(self) -> str:
        return self._function("apt_repository_check")

    def apply(self) -> str:
        return self._function("apt_repository_apply")

    def diff(self) -> str:
        return self._function("apt_repository_diff")


@dataclass(frozen=True, slots=True)
class Package:
    """A package; `version` "1.29.15" accepts any packaging of it (1.29.15-1.1), empty accepts what is there."""

    name: str
    version: str = ""

    def __str__(self) -> str:
        return f"{self.name}={self.version}" if self.version else self.name


@dataclass(frozen=True, slots=True)
class Packages(Plain):
    """Packages installed together in one transaction, without recommended extras and without questions."""

    packages: tuple[Package, ...]

    @property
    def label(self) -> str:
        return "packages " + ", ".join(str(package) for package in self.packages)

    def check(self) -> str:
        return f"packages_check {words(*map(str, self.packages))}"

    def apply(self) -> str:
        return f"packages_apply {words(*map(str, self.packages))}"

    def diff(self) -> str:
        return f"packages_diff {words(*map(str, self.packages))}"


@dataclass(frozen=True, slots=True)
class PackageHold(Plain):
    """Packages that no upgrade may touch."""

    names: tuple[str, ...]

    @property
    def label(self) -> str:
        return "hold " + ", ".join(self.names)

    def check(self) -> str:
        return f"packages_hold_check {words(*self.names)}"

    def apply(self) -> str:
        return f"apt-mark hold {words(*self.names)}"
