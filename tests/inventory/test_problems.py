"""Every kind of problem: its place, its message, its hint; and several at once."""

from __future__ import annotations

import pytest

BASE = """\
cluster:
  kubernetesVersion: 1.29.15
{cluster}
hosts:
  - name: node1
    address: 10.0.0.1
    roles: [control-plane]
  - name: node2
    address: 10.0.0.2
    roles: [worker]
{hosts}
"""

# (what is added under `cluster`, line 3 on), (line, column, path, message, part of the hint)
CLUSTER = [
    ("  nam: lab", (3, 3, "cluster.nam", "unknown key", "did you mean name?")),
    ("  zzz: lab", (3, 3, "cluster.zzz", "unknown key", "known here: name, kubernetesVersion")),
    ("  kube_proxy: {}", (3, 3, "cluster.kube_proxy", "unknown key", "did you mean kubeProxy?")),
    ("  name: My_Lab", (3, 9, "cluster.name", '"My_Lab" is not a valid name', "write my-lab")),
    ("  name: 7", (3, 9, "cluster.name", '"7" is a number; it must be text', 'put it in quotes: "7"')),
    ("  name: [a]", (3, 3, "cluster.name", "is a list; it must be text", "")),
    ("  kubeProxy: ipvs", (3, 14, "cluster.kubeProxy", '"ipvs" is not a mapping', "below cluster.kubeProxy")),
    ("  kubeProxy: {mode: ipv}", (3, 21, "cluster.kubeProxy.mode", '"ipv" is not known', "did you mean ipvs?")),
    ("  kubeProxy: {mode: xyz}", (3, 21, "cluster.kubeProxy.mode", '"xyz" is not known', "known: ipvs, iptables")),
    (
        "  containerd: {version: 1.7}",
        (3, 25, "cluster.containerd.version", '"1.7" is a number; it must be text', 'put it in quotes: "1.7"'),
    ),
    (
        "  containerd: {version: $(id)}",
        (3, 25, "cluster.containerd.version", '"$(id)" is not a package version', "apt-cache policy"),
    ),
    (
        "  controlPlaneEndpoint: https://a:6443",
        (3, 25, "cluster.controlPlaneEndpoint", '"https://a:6443" is not an endpoint', "k8s.example.com:6443"),
    ),
    (
        "  controlPlaneEndpoint: a:70000",
        (3, 25, "cluster.controlPlaneEndpoint", '"a:70000" is not an endpoint', "k8s.example.com:6443"),
    ),
    (
        "  controlPlaneEndpoint: 10.0.0.2:6443",
        (3, 25, "cluster.controlPlaneEndpoint", '"10.0.0.2" is the worker node2', "a control plane's address"),
    ),
    (
        "  controlPlaneEndpoint: 10.96.0.9",
        (
            3,
            25,
            "cluster.controlPlaneEndpoint",
            '"10.96.0.9" lies inside serviceSubnet 10.96.0.0/16 (the default)',
            "set cluster.networking.serviceSubnet",
        ),
    ),
    (
        "  networking: {podSubnet: 10.88.0.1/16}",
        (
            3,
            27,
            "cluster.networking.podSubnet",
            '"10.88.0.1/16" is an address within a subnet, not a subnet',
            "write 10.88.0.0/16",
        ),
    ),
    (
        "  networking: {podSubnet: 10.88.0.0}",
        (3, 27, "cluster.networking.podSubnet", '"10.88.0.0" lacks a prefix length', "write it as 10.88.0.0/16"),
    ),
    (
        "  networking: {podSubnet: 10.88.0.0/33}",
        (3, 27, "cluster.networking.podSubnet", '"10.88.0.0/33" is not a subnet', "10.88.0.0/16"),
    ),
    (
        '  networking: {podSubnet: "10.88.0.0/16,fd00::/48"}',
        (3, 27, "cluster.networking.podSubnet", '"10.88.0.0/16,fd00::/48" is not a subnet', "dual-stack"),
    ),
    (
        "  networking: {podSubnet: 10.96.128.0/17}",
        (
            3,
            27,
            "cluster.networking.podSubnet",
            "overlaps serviceSubnet 10.96.0.0/16 (the default)",
            "no other network",
        ),
    ),
    (
        "  networking: {serviceSubnet: 10.80.0.0/12}",
        (
            3,
            31,
            "cluster.networking.serviceSubnet",
            "overlaps podSubnet 10.88.0.0/16 (the default)",
            "no other network",
        ),
    ),
    (
        "  networking: {podSubnet: 10.88.0.0/24}",
        (
            3,
            27,
            "cluster.networking.podSubnet",
            "10.88.0.0/24 has room for 1 nodes, there are 2 hosts",
            "every node takes a /24",
        ),
    ),
    (
        "  networking: {podSubnet: 172.0.0.0/7}",
        (3, 27, "cluster.networking.podSubnet", "172.0.0.0/7 is too large", "at least /8"),
    ),
    (
        "  networking: {serviceSubnet: 172.16.0.0/29}",
        (3, 31, "cluster.networking.serviceSubnet", "172.16.0.0/29 is too small", "at least /28"),
    ),
    (
        "  networking: {serviceSubnet: 172.0.0.0/8}",
        (3, 31, "cluster.networking.serviceSubnet", "172.0.0.0/8 is too large", "at most /12"),
    ),
    (
        "  networking: {serviceSubnet: 'fd00::/112'}",
        (3, 31, "cluster.networking.serviceSubnet", "is IPv6, but podSubnet is IPv4", "one family"),
    ),
    (
        "  networking: {dnsDomain: Cluster.Local}",
        (3, 27, "cluster.networking.dnsDomain", '"Cluster.Local" is not a valid DNS name', "lower-case"),
    ),
    (
        "  kubeadm: {kubeletConfiguration: {maxPod: 1}}",
        (
            3,
            36,
            "cluster.kubeadm.kubeletConfiguration.maxPod",
            "kubeletConfiguration has no such key",
            "did you mean maxPods?",
        ),
    ),
    (
        "  kubeadm: {clusterConfiguration: {imageRepository: x}}",
        (
            3,
            36,
            "cluster.kubeadm.clusterConfiguration.imageRepository",
            "is kubeboot's own",
            "use mirrors.imageRepository",
        ),
    ),
    (
        "  kubeadm: {initConfiguration: {kind: x}}",
        (3, 33, "cluster.kubeadm.initConfiguration.kind", "is kubeboot's own", "remove it"),
    ),
    (
        "  kubeadm: {initConfiguration: {bootstrapTokens: []}}",
        (3, 33, "cluster.kubeadm.initConfiguration.bootstrapTokens", "is kubeboot's own", "join material"),
    ),
    ("  name: &a lab\n  name: lab", (4, 3, "cluster.name", "is given twice, first on line 3", "keep one")),
    ("  name: !!str lab", (3, 9, "cluster.name", '"tag:yaml.org,2002:str"', "")),
    ("  name: *nothing", (3, 9, "cluster.name", "*nothing refers to nothing", "&name")),
    ("  <<: {name: lab}", (3, 3, "cluster", "merge keys (<<) are not supported", "write the keys out")),
    ("\tname: lab", (3, 1, "", "a tab is used for indentation", "spaces")),
    ("  name: lab: x", (3, 12, "", "not YAML: mapping values are not allowed here", "check indentation")),
    ("  name: 'lab", (12, 1, "", "not YAML: while scanning a quoted scalar: found unexpected end", "check")),
    ("---\ncluster: {}", (3, 1, "", "a second document begins here", "one document")),
]

