"""kubeadm's configuration files (kubeadm.k8s.io/v1beta3) for a host, from templates and the user's patches."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from kubeboot.context import PENDING, HostContext
from kubeboot.errors import HostError
from kubeboot.model import Cluster, Host, Taint
from kubeboot.render import render

ADMIN_CONF = "/etc/kubernetes/admin.conf"
INIT_YAML = "/etc/kubernetes/kubeboot/init.yaml"
CRI_SOCKET = "unix:///run/containerd/containerd.sock"
CONTROL_PLANE_TAINT = Taint("node-role.kubernetes.io/control-plane", "", "NoSchedule")


def node_taints(host: Host) -> tuple[Taint, ...]:
    """A node's taints: the inventory's, and kubeadm's own where a control plane does no other work."""
    own = (CONTROL_PLANE_TAINT,) if host.is_control_plane and not host.is_worker else ()
    return own + host.taints


def _taint_objects(host: Host) -> list[dict[str, str]]:
    return [
        {"key": taint.key, "effect": taint.effect} | ({"value": taint.value} if taint.value else {})
        for taint in node_taints(host)
    ]


def cert_sans(cluster: Cluster) -> list[str]:
    """Every name and address the API may be asked by."""
    names = [cluster.endpoint_host, "127.0.0.1", "localhost"]
    for host in cluster.control_planes:
        names += [host.address, host.name]
    return list(dict.fromkeys(names))


def init_yaml(ctx: HostContext) -> str:
    """kubeadm's Init- and ClusterConfiguration, KubeletConfiguration and KubeProxyConfiguration for this host."""
    cluster = ctx.cluster
    text = render(
        "kubeadm/init.yaml.j2",
        cluster=cluster,
        host=ctx.host,
        bind_port=6443,
        cri_socket=CRI_SOCKET,
        taints=_taint_objects(ctx.host),
        cert_sans=cert_sans(cluster),
        # kube-proxy has one configuration for all nodes, so one host that cannot decides.
        can_set_conntrack=all(facts.can_set_conntrack_max is not False for facts in ctx.all_facts.values()),
    )
    patches = cluster.kubeadm
    by_kind = {
        "InitConfiguration": patches.init_configuration,
        "ClusterConfiguration": patches.cluster_configuration,
        "KubeletConfiguration": patches.kubelet_configuration,
        "KubeProxyConfiguration": patches.kube_proxy_configuration,
    }
    return "# Managed by kubeboot\n" + (_patched(text, by_kind) if any(by_kind.values()) else text)


def cluster_settings(ctx: HostContext) -> dict[str, str]:
    """What kubeadm keeps of init.yaml in the cluster for good, by kubeadm's keys; `mode` is kube-proxy's."""
    import yaml

    documents = {each["kind"]: each for each in yaml.safe_load_all(init_yaml(ctx))}
    settings = documents["ClusterConfiguration"]
    wanted = {key: settings[key] for key in ("kubernetesVersion", "controlPlaneEndpoint")}
    wanted |= {key: settings["networking"][key] for key in ("podSubnet", "serviceSubnet", "dnsDomain")}
    return wanted | {"mode": documents["KubeProxyConfiguration"]["mode"]}


def join_yaml(ctx: HostContext, token: str, kubeconfig: str, certificate_key: str = "") -> str:
    """JoinConfiguration with discovery by token and CA hash. Secret: it holds the token.

    HostError "kubeconfig-unusable" when the control plane gave a kubeconfig without a CA.
    """
    try:
        pinned = PENDING if kubeconfig == PENDING else ca_hash(kubeconfig)
    except ValueError as error:
        first = ctx.cluster.bootstrap_control_plane.name
        message = f"the CA in {first}'s /etc/kubernetes/admin.conf cannot be read: {error}"
        hint = f"Look at that file on {first}, then run the same command again."
        raise HostError(ctx.host.name, message, hint=hint, reference="kubeconfig-unusable") from None
    return _join_yaml(ctx, token=token, pinned=pinned, certificate_key=certificate_key)


def go_on_yaml(ctx: HostContext) -> str:
    """JoinConfiguration for the last phases of a control plane's join: they need its admin.conf and no secret."""
    return _join_yaml(ctx, token="", pinned="", certificate_key="")


def _join_yaml(ctx: HostContext, *, token: str, pinned: str, certificate_key: str) -> str:
    return render(
        "kubeadm/join.yaml.j2",
        cluster=ctx.cluster,
        host=ctx.host,
        cri_socket=CRI_SOCKET,
        taints=_taint_objects(ctx.host),
        token=token,
        ca_hash=pinned,
        certificate_key=certificate_key,
        admin_conf=ADMIN_CONF,
    )


def ca_hash(kubeconfig: str) -> str:
    """`sha256:` and the hash of the CA's public key (SubjectPublicKeyInfo, DER), as kubeadm pins it."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from cryptography.x509 import load_pem_x509_certificate

    certificate = load_pem_x509_certificate(ca_certificate(kubeconfig))
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"sha256:{hashlib.sha256(key).hexdigest()}"


def ca_certificate(kubeconfig: str) -> bytes:
    """The CA in PEM form. Raises ValueError when there is none in the kubeconfig."""
    marker = "certificate-authority-data:"
    for line in kubeconfig.splitlines():
        if line.strip().startswith(marker):
            return base64.b64decode(line.strip().removeprefix(marker).strip())
    raise ValueError("the kubeconfig holds no certificate-authority-data")


def _patched(text: str, by_kind: Mapping[str, Mapping[str, Any]]) -> str:
    import yaml

    documents = [_merged(document, by_kind[document["kind"]]) for document in yaml.safe_load_all(text)]
    dumped: str = yaml.safe_dump_all(documents, sort_keys=False, default_flow_style=False)
    return dumped


def _merged(base: Any, patch: Any) -> Any:
    """Maps merge key by key; everything else of the patch replaces what was there."""
    if not isinstance(base, dict) or not isinstance(patch, Mapping):
        return _plain(patch)
    merged = dict(base)
    for key, value in patch.items():
        merged[key] = _merged(base[key], value) if key in base else _plain(value)
    return merged


def _plain(value: Any) -> Any:
    """Frozen maps and tuples of the model as what YAML can write."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, tuple | list) else value
