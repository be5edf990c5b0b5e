"""What a step may know: the only argument of every step function. It has no connection, so a step cannot do I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from kubeboot.addons.addon import Addon
from kubeboot.facts import Facts
from kubeboot.model import Cluster, Host

PENDING = "(known after init)"
"""Stands for an output that no phase has fulfilled yet; only ever rendered in mode plan."""


@dataclass(frozen=True, slots=True)
class HostContext:
    """Cluster, this host, its facts and everybody's, the add-ons as they will be applied, and the run so far.

    `outputs` of phases that have ended, and the hosts that `failed`: nobody need wait for what these would have done.
    """

    cluster: Cluster
    host: Host
    all_facts: Mapping[str, Facts]
    addons: tuple[Addon, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    failed: tuple[str, ...] = ()

    @property
    def facts(self) -> Facts:
        return self.all_facts[self.host.name]

    def output(self, name: str) -> str:
        """The output's text, or PENDING while it is a promise."""
        return self.outputs.get(name, PENDING)

    def is_known(self, name: str) -> bool:
        """Whether that output has been fulfilled."""
        return name in self.outputs
