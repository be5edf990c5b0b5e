"""An add-on as it will be applied: a manifest, what it pulls, and what has to roll out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rollout:
    """What must be complete before the add-on counts as up.

    `kind`: daemonset, deployment, statefulset or job. A job with `ttlSecondsAfterFinished` is deleted once it has
    finished (ingress-nginx 1.13.9 has 0): one that is not found any more has done its work.
    """

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Addon:
    """One manifest for `kubectl apply --server-side -f -`.

    `version` is empty for user manifests. `images` are fully qualified, in order of first use, without duplicates.
    `namespace` is where objects without one of their own land.
    """

    name: str
    version: str
    manifest: str
    images: tuple[str, ...]
    rollouts: tuple[Rollout, ...]
    namespace: str
