"""The inventory file's shape: one pydantic model per section. The descriptions are the keys' documentation."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from kubeboot.inventory import scalars as s
from kubeboot.inventory.schema_ssh import HostSsh, Ssh
from kubeboot.inventory.section import Section
from kubeboot.inventory.versions import NEWEST_KUBERNETES

Passthrough = dict[str, Any]


class Networking(Section):
    """The cluster's own networks, by kubeadm's names."""

    pod_subnet: s.Subnet = "10.88.0.0/16"
    """Addresses of pods; every node takes a /24 of it. Must not overlap any network the hosts use."""
    service_subnet: s.Subnet = Field(default="10.96.0.0/16", examples=["10.96.0.0/16"])
    """Addresses of services. Must not overlap any network the hosts use."""
    dns_domain: s.DnsName = "cluster.local"
    """The domain of the cluster's own DNS names."""


class KubeProxy(Section):
    """kube-proxy, which leads service addresses to pods."""

    mode: Literal["ipvs", "iptables"] = "ipvs"
    """How it does so: ipvs, or iptables where the hosts' kernel has no ip_vs."""


class Containerd(Section):
    """The container runtime."""

    package: Literal["containerd.io", "containerd"] = "containerd.io"
    """containerd.io comes from docker's repository, containerd from the distribution's."""
    version: s.MaybePackageVersion = ""
    """Exact package version; empty means the newest the repository has."""


class Kubeadm(Section):
    """Keys merged over the documents kubeboot writes for kubeadm, as the Kubernetes reference names them."""

    init_configuration: Passthrough = Field(
        default={}, examples=[{"nodeRegistration": {"kubeletExtraArgs": {"v": "4"}}}]
    )
    """Keys of kubeadm.k8s.io/v1beta3 InitConfiguration."""
    cluster_configuration: Passthrough = Field(default={}, examples=[{"apiServer": {"certSANs": ["k8s.example.com"]}}])
    """Keys of kubeadm.k8s.io/v1beta3 ClusterConfiguration, but for those the inventory itself has."""
    kubelet_configuration: Passthrough = Field(default={}, examples=[{"maxPods": 200}])
    """Keys of kubelet.config.k8s.io/v1beta1 KubeletConfiguration."""
    kube_proxy_configuration: Passthrough = Field(default={}, examples=[{"ipvs": {"scheduler": "wrr"}}])
    """Keys of kubeproxy.config.k8s.io/v1alpha1 KubeProxyConfiguration."""


class ClusterSection(Section):
    """What the cluster is."""

    name: s.DnsLabel = "kubernetes"
    """The cluster's name in kubeconfig files."""
    kubernetes_version: s.KubernetesVersion = Field(examples=[NEWEST_KUBERNETES])
    """The exact Kubernetes version, such as 1.29.15."""
    control_plane_endpoint: s.MaybeEndpoint = ""
    """host:port where every node reaches the API; empty means the first control plane's address, port 6443."""
    networking: Networking = Networking()
    """The cluster's own networks."""
    kube_proxy: KubeProxy = KubeProxy()
    """The settings of kube-proxy."""
    containerd: Containerd = Containerd()
    """The container runtime's package."""
    kubeadm: Kubeadm = Kubeadm()
    """Settings passed through to kubeadm, kubelet and kube-proxy."""


class Repository(Section):
    """An apt repository; a plain string stands for its url."""

    url: s.Url
    """The base URL of the repository."""
    key: s.MaybeFile = Field(default="", examples=["mirror-key.asc"])
    """File with the repository's armored OpenPGP public key; takes precedence over keyUrl."""
    key_url: s.MaybeUrl = Field(default="", examples=["https://mirror.example.com/key.asc"])
    """URL the hosts fetch the key from; empty means where upstream's layout has it below url."""
    fingerprints: list[s.Fingerprint] = []
    """Fingerprints a fetched key must have; empty means upstream's, where upstream has a key."""


