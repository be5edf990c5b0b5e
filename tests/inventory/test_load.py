"""A good inventory becomes exactly the Cluster it describes."""

from __future__ import annotations

import pytest

from kubeboot import model
from kubeboot.model import Cluster, Host, Mirrors, PackageRepository, Role

SMALL = """
cluster: {kubernetesVersion: 1.29.15}
hosts:
  - {name: node1, address: 192.168.56.11}
"""


def test_smallest_inventory(load, tmp_path):
    cluster, warnings = load(SMALL)
    assert warnings == ()
    assert cluster == Cluster(
        name="kubernetes",
        kubernetes_version="1.29.15",
        hosts=(Host("node1", "192.168.56.11", frozenset(Role)),),
        mirrors=Mirrors(
            kubernetes_packages=PackageRepository(
                "https://pkgs.k8s.io/core:/stable:/v1.29",
                key_url="https://pkgs.k8s.io/core:/stable:/v1.29/deb/Release.key",
                fingerprints=("DE15B14486CD377B9E876E1A234654DA9A296436",),
            ),
            docker_packages=PackageRepository(
                "https://download.docker.com/linux/debian",
                key_url="https://download.docker.com/linux/debian/gpg",
                fingerprints=("9DC858229FC7DD38854AE2D88D81803C0EBFCD88",),
            ),
        ),
        endpoint_host="192.168.56.11",
        directory=tmp_path,
    )


FULL = """
cluster:
  name: lab
  kubernetesVersion: v1.29.1
  controlPlaneEndpoint: k8s.example.com:8443
  networking: {podSubnet: 10.60.0.0/16, serviceSubnet: 10.70.0.0/20, dnsDomain: lab.local}
  kubeProxy: {mode: iptables}
  containerd: {package: containerd, version: 1.6.20~ds1-1+b1}
  kubeadm:
    initConfiguration: {skipPhases: [addon/coredns]}
    clusterConfiguration: {apiServer: {certSANs: [a.example.com]}}
    kubeletConfiguration: {maxPods: 200, failSwapOn: true}
    kubeProxyConfiguration: {ipvs: {scheduler: wrr}}
mirrors:
  osPackages: {url: "http://10.66.0.1/debian/", key: repo.asc}
  dockerPackages: {url: "https://mirror/docker", keyUrl: "https://mirror/key"}
  kubernetesPackages: https://mirror/kubernetes/v1.29
  imageRepository: registry.lab:5000/k8s
  registries:
    docker.io: ["http://10.0.0.5:5000", {url: "https://10.0.0.6", ca: ca.pem, username: me, passwordFile: password}]
    "registry.lab:5000": [{url: "https://10.0.0.7", skipVerify: true}]
  manifests: http://10.66.0.1/manifests
addons:
  calico: {version: v3.27.0, encapsulation: vxlan}
  ingressNginx: {version: 1.12.0, hostNetwork: false, manifest: my.yaml}
  manifests: [{name: app, path: my.yaml}, {name: x, url: "https://x/y.yaml?ref=v1", sha256: SHA}]
ssh: {user: ops, port: 2222, identityFile: key, connectTimeout: 5}
time: {servers: [ntp.example.com, 10.0.0.9], managed: false}
hostPreparation: {sysctl: {vm.swappiness: 1, vm.panic_on_oom: null, net.ipv4.tcp_rmem: 4096 1 2}, packages: [htop]}
preflight: {ignore: [swap-active]}
hosts:
  - name: node1
    address: 10.0.0.1
    roles: [control-plane, worker]
    hostKey: SHA256:abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ
    labels: {disk: ssd, example.com/empty: ""}
    taints: ["dedicated=gpu:NoSchedule", "alone:NoExecute"]
  - {name: node2.lab, address: 10.0.0.2, roles: [worker], ssh: {port: 22, user: root, identityFile: ""}}
""".replace("SHA}", "AB" * 32 + "}")

ARMORED = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabc\n-----END PGP PUBLIC KEY BLOCK-----\n"
PEM = "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n"


@pytest.fixture
def files(tmp_path):
    """The files that FULL names."""
    private = {"password": "hunter2\n", "key": "-----BEGIN OPENSSH PRIVATE KEY-----\n"}
    for name, text in {"repo.asc": ARMORED, "ca.pem": PEM, "my.yaml": "a: b", **private}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    return tmp_path


