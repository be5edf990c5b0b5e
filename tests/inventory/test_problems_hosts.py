"""Every kind of problem elsewhere than under `cluster`: its place, its message, its hint."""

from __future__ import annotations

import pytest

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


@pytest.mark.parametrize(("text", "expected"), HOSTS, ids=[case[0].strip() for case in HOSTS])
def test_problem_in_hosts(assert_one, base, problems_of, text, expected):
    assert_one(problems_of(base(cluster="  name: lab", hosts=text)), expected)