RepositoryOrUrl = Annotated[Repository, BeforeValidator(s.url_shorthand, json_schema_input_type=str | Repository)]


class RegistryEndpoint(Section):
    """One endpoint asked before the registry itself; a plain string stands for its url."""

    url: s.Url
    """http or https URL of the mirror."""
    ca: s.MaybeFile = Field(default="", examples=["mirror-ca.crt"])
    """File with the CA certificate (PEM) that signed the mirror's certificate."""
    skip_verify: bool = False
    """Accept any certificate of the mirror; prefer ca."""
    username: s.MaybeUser = ""
    """The user name that the mirror wants."""
    password_file: s.MaybeFile = Field(default="", examples=["mirror-password"])
    """File that holds the password, so that the inventory holds none."""


EndpointOrUrl = Annotated[
    RegistryEndpoint, BeforeValidator(s.url_shorthand, json_schema_input_type=str | RegistryEndpoint)
]


class Mirrors(Section):
    """Where everything from outside comes from; each source can be moved alone."""

    preset: Literal["", "aliyun"] = ""
    """Fills what is not given below with a known mirror's addresses; empty means upstream's."""
    os_packages: RepositoryOrUrl | None = None
    """Mirror of the distribution's packages; not given means the hosts' own apt sources stay."""
    docker_packages: RepositoryOrUrl | None = None
    """Repository of containerd.io, down to the distribution's name."""
    kubernetes_packages: RepositoryOrUrl | None = None
    """Repository of kubeadm, kubelet and kubectl; packages are in deb/ below it."""
    image_repository: s.MaybeImageRepository = ""
    """Where kubeadm pulls the control plane's images from; empty means registry.k8s.io."""
    registries: dict[s.Registry, list[EndpointOrUrl]] = Field(
        default={}, examples=[{"docker.io": ["http://10.0.0.5:5000"]}]
    )
    """Per registry the endpoints that containerd asks first, in this order."""
    manifests: s.MaybeUrl = ""
    """Base URL that serves the add-ons' upstream manifests; empty means upstream itself."""


class Calico(Section):
    """The pod network."""

    enabled: bool = True
    """false: no pod network is installed; bring your own."""
    version: s.AddonVersion = "3.27.5"
    """Calico's version: 3.27.0 or 3.27.5, or any with a manifest of your own."""
    encapsulation: Literal["none", "ipip", "vxlan"] = "none"
    """none routes with BGP and needs hosts on one network; ipip and vxlan cross routers."""
    manifest: s.MaybeFileOrUrl = ""
    """Path or URL of a manifest to use instead of upstream's."""
    manifest_sha256: s.MaybeSha256 = ""
    """sha256 of the manifest; required with a URL."""


class IngressNginx(Section):
    """The ingress controller."""

    enabled: bool = True
    """false: no ingress controller is installed."""
    version: s.AddonVersion = Field(default="1.13.9", examples=["1.13.9"])
    """ingress-nginx's version: 1.9.6, 1.11.0 or 1.13.9, or any with a manifest of your own."""
    host_network: bool = True
    """true: on ports 80 and 443 of the node it runs on; false: behind a NodePort."""
    manifest: s.MaybeFileOrUrl = ""
    """Path or URL of a manifest to use instead of upstream's."""
    manifest_sha256: s.MaybeSha256 = ""
    """sha256 of the manifest; required with a URL."""


class UserManifest(Section):
    """A manifest of your own, applied after the add-ons."""

    name: s.DnsLabel
    """What kubeboot calls it in plan and report."""
    path: s.MaybeFile = Field(default="", examples=["my-app.yaml"])
    """File with the manifest; give this or url."""
    url: s.MaybeUrl = Field(default="", examples=["https://example.com/my-app.yaml"])
    """URL of the manifest; give this or path."""
    sha256: s.MaybeSha256 = ""
    """sha256 of the manifest; required with a url."""


