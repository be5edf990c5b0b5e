"""A valid inventory -> the frozen Cluster, defaults filled in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import TypeVar

from kubeboot import model
from kubeboot.inventory import schema, syntax, versions
from kubeboot.inventory.files import resolve
from kubeboot.inventory.schema_ssh import Ssh

K = TypeVar("K")
V = TypeVar("V")

Texts = Mapping[FilePath, str]
UPSTREAM_KEYS = {
    "kubernetesPackages": ("/deb/Release.key", versions.KUBERNETES_FINGERPRINT),
    "dockerPackages": ("/gpg", versions.DOCKER_FINGERPRINT),
}


def build_cluster(inventory: schema.Inventory, directory: FilePath, texts: Texts) -> model.Cluster:
    """The Cluster; `texts` holds the content of the files the inventory names."""
    section = inventory.cluster
    hosts = tuple(_host(inventory, host, directory) for host in inventory.hosts)
    first = next(host for host in hosts if host.is_control_plane)
    endpoint = section.control_plane_endpoint
    endpoint_host, endpoint_port = syntax.split_endpoint(endpoint) if endpoint else (first.address, 6443)
    return model.Cluster(
        name=section.name,
        kubernetes_version=section.kubernetes_version,
        hosts=hosts,
        mirrors=_mirrors(inventory.mirrors, directory, texts),
        endpoint_host=endpoint_host,
        endpoint_port=endpoint_port,
        networking=model.Networking(**section.networking.model_dump()),
        kube_proxy_mode=section.kube_proxy.mode,
        containerd=model.Containerd(**section.containerd.model_dump()),
        kubeadm=model.KubeadmPatches(**{name: _frozen(patch) for name, patch in section.kubeadm}),
        addons=_addons(inventory.addons, directory),
        time=model.TimeSync(tuple(inventory.time.servers), inventory.time.managed),
        preparation=_preparation(inventory.host_preparation),
        waived=frozenset(inventory.preflight.ignore),
        timeouts=model.Timeouts(**{f"{name}_s": value for name, value in inventory.timeouts}),
        directory=directory,
    )


def _frozen(mapping: Mapping[K, V]) -> Mapping[K, V]:
    return MappingProxyType(dict(mapping))


def _host(inventory: schema.Inventory, host: schema.HostSection, directory: FilePath) -> model.Host:
    roles = host.roles or ["control-plane", "worker"]  # only a host that stands alone gets here without roles
    return model.Host(
        name=host.name,
        address=host.address,
        roles=frozenset(model.Role(role) for role in roles),
        ssh=_ssh(inventory.ssh, host, directory),
        labels=_frozen(host.labels),
        taints=tuple(model.Taint(*syntax.split_taint(taint)) for taint in host.taints),
    )


def _ssh(shared: Ssh, host: schema.HostSection, directory: FilePath) -> model.SshSettings:
    own = host.ssh
    identity = shared.identity_file if own.identity_file is None else own.identity_file
    sudo = own if own.has_sudo_password else shared
    return model.SshSettings(
        user=own.user or shared.user,
        port=own.port or shared.port,
        identity_file=resolve(directory, identity) if identity else None,
        host_key=host.host_key,
        connect_timeout_s=own.connect_timeout or shared.connect_timeout,
        host=own.host,
        sudo_password_file=resolve(directory, sudo.sudo_password_file) if sudo.sudo_password_file else None,
        sudo_password_command=tuple(sudo.sudo_password_command or ()),
    )


def _mirrors(mirrors: schema.Mirrors, directory: FilePath, texts: Texts) -> model.Mirrors:
    sources = versions.PRESETS.get(mirrors.preset, versions.UPSTREAM)
    given = {"kubernetesPackages": mirrors.kubernetes_packages, "dockerPackages": mirrors.docker_packages}
    kubernetes, docker = (
        _repository(given[name] or schema.Repository(url=sources[name]), directory, texts, *UPSTREAM_KEYS[name])
        for name in ("kubernetesPackages", "dockerPackages")
    )
    os_packages = _repository(mirrors.os_packages, directory, texts) if mirrors.os_packages else None
    return model.Mirrors(
        kubernetes_packages=kubernetes,
        docker_packages=docker,
        os_packages=os_packages,
        image_repository=mirrors.image_repository or sources["imageRepository"],
        registries=_frozen(
            {
                registry: tuple(_endpoint(endpoint, directory, texts) for endpoint in endpoints)
                for registry, endpoints in mirrors.registries.items()
            }
        ),
        manifests=mirrors.manifests,
    )


def _repository(
    given: schema.Repository, directory: FilePath, texts: Texts, key_path: str = "", fingerprint: str = ""
) -> model.PackageRepository:
    """The repository; without a key of its own it is signed with upstream's, found below its URL."""
    if given.key:
        key = texts[resolve(directory, given.key)]
        return model.PackageRepository(given.url, key=key, fingerprints=tuple(given.fingerprints))
    key_url = given.key_url or (given.url + key_path if key_path else "")
    pins = tuple(given.fingerprints) or ((fingerprint,) if fingerprint else ())
    return model.PackageRepository(given.url, key_url=key_url, fingerprints=pins)


def _endpoint(endpoint: schema.RegistryEndpoint, directory: FilePath, texts: Texts) -> model.RegistryMirror:
    def content(name: str) -> str:
        return texts[resolve(directory, name)] if name else ""

    return model.RegistryMirror(
        url=endpoint.url,
        ca=content(endpoint.ca),
        skip_verify=endpoint.skip_verify,
        username=endpoint.username,
        password=content(endpoint.password_file),
    )


def _addons(addons: schema.Addons, directory: FilePath) -> model.Addons:
    calico, ingress = addons.calico, addons.ingress_nginx

    def source(manifest: str) -> str:
        return manifest if not manifest or "://" in manifest else str(resolve(directory, manifest))

    return model.Addons(
        calico=model.Calico(
            calico.version, model.Encapsulation(calico.encapsulation), source(calico.manifest), calico.manifest_sha256
        )
        if calico.enabled
        else None,
        ingress_nginx=model.IngressNginx(
            ingress.version, ingress.host_network, source(ingress.manifest), ingress.manifest_sha256
        )
        if ingress.enabled
        else None,
        manifests=tuple(
            model.UserManifest(item.name, source(item.path), item.url, item.sha256) for item in addons.manifests
        ),
    )


def _preparation(section: schema.HostPreparation) -> model.Preparation:
    return model.Preparation(_frozen(section.sysctl), tuple(section.packages), section.disable_ipv6)
