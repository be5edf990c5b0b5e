"""Manifests of the user's own: looked at, never changed."""

from __future__ import annotations

from kubeboot.addons.addon import Addon
from kubeboot.addons.documents import objects, parse
from kubeboot.addons.images import images_of
from kubeboot.addons.rollouts import rollouts_of
from kubeboot.errors import SourceError

NAMESPACE = "default"


def own_addon(name: str, text: str, source: str) -> Addon:
    """The add-on of a user's manifest, `source` its path or URL. Raises SourceError with line and column."""
    contents = list(objects(parse(text, source, needs_all=True), source))
    if not contents:
        raise SourceError(
            f"{source} holds no Kubernetes object",
            hint=f"put one in, or take {name} out of addons.manifests",
            reference="manifest-invalid",
        )
    return Addon(name, "", text, images_of(contents), rollouts_of(contents, NAMESPACE), NAMESPACE)
