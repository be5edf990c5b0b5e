"""The edits' logic on small manifests, and what manifests of other shapes get."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import yaml

from kubeboot.addons import store
from kubeboot.errors import SourceError
from kubeboot.model import Encapsulation
from tests.addons.conftest import Edit
from tests.addons.difference import changes, unchanged_texts
from tests.addons.small import CALICO, INGRESS_NGINX

NODE = "DaemonSet/calico-node spec.template.spec.containers[calico-node]"


@pytest.mark.parametrize(
    ("encapsulation", "ipip", "vxlan", "backend", "words"),
    [
        (Encapsulation.NONE, "Never", "Never", "bird", 3),
        (Encapsulation.IPIP, "Always", "Never", "bird", 3),
        (Encapsulation.VXLAN, "Never", "Always", "vxlan", 2),
    ],
)
def test_encapsulation(
    edit_calico: Edit, encapsulation: Encapsulation, ipip: str, vxlan: str, backend: str, words: int
) -> None:
    addon = edit_calico(calico={"encapsulation": encapsulation}, pod_subnet="10.1.0.0/16")
    documents = {(item["kind"], item["metadata"]["name"]): item for item in yaml.safe_load_all(addon.manifest)}
    assert documents["ConfigMap", "calico-config"]["data"]["calico_backend"] == backend
    (container,) = documents["DaemonSet", "calico-node"]["spec"]["template"]["spec"]["containers"]
    env = {item["name"]: item.get("value") for item in container["env"]}
    assert env == {
        "CALICO_IPV4POOL_IPIP": ipip,
        "ODD": "1e3",
        "NODENAME": None,
        "CALICO_IPV4POOL_VXLAN": vxlan,
        "CALICO_IPV4POOL_CIDR": "10.1.0.0/16",
        "IP_AUTODETECTION_METHOD": "kubernetes-internal-ip",
    }
    for probe in ("livenessProbe", "readinessProbe"):
        assert len(container[probe]["exec"]["command"]) == words


def test_strings_that_kubectl_reads_as_numbers_stay_quoted(edit_calico: Edit) -> None:
    assert 'value: "1e3"' in edit_calico().manifest


def test_text_that_only_yaml_1_1_reads_as_a_number_stays_as_it_was(edit_calico: Edit) -> None:
    text = CALICO.replace('"1e3"', "22:22").replace(
        "docker.io/calico/node:v9\n", "docker.io/calico/node:v9\n          workingDir: 2024-01-01\n"
    )
    container = next(
        item["spec"]["template"]["spec"]["containers"][0]
        for item in yaml.safe_load_all(edit_calico(text).manifest)
        if item["kind"] == "DaemonSet"
    )
    assert container["workingDir"] == "2024-01-01"
    assert {"name": "ODD", "value": "22:22"} in container["env"]


def test_what_no_edit_concerns_is_byte_for_byte_upstreams(edit_calico: Edit) -> None:
    addon = edit_calico()
    assert unchanged_texts(CALICO, addon.manifest) == (4, ["DaemonSet/calico-node"])
    assert addon.manifest.startswith("# comments and odd   spacing")


def test_a_user_s_own_autodetection_stays(edit_calico: Edit) -> None:
    line = "            - {name: ODD,"
    text = CALICO.replace(line, "            - {name: IP_AUTODETECTION_METHOD, value: interface=eth1}\n" + line)
    assert not any("AUTODETECTION" in path for path in changes(text, edit_calico(text).manifest))


def test_a_manifest_already_edited_is_left_as_it_is(edit_calico: Edit) -> None:
    once = edit_calico(calico={"encapsulation": Encapsulation.VXLAN}).manifest
    assert edit_calico(once, calico={"encapsulation": Encapsulation.VXLAN}).manifest == once


def test_calico_digests_go_only_where_docker_io_has_a_mirror(edit_calico: Edit) -> None:
    text = CALICO.replace("docker.io/calico/node:v9", "docker.io/calico/node:v9@sha256:abc")
    assert "docker.io/calico/node:v9@sha256:abc" in edit_calico(text).images
    assert "docker.io/calico/node:v9@sha256:abc" in edit_calico(text, mirrored=("registry.k8s.io",)).images
    assert "docker.io/calico/node:v9" in edit_calico(text, mirrored=("docker.io",)).images


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("name: calico-config", "name: other", "ConfigMap kube-system/calico-config"),
        ("calico_backend:", "backend:", "data.calico_backend"),
        ("kind: DaemonSet", "kind: Deployment", "DaemonSet kube-system/calico-node"),
        ("- name: calico-node", "- name: node", "container calico-node in DaemonSet kube-system/calico-node"),
        ("livenessProbe", "startupProbe", "livenessProbe.exec.command"),
        ("-bird-ready]", '"sh -c bird-ready"]', "-bird-ready as a word of its own"),
        ("\ndata:\n", "\nstringData:\n", "data in ConfigMap"),
    ],
)
def test_calico_of_another_shape(edit_calico: Edit, old: str, new: str, wanted: str) -> None:
    assert old in CALICO
    with pytest.raises(SourceError) as caught:
        edit_calico(CALICO.replace(old, new), calico={"encapsulation": Encapsulation.VXLAN})
    assert wanted in caught.value.message
    assert "calico.yaml" in caught.value.message
    assert "addons.calico.enabled: false" in caught.value.hint
    assert caught.value.reference == "manifest-shape"


def test_ipv6_pod_subnet_is_refused(edit_calico: Edit) -> None:
    with pytest.raises(SourceError, match="IPv6 pod subnet fd00:1::/64 is not supported"):
        edit_calico(pod_subnet="fd00:1::/64")


def test_host_network(edit_ingress: Edit) -> None:
    path = "Deployment/ingress-nginx-controller spec"
    job = "Job/ingress-nginx-admission-create spec.template.spec"
    assert changes(INGRESS_NGINX, edit_ingress().manifest) == {
        f"{path}.strategy.rollingUpdate.maxSurge": ("(absent)", 0),
        f"{path}.template.spec.hostNetwork": ("(absent)", True),
        f"{path}.template.spec.dnsPolicy": ("ClusterFirst", "ClusterFirstWithHostNet"),
        f"{job}.hostNetwork": ("(absent)", True),
        f"{job}.dnsPolicy": ("(absent)", "ClusterFirstWithHostNet"),
    }


def test_recreate_frees_the_ports_already(edit_ingress: Edit) -> None:
    text = INGRESS_NGINX.replace("{type: RollingUpdate, rollingUpdate: {maxUnavailable: 1}}", "{type: Recreate}")
    assert not any("strategy" in path for path in changes(text, edit_ingress(text).manifest))


def test_without_host_network_nothing_changes(edit_ingress: Edit) -> None:
    assert edit_ingress(is_host_network=False).manifest == INGRESS_NGINX


def test_a_mirror_of_upstream_s_registry_wins_over_the_image_repository(edit_ingress: Edit) -> None:
    addon = edit_ingress(mirrored=("registry.k8s.io",), image_repository="registry.aliyuncs.com/google_containers")
    assert addon.images[0] == "registry.k8s.io/ingress-nginx/controller:v9"


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("kind: Deployment", "kind: DaemonSet", "Deployment ingress-nginx/ingress-nginx-controller"),
        (
            "  template:\n    spec:\n      dnsPolicy",
            "  pods:\n    spec:\n      dnsPolicy",
            "spec.template in Deployment",
        ),
    ],
)
def test_ingress_nginx_of_another_shape(edit_ingress: Edit, old: str, new: str, wanted: str) -> None:
    assert old in INGRESS_NGINX
    with pytest.raises(SourceError) as caught:
        edit_ingress(INGRESS_NGINX.replace(old, new))
    assert wanted in caught.value.message
    assert "addons.ingressNginx.enabled: false" in caught.value.hint


@pytest.mark.parametrize(
    "text", ["- a list\n", "just words\n", "a: [\n", "\x00", "kind: Deployment\nmetadata: 3\n", ""]
)
def test_what_is_no_manifest_is_a_source_error(edit_calico: Edit, edit_ingress: Edit, text: str) -> None:
    for edit in (edit_calico, edit_ingress):
        with pytest.raises(SourceError):
            edit(text)


def test_the_edited_result_is_cached_by_all_it_depends_on(edit_calico: Edit, monkeypatch: pytest.MonkeyPatch) -> None:
    first = edit_calico()
    monkeypatch.setattr("kubeboot.addons.calico.CalicoEdits.apply", lambda *_: pytest.fail("edited again"))
    assert edit_calico() == first
    for other in ({"pod_subnet": "10.1.0.0/16"}, {"calico": {"encapsulation": Encapsulation.IPIP}}):
        with pytest.raises(pytest.fail.Exception, match="edited again"):
            edit_calico(**other)
    monkeypatch.setattr(store, "__version__", "0.0.0")
    with pytest.raises(pytest.fail.Exception, match="edited again"):
        edit_calico()


@pytest.mark.parametrize("damage", [b"", b"x", b"\xff\n\xff", b"0\n[]\n"])
def test_a_damaged_result_is_made_again(edit_calico: Edit, cache: Path, damage: bytes) -> None:
    first = edit_calico()
    (stored,) = (cache / "edited").iterdir()
    good = stored.read_bytes()
    stored.write_bytes(damage)
    assert edit_calico() == first
    assert stored.read_bytes() == good
    stored.write_bytes(good.replace(b"kube-system", b"evil-system"))
    assert edit_calico() == first


def test_every_field_of_the_result_survives_the_cache(edit_ingress: Edit) -> None:
    first, second = edit_ingress(), edit_ingress()
    assert dataclasses.asdict(first) == dataclasses.asdict(second)
    assert hash(first) == hash(second)
