"""Each known failure by a literal symptom: what the program really prints."""

from __future__ import annotations

import re

import pytest

from kubeboot.engine.causes import CAUSES, explain

SYMPTOMS = (
    ("write /var/lib/containerd/io.containerd/blob: No space left on device", "The disk is full"),
    ("mkdir: cannot create directory '/etc/kubernetes': Read-only file system", "read-only"),
    ("cp: error reading '/usr/bin/kubelet': Input/output error", "disk fails"),
    ("bash: fork: Cannot allocate memory", "out of memory"),
    (
        "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem.",
        "dpkg --configure -a",
    ),
    (
        "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812 (unattended-upgr)",
        "Another package manager",
    ),
    (
        "E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?",
        "Another package manager",
    ),
    (
        "The following signatures were invalid: EXPKEYSIG 234654DA9A296436 isv:kubernetes OBS Project",
        "signing key has expired",
    ),
    (
        "The following signatures couldn't be verified because the public key is not available: NO_PUBKEY 234654DA9A29",
        "signature does not verify",
    ),
    ("E: The repository 'http://mirror/deb  InRelease' is not signed.", "signature does not verify"),
    ("Refusing the key of http://mirror/Release.key", "not the one expected"),
    ("http://mirror/key is not an armored OpenPGP key; does the mirror answer with a web page?", "not with a key"),
    ("gpg: no valid OpenPGP data found.", "not with a key"),
    (
        "E: Release file for http://deb.debian.org/debian/dists/bookworm/InRelease is not valid yet (invalid for 3h).",
        "clock is wrong",
    ),
    ("E: Failed to fetch http://m/x.deb  Hash Sum mismatch", "being updated"),
    (
        "E: Conflicting values set for option Signed-By regarding source https://pkgs.k8s.io/core:/deb/ /",
        "already, in another file",
    ),
    ("E: Unable to correct problems, you have held broken packages.", "apt-mark showhold"),
    ("No repository has kubeadm 1.29.99; they offer: 1.29.15-1.1", "lacks that version"),
    ("E: Version '1.29.99-*' for 'kubeadm' was not found", "lacks that version"),
    ("E: Unable to locate package ipvsadm", "No configured repository"),
    (
        "E: The repository 'http://10.66.2.1/nothere/deb  Release' does not have a Release file.",
        "no such repository",
    ),
    ("E: Failed to fetch http://apt.kubernetes.io/x  404  Not Found [IP: 1.2.3.4 80]", "no such repository"),
    ("Certificate verification failed: The certificate is NOT trusted.", "TLS certificate"),
    ("Err:1 http://deb.debian.org 407  Proxy Authentication Required", "A proxy is in the way"),
    ("Temporary failure resolving 'deb.debian.org'", "cannot reach the package repository"),
    (
        "E: Failed to fetch http://10.66.2.1/debian/x  Could not connect to 10.66.2.1:80 (10.66.2.1).",
        "cannot reach the package repository",
    ),
    (
        "failed to run Kubelet: running with swap on is not supported, please disable swap! or set --fail-swap-on",
        "Swap is on again",
    ),
    (
        "modprobe: FATAL: Module br_netfilter not found in directory /lib/modules/6.1.0-18-amd64",
        "no such module",
    ),
    ("This kernel (6.1.0-18-amd64) has no module ip_vs", "no such module"),
    (
        "[ERROR FileContent--proc-sys-net-bridge-bridge-nf-call-iptables]: "
        "/proc/sys/net/bridge/bridge-nf-call-iptables does not exist",
        "br_netfilter",
    ),
    (
        "[ERROR FileContent--proc-sys-net-ipv4-ip_forward]: /proc/sys/net/ipv4/ip_forward contents are not set to 1",
        "IP forwarding is off",
    ),
    ("[ERROR SystemVerification]: missing required cgroups: memory", "cgroup_enable=memory"),
    (
        "runc create failed: unable to start container process: can't get final child's PID from pipe: EOF",
        "restrict_oom_score_adj",
    ),
    ('type=AVC msg=audit(1): avc:  denied  { write } for comm="etcd"', "SELinux"),
    (
        "[ERROR CRI]: container runtime is not running: validate service connection: rpc error: code = Unimplemented "
        "desc = unknown service runtime.v1.RuntimeService",
        "CRI plugin is disabled",
    ),
    (
        'misconfiguration: kubelet cgroup driver: "cgroupfs" is different from docker cgroup driver: "systemd"',
        "cgroup drivers",
    ),
    (
        'expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups, got "/kubepods/burstable"',
        "cgroup drivers",
    ),
    (
        'failed to get sandbox image "registry.k8s.io/pause:3.6": failed to pull image "registry.k8s.io/pause:3.6"',
        "sandbox (pause) image",
    ),
    ("toomanyrequests: You have reached your pull rate limit.", "limits pulls"),
    (
        "failed to authorize: failed to fetch oauth token: unexpected status from GET request: 401 Unauthorized",
        "wants a login",
    ),
    ('Head "https://10.0.0.5:5000/v2/": http: server gave HTTP response to HTTPS client', "plain HTTP"),
    (
        'failed to resolve reference "r/x:1": failed to do request: tls: failed to verify certificate: '
        "x509: certificate signed by unknown authority",
        "registry's TLS certificate",
    ),
    ("exec /usr/local/bin/kube-proxy: exec format error", "architecture"),
    (
        'failed to pull and unpack image "registry.k8s.io/kube-apiserver:v1.29.99": failed to resolve reference '
        '"registry.k8s.io/kube-apiserver:v1.29.99": registry.k8s.io/kube-apiserver:v1.29.99: not found',
        "does not have this image",
    ),
    (
        'failed to pull image "x": failed to do request: Head "http://10.66.2.1:5999/v2/x": dial tcp 10.66.2.1:5999: '
        "connect: connection refused",
        "cannot reach the image registry",
    ),
    (
        'failed to set bridge addr: "cni0" already has an IP address different from 10.88.1.1/24',
        "earlier pod network",
    ),
    (
        "NetworkReady=false reason:NetworkPluginNotReady message: cni plugin not initialized",
        "pod network is not up",
    ),
    ("etcdserver: re-configuration failed due to not enough started members", "never started"),
    ("etcdserver: too many learner members in cluster", "never started"),
    ("etcdserver: can only promote a learner member which is in sync with leader", "still copying"),
    ("the clock difference against peer 91bc3c398fb3c146 is too high [4.2s > 1s]", "clocks of the control planes"),
    ("etcdserver: mvcc: database space exceeded", "etcd's database is full"),
    ("etcdserver: request timed out", "no quorum"),
    ("[ERROR Port-6443]: Port 6443 is in use", "listens on that port"),
    (
        "[ERROR FileAvailable--etc-kubernetes-manifests-etcd.yaml]: /etc/kubernetes/manifests/etcd.yaml already exists",
        "earlier cluster",
    ),
    ("[ERROR DirAvailable--var-lib-etcd]: /var/lib/etcd is not empty", "earlier cluster"),
    ("[ERROR NumCPU]: the number of available CPUs 1 is less than the required 2", "too small"),
    ("[ERROR KubeletVersion]: the kubelet version is higher than the control plane version", "different versions"),
    (
        'could not find a JWS signature in the cluster-info ConfigMap for token ID "abcdef"',
        "join token has expired",
    ),
    (
        'Secret "kubeadm-certs" was not found in the "kube-system" Namespace. This Secret might have expired.',
        "shares them anew",
    ),
    ("error decrypting secret: cipher: message authentication failed", "shares them anew"),
    (
        'cluster CA found in cluster-info ConfigMap is invalid: none of the public keys "sha256:0f2" are pinned',
        "another cluster",
    ),
    (
        'a Node with name "node2" and status "Ready" already exists in the cluster.',
        "node of this name",
    ),
    (
        "unable to add a new control plane instance to a cluster that doesn't have a stable controlPlaneEndpoint "
        "address",
        "without a control-plane endpoint",
    ),
    (
        'clusterrolebindings.rbac.authorization.k8s.io "kubeadm:cluster-admins" already exists',
        "1.29.3 or later",
    ),
    (
        "static Pod hash for component kube-apiserver on Node cp1 did not change after 5m0s: "
        "timed out waiting for the condition",
        "did not restart in time",
    ),
    (
        "x509: certificate has expired or is not yet valid: current time 2026-01-01T00:00:00Z is before",
        "The clocks differ",
    ),
    ("tls: x509: certificate is valid for 10.96.0.1, 10.0.0.1, not 10.0.0.9", "does not name that address"),
    ('Get "https://10.0.0.1:6443/": x509: certificate signed by unknown authority', "not the cluster this host"),
    (
        'failed calling webhook "validate.nginx.ingress.kubernetes.io": failed to call webhook: connection refused',
        "admission webhook",
    ),
    (
        '[FATAL] plugin/loop: Loop (127.0.0.1:55953 -> :53) detected for zone "."',
        "CoreDNS asks itself",
    ),
    ("Cannot evict pod as it would violate the pod's disruption budget.", "PodDisruptionBudget"),
    ("Error from server: remote error: tls: internal error", "serving certificate"),
    ("0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/disk-pressure: }.", "nearly full"),
    ("0/3 nodes are available: 3 Insufficient cpu.", "enough free CPU"),
    ("calico-node-x2x1 on node2: ImagePullBackOff", "cannot pull an image"),
    ("coredns-1 on node1: CrashLoopBackOff", "again and again"),
    ('no matches for kind "IPPool" in version "crd.projectcalico.org/v1"', "CRDs missing"),
    ("dial tcp: lookup k8s.example.com on 10.0.0.2:53: no such host", "cannot resolve that name"),
    ("dial tcp 10.0.0.1:6443: i/o timeout", "a firewall between the hosts"),
    (
        "The connection to the server 10.0.0.1:6443 was refused - did you specify the right host or port?",
        "API server does not answer",
    ),
    (
        "[kubelet-start] Waiting for the kubelet to perform the TLS Bootstrap...\ntimed out waiting for the condition",
        "no certificate",
    ),
    ("[kubelet-check] It seems like the kubelet isn't running or healthy.", "does not come up"),
    ("Failed to start chrony.service: Unit chrony.service is masked.", "masked"),
    ("Failed to connect to bus: No such file or directory", "systemd does not answer"),
    ("bash: line 4: crictl: command not found", "missing on the host"),
)


@pytest.mark.parametrize(("symptom", "words"), SYMPTOMS, ids=[words for _, words in SYMPTOMS])
def test_a_symptom_leads_to_its_cause(symptom, words):
    assert words in explain(f"before\n{symptom}\nafter")


def test_every_cause_has_a_symptom():
    found = {explain(symptom) for symptom, _ in SYMPTOMS}
    assert [text for _, text in CAUSES if text not in found] == []


def test_no_cause_stands_behind_a_more_general_one():
    patterns = [pattern for pattern, _ in CAUSES]
    assert len(set(patterns)) == len(patterns)
    for symptom, words in SYMPTOMS:
        first = next(text for pattern, text in CAUSES if re.search(pattern, symptom))
        assert words in first


def test_a_full_disk_explains_what_follows_from_it():
    assert explain("E: Failed to fetch x: Could not connect\nNo space left on device").startswith("The disk is full")


@pytest.mark.parametrize("output", ["", "Reading package lists...", "all is well: found", "bash: not found"])
def test_ordinary_output_has_no_cause(output):
    assert explain(output) == ""
