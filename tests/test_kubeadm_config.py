"""kubeadm's configuration: the right documents, the user's patches, and the CA hash that kubeadm pins."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import yaml

from kubeboot.context import PENDING, HostContext
from kubeboot.kubeadm_config import ca_certificate, ca_hash, cert_sans, init_yaml, join_yaml, node_taints
from kubeboot.model import Host, KubeadmPatches, Networking, Role, Taint
from tests.engine.conftest import KUBECONFIG
from tests.phases.golden_world import CLUSTER, HOSTS, golden_context

KINDS = ["InitConfiguration", "ClusterConfiguration", "KubeletConfiguration", "KubeProxyConfiguration"]
TOKEN = "abcdef.0123456789abcdef"


def documents(ctx: HostContext) -> dict[str, dict[str, Any]]:
    found = list(yaml.safe_load_all(init_yaml(ctx)))
    assert [document["kind"] for document in found] == KINDS
    return {document["kind"]: document for document in found}


def control_plane(**values: Any) -> HostContext:
    """The golden control plane; values change its cluster."""
    return golden_context("control-plane", cluster=replace(CLUSTER, **values))


def test_init_yaml_has_the_four_documents_and_what_the_inventory_says() -> None:
    found = documents(control_plane())
    cluster, init = found["ClusterConfiguration"], found["InitConfiguration"]
    assert {document["apiVersion"] for document in found.values()} == {
        "kubeadm.k8s.io/v1beta3",
        "kubelet.config.k8s.io/v1beta1",
        "kubeproxy.config.k8s.io/v1alpha1",
    }
    assert cluster["kubernetesVersion"] == "v1.29.15"
    assert cluster["controlPlaneEndpoint"] == "192.168.10.11:6443"
    assert cluster["networking"] == {
        "podSubnet": "10.88.0.0/16",
        "serviceSubnet": "10.96.0.0/16",
        "dnsDomain": "cluster.local",
    }
    assert cluster["apiServer"]["certSANs"] == ["192.168.10.11", "127.0.0.1", "localhost", "cp1"]
    assert init["localAPIEndpoint"] == {"advertiseAddress": "192.168.10.11", "bindPort": 6443}
    assert init["nodeRegistration"]["name"] == "cp1"
    assert found["KubeletConfiguration"]["cgroupDriver"] == "systemd"
    assert found["KubeProxyConfiguration"]["mode"] == "ipvs"


@pytest.mark.parametrize("name", ("10", "0x1f", "on", "null", "1e3", "y", "007", "1-2", "2024-01-01"))
def test_names_that_yaml_could_take_for_something_else_stay_names(name: str) -> None:
    host = replace(HOSTS["control-plane"], name=name)
    cluster = replace(CLUSTER, name=name, hosts=(host,), networking=Networking(dns_domain=name))
    ctx = HostContext(cluster, host, {name: golden_context("worker").facts})
    found = documents(ctx)
    assert found["InitConfiguration"]["nodeRegistration"]["name"] == name
    assert found["ClusterConfiguration"]["clusterName"] == name
    assert found["ClusterConfiguration"]["networking"]["dnsDomain"] == name
    assert yaml.safe_load(join_yaml(ctx, TOKEN, KUBECONFIG))["nodeRegistration"]["name"] == name


def test_ipv6_addresses_are_text() -> None:
    host = replace(HOSTS["control-plane"], address="fd00::1")
    ctx = HostContext(
        replace(CLUSTER, hosts=(host,), endpoint_host="fd00::1"), host, {"cp1": golden_context("worker").facts}
    )
    found = documents(ctx)
    assert found["InitConfiguration"]["localAPIEndpoint"]["advertiseAddress"] == "fd00::1"
    assert found["ClusterConfiguration"]["controlPlaneEndpoint"] == "[fd00::1]:6443"


def test_without_patches_the_template_is_kept_as_it_is() -> None:
    assert init_yaml(control_plane()).startswith("# Managed by kubeboot\napiVersion: kubeadm.k8s.io/v1beta3\n")


def test_maps_of_a_patch_merge_and_lists_replace() -> None:
    patches = KubeadmPatches(
        init_configuration=MappingProxyType({"skipPhases": ("addon/kube-proxy",)}),
        cluster_configuration=MappingProxyType(
            {
                "apiServer": {"certSANs": ("only.example.com",), "extraArgs": {"audit-log-maxage": "30"}},
                "networking": {"dnsDomain": "it.local"},
            }
        ),
        kubelet_configuration={"maxPods": 250, "evictionHard": {"memory.available": "100Mi"}},
        kube_proxy_configuration={"ipvs": {"strictARP": True}, "mode": None},
    )
    found = documents(control_plane(kubeadm=patches))
    cluster = found["ClusterConfiguration"]
    assert cluster["apiServer"] == {"certSANs": ["only.example.com"], "extraArgs": {"audit-log-maxage": "30"}}
    assert cluster["networking"] == {
        "podSubnet": "10.88.0.0/16",
        "serviceSubnet": "10.96.0.0/16",
        "dnsDomain": "it.local",
    }
    assert cluster["kubernetesVersion"] == "v1.29.15"
    assert found["InitConfiguration"]["skipPhases"] == ["addon/kube-proxy"]
    assert found["KubeletConfiguration"]["cgroupDriver"] == "systemd"
    assert found["KubeletConfiguration"]["evictionHard"] == {"memory.available": "100Mi"}
    assert found["KubeProxyConfiguration"]["ipvs"] == {"strictARP": True}
    assert found["KubeProxyConfiguration"]["mode"] is None


def test_a_patch_of_one_document_leaves_the_others_equal() -> None:
    plain = documents(control_plane())
    patched = documents(control_plane(kubeadm=KubeadmPatches(kubelet_configuration={"maxPods": 250})))
    for kind in KINDS:
        assert (patched[kind] == plain[kind]) is (kind != "KubeletConfiguration")


def test_the_certificate_key_finds_its_place_in_a_patched_file() -> None:
    """share_certificates.sh puts it behind a line that must stand there exactly once."""
    for patches in (KubeadmPatches(), KubeadmPatches(kubelet_configuration={"maxPods": 250})):
        lines = init_yaml(control_plane(kubeadm=patches)).splitlines()
        assert lines.count("kind: InitConfiguration") == 1


@pytest.mark.parametrize(
    ("first", "second", "is_zero"),
    ((None, None, False), (True, True, False), (True, False, True), (False, None, True)),
)
def test_conntrack_is_zero_only_when_a_host_cannot_set_it(
    first: bool | None, second: bool | None, is_zero: bool
) -> None:
    ctx = control_plane()
    facts = dict(zip(ctx.all_facts, (first, second), strict=True))
    ctx = replace(
        ctx, all_facts={name: replace(ctx.all_facts[name], can_set_conntrack_max=can) for name, can in facts.items()}
    )
    proxy = documents(ctx)["KubeProxyConfiguration"]
    assert proxy.get("conntrack") == ({"maxPerCore": 0, "min": 0} if is_zero else None)


TAINT = Taint("dedicated", "it", "NoSchedule")
OWN = Taint("node-role.kubernetes.io/control-plane", "", "NoSchedule")


@pytest.mark.parametrize(
    ("roles", "taints", "expected"),
    (
        ({Role.CONTROL_PLANE}, (), (OWN,)),
        ({Role.CONTROL_PLANE}, (TAINT,), (OWN, TAINT)),
        ({Role.CONTROL_PLANE, Role.WORKER}, (TAINT,), (TAINT,)),
        ({Role.WORKER}, (), ()),
    ),
)
def test_a_control_plane_is_tainted_unless_it_also_works(
    roles: set[Role], taints: tuple[Taint, ...], expected: tuple[Taint, ...]
) -> None:
    assert node_taints(Host("h", "10.0.0.1", frozenset(roles), taints=taints)) == expected


def test_taints_are_written_even_when_there_are_none() -> None:
    """An absent list would mean kubeadm's default taint on a control plane that also works."""
    host = replace(HOSTS["control-plane"], roles=frozenset({Role.CONTROL_PLANE, Role.WORKER}))
    ctx = HostContext(replace(CLUSTER, hosts=(host,)), host, {"cp1": golden_context("worker").facts})
    assert documents(ctx)["InitConfiguration"]["nodeRegistration"]["taints"] == []


