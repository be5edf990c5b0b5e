"""Image references: completed as containerd completes them, and collected from the pods an object makes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

DOCKER_HUB = "docker.io"


def qualified(image: str) -> str:
    """`docker.io/library/busybox:latest` of `busybox`, by the rules of docker's reference grammar."""
    registry, path = _registry_and_path(image)
    if registry == DOCKER_HUB and "/" not in path:
        path = f"library/{path}"
    is_pinned = "@" in path or ":" in path.rpartition("/")[2]
    return f"{registry}/{path}" if is_pinned else f"{registry}/{path}:latest"


def registry_of(image: str) -> str:
    """`docker.io` of `busybox`, `10.0.0.5:5000` of `10.0.0.5:5000/a/b:1`."""
    return _registry_and_path(image)[0]


def without_digest(image: str) -> str:
    """`name:tag` of `name:tag@sha256:...`. A name with a digest alone keeps it: nothing else says which version."""
    name, _, _ = image.partition("@")
    return name if ":" in name.rpartition("/")[2] else image


def containers_of(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The containers of the pods that an object makes, in the order they start."""
    pod = _pod_spec(content)
    for key in ("initContainers", "containers"):
        containers = pod.get(key)
        for container in containers if isinstance(containers, list) else ():
            if isinstance(container, dict) and isinstance(container.get("image"), str) and container["image"]:
                yield container


def images_of(contents: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    """The objects' images, fully qualified, in order of first use, without duplicates."""
    found = (qualified(container["image"]) for content in contents for container in containers_of(content))
    return tuple(dict.fromkeys(found))


def _registry_and_path(image: str) -> tuple[str, str]:
    first, slash, rest = image.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost"):
        return DOCKER_HUB, image
    return (DOCKER_HUB, rest) if first == "index.docker.io" else (first, rest)


_POD_SPEC_PATHS = {"Pod": ("spec",), "CronJob": ("spec", "jobTemplate", "spec", "template", "spec")}


def _pod_spec(content: dict[str, Any]) -> dict[str, Any]:
    """The pod spec inside a Pod, CronJob, or anything with a pod template; empty when there is none."""
    node: Any = content
    for key in _POD_SPEC_PATHS.get(str(content.get("kind")), ("spec", "template", "spec")):
        node = node.get(key) if isinstance(node, dict) else None
    return node if isinstance(node, dict) else {}
