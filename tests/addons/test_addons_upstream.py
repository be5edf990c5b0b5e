"""The edits on upstream's real manifests: exactly these values change, and nothing else does."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubeboot.addons.addon import Addon
from kubeboot.addons.documents import parse, split
from kubeboot.addons.load import load_addons
from kubeboot.model import Addons, Calico, Encapsulation, IngressNginx
from tests.addons.conftest import make_cluster, upstream_text
from tests.addons.difference import ABSENT, Changes, changes, unchanged_texts

CALICO_VERSIONS = ("3.27.0", "3.27.5")
INGRESS_VERSIONS = ("1.9.6", "1.11.0", "1.13.9")

NODE = "DaemonSet/calico-node spec.template.spec.containers[calico-node]"
ALWAYS: Changes = {
    f"{NODE}.env[CALICO_IPV4POOL_CIDR].value": (ABSENT, "10.9.0.0/16"),
    f"{NODE}.env[IP_AUTODETECTION_METHOD].value": (ABSENT, "kubernetes-internal-ip"),
}
NO_IPIP: Changes = {f"{NODE}.env[CALICO_IPV4POOL_IPIP].value": ("Always", "Never")}
VXLAN: Changes = {
    f"{NODE}.env[CALICO_IPV4POOL_VXLAN].value": ("Never", "Always"),
    "ConfigMap/calico-config data.calico_backend": ("bird", "vxlan"),
    f"{NODE}.livenessProbe.exec.command": (
        ["/bin/calico-node", "-felix-live", "-bird-live"],
        ["/bin/calico-node", "-felix-live"],
    ),
    f"{NODE}.readinessProbe.exec.command": (
        ["/bin/calico-node", "-felix-ready", "-bird-ready"],
        ["/bin/calico-node", "-felix-ready"],
    ),
}
CALICO_CHANGES = [
    (Encapsulation.NONE, ALWAYS | NO_IPIP, ["DaemonSet/calico-node"]),
    (Encapsulation.IPIP, ALWAYS, ["DaemonSet/calico-node"]),
    (Encapsulation.VXLAN, ALWAYS | NO_IPIP | VXLAN, ["ConfigMap/calico-config", "DaemonSet/calico-node"]),
]

CONTROLLER = "Deployment/ingress-nginx-controller spec"
HOST_NETWORK: Changes = {
    f"{CONTROLLER}.template.spec.hostNetwork": (ABSENT, True),
    f"{CONTROLLER}.template.spec.dnsPolicy": ("ClusterFirst", "ClusterFirstWithHostNet"),
    f"{CONTROLLER}.strategy.rollingUpdate.maxSurge": (ABSENT, 0),
} | {
    f"Job/ingress-nginx-admission-{name} spec.template.spec.{key}": (ABSENT, value)
    for name in ("create", "patch")
    for key, value in (("hostNetwork", True), ("dnsPolicy", "ClusterFirstWithHostNet"))
}
IMAGES = (
    f"{CONTROLLER}.template.spec.containers[controller].image",
    "Job/ingress-nginx-admission-create spec.template.spec.containers[create].image",
    "Job/ingress-nginx-admission-patch spec.template.spec.containers[patch].image",
)
ALIYUN = "registry.aliyuncs.com/google_containers"
ALIYUN_NAMES = ("nginx-ingress-controller", "kube-webhook-certgen", "kube-webhook-certgen")


def load_one(cache: Path, addons: Addons, **cluster: Any) -> Addon:
    (addon,) = load_addons(make_cluster(addons, **cluster), cache)
    return addon


@pytest.mark.parametrize("version", CALICO_VERSIONS)
@pytest.mark.parametrize(("encapsulation", "expected", "touched"), CALICO_CHANGES)
def test_calico_changes_exactly(
    upstream_cache: Path, version: str, encapsulation: Encapsulation, expected: Changes, touched: list[str]
) -> None:
    addons = Addons(Calico(version, encapsulation), None)
    addon = load_one(upstream_cache, addons, pod_subnet="10.9.0.0/16", mirrored=("docker.io",))
    before = upstream_text("calico", version)
    assert changes(before, addon.manifest) == expected
    assert unchanged_texts(before, addon.manifest) == (len(split(before)) - len(touched), touched)


@pytest.mark.parametrize("version", INGRESS_VERSIONS)
@pytest.mark.parametrize("is_host_network", [True, False])
@pytest.mark.parametrize("source", ["upstream", "mirrored", "aliyun", "other"])
def test_ingress_nginx_changes_exactly(upstream_cache: Path, version: str, is_host_network: bool, source: str) -> None:
    clusters: dict[str, dict[str, Any]] = {
        "upstream": {"mirrored": ("docker.io",)},
        "mirrored": {"mirrored": ("registry.k8s.io",)},
        "aliyun": {"image_repository": ALIYUN},
        "other": {"image_repository": "harbor.example.com/k8s"},
    }
    addon = load_one(upstream_cache, Addons(None, IngressNginx(version, is_host_network)), **clusters[source])
    before = upstream_text("ingress-nginx", version)
    found = changes(before, addon.manifest)
    images = {path: found.pop(path) for path in IMAGES if path in found}
    assert found == (HOST_NETWORK if is_host_network else {})
    assert set(images) == (set() if source in ("upstream", "other") else set(IMAGES))
    for path, name in zip(IMAGES, ALIYUN_NAMES, strict=True):
        if path in images:
            old, new = images[path]
            tagged = old.partition("@")[0]
            assert new == (tagged if source == "mirrored" else f"{ALIYUN}/{name}:{tagged.rpartition(':')[2]}")


@pytest.mark.parametrize("version", INGRESS_VERSIONS)
def test_ingress_nginx_behind_a_node_port_is_upstream_byte_for_byte(upstream_cache: Path, version: str) -> None:
    addon = load_one(upstream_cache, Addons(None, IngressNginx(version, is_host_network=False)))
    assert addon.manifest == upstream_text("ingress-nginx", version)


def test_images_rollouts_and_order(upstream_cache: Path) -> None:
    calico, ingress = load_addons(make_cluster(Addons(), mirrored=("registry.k8s.io",)), upstream_cache)
    assert (calico.name, calico.version, calico.namespace) == ("calico", "3.27.5", "kube-system")
    assert calico.images == tuple(f"docker.io/calico/{name}:v3.27.5" for name in ("cni", "node", "kube-controllers"))
    assert [str(item) for item in calico.rollouts] == [
        "daemonset kube-system/calico-node",
        "deployment kube-system/calico-kube-controllers",
    ]
    assert (ingress.name, ingress.version, ingress.namespace) == ("ingress-nginx", "1.13.9", "ingress-nginx")
    assert ingress.images == (
        "registry.k8s.io/ingress-nginx/controller:v1.13.9",
        "registry.k8s.io/ingress-nginx/kube-webhook-certgen:v1.6.9",
    )
    assert [str(item) for item in ingress.rollouts] == [
        "deployment ingress-nginx/ingress-nginx-controller",
        "job ingress-nginx/ingress-nginx-admission-create",
        "job ingress-nginx/ingress-nginx-admission-patch",
    ]


@pytest.mark.parametrize("version", CALICO_VERSIONS)
def test_splitting_and_passing_over_agree_with_yaml(version: str) -> None:
    text = upstream_text("calico", version)
    documents = parse(text, "calico")
    whole = list(yaml.load_all(text, yaml.CSafeLoader))
    assert "".join(document.text for document in documents) == text
    assert len(documents) == len(whole)
    for document, expected in zip(documents, whole, strict=True):
        if document.content is None:
            assert expected["kind"] == "CustomResourceDefinition"
        else:
            assert document.content == expected


def test_from_the_cache_it_costs_a_fraction(upstream_cache: Path) -> None:
    cluster = make_cluster(Addons())
    took = []
    for _ in range(2):
        begin = time.process_time()
        load_addons(cluster, upstream_cache)
        took.append(time.process_time() - begin)
    assert took[1] < took[0] / 2
