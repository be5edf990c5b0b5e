"""What of a manifest has to roll out before the add-on counts as up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kubeboot.addons.addon import Rollout

_KINDS = ("DaemonSet", "Deployment", "StatefulSet", "Job")


def rollouts_of(contents: Iterable[dict[str, Any]], namespace: str) -> tuple[Rollout, ...]:
    """The workloads among the objects, in their order; `namespace` for those that name none."""
    return tuple(
        Rollout(content["kind"].lower(), content["metadata"].get("namespace") or namespace, content["metadata"]["name"])
        for content in contents
        if content.get("kind") in _KINDS and not _is_suspended(content)
    )


def _is_suspended(content: dict[str, Any]) -> bool:
    """A suspended job never completes: waiting for it would be waiting for its user."""
    spec = content.get("spec")
    return isinstance(spec, dict) and spec.get("suspend") is True
