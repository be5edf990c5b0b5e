"""Typed edits: find the object, the container, the variable; set the value. What is not found is a SourceError."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kubeboot.addons.documents import Document, dump, objects, parse
from kubeboot.addons.images import containers_of, qualified, registry_of, without_digest
from kubeboot.errors import SourceError


class Manifest:
    """A manifest being edited. `source` names it in errors, `key` is its add-on's key in the inventory."""

    def __init__(self, text: str, source: str, key: str) -> None:
        self.source = source
        self.key = key
        self.documents = parse(text, source)
        self._before: dict[int, tuple[Document, str]] = {}

    def object(self, kind: str, namespace: str, name: str) -> dict[str, Any]:
        """The one object of that kind and name, for editing."""
        wanted = [item for item in self.documents if (item.kind, item.namespace, item.name) == (kind, namespace, name)]
        if len(wanted) != 1:
            raise self.missing(f"{'one ' if wanted else ''}{kind} {namespace}/{name}")
        return self._open(wanted[0])

    def objects(self, kind: str, namespace: str) -> list[dict[str, Any]]:
        """All objects of that kind in the namespace, for editing."""
        return [self._open(item) for item in self.documents if (item.kind, item.namespace) == (kind, namespace)]

    def edit_images(self, edit: Callable[[str], str]) -> None:
        """Every container's image replaced by what `edit` makes of it."""
        for document in self.documents:
            for container in containers_of(document.content or {}):
                if (image := edit(container["image"])) != container["image"]:
                    self._open(document)
                    container["image"] = image

    def drop_digests(self, mirrored: frozenset[str]) -> None:
        """Images of these registries by tag alone: mirrors often repack images, which changes digests."""
        self.edit_images(lambda image: without_digest(image) if registry_of(image) in mirrored else image)

    def text(self) -> str:
        """The manifest with the edits; what they left as it was is byte for byte as it came."""
        return dump(self.documents, [item for item, before in self._before.values() if repr(item.content) != before])

    def contents(self) -> list[dict[str, Any]]:
        """The objects but CRDs. Raises SourceError for one without a kind or name."""
        return list(objects(self.documents, self.source))

    def missing(self, wanted: str) -> SourceError:
        """The error for a manifest of another shape than the edits know."""
        return SourceError(
            f"{self.source} has no {wanted}, which kubeboot has to edit",
            hint=f"use a manifest of the form upstream publishes, or set {self.key}.enabled: false "
            "and list yours, made as you want it, under addons.manifests",
            reference="manifest-shape",
        )

    def at(self, content: dict[str, Any], *path: str) -> dict[str, Any]:
        """The mapping at a path inside an object."""
        node: Any = content
        for depth, key in enumerate(path):
            node = node.get(key)
            if not isinstance(node, dict):
                raise self.missing(f"{'.'.join(path[: depth + 1])} in {_title(content)}")
        found: dict[str, Any] = node
        return found

    def container(self, content: dict[str, Any], name: str) -> dict[str, Any]:
        """A workload's container by name."""
        for container in containers_of(content):
            if container.get("name") == name:
                return container
        raise self.missing(f"container {name} in {_title(content)}")

    def _open(self, document: Document) -> dict[str, Any]:
        assert document.content is not None  # noqa: S101 - kinds, names and containers come from the content
        self._before.setdefault(id(document), (document, repr(document.content)))
        return document.content


def set_variable(container: dict[str, Any], name: str, value: str) -> None:
    """One environment variable, replaced in its place or added at the end."""
    variables = _variables(container)
    container["env"] = variables
    for index, variable in enumerate(variables):
        if variable.get("name") == name:
            variables[index] = {"name": name, "value": value}
            return
    variables.append({"name": name, "value": value})


def has_variable(container: dict[str, Any], name: str) -> bool:
    """Whether the container sets this variable itself."""
    return any(variable.get("name") == name for variable in _variables(container))


def _variables(container: dict[str, Any]) -> list[dict[str, Any]]:
    variables = container.get("env")
    return [item for item in variables if isinstance(item, dict)] if isinstance(variables, list) else []


def moved(image: str, repository: str, names: dict[str, str]) -> str:
    """The image in another repository, by a table of `registry/path` -> name there; unchanged when not in the table."""
    path, separator, version = _split_version(qualified(image))
    return f"{repository}/{names[path]}{separator}{version}" if path in names else image


def _split_version(image: str) -> tuple[str, str, str]:
    """(name, separator, tag and digest) of a qualified image."""
    name = image.partition("@")[0]
    folder, slash, last = name.rpartition("/")
    base = folder + slash + last.partition(":")[0]
    return base, image[len(base) : len(base) + 1], image[len(base) + 1 :]


def _title(content: dict[str, Any]) -> str:
    metadata = content["metadata"]
    return f"{content['kind']} {metadata.get('namespace', '')}/{metadata['name']}"
