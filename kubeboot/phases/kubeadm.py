"""What kubeadm and the kubelet find on a host before they run."""

from __future__ import annotations

from collections.abc import Iterator

from kubeboot.context import HostContext
from kubeboot.kubeadm_config import INIT_YAML, init_yaml
from kubeboot.resources import (
    File,
    Resource,
    Service,
    step,
)

MARK = "/etc/kubernetes/kubeboot/cluster"


@step()
def mark_host(ctx: HostContext) -> Iterator[Resource]:
    """Note on the host which cluster it is for."""
    yield File(MARK, f"{ctx.cluster.name}\n")


@step()
def write_init_configuration(ctx: HostContext) -> Iterator[Resource]:
    """Write kubeadm's init.yaml."""
    if ctx.host.is_control_plane:
        yield File(INIT_YAML, init_yaml(ctx), mode="0600")


@step()
def enable_kubelet(ctx: HostContext) -> Iterator[Resource]:
    """Start the kubelet at boot."""
    yield Service("kubelet", is_running=False)