# (what is added under the last host, line 11 on), the same
HOSTS = [
    ("    adress: x", (11, 5, "hosts[1].adress", "unknown key", "did you mean address?")),
    ("  - {name: n3, roles: [worker]}", (11, 5, "hosts[2].address", "is required", "address: 192.168.10.11")),
    (
        "  - {name: n3, address: 10.0.0.300, roles: [worker]}",
        (11, 25, "hosts[2].address", '"10.0.0.300" is not an IP address', "such as"),
    ),
    (
        "  - {name: n3, address: n3.example.com, roles: [worker]}",
        (11, 25, "hosts[2].address", '"n3.example.com" is not an IP address', "a name is not enough"),
    ),
    (
        "  - {name: n3, address: 127.0.0.1, roles: [worker]}",
        (11, 25, "hosts[2].address", '"127.0.0.1" cannot be reached from other hosts', "the other hosts use"),
    ),
    (
        "  - {name: n3, address: 10.88.3.4, roles: [worker]}",
        (
            11,
            25,
            "hosts[2].address",
            '"10.88.3.4" lies inside podSubnet 10.88.0.0/16 (the default)',
            "set cluster.networking.podSubnet",
        ),
    ),
    (
        "  - {name: n3, address: 'fd00::3', roles: [worker]}",
        (11, 25, "hosts[2].address", '"fd00::3" is IPv6, but podSubnet is IPv4', "one family"),
    ),
    (
        "  - {name: n3, address: 10.0.0.2, roles: [worker]}",
        (11, 25, "hosts[2].address", "is the same as hosts[1].address", "of its own"),
    ),
    (
        "  - {name: node1, address: 10.0.0.3, roles: [worker]}",
        (11, 12, "hosts[2].name", "is the same as hosts[0].name", "different"),
    ),
    ("  - {name: n3, address: 10.0.0.3}", (11, 5, "hosts[2].roles", "is required", "roles: [control-plane]")),
    (
        "  - {name: n3, address: 10.0.0.3, roles: [master]}",
        (11, 43, "hosts[2].roles[0]", '"master" is not known', "did you mean control-plane?"),
    ),
    (
        "  - {name: n3, address: 10.0.0.3, roles: worker}",
        (11, 42, "hosts[2].roles", '"worker" is not a list', "write it as [a, b]"),
    ),
    (
        "  - {name: n3, address: 10.0.0.3, roles: [worker, worker]}",
        (11, 35, "hosts[2].roles", "names a role twice", "keep one"),
    ),
    (
        "  - {name: Node3, address: 10.0.0.3, roles: [worker]}",
        (11, 12, "hosts[2].name", '"Node3" is not a valid host name', "write node3"),
    ),
    (
        "  - {name: localhost, address: 10.0.0.3, roles: [worker]}",
        (11, 12, "hosts[2].name", '"localhost" is every host\'s own name', "its own"),
    ),
    (
        "  - {name: 10.0.0.3, address: 10.0.0.3, roles: [worker]}",
        (11, 12, "hosts[2].name", '"10.0.0.3" looks like an address', "letter"),
    ),
    ("    hostKey: aa:bb:cc", (11, 14, "hosts[1].hostKey", '"aa:bb:cc" is not a host key', "ssh-keygen -lf")),
    ("    labels: {disk: 1}", (11, 20, "hosts[1].labels.disk", '"1" is a number; it must be text', '"1"')),
    ("    labels: {a b: x}", (11, 14, 'hosts[1].labels["a b"]', '"a b" is not a label\'s name', "disk")),
    ("    labels: {disk: a b}", (11, 20, "hosts[1].labels.disk", '"a b" is not a label\'s value', "at most 63")),
    (
        "    labels: {kubernetes.io/hostname: x}",
        (11, 14, 'hosts[1].labels["kubernetes.io/hostname"]', "kubelet sets this label itself", "remove"),
    ),
    ('    taints: ["a=b"]', (11, 14, "hosts[1].taints[0]", '"a=b" is not a taint', "key=value:NoSchedule")),
    (
        '    taints: ["a:NoExecute", "a:NoExecute"]',
        (11, 29, "hosts[1].taints[1]", "is the same as hosts[1].taints[0]", "keep one"),
    ),
    ("    ssh: {port: 70000}", (11, 17, "hosts[1].ssh.port", "70000 is out of range", "less than or equal to 65535")),
    ("    ssh: {port: true}", (11, 17, "hosts[1].ssh.port", '"true" is not a whole number', "")),
    ('    ssh: {port: "22"}', (11, 17, "hosts[1].ssh.port", '"22" is not a whole number', "write 22 without quotes")),
    ("    ssh: {user: -oProxy}", (11, 17, "hosts[1].ssh.user", '"-oProxy" is not a user name', "letter")),
    (
        "    ssh: {identityFile: no/key}",
        (11, 25, "hosts[1].ssh.identityFile", '"no/key" does not exist', "looked for /"),
    ),
    ("ssh: {identityFile: /dev/null}", (11, 21, "ssh.identityFile", '"/dev/null" is not a file', "")),
    ("time: {servers: [a b]}", (11, 18, "time.servers[0]", '"a b" is not a valid DNS name', "")),
    ("time: {managed: yes}", (11, 17, "time.managed", '"yes" is not true or false', "write true without quotes")),
    ("preflight: {ignore: [Swap]}", (11, 22, "preflight.ignore[0]", '"Swap" is not a finding\'s name', "")),
    (
        "hostPreparation: {packages: [-y]}",
        (11, 30, "hostPreparation.packages[0]", '"-y" is not a package name', "without a version"),
    ),
    (
        "hostPreparation: {sysctl: {swappiness: 1}}",
        (11, 28, "hostPreparation.sysctl.swappiness", '"swappiness" is not a kernel parameter', "vm.swappiness"),
    ),
    (
        "hostPreparation: {sysctl: {vm.swappiness: [1]}}",
        (11, 28, 'hostPreparation.sysctl["vm.swappiness"]', "is not a kernel parameter's value", "null"),
    ),
    (
        "hostPreparation: {sysctl: {vm.swappiness: 1, vm/swappiness: 2}}",
        (11, 46, 'hostPreparation.sysctl["vm/swappiness"]', "is vm.swappiness spelled differently", "keep one"),
    ),
    ("mirrors: {preset: alyun}", (11, 19, "mirrors.preset", '"alyun" is not known', "did you mean aliyun?")),
    ("mirrors: {osPackages: ftp://x}", (11, 23, "mirrors.osPackages", "is not an http or https URL", "https://")),
    (
        'mirrors: {osPackages: "http://u:secret@x/"}',
        (11, 23, "mirrors.osPackages", "the URL holds a user name or password", "take it out"),
    ),
    (
        "mirrors: {osPackages: {url: http://x, keyUrl: http://x/key}}",
        (11, 47, "mirrors.osPackages.keyUrl", "anyone on the way can replace a key fetched over http", "fingerprints"),
    ),
    (
        "mirrors: {kubernetesPackages: https://pkgs.k8s.io/core:/stable:/v1.28}",
        (11, 31, "mirrors.kubernetesPackages", "is the repository of Kubernetes 1.28", "v1.29"),
    ),
    (
        "mirrors: {dockerPackages: {url: https://x, fingerprints: [ABC]}}",
        (11, 59, "mirrors.dockerPackages.fingerprints[0]", '"ABC" is not a key fingerprint', "40 hex digits"),
    ),
    (
        "mirrors: {imageRepository: https://x/y}",
        (11, 28, "mirrors.imageRepository", '"https://x/y" has a scheme', 'write "x/y"'),
    ),
    ("mirrors: {registries: {docker.io: []}}", (11, 35, 'mirrors.registries["docker.io"]', "has no endpoint", "such")),
    (
        "mirrors: {registries: {docker.io: [{url: http://x, skipVerify: true}]}}",
        (11, 64, 'mirrors.registries["docker.io"][0].skipVerify', "is for https, and the url is http", "use https"),
    ),
    (
        "mirrors: {registries: {docker.io: [{url: https://x, username: me}]}}",
        (11, 63, 'mirrors.registries["docker.io"][0].username', "is given without passwordFile", "both"),
    ),
    (
        "mirrors: {registries: {docker.io: [{url: https://x, password: secret}]}}",
        (11, 53, 'mirrors.registries["docker.io"][0].password', "unknown key", "did you mean passwordFile?"),
    ),
    (
        "addons: {calico: {version: 3.26.0}}",
        (11, 28, "addons.calico.version", '"3.26.0" is not known', "known: 3.27.0, 3.27.5"),
    ),
    (
        "addons: {ingressNginx: {manifest: https://x/y.yaml}}",
        (11, 35, "addons.ingressNginx.manifest", "is a URL without manifestSha256", "sha256sum"),
    ),
    (
        "addons: {calico: {manifest: none.yaml}}",
        (11, 29, "addons.calico.manifest", '"none.yaml" does not exist', "looked for /"),
    ),
    ("addons: {manifests: [{name: x}]}", (11, 22, "addons.manifests[0]", "needs either path or url", "path:")),
    (
        "addons: {manifests: [{name: x, url: https://x/y}]}",
        (11, 37, "addons.manifests[0].url", "is a URL without sha256", "sha256sum"),
    ),
]


