"""Packages that Debian has not: Kubernetes' own, laid out as upstream's, and a stand-in for containerd.io."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ..places import CACHE, LAB_FOLDER
from ..process import run
from .downloads import DOWNLOADS, DOWNLOADS_TARGET
from .golang import KUBERNETES_VERSIONS, folder_of
from .target import Target

KUBERNETES_DEBS = "kubernetes packages"
_FOLDER = CACHE / "packages"
_SYSTEMD = LAB_FOLDER / "packaging"
_REVISION = "1.1"
_CONTAINERD_VERSIONS = ("1.6.20-lab1", "1.6.20-lab2")
_KUBELET_NEEDS = (
    "iptables (>= 1.4.21), kubernetes-cni (>= 1.2.0), iproute2, socat, util-linux, mount, ebtables, ethtool, conntrack"
)
_ENABLE_KUBELET = """#!/bin/sh
set -e
if [ "$1" = configure ] && [ -d /run/systemd/system ]; then
    systemctl daemon-reload
fi
if [ "$1" = configure ]; then
    systemctl enable --quiet kubelet.service
fi
"""
_START_CONTAINERD = """#!/bin/sh
set -e
if [ "$1" = configure ]; then
    systemctl enable --quiet containerd.service
    if [ -d /run/systemd/system ]; then
        systemctl daemon-reload
        systemctl restart containerd.service
    fi
fi
"""
_CRI_OFF = '# As the real package has it: Kubernetes needs this changed.\ndisabled_plugins = ["cri"]\n'


@dataclass(frozen=True)
class Package:
    """A package to be built: paths on the host -> files (their mode is kept), and control fields."""

    name: str
    version: str
    description: str
    files: Mapping[str, Path]
    texts: Mapping[str, str] = field(default_factory=dict)
    depends: str = ""
    extra: Sequence[str] = ()
    postinst: str = ""

    def build(self, folder: Path) -> None:
        """Write NAME_VERSION_amd64.deb into the folder."""
        root = folder / f"{self.name}.root"
        for path, source in self.files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, root / path)
        for path, text in self.texts.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        control = root / "DEBIAN"
        control.mkdir()
        (control / "control").write_text(self._control())
        configuration = [f"/{path}\n" for path in self.texts if path.startswith("etc/")]
        if configuration:
            (control / "conffiles").write_text("".join(configuration))
        if self.postinst:
            (control / "postinst").write_text(self.postinst)
            (control / "postinst").chmod(0o755)
        deb = folder / f"{self.name}_{self.version}_amd64.deb"
        run(["dpkg-deb", "--root-owner-group", "-Zzstd", "-z1", "--build", root, deb])  # quick to install, not small
        shutil.rmtree(root)

    def _control(self) -> str:
        lines = [
            f"Package: {self.name}",
            f"Version: {self.version}",
            "Architecture: amd64",
            "Section: admin",
            "Priority: optional",
            "Maintainer: kubeboot lab <lab@lab.invalid>",
        ]
        lines += [f"Depends: {self.depends}"] if self.depends else []
        return "\n".join([*lines, *self.extra, f"Description: {self.description}"]) + "\n"


def kubernetes_targets() -> list[Target]:
    """Kubernetes' packages: three per version, and two that all versions share."""
    made = []
    for version in KUBERNETES_VERSIONS:
        needs = [f"{program} v{version}" for program in ("kubeadm", "kubelet", "kubectl")]
        made.append(_target(f"packages of Kubernetes {version}", partial(_of_version, version), needs))
    made.append(_target("packages cri-tools, kubernetes-cni", _shared, ["crictl v1.29.0", "CNI plugins v1.4.0"]))
    return made


def containerd_targets() -> list[Target]:
    """The stand-in for Docker's containerd.io: Debian's own programs in one package that behaves like it."""

    def make(output: Path) -> None:
        output.mkdir(parents=True)
        content = output / "content"
        for name in ("containerd", "runc"):
            (deb,) = DOWNLOADS.glob(f"{name}_*.deb")
            run(["dpkg-deb", "--extract", deb, content])
        for version in _CONTAINERD_VERSIONS:
            _containerd(version, content).build(output)
        shutil.rmtree(content)

    name = "package containerd.io (stand-in)"
    return [Target(name, "packages", _FOLDER / "containerd.io", make, ("1",), (DOWNLOADS_TARGET,))]


def debs_of(targets: Iterable[Target]) -> list[Path]:
    """The .deb files that targets have made."""
    return sorted(deb for target in targets for deb in target.output.glob("*.deb"))


def _target(name: str, packages: Callable[[], Sequence[Package]], needs: Sequence[str]) -> Target:
    def make(output: Path) -> None:
        output.mkdir(parents=True)
        for package in packages():
            package.build(output)

    folder = _FOLDER / name.replace(" ", "-").replace(",", "")
    return Target(name, "packages", folder, make, (_SYSTEMD, "1"), tuple(needs))


def _of_version(version: str) -> list[Package]:
    def program(name: str) -> dict[str, Path]:
        return {f"usr/bin/{name}": folder_of(f"{name} v{version}") / name}

    revised = f"{version}-{_REVISION}"
    unit = {"usr/lib/systemd/system/kubelet.service": _SYSTEMD / "kubelet.service"}
    drop_in = {"usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf": _SYSTEMD / "10-kubeadm.conf"}
    kubeadm, kubelet, kubectl = (
        "Command-line utility for administering a Kubernetes cluster",
        "Node agent for Kubernetes clusters",
        "Command-line utility for interacting with a Kubernetes cluster",
    )
    return [
        Package("kubeadm", revised, kubeadm, program("kubeadm") | drop_in, depends="cri-tools (>= 1.28.0)"),
        Package("kubelet", revised, kubelet, program("kubelet") | unit, {}, _KUBELET_NEEDS, postinst=_ENABLE_KUBELET),
        Package("kubectl", revised, kubectl, program("kubectl")),
    ]


def _shared() -> list[Package]:
    plugins = {f"opt/cni/bin/{path.name}": path for path in folder_of("CNI plugins v1.4.0").iterdir()}
    crictl = {"usr/bin/crictl": folder_of("crictl v1.29.0") / "crictl"}
    cni, tools = (
        "Binaries for container networking",
        "Command-line utility for the container runtime (small, the lab's)",
    )
    return [
        Package("kubernetes-cni", f"1.3.0-{_REVISION}", cni, plugins),
        Package("cri-tools", f"1.29.0-{_REVISION}", tools, crictl),
    ]


def _containerd(version: str, content: Path) -> Package:
    programs = [*(content / "usr/bin").iterdir(), *(content / "usr/sbin").iterdir()]
    files = {f"usr/bin/{path.name}": path for path in programs}
    files["lib/systemd/system/containerd.service"] = content / "lib/systemd/system/containerd.service"
    rivals = "containerd, runc"
    return Package(
        "containerd.io",
        version,
        "Container runtime (the lab's stand-in, made from Debian's programs)",
        files,
        {"etc/containerd/config.toml": _CRI_OFF},
        "libc6 (>= 2.34), libseccomp2 (>= 2.5.0)",
        [f"Provides: {rivals}", f"Conflicts: {rivals}", f"Replaces: {rivals}"],
        _START_CONTAINERD,
    )
