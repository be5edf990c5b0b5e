"""From the inventory's add-ons to manifests that are ready to be applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kubeboot.addons import calico, ingress_nginx
from kubeboot.addons.addon import Addon
from kubeboot.addons.catalog import find_release
from kubeboot.addons.edit import Manifest
from kubeboot.addons.fetch import Source, read_source
from kubeboot.addons.images import images_of
from kubeboot.addons.own import own_addon
from kubeboot.addons.rollouts import rollouts_of
from kubeboot.addons.store import cached_addon, default_cache, digest, edited_key, keep_addon
from kubeboot.errors import SourceError
from kubeboot.model import Calico, Cluster, IngressNginx, UserManifest


class Edits(Protocol):
    """What changes an upstream manifest. Its repr tells all it depends on."""

    def apply(self, manifest: Manifest) -> None:
        """Make the edits; raises SourceError."""


@dataclass(frozen=True, slots=True)
class _Recipe:
    """One add-on to be made: from where, and by what. Equal source and inputs give an equal add-on."""

    source: Source
    inputs: object
    make: Callable[[str], Addon]


def load_addons(cluster: Cluster, cache: Path | None = None) -> tuple[Addon, ...]:
    """The inventory's add-ons in order: calico, ingress-nginx, the user's own. `cache` None: the user's cache folder.

    Raises SourceError.
    """
    folder = cache or default_cache()
    return tuple(_prepare(recipe, folder) for recipe in _recipes(cluster))


def _recipes(cluster: Cluster) -> Iterator[_Recipe]:
    addons, mirrors = cluster.addons, cluster.mirrors
    mirrored = tuple(sorted(registry for registry, endpoints in mirrors.registries.items() if endpoints))
    if addons.calico:
        edits = calico.CalicoEdits(cluster.networking.pod_subnet, addons.calico.encapsulation, mirrored)
        yield _upstream("calico", "calico", addons.calico, cluster, edits, calico.NAMESPACE)
    if addons.ingress_nginx:
        host_network = addons.ingress_nginx.is_host_network
        edits_of_ingress = ingress_nginx.IngressNginxEdits(host_network, mirrors.image_repository, mirrored)
        namespace = ingress_nginx.NAMESPACE
        yield _upstream("ingress-nginx", "ingressNginx", addons.ingress_nginx, cluster, edits_of_ingress, namespace)
    for own in addons.manifests:
        yield _own(own, cluster)


def _upstream(
    name: str, key: str, wanted: Calico | IngressNginx, cluster: Cluster, edits: Edits, namespace: str
) -> _Recipe:
    source = _upstream_source(name, f"addons.{key}", wanted, cluster)

    def make(text: str) -> Addon:
        manifest = Manifest(text, f"the manifest of {source.label} ({source.location})", f"addons.{key}")
        edits.apply(manifest)
        contents = manifest.contents()
        rollouts = rollouts_of(contents, namespace)
        return Addon(name, wanted.version, manifest.text(), images_of(contents), rollouts, namespace)

    return _Recipe(source, (name, wanted.version, edits), make)


def _upstream_source(name: str, key: str, wanted: Calico | IngressNginx, cluster: Cluster) -> Source:
    label = f"{name} {wanted.version}"
    if wanted.manifest:
        instead = f"correct {key}.manifest, or leave it out for upstream's"
        return Source(label, _located(wanted.manifest, cluster), wanted.manifest_sha256, instead)
    release = find_release(name, wanted.version)
    instead = f"name a mirror that this machine reaches (mirrors.manifests: URL), or a file ({key}.manifest: PATH)"
    return Source(label, release.url(cluster.mirrors.manifests), release.sha256, instead)


def _own(wanted: UserManifest, cluster: Cluster) -> _Recipe:
    location = _located(wanted.path, cluster) if wanted.path else wanted.url
    instead = f"correct the entry {wanted.name} of addons.manifests"
    source = Source(wanted.name, location, wanted.sha256, instead)
    return _Recipe(source, ("own", wanted.name), lambda text: own_addon(wanted.name, text, location))


def _located(place: str, cluster: Cluster) -> str:
    """A URL as it is, a path relative to the inventory's folder."""
    return place if "://" in place else str(cluster.directory / Path(place).expanduser())


def _prepare(recipe: _Recipe, cache: Path) -> Addon:
    """The add-on from the cache, else made from its source and cached."""
    source = recipe.source
    # what a URL must hold is known by its sha256; a file is read each time, it may have changed
    content = None if source.is_url and source.sha256 else read_source(source, cache)
    key = edited_key(source.sha256 if content is None else digest(content), recipe.inputs)
    addon = cached_addon(cache, key)
    if addon is None:
        addon = recipe.make(_decoded(read_source(source, cache) if content is None else content, source))
        keep_addon(cache, key, addon)
    return addon


def _decoded(content: bytes, source: Source) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise SourceError(
            f"the manifest of {source.label} from {source.location} is not UTF-8 text (byte {error.start})",
            hint=source.instead,
            reference="manifest-invalid",
        ) from None