class Addons(Section):
    """What is installed into the cluster once its API is up."""

    calico: Calico = Calico()
    """Calico, the pod network."""
    ingress_nginx: IngressNginx = IngressNginx()
    """ingress-nginx, the ingress controller."""
    manifests: list[UserManifest] = Field(default=[], examples=[{"name": "my-app", "path": "my-app.yaml"}])
    """Manifests of your own, applied in this order."""


class Time(Section):
    """Clocks, kept by chrony."""

    servers: list[s.TimeServer] = []
    """Time servers; empty means the distribution's own."""
    managed: bool = True
    """false: kubeboot leaves time synchronisation alone."""


class HostPreparation(Section):
    """What hosts get besides Kubernetes."""

    sysctl: dict[s.SysctlKey, s.SysctlValue] = Field(
        default={}, examples=[{"vm.swappiness": 1, "vm.panic_on_oom": None}]
    )
    """Kernel parameters to add or change; null drops one of kubeboot's own."""
    packages: list[s.Package] = []
    """Packages to install besides kubeboot's own."""
    disable_ipv6: bool = Field(default=False, alias="disableIPv6")
    """Turn IPv6 off on all hosts."""


class Preflight(Section):
    """The checks before anything is changed."""

    ignore: list[s.FindingName] = []
    """Names of findings that shall not stop the run."""


class Timeouts(Section):
    """How long, in seconds, before giving up. All but link are kept by the hosts themselves."""

    link: s.Seconds = 300
    """A host that cannot be reached for so long in the middle of a run counts as lost."""
    lock: s.Seconds = 600
    """What an interrupted run left running on a host is waited for."""
    step: s.Seconds = 1800
    """A step that runs for longer on a host is stopped."""
    package_lock: s.Seconds = 600
    """Another program that holds apt's or dpkg's lock is waited for."""
    network: s.Seconds = 90
    """A network that is gone while packages or images are fetched is waited for."""
    api: s.Seconds = 120
    """An API server that was made before has so long to answer."""
    ready: s.Seconds = 420
    """Nodes, add-ons and system pods have so long to become ready."""


class HostSection(Section):
    """One machine."""

    name: s.HostName
    """Becomes the machine's host name and its node's name."""
    address: s.Address
    """The IP address that kubeboot and the other nodes reach it by."""
    roles: list[Literal["control-plane", "worker"]] = Field(default=[], examples=["control-plane"])
    """control-plane, worker or both; a host that stands alone is both when it is not said."""
    host_key: s.MaybeHostKey = ""
    """Its SSH host key: "SHA256:..." or a public key line; empty means known_hosts decides."""
    ssh: HostSsh = HostSsh()
    """What differs from the inventory's ssh for this host."""
    labels: dict[s.LabelKey, s.LabelValue] = Field(default={}, examples=[{"disk": "ssd"}])
    """Labels of its node; those that kubelet sets itself are not for the inventory."""
    taints: list[s.TaintText] = []
    """Taints of its node, which keep pods away that do not tolerate them."""


class Inventory(Section):
    """One file, one cluster."""

    cluster: ClusterSection
    """What the cluster is."""
    mirrors: Mirrors = Mirrors()
    """Where everything from outside comes from."""
    addons: Addons = Addons()
    """What is installed into the cluster."""
    ssh: Ssh = Ssh()
    """How kubeboot logs in."""
    time: Time = Time()
    """How the hosts' clocks are kept."""
    host_preparation: HostPreparation = HostPreparation()
    """What hosts get besides Kubernetes."""
    preflight: Preflight = Preflight()
    """The checks before anything is changed."""
    timeouts: Timeouts = Timeouts()
    """How long before giving up, in seconds."""
    hosts: list[HostSection] = Field(min_length=1, examples=[{"name": "node1", "address": "192.168.10.11"}])
    """The machines, at least one of them a control plane."""


def inventory_schema() -> dict[str, Any]:
    """JSON schema (draft 2020-12) of the inventory file."""
    schema = Inventory.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "kubeboot inventory"}
