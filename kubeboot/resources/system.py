"""Host name, kernel modules, sysctls, swap and services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kubeboot.resources.base import Plain
from kubeboot.resources.quoting import content_command, sh, words


@dataclass(frozen=True, slots=True)
class Hostname(Plain):
    """The host name, now and at boot."""

    name: str

    @property
    def label(self) -> str:
        return f"host name {self.name}"

    def check(self) -> str:
        return f"hostname_check {sh(self.name)}"

    def apply(self) -> str:
        return f"hostname_apply {sh(self.name)}"


@dataclass(frozen=True, slots=True)
class KernelModules(Plain):
    """Modules loaded, now and at boot. Loaded, built in, or its feature showing all count as there."""

    path: str
    modules: tuple[str, ...]

    @property
    def label(self) -> str:
        return "kernel modules " + ", ".join(self.modules)

    def _function(self, verb: str) -> str:
        content = "# Managed by kubeboot\n" + "".join(f"{module}\n" for module in self.modules)
        return f"content() {{\n{content_command(content)}}}\n{verb} {words(self.path, *self.modules)}"

    def check(self) -> str:
        return self._function("modules_check")

    def apply(self) -> str:
        return self._function("modules_apply")


@dataclass(frozen=True, slots=True)
class Sysctls(Plain):
    """Kernel parameters, now and at boot, in a file that sorts after the distribution's own."""

    path: str
    values: Mapping[str, str]

    @property
    def label(self) -> str:
        return f"{len(self.values)} kernel parameters in {self.path}"

    def _function(self, verb: str) -> str:
        lines = "".join(f"{key} = {value}\n" for key, value in self.values.items())
        content = content_command("# Managed by kubeboot\n" + lines)
        return f"content() {{\n{content}}}\n{verb} {sh(self.path)}"

    def check(self) -> str:
        return self._function("sysctls_check")

    def apply(self) -> str:
        return self._function("sysctls_apply")

    def diff(self) -> str:
        return self._function("sysctls_diff")


@dataclass(frozen=True, slots=True)
class SwapOff(Plain):
    """No swap, now and at boot: fstab lines commented, swap units masked, zram generators off."""

    @property
    def label(self) -> str:
        return "swap off"

    def check(self) -> str:
        return "swap_check"

    def apply(self) -> str:
        return "swap_apply"


@dataclass(frozen=True, slots=True)
class Service(Plain):
    """A systemd unit enabled and running, restarted when a file with `restarts` of this name changed."""

    name: str
    is_running: bool = True

    @property
    def label(self) -> str:
        return f"service {self.name}"

    def check(self) -> str:
        return f"service_check {sh(self.name)} {'running' if self.is_running else 'enabled'}"

    def apply(self) -> str:
        return f"service_apply {sh(self.name)} {'running' if self.is_running else 'enabled'}"