@pytest.mark.parametrize(("text", "expected"), CLUSTER, ids=[case[0].strip() for case in CLUSTER])
def test_problem_in_cluster(problems_of, text, expected):
    assert_one(problems_of(BASE.format(cluster=text, hosts="")), expected)


@pytest.mark.parametrize(("text", "expected"), HOSTS, ids=[case[0].strip() for case in HOSTS])
def test_problem_in_hosts(problems_of, text, expected):
    assert_one(problems_of(BASE.format(cluster="  name: lab", hosts=text)), expected)


def assert_one(problems, expected):
    line, column, path, message, hint = expected
    assert len(problems) == 1, problems
    problem = problems[0]
    assert (problem.line, problem.column, problem.path) == (line, column, path)
    assert message in problem.message
    assert hint in problem.hint
    assert not problem.is_warning
    assert "secret" not in problem.message + problem.hint


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("1.29.99", "1.29.99 does not exist; newest known is 1.29.15"),
        ("1.28.3", "Kubernetes 1.28 is not supported; kubeboot knows 1.29"),
        ("v1.30.0", "Kubernetes 1.30 is not supported; kubeboot knows 1.29"),
        ("1.29", "1.29 is a number, not a version"),
        ('"1.29"', '"1.29" lacks the patch number'),
        ("latest", '"latest" is not a version'),
        ("1.29.01", "1.29.01 does not exist; newest known is 1.29.15"),
        ("true", '"True" is not a version'),
    ],
)
def test_kubernetes_version(problems_of, version, message):
    problem = problems_of(BASE.format(cluster="", hosts="").replace("1.29.15", version))[0]
    assert (problem.path, problem.line, problem.column) == ("cluster.kubernetesVersion", 2, 22)
    assert problem.message == message
    assert problem.hint == "write a full version such as 1.29.15"