def test_the_api_may_be_asked_by_every_control_planes_name_and_address() -> None:
    second = Host("cp2", "192.168.10.12", frozenset({Role.CONTROL_PLANE}))
    sans = cert_sans(replace(CLUSTER, hosts=(*CLUSTER.hosts, second), endpoint_host="k8s.example.com"))
    assert sans == ["k8s.example.com", "127.0.0.1", "localhost", "192.168.10.11", "cp1", "192.168.10.12", "cp2"]


def test_join_yaml_of_a_worker() -> None:
    text = join_yaml(golden_context("worker"), TOKEN, KUBECONFIG)
    document = yaml.safe_load(text)
    assert document["kind"] == "JoinConfiguration"
    assert document["discovery"]["bootstrapToken"] == {
        "apiServerEndpoint": "192.168.10.11:6443",
        "token": TOKEN,
        "caCertHashes": [ca_hash(KUBECONFIG)],
    }
    assert document["nodeRegistration"]["taints"] == []
    assert "controlPlane" not in document


def test_join_yaml_of_a_control_plane() -> None:
    document = yaml.safe_load(join_yaml(golden_context("control-plane"), TOKEN, KUBECONFIG, "f" * 64))
    assert document["controlPlane"]["certificateKey"] == "f" * 64
    assert document["controlPlane"]["localAPIEndpoint"] == {"advertiseAddress": "192.168.10.11", "bindPort": 6443}