def test_full_inventory(load, files):
    cluster, warnings = load(FULL)
    assert warnings == ()
    assert cluster == model.Cluster(
        name="lab",
        kubernetes_version="1.29.1",
        endpoint_host="k8s.example.com",
        endpoint_port=8443,
        networking=model.Networking("10.60.0.0/16", "10.70.0.0/20", "lab.local"),
        kube_proxy_mode="iptables",
        containerd=model.Containerd("containerd", "1.6.20~ds1-1+b1"),
        kubeadm=model.KubeadmPatches(
            {"skipPhases": ["addon/coredns"]},
            {"apiServer": {"certSANs": ["a.example.com"]}},
            {"maxPods": 200, "failSwapOn": True},
            {"ipvs": {"scheduler": "wrr"}},
        ),
        mirrors=Mirrors(
            os_packages=PackageRepository("http://10.66.0.1/debian", key=ARMORED),
            docker_packages=PackageRepository(
                "https://mirror/docker",
                key_url="https://mirror/key",
                fingerprints=("9DC858229FC7DD38854AE2D88D81803C0EBFCD88",),
            ),
            kubernetes_packages=PackageRepository(
                "https://mirror/kubernetes/v1.29",
                key_url="https://mirror/kubernetes/v1.29/deb/Release.key",
                fingerprints=("DE15B14486CD377B9E876E1A234654DA9A296436",),
            ),
            image_repository="registry.lab:5000/k8s",
            registries={
                "docker.io": (
                    model.RegistryMirror("http://10.0.0.5:5000"),
                    model.RegistryMirror("https://10.0.0.6", ca=PEM, username="me", password="hunter2"),
                ),
                "registry.lab:5000": (model.RegistryMirror("https://10.0.0.7", skip_verify=True),),
            },
            manifests="http://10.66.0.1/manifests",
        ),
        addons=model.Addons(
            calico=model.Calico("3.27.0", model.Encapsulation.VXLAN),
            ingress_nginx=model.IngressNginx("1.12.0", False, str(files / "my.yaml")),
            manifests=(
                model.UserManifest("app", path=str(files / "my.yaml")),
                model.UserManifest("x", url="https://x/y.yaml?ref=v1", sha256="ab" * 32),
            ),
        ),
        time=model.TimeSync(("ntp.example.com", "10.0.0.9"), False),
        preparation=model.Preparation(
            {"vm.swappiness": "1", "vm.panic_on_oom": None, "net.ipv4.tcp_rmem": "4096 1 2"}, ("htop",)
        ),
        waived=frozenset({"swap-active"}),
        directory=files,
        hosts=(
            Host(
                "node1",
                "10.0.0.1",
                frozenset(Role),
                model.SshSettings("ops", 2222, files / "key", "SHA256:abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ", 5),
                {"disk": "ssd", "example.com/empty": ""},
                (model.Taint("dedicated", "gpu", "NoSchedule"), model.Taint("alone", "", "NoExecute")),
            ),
            Host("node2.lab", "10.0.0.2", frozenset({Role.WORKER}), model.SshSettings("root", 22, None, "", 5)),
        ),
    )
    assert "hunter2" not in repr(cluster)


def test_preset_fills_what_is_not_given(load):
    mirrors = load(SMALL + "mirrors: {preset: aliyun, dockerPackages: 'https://x/docker'}")[0].mirrors
    assert mirrors.image_repository == "registry.aliyuncs.com/google_containers"
    assert mirrors.kubernetes_packages.url == "https://mirrors.aliyun.com/kubernetes-new/core/stable/v1.29"
    assert mirrors.kubernetes_packages.fingerprints == ("DE15B14486CD377B9E876E1A234654DA9A296436",)
    assert mirrors.docker_packages.url == "https://x/docker"
    assert mirrors.os_packages is None


def test_own_fingerprints_replace_upstreams(load):
    pin = "0123 4567 89ab cdef 0123 4567 89ab cdef 0123 4567"
    text = f"mirrors: {{dockerPackages: {{url: 'https://x', fingerprints: ['{pin}']}}}}"
    repository = load(SMALL + text)[0].mirrors.docker_packages
    assert repository.fingerprints == ("0123456789ABCDEF0123456789ABCDEF01234567",)
    assert repository.key_url == "https://x/gpg"


def test_addons_can_be_left_out(load):
    addons = load(SMALL + "addons: {calico: {enabled: false}, ingressNginx: {enabled: false}}")[0].addons
    assert addons == model.Addons(None, None)


def test_sections_with_all_keys_commented_out_are_sections_not_given(load):
    assert load(SMALL + "addons:\ntime:\nmirrors: {registries: }\n") == load(SMALL)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("repo.asc", "mDMEZ...", '"repo.asc" is not an armored OpenPGP public key'),
        ("repo.asc", "\xff" * 300_000, '"repo.asc" is not an armored OpenPGP public key'),
        ("ca.pem", "", '"ca.pem" is not a CA certificate in PEM form'),
        ("password", "", '"password" is not one line with a password'),
        ("password", "a\nb\n", '"password" is not one line with a password'),
        ("key", "ssh-ed25519 AAAA", '"key" is not a private key'),
    ],
)
def test_files_must_be_what_they_should_be(problems_of, files, name, content, message):
    (files / name).write_text(content)
    assert [problem.message for problem in problems_of(FULL)] == [message]


@pytest.mark.parametrize("name", ["repo.asc", "ca.pem", "password", "key", "my.yaml"])
def test_files_must_be_there(problems_of, files, name):
    (files / name).unlink()
    problems = problems_of(FULL)
    assert {problem.message for problem in problems} == {f'"{name}" does not exist'}
    makes = "; kubeboot ssh-setup makes it" if name == "key" else ""
    assert {problem.hint for problem in problems} == {f"looked for {files / name}{makes}"}


def test_open_private_files_are_a_warning(load, files):
    for name in ("key", "password"):
        (files / name).chmod(0o644)
    warnings = load(FULL)[1]
    assert [warning.message for warning in warnings] == [
        '"password" can be read by others',
        '"key" can be read by others',
    ]
    assert warnings[1].hint == f"chmod 600 {files / 'key'}"


def test_home_is_expanded(load, files, monkeypatch):
    monkeypatch.setenv("HOME", str(files))
    cluster, _ = load(SMALL + "ssh: {identityFile: ~/key}")
    assert cluster.hosts[0].ssh.identity_file == files / "key"
