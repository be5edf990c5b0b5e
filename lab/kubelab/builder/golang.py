"""Programs in Go: Kubernetes and its companions from their modules, and the lab's own stand-ins."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from ..errors import LabError
from ..places import CACHE, LAB_FOLDER
from ..process import run
from .target import Target

# Built with a newer Go, kubeadm of 1.29 fails its own preflight (it takes plain addresses for bad IP literals).
TOOLCHAIN = "go1.23.12"
MODULES = LAB_FOLDER / "go"
PROGRAMS = CACHE / "programs"
KUBERNETES_VERSIONS = ("1.29.15", "1.29.1")
ETCD_OF = {"1.29.15": "3.5.16", "1.29.1": "3.5.10"}  # as each version's kubeadm wants it
KUBERNETES_PROGRAMS = (
    "kubeadm",
    "kubectl",
    "kubelet",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
)
# No debugging information, which the linker would drop anyway: the same programs, a tenth sooner.
_COMPILER_FLAGS = "-gcflags=all=-dwarf=false"
INGRESS_MODULE = "k8s.io/ingress-nginx"
_CNI_MODULE = "github.com/containernetworking/plugins/plugins"
_CNI_PLUGINS = {
    "ipam": ("dhcp", "host-local", "static"),
    "main": ("bridge", "dummy", "host-device", "ipvlan", "loopback", "macvlan", "ptp", "tap", "vlan"),
    "meta": ("bandwidth", "firewall", "portmap", "sbr", "tuning", "vrf"),
}


def targets() -> list[Target]:
    """All programs. Two lanes: while one links, which takes one core, the other compiles."""
    made = [_kubernetes(version, program) for version in KUBERNETES_VERSIONS for program in KUBERNETES_PROGRAMS]
    standins = {name: f"./{name}" for name in ("calico", "certgen", "hello")}
    made.append(_target("stand-ins", "standins", standins))
    made.append(_target("crictl v1.29.0", "crictl", {"crictl": "."}))
    plugins = {name: f"{_CNI_MODULE}/{kind}/{name}" for kind, names in _CNI_PLUGINS.items() for name in names}
    made.append(_target("CNI plugins v1.4.0", "cni-plugins", plugins, "-X main.Version=v1.4.0"))
    made += [_etcd(version) for version in ETCD_OF.values()]
    made.append(_target("coredns v1.11.1", "coredns-1.11.1", {"coredns": "github.com/coredns/coredns"}))
    ingress = {"nginx-ingress-controller": "nginx", "dbg": "dbg", "wait-shutdown": "waitshutdown"}
    packages = {program: f"{INGRESS_MODULE}/cmd/{name}" for program, name in ingress.items()}
    release = f"-X {INGRESS_MODULE}/version.RELEASE=v1.11.0"
    made.append(_target("ingress-nginx v1.11.0", "ingress-nginx", packages, release))
    return made


def folder_of(target_name: str) -> Path:
    """Where the programs of a target lie."""
    return PROGRAMS / target_name.replace(" ", "-")


def _kubernetes(version: str, program: str) -> Target:
    major, minor, _ = version.split(".")
    base = "k8s.io/component-base/version"
    flags = (
        f"-X {base}.gitVersion=v{version} -X {base}.gitMajor={major} -X {base}.gitMinor={minor} "
        f"-X {base}.gitTreeState=clean -X k8s.io/client-go/pkg/version.gitVersion=v{version}"
    )
    package = f"k8s.io/kubernetes/cmd/{program}"
    return _target(f"{program} v{version}", f"kubernetes-{version}", {program: package}, flags, lane="kubernetes")


def _etcd(version: str) -> Target:
    names = {"etcd": "server", "etcdctl": "etcdctl", "etcdutl": "etcdutl"}
    packages = {program: f"go.etcd.io/etcd/{name}/v3" for program, name in names.items()}
    return _target(f"etcd v{version}", f"etcd-{version}", packages)


def _target(name: str, module: str, packages: Mapping[str, str], link_flags: str = "", lane: str = "go") -> Target:
    flags = f"-s -w {link_flags}".strip()

    def make(output: Path) -> None:
        output.mkdir(parents=True)
        for program, package in packages.items():
            _build(MODULES / module, package, output / program, flags)

    inputs = (TOOLCHAIN, flags, repr(sorted(packages.items())), MODULES / module)
    return Target(name, lane, folder_of(name), make, inputs)


def _build(module: Path, package: str, output: Path, link_flags: str) -> None:
    command: list[str | Path] = [
        "nice",
        "-n",
        "10",
        go(),
        "build",
        "-trimpath",
        _COMPILER_FLAGS,
        "-ldflags",
        link_flags,
        "-o",
        output,
    ]
    run([*command, package], cwd=module, env=environment(), what=f"building {output.name}")


def go() -> str:
    """The Go command, or an error that says what to install."""
    found = shutil.which("go")
    if found is None:
        raise LabError(
            "Go is not installed (no `go` on PATH)", "install Go 1.21 or newer; it gets the version it needs"
        )
    return found


def environment() -> dict[str, str]:
    """Same programs on every machine: the toolchain is pinned, and nothing is linked to the machine's libraries."""
    return {"GOTOOLCHAIN": TOOLCHAIN, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"}


def module_folder(module: str, path: str) -> Path:
    """Where Go keeps the source of a module that one of the lab's modules requires."""
    answer = run([go(), "mod", "download", "-json", path], cwd=MODULES / module, env=environment())
    return Path(json.loads(answer)["Dir"])
