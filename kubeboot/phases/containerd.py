"""Configure and run containerd."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from kubeboot.context import HostContext
from kubeboot.model import Cluster, RegistryMirror
from kubeboot.render import render
from kubeboot.resources import (
    File,
    Resource,
    Service,
    Shell,
    step,
)

CONFIG = "/etc/containerd/config.toml"
CERTS = "/etc/containerd/certs.d"
SOCKET = "unix:///run/containerd/containerd.sock"
PAUSE_TAG = "3.9"
"""The sandbox image's tag that kubeadm 1.29 names (`kubeadm config images list`)."""


def pause_image(cluster: Cluster) -> str:
    """The sandbox image: the same for containerd, kubeadm and the images pulled beforehand."""
    return f"{cluster.mirrors.image_repository}/pause:{PAUSE_TAG}"


@step(risk="disruptive")
def configure_containerd(ctx: HostContext) -> Iterator[Resource]:
    """Write containerd's configuration: cgroups, sandbox image, registries."""
    # Written before the package is there, so that containerd starts with it at once.
    mirrors = ctx.cluster.mirrors.registries
    logins = {urlsplit(mirror.url).netloc: mirror for each in mirrors.values() for mirror in each if mirror.username}
    content = render(
        "containerd/config.toml.j2",
        sandbox_image=pause_image(ctx.cluster),
        restrict_oom_score_adj=not ctx.facts.can_lower_oom_score,
        logins=logins,
    )
    if logins:
        yield File(CONFIG, content, mode="0600", restarts="containerd", is_secret=True)
    else:
        yield File(CONFIG, content, restarts="containerd")
    for registry, endpoints in mirrors.items():
        yield from _registry(registry, endpoints)


def _registry(registry: str, endpoints: tuple[RegistryMirror, ...]) -> Iterator[Resource]:
    """A registry's mirrors; containerd reads these at every pull, so nothing restarts."""
    folder = f"{CERTS}/{registry}"
    authorities = {mirror.url: f"{folder}/mirror-{number}.crt" for number, mirror in enumerate(endpoints) if mirror.ca}
    for mirror in endpoints:
        if mirror.ca:
            yield File(authorities[mirror.url], mirror.ca)
    server = "https://registry-1.docker.io" if registry == "docker.io" else f"https://{registry}"
    content = render("containerd/hosts.toml.j2", server=server, endpoints=endpoints, authorities=authorities)
    yield File(f"{folder}/hosts.toml", content)


@step(risk="disruptive")
def start_containerd(ctx: HostContext) -> Iterator[Resource]:
    """Run containerd, now and at boot."""
    yield Service("containerd")
    yield Shell(
        "containerd answers",
        check_text="ctr --timeout 10s version >/dev/null 2>&1 || drift 'its socket does not answer'",
        apply_text="systemctl restart containerd; sleep 1; ctr --timeout 20s version",
    )


@step()
def configure_crictl(ctx: HostContext) -> Iterator[Resource]:
    """Point crictl at containerd."""
    yield File("/etc/crictl.yaml", f"runtime-endpoint: {SOCKET}\nimage-endpoint: {SOCKET}\ntimeout: 30\n")