def test_no_control_plane(problems_of):
    assert_one(
        problems_of(BASE.format(cluster="", hosts="").replace("control-plane", "worker")),
        (4, 1, "hosts", "no host is a control plane", "roles: [control-plane]"),
    )


def test_disable_ipv6_on_ipv6_hosts(problems_of):
    text = BASE.format(cluster="  networking: {podSubnet: 'fd01::/48', serviceSubnet: 'fd02::/112'}", hosts="")
    text = (
        text.replace("10.0.0.", "fd00::") + "hostPreparation: {disableIPv6: true}\naddons: {calico: {enabled: false}}"
    )
    assert [problem.path for problem in problems_of(text)] == [
        "cluster.networking.podSubnet",
        "cluster.networking.serviceSubnet",
        "hosts[0].address",
        "hosts[1].address",
    ]


def test_ipv6_needs_a_pod_network_of_its_own(problems_of):
    text = BASE.format(cluster="  networking: {podSubnet: 'fd01::/48', serviceSubnet: 'fd02::/112'}", hosts="")
    problems = problems_of(text.replace("10.0.0.", "fd00::"))
    assert [problem.path for problem in problems] == ["cluster.networking.podSubnet"]


WARNINGS = [
    ("", "", "[control-plane, worker]", "2 control planes survive no more failures than 1"),
    ("", "", "[control-plane, worker]", "is not given: it becomes node1's address"),
    ("  controlPlaneEndpoint: 10.0.0.1:8443", "", "[worker]", "port 8443 is not where node1 serves the API (6443)"),
    ("", "hostPreparation: {sysctl: {net.ipv4.ip_forward: 0}}", "[worker]", "needs net.ipv4.ip_forward = 1"),
]