def test_join_sh_finds_the_tokens_id() -> None:
    text = join_yaml(golden_context("worker"), TOKEN, KUBECONFIG)
    command = r"""s/^ *token: "\([a-z0-9]*\)\..*/\1/p"""
    assert command in (Path(__file__).parents[1] / "templates/kubeadm/join.sh").read_text()
    done = subprocess.run(["sed", "-n", command], input=text, text=True, capture_output=True, check=True)
    assert done.stdout == "abcdef\n"


def test_i1_in_a_plan_promises_stand_for_what_is_not_known() -> None:
    document = yaml.safe_load(join_yaml(golden_context("worker"), PENDING, PENDING))
    assert document["discovery"]["bootstrapToken"]["caCertHashes"] == [PENDING]


def openssl(*arguments: str, stdin: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, check=True).stdout


@pytest.mark.parametrize("key", (("rsa:2048",), ("ec", "-pkeyopt", "ec_paramgen_curve:P-256"), ("ed25519",)))
def test_ca_hash_is_what_openssl_computes(tmp_path: Path, key: tuple[str, ...]) -> None:
    new = ("req", "-x509", "-newkey", *key, "-nodes", "-keyout", str(tmp_path / "key"), "-subj", "/CN=kubernetes")
    pem = openssl(*new)
    public = openssl("x509", "-noout", "-pubkey", stdin=pem)
    der = openssl("pkey", "-pubin", "-outform", "der", stdin=public)
    kubeconfig = f"clusters:\n- cluster:\n    certificate-authority-data: {base64.b64encode(pem).decode()}\n"
    assert ca_hash(kubeconfig) == f"sha256:{hashlib.sha256(der).hexdigest()}"
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", ca_hash(kubeconfig))


@pytest.mark.parametrize("text", ("", "apiVersion: v1\n", "# certificate-authority-data: QUJD\n"))
def test_a_kubeconfig_without_authority_is_no_kubeconfig(text: str) -> None:
    with pytest.raises(ValueError, match="certificate-authority-data"):
        ca_certificate(text)
