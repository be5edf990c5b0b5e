"""Every kind of problem under `cluster`, and of YAML: its place, its message, its hint."""

from __future__ import annotations

import pytest

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


@pytest.mark.parametrize(("text", "expected"), CLUSTER, ids=[case[0].strip() for case in CLUSTER])
def test_problem_in_cluster(assert_one, base, problems_of, text, expected):
    assert_one(problems_of(base(cluster=text, hosts="")), expected)