@pytest.mark.parametrize(("cluster", "hosts", "roles", "message"), WARNINGS)
def test_warnings_do_not_stop(load, cluster, hosts, roles, message):
    _, warnings = load(BASE.format(cluster=cluster, hosts=hosts).replace("[worker]", roles))
    assert all(warning.is_warning and warning.line for warning in warnings)
    assert [warning for warning in warnings if message in warning.message]


def test_the_base_has_no_problems(load):
    assert load(BASE.format(cluster="", hosts=""))[1] == ()


def test_no_worker_is_a_warning(load):
    _, warnings = load(BASE.format(cluster="", hosts="").split("  - name: node2")[0])
    assert [warning.message for warning in warnings] == ["no host is a worker, so ordinary pods run nowhere"]


def test_everything_at_once_in_the_order_of_the_file(problems_of):
    text = """\
cluster: {kubernetesVersion: 1.29.99, networking: {podSubnet: 10.0.0.0/8}, nmae: x}
hosts:
  - {name: a, address: 10.0.0.300, roles: [worker]}
  - {name: a, address: 10.0.0.1, roles: [worker]}
  - {name: c, address: 10.0.0.1, roles: [worker], labels: {x: 1}}
ssh: {identityFile: missing}
"""
    found = [(problem.line, problem.path) for problem in problems_of(text)]
    assert found == [
        (1, "cluster.kubernetesVersion"),
        (1, "cluster.networking.podSubnet"),
        (1, "cluster.nmae"),
        (2, "hosts"),
        (3, "hosts[0].address"),
        (4, "hosts[1].name"),
        (4, "hosts[1].address"),
        (5, "hosts[2].address"),
        (5, "hosts[2].address"),
        (5, "hosts[2].labels.x"),
        (6, "ssh.identityFile"),
    ]
