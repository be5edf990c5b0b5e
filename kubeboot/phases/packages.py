"""Install every package a node needs in one transaction, and configure what was installed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from kubeboot.context import HostContext
from kubeboot.model import PackageRepository
from kubeboot.phases.containerd import configure_containerd, configure_crictl, start_containerd
from kubeboot.phases.kubeadm import enable_kubelet, mark_host, write_init_configuration
from kubeboot.phases.selections import all_hosts
from kubeboot.render import render
from kubeboot.resources import (
    AptRepository,
    File,
    Package,
    PackageHold,
    Packages,
    Phase,
    Resource,
    Service,
    step,
)

BASE_PACKAGES = (
    "ca-certificates",
    "chrony",
    "conntrack",
    "curl",
    "ebtables",
    "ethtool",
    "gnupg",
    "ipset",
    "iptables",
    "iputils-ping",
    "ipvsadm",
    "jq",
    "nfs-common",
    "socat",
)
KUBERNETES_PACKAGES = ("kubeadm", "kubelet", "kubectl")
KEYRINGS = {
    "debian": "/usr/share/keyrings/debian-archive-keyring.gpg",
    "ubuntu": "/usr/share/keyrings/ubuntu-archive-keyring.gpg",
}


@step()
def add_os_repository(ctx: HostContext) -> Iterator[Resource]:
    """Use the inventory's mirror for the distribution's packages."""
    repository = ctx.cluster.mirrors.os_packages
    if repository:
        components = "main universe" if ctx.facts.os_id == "ubuntu" else "main"
        keyring = KEYRINGS.get(ctx.facts.os_id, "")
        yield AptRepository("os", repository, ctx.facts.os_codename, components, keyring=keyring)


@step()
def add_containerd_repository(ctx: HostContext) -> Iterator[Resource]:
    """Add Docker's package repository, which holds containerd.io."""
    if ctx.cluster.containerd.package == "containerd.io":
        repository = _for_distribution(ctx.cluster.mirrors.docker_packages, ctx.facts.os_id)
        yield AptRepository("docker", repository, ctx.facts.os_codename, "stable")


def _for_distribution(repository: PackageRepository, os_id: str) -> PackageRepository:
    """Docker has one repository per distribution; the inventory names Debian's."""
    if os_id != "ubuntu":
        return repository
    url = repository.url.removesuffix("/linux/debian")
    key_url = repository.key_url.replace("/linux/debian/", "/linux/ubuntu/")
    return replace(repository, url=f"{url}/linux/ubuntu", key_url=key_url) if url != repository.url else repository


@step()
def add_kubernetes_repository(ctx: HostContext) -> Iterator[Resource]:
    """Add the Kubernetes package repository with its key."""
    yield AptRepository("kubernetes", ctx.cluster.mirrors.kubernetes_packages, "/", path="/deb/")


@step(risk="disruptive")
def install_packages(ctx: HostContext) -> Iterator[Resource]:
    """Install containerd, kubeadm, kubelet, kubectl and the tools they call."""
    cluster = ctx.cluster
    base = dict.fromkeys((*BASE_PACKAGES, *cluster.preparation.packages))
    if not cluster.time.is_managed:
        base.pop("chrony")
    yield Packages(
        (
            *(Package(name) for name in base),
            Package(cluster.containerd.package, cluster.containerd.version),
            *(Package(name, cluster.kubernetes_version) for name in KUBERNETES_PACKAGES),
        )
    )


@step()
def hold_packages(ctx: HostContext) -> Iterator[Resource]:
    """Hold containerd, kubeadm, kubelet and kubectl back from upgrades."""
    yield PackageHold((ctx.cluster.containerd.package, *KUBERNETES_PACKAGES))


@step()
def sync_time(ctx: HostContext) -> Iterator[Resource]:
    """Keep the clock with chrony."""
    if not ctx.cluster.time.is_managed:
        return
    if ctx.cluster.time.servers:
        content = render("chrony.conf.j2", servers=ctx.cluster.time.servers)
        yield File("/etc/chrony/chrony.conf", content, restarts="chrony")
    yield Service("chrony")


PACKAGES = Phase(
    name="packages",
    title="Install and configure packages",
    select=all_hosts,
    steps=(
        add_os_repository,
        add_containerd_repository,
        add_kubernetes_repository,
        configure_containerd,
        install_packages,
        hold_packages,
        sync_time,
        start_containerd,
        configure_crictl,
        mark_host,
        write_init_configuration,
        enable_kubelet,
    ),
)
