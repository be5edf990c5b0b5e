"""Known failures, as data: what a host prints, its exit code and facts -> why that is and what to do.

The first match wins, so the table goes from what explains everything else (a full disk) over exact messages to general
ones. Texts were taken from the programs' own output; each has a sample in tests/causes/samples.yaml, and
docs/causes.md lists them all. What begins with ^ in a symptom are words of `kubeboot diagnose` itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from kubeboot.causes.cause import Cause
from kubeboot.causes.cluster import ACCESS, CLUSTER
from kubeboot.causes.general import GENERAL
from kubeboot.causes.kubeadm import ETCD, KUBEADM
from kubeboot.causes.machine import CLOCK, KERNEL, MACHINE
from kubeboot.causes.packages import PACKAGES
from kubeboot.causes.runtime import IMAGES, POD_NETWORK, RUNTIME
from kubeboot.facts import Facts

__all__ = ["BY_NAME", "CAUSES", "SECTIONS", "Cause", "recognise"]

SECTIONS: Mapping[str, tuple[Cause, ...]] = MappingProxyType(
    {
        "The machine": MACHINE,
        "Kernel": KERNEL,
        "Clock": CLOCK,
        "Packages": PACKAGES,
        "containerd": RUNTIME,
        "Images": IMAGES,
        "Pod network": POD_NETWORK,
        "etcd": ETCD,
        "kubeadm": KUBEADM,
        "Certificates and proxies": ACCESS,
        "The cluster": CLUSTER,
        "Last": GENERAL,
    }
)
CAUSES: tuple[Cause, ...] = tuple(cause for section in SECTIONS.values() for cause in section)
BY_NAME: Mapping[str, Cause] = MappingProxyType({cause.name: cause for cause in CAUSES})


def recognise(output: str, exit_code: int | None = None, facts: Facts | None = None) -> Cause | None:
    """The first cause that explains it; None when none does."""
    return next((cause for cause in CAUSES if cause.explains(output, exit_code, facts)), None)
