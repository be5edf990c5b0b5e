"""The inventory with all defaults filled in, as YAML that loads to the same Cluster; each value says whence it came."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from kubeboot.inventory.document import plain_value
from kubeboot.inventory.load import Reading
from kubeboot.inventory.origins import Origins
from kubeboot.inventory.problems import Path
from kubeboot.model import Cluster, PackageRepository, Role
from kubeboot.redaction import HIDDEN, redact

COMMENT_COLUMN = 48
_NEVER_FOLDED = 1_000_000  # characters; a value on one line has one place for its comment


class InventoryDumper(yaml.SafeDumper):
    """Quotes text that kubeboot's reader, which follows YAML 1.2, would take for something else."""

    def ignore_aliases(self, data: Any) -> bool:
        return True  # what several hosts share is written out for each of them


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if isinstance(plain_value(text), str) and text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


InventoryDumper.add_representer(str, _text)


def inventory_values(reading: Reading) -> dict[str, Any]:
    """Every key with its effective value, as plain data. Files stay paths; secrets passed through are hidden."""
    values: dict[str, Any] = _without_secrets(_filled(reading))
    return values


def inventory_yaml(reading: Reading) -> str:
    """Every key with its effective value and, as a comment, where it came from.

    Files stay paths, so passwords are not in it; secrets in what is passed through to kubeadm are hidden.
    """
    inventory, cluster, _, root = reading
    origins = Origins(inventory, cluster, root)
    data = inventory_values(reading)
    text = yaml.dump(data, Dumper=InventoryDumper, sort_keys=False, allow_unicode=True, width=_NEVER_FOLDED)
    lines = text.removesuffix("\n").split("\n")
    for line, path, value in _values(yaml.compose(text, Loader=yaml.SafeLoader), data, ()):
        lines[line] = f"{lines[line]:<{COMMENT_COLUMN}}  # {origins.of(path, value)}"
    return "\n".join(lines) + "\n"


def _filled(reading: Reading) -> dict[str, Any]:
    inventory, cluster = reading.inventory, reading.cluster
    data: dict[str, Any] = inventory.model_dump(by_alias=True)
    data["cluster"]["controlPlaneEndpoint"] = cluster.endpoint
    _fill_mirrors(data["mirrors"], cluster)
    for host, given, section in zip(cluster.hosts, inventory.hosts, data["hosts"], strict=True):
        section["roles"] = [role.value for role in Role if role in host.roles]
        no_password = {"sudoPasswordFile": "", "sudoPasswordCommand": []} if given.ssh.has_sudo_password else {}
        own = {key: value for key, value in section["ssh"].items() if value is not None}
        section["ssh"] = data["ssh"] | no_password | own
    return data


def _values(node: Any, data: Any, path: Path) -> Iterator[tuple[int, Path, Any]]:
    """(line from 0, path, value) of everything that holds nothing else; `node` is pyyaml's own node of `data`."""
    if isinstance(data, dict) and data:
        for (_, below), (key, value) in zip(node.value, data.items(), strict=True):
            yield from _values(below, value, (*path, key))
    elif isinstance(data, list) and data:
        for index, (below, value) in enumerate(zip(node.value, data, strict=True)):
            yield from _values(below, value, (*path, index))
    else:
        yield node.end_mark.line, path, data


def _without_secrets(value: Any, key: str = "") -> Any:
    """Each text is looked at with its key before it, as it will stand in the line."""
    if isinstance(value, dict):
        return {name: _without_secrets(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_secrets(item) for item in value]
    if not isinstance(value, str):
        return value
    if (clean := redact(value)) != value:
        return clean
    line = f'{key}: "{value}"'
    return value if redact(line) == line else HIDDEN


def _fill_mirrors(section: dict[str, Any], cluster: Cluster) -> None:
    mirrors = cluster.mirrors
    repositories = {
        "osPackages": mirrors.os_packages,
        "dockerPackages": mirrors.docker_packages,
        "kubernetesPackages": mirrors.kubernetes_packages,
    }
    for name, repository in repositories.items():
        if repository:
            section[name] = _repository(section[name] or {}, repository)
        else:
            del section[name]
    section["imageRepository"] = mirrors.image_repository


def _repository(given: dict[str, Any], repository: PackageRepository) -> dict[str, Any]:
    return {
        "url": repository.url,
        "key": given.get("key", ""),
        "keyUrl": given.get("keyUrl") or repository.key_url,
        "fingerprints": list(repository.fingerprints),
    }
