"""Where each value of an inventory that has all defaults filled in came from."""

from __future__ import annotations

from typing import Any

from kubeboot.inventory.document import Node
from kubeboot.inventory.problems import Path
from kubeboot.inventory.schema import Inventory
from kubeboot.inventory.versions import PRESETS
from kubeboot.model import Cluster

DEFAULT = "default"
_EMPTY: tuple[Any, ...] = (None, "", [], {})
_REPOSITORIES = ("osPackages", "dockerPackages", "kubernetesPackages")
_ENDPOINT = ("cluster", "controlPlaneEndpoint")
_SUDO = ("sudoPasswordFile", "sudoPasswordCommand")


class Origins:
    """Tells for the path of every shown value: the file's line, or which default it is."""

    def __init__(self, inventory: Inventory, cluster: Cluster, root: Node) -> None:
        self._inventory = inventory
        self._cluster = cluster
        self._root = root

    def of(self, path: Path, shown: Any) -> str:
        """`line 12`, or `default` with what it follows from."""
        if line := self._line(path, shown):
            has_port = path != _ENDPOINT or self._inventory.cluster.control_plane_endpoint == shown
            return f"line {line}" if has_port else f"line {line}; the port is the default"
        return self._default(path)

    def _line(self, path: Path, shown: Any) -> int:
        """Where the file says so; 0 where it does not. A key that is given empty has its default."""
        node = self._root.find(path)
        if node is None and path[-1] == "url":
            node = self._root.find(path[:-1])  # a plain string stands for its url
            return node.line if node and isinstance(node.value, str) else 0
        if node is None or (node.value in _EMPTY and shown not in _EMPTY):
            return 0
        return node.line

    def _default(self, path: Path) -> str:
        match path:
            case _ if path == _ENDPOINT:
                return f"{DEFAULT}: from the address of {self._cluster.bootstrap_control_plane.name}"
            case ("mirrors", *_):
                return self._mirror(path)
            case ("hosts", int(), "roles", *_):
                return f"{DEFAULT}: a host that stands alone is both"
            case ("hosts", int(), "ssh", str() as key, *_):
                return self._ssh(path[:3], key)
        return DEFAULT

    def _ssh(self, section: Path, key: str) -> str:
        """A host's own `host` is inherited from nowhere; its word on the sudo password replaces both of ssh's keys."""
        if key == "host":
            return DEFAULT
        index = section[1]
        if key in _SUDO and isinstance(index, int) and self._inventory.hosts[index].ssh.has_sudo_password:
            return f"{DEFAULT}: the host has its own sudoPassword key"
        return "from ssh"

    def _mirror(self, path: Path) -> str:
        preset = self._inventory.mirrors.preset
        name = str(path[1])
        given = self._root.find(path[:2])
        is_preset = name in PRESETS.get(preset, {}) and (given is None or given.value in _EMPTY)
        match path[2:]:
            case () | ("url",) if is_preset:
                return f"preset {preset}"
            case ("url",) if name == "kubernetesPackages":
                return f"{DEFAULT}: from kubernetesVersion"
            case ("keyUrl",) if name in _REPOSITORIES and not self._has_key(path):
                return f"{DEFAULT}: from url"
            case ("fingerprints", int()):
                return f"{DEFAULT}: upstream's key"
        return DEFAULT

    def _has_key(self, path: Path) -> bool:
        key = self._root.find((*path[:2], "key"))
        return bool(key and key.text)
