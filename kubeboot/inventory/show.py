"""The inventory with all defaults filled in, as YAML that loads to the same Cluster."""

from __future__ import annotations

from typing import Any

import yaml

from kubeboot.inventory.document import plain_value
from kubeboot.inventory.schema import Inventory
from kubeboot.model import Cluster, PackageRepository, Role


class _Dumper(yaml.SafeDumper):
    """Quotes text that kubeboot's reader, which follows YAML 1.2, would take for something else."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if isinstance(plain_value(text), str) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def inventory_yaml(inventory: Inventory, cluster: Cluster) -> str:
    """Every key with its effective value. Files stay paths, so passwords are not in it."""
    data = inventory.model_dump(by_alias=True)
    data["cluster"]["controlPlaneEndpoint"] = cluster.endpoint
    _fill_mirrors(data["mirrors"], cluster)
    for host, given, section in zip(cluster.hosts, inventory.hosts, data["hosts"], strict=True):
        section["roles"] = [role.value for role in Role if role in host.roles]
        no_password = {"sudoPasswordFile": "", "sudoPasswordCommand": []} if given.ssh.has_sudo_password else {}
        own = {key: value for key, value in section["ssh"].items() if value is not None}
        section["ssh"] = data["ssh"] | no_password | own
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


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
