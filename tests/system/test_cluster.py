"""Three bare hosts become a cluster, once; the rest looks at it. The tests run in the order of this file."""

from __future__ import annotations

import base64
import binascii
import re
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from lab_hosts import Ended, Inventory, Lab, secrets_in, wait_until

from kubeboot.engine.owner import this_run

pytestmark = pytest.mark.lab
HOSTS = 3
PAGE = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: hello, namespace: default}
spec:
  replicas: 2
  selector: {matchLabels: {app: hello}}
  template:
    metadata: {labels: {app: hello}}
    spec:
      containers: [{name: hello, image: "docker.io/lab/hello:1", ports: [{containerPort: 8080}]}]
---
apiVersion: v1
kind: Service
metadata: {name: hello, namespace: default}
spec: {selector: {app: hello}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: hello, namespace: default}
spec:
  ingressClassName: nginx
  rules:
  - host: hello.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: hello, port: {number: 80}}}}]}
"""


@pytest.fixture(scope="module")
def inventory(lab: Lab) -> Inventory:
    """Three hosts with labels, a taint and a page of the user's own."""
    (lab.folder / "page.yaml").write_text(PAGE)
    wanted = lab.inventory(addons={"manifests": [{"name": "page", "path": "page.yaml"}]})
    wanted["hosts"][1]["labels"] = {"disk": "ssd", "example.com/rack": "r1"}
    wanted["hosts"][2] |= {"labels": {"disk": "hdd"}, "taints": ["dedicated=batch:PreferNoSchedule"]}
    return wanted


@pytest.fixture(scope="module")
def planned(lab: Lab, inventory: Inventory) -> tuple[Ended, bool]:
    """A plan on the bare hosts, and whether it left all of them as they were."""
    before = lab.pictures(), [lab.packages(host) for host in lab.hosts]
    run = lab.kubeboot("plan", inventory)
    return run, before == (lab.pictures(), [lab.packages(host) for host in lab.hosts])


@pytest.fixture(scope="module")
def made(lab: Lab, inventory: Inventory, planned: tuple[Ended, bool]) -> Ended:
    """The run that makes the cluster."""
    return lab.kubeboot("init", inventory).assert_code(0)


def test_i1_plan_changes_nothing(planned: tuple[Ended, bool]) -> None:
    run, is_untouched = planned
    run.assert_code(5)
    assert is_untouched


def test_i5_nothing_is_unknown_on_a_bare_host(planned: tuple[Ended, bool]) -> None:
    run = planned[0]
    assert not re.search(r"\b(unknown|FAILED|BLOCKED)\b", run.text), run.text
    run.assert_says("Make the control plane with kubeadm init", "Join the cluster with kubeadm", r"\d+ would change")


def test_nodes(lab: Lab, made: Ended) -> None:
    nodes = {node["metadata"]["name"]: node for node in lab.objects("nodes")}
    assert sorted(nodes) == lab.hosts
    for node in nodes.values():
        ready = next(each for each in node["status"]["conditions"] if each["type"] == "Ready")
        assert ready["status"] == "True"
        assert node["status"]["nodeInfo"]["kubeletVersion"] == "v1.29.15"
        assert node["status"]["nodeInfo"]["containerRuntimeVersion"].startswith("containerd://")
    taints = {name: [each["key"] for each in node["spec"].get("taints", [])] for name, node in nodes.items()}
    assert taints == {"node1": ["node-role.kubernetes.io/control-plane"], "node2": [], "node3": ["dedicated"]}
    labels = {name: node["metadata"]["labels"] for name, node in nodes.items()}
    assert (labels["node2"]["disk"], labels["node2"]["example.com/rack"]) == ("ssd", "r1")
    assert labels["node3"]["disk"] == "hdd"
    made.assert_says(*(rf"{name} +(control-plane|worker) +v1.29.15 +10\.66\.\d+\.\d+ +containerd" for name in nodes))


def test_pod_network(lab: Lab, made: Ended) -> None:
    (pool,) = lab.objects("ippools.crd.projectcalico.org")
    assert pool["spec"]["cidr"] == "10.88.0.0/16"
    pods = lab.objects("pods", "-A")
    assert all(pod["status"]["phase"] in ("Running", "Succeeded") for pod in pods), pods
    assert not [pod for pod in pods if "kubeboot-test" in pod["metadata"]["name"]]
    assert not [each for each in lab.objects("daemonsets", "-A") if each["metadata"]["name"] == "kubeboot-test"]


def test_what_a_host_is_like(lab: Lab, made: Ended) -> None:
    for host in lab.hosts:
        live, at_boot, modules, swap, active, enabled, held = lab.ask(
            host,
            "sysctl -n net.ipv4.ip_forward net.bridge.bridge-nf-call-iptables vm.swappiness",
            "cat /etc/sysctl.d/99-zz-kubeboot.conf",
            "cat /etc/modules-load.d/kubeboot.conf",
            "readlink /etc/systemd/system/swap.target",
            "systemctl is-active chrony containerd kubelet",
            "systemctl is-enabled chrony containerd kubelet",
            "apt-mark showhold",
        )
        assert live.split() == ["1", "1", "0"]
        assert "net.ipv4.ip_forward = 1" in at_boot
        assert {"overlay", "br_netfilter", "nf_conntrack"} <= set(modules.split("\n"))
        assert swap == "/dev/null"
        assert active.split() == ["active"] * 3
        assert enabled.split() == ["enabled"] * 3
        assert held.split() == ["containerd", "kubeadm", "kubectl", "kubelet"]


def test_files_of_a_host(lab: Lab, made: Ended) -> None:
    for host in lab.hosts:
        key, source, crictl, containerd, hosts, leftovers = lab.ask(
            host,
            "stat -c %a /etc/apt/keyrings/kubernetes.asc",
            "cat /etc/apt/sources.list.d/kubeboot-kubernetes.sources",
            "cat /etc/crictl.yaml",
            "cat /etc/containerd/config.toml",
            "cat /etc/hosts",
            "find /etc -name '*.kubeboot-new'",
        )
        assert key == "644"
        assert "Signed-By: /etc/apt/keyrings/kubernetes.asc" in source
        assert "runtime-endpoint: unix:///run/containerd/containerd.sock" in crictl
        assert "SystemdCgroup = true" in containerd
        assert all(f" {name}" in hosts for name in lab.hosts)
        assert not leftovers


def test_admin_access(lab: Lab, made: Ended) -> None:
    assert "KUBECONFIG=/etc/kubernetes/admin.conf" in lab.on("node1", "cat /etc/profile.d/kubeboot.sh")
    assert lab.on("node1", "stat -c '%a %U' /root/.kube /root/.kube/config /etc/kubernetes/admin.conf").split("\n") == [
        "700 root",
        "600 root",
        "600 root",
    ]
    assert "node1" in lab.on("node1", "bash -lc 'kubectl get nodes'")
    saved = lab.folder / f"{lab.name}.kubeconfig"
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert saved.read_text().strip() == lab.on("node1", "cat /etc/kubernetes/admin.conf")


def test_i9_no_secret_is_left(lab: Lab, planned: tuple[Ended, bool], made: Ended) -> None:
    assert not secrets_in(planned[0].text + made.text)
    assert not lab.on("node1", "KUBECONFIG=/etc/kubernetes/admin.conf kubeadm token list")
    assert not lab.kubectl("-n", "kube-system", "get", "secret", "kubeadm-certs", "--ignore-not-found")
    folders = "/run/kubeboot", "/var/log/kubeboot", "/var/lib/kubeboot"
    for host in lab.hosts:
        assert not lab.on(host, f"find {' '.join(folders)} -maxdepth 0 -perm /077")
        for path, text in lab.files(host, *folders).items():
            assert "/secrets/" not in path
            clear = "\n".join(map(_decoded, text.split("\n"))) if path.endswith("/records") else text
            assert not secrets_in(clear), (host, path, secrets_in(clear))


def _decoded(record: str) -> str:
    """A record with its base64 fields in clear."""
    clear = []
    for text in record.split("\t"):
        try:
            clear.append(base64.b64decode(text, validate=True).decode("utf-8", "replace"))
        except binascii.Error:
            clear.append(text)
    return " ".join(clear)


def test_a_page_through_the_ingress(lab: Lab, made: Ended) -> None:
    controller = lab.objects("pods", "-n", "ingress-nginx", "-l", "app.kubernetes.io/component=controller")[0]
    address = controller["status"]["hostIP"]
    page = f"curl -fsS --max-time 5 -H 'Host: hello.example.com' http://{address}/some/path"
    wait_until(lambda: "/some/path" in lab.try_on("node1", page).stdout, "the page", 30)
    other = lab.try_on("node1", page.replace("hello.example.com", "other.example.com"))
    assert "404" in other.stderr


def test_i3_a_second_run_changes_nothing(lab: Lab, inventory: Inventory, made: Ended) -> None:
    before = lab.pictures()
    run = lab.kubeboot("init", inventory).assert_code(0).assert_nothing_changed()
    after = lab.pictures()
    for host in lab.hosts:
        assert before[host] == after[host]
    assert run.seconds < 20, run.text


def test_i2_plan_is_empty_afterwards(lab: Lab, inventory: Inventory, made: Ended) -> None:
    lab.kubeboot("plan", inventory).assert_code(0).assert_says("0 would change")


def test_one_host_alone(lab: Lab, inventory: Inventory, made: Ended) -> None:
    """The others are not even connected to."""
    run = lab.kubeboot("init", inventory, "--hosts", "node2").assert_code(0).assert_nothing_changed()
    run.assert_says("1 host", "node2 +join")
    assert "node1 " not in run.out.partition("NODE ")[0]
    lab.kubeboot("verify", inventory, "--hosts", "node[23]").assert_code(0).assert_says("0 differ")


def test_a_drifted_file_is_shown_and_mended(lab: Lab, inventory: Inventory, made: Ended) -> None:
    lab.on("node2", "sed -i 's/SystemdCgroup = true/SystemdCgroup = false/' /etc/containerd/config.toml")
    lab.on("node3", "sysctl -qw net.ipv4.ip_forward=0")
    plan = lab.kubeboot("plan", inventory).assert_code(5)
    plan.assert_says(r"-\s+SystemdCgroup = false", r"\+\s+SystemdCgroup = true", r"net\.ipv4\.ip_forward.*0.*1")
    assert "SystemdCgroup = false" in lab.on("node2", "cat /etc/containerd/config.toml")
    began = lab.on("node2", "systemctl show -p ExecMainStartTimestampMonotonic --value containerd")
    lab.kubeboot("init", inventory).assert_code(0)
    assert "SystemdCgroup = true" in lab.on("node2", "cat /etc/containerd/config.toml")
    assert lab.on("node2", "systemctl show -p ExecMainStartTimestampMonotonic --value containerd") != began
    assert lab.on("node3", "sysctl -n net.ipv4.ip_forward") == "1"
    lab.kubeboot("init", inventory).assert_code(0).assert_nothing_changed()


ELSEWHERE = replace(this_run("20260101-000000-abcd", "init"), user="ada@laptop", machine="elsewhere")


def test_another_run_at_work_is_named_and_waited_for(lab: Lab, inventory: Inventory, made: Ended) -> None:
    """A lock of somebody on another machine, on one of three hosts; read-only commands do not mind."""
    owner = f"read -r up _ </proc/uptime; echo {ELSEWHERE.run_id} ${{up%.*}} {ELSEWHERE.encode()} >/run/kubeboot/owner"
    lab.on("node2", owner)
    refused = lab.kubeboot("init", inventory).assert_code(6)
    refused.assert_says(r"FAILED node2: locked by ada@laptop: kubeboot init since", "--wait")
    assert lab.try_on("node1", "test -e /run/kubeboot/owner").returncode == 1
    lab.kubeboot("plan", inventory).assert_code(0)
    lab.on("node2", f"{owner}; setsid sh -c 'sleep 5; rm /run/kubeboot/owner' >/dev/null 2>&1 </dev/null &")
    waited = lab.kubeboot("init", inventory, "--wait").assert_code(0).assert_nothing_changed()
    waited.assert_says("waiting: locked by ada@laptop")


@pytest.mark.parametrize(("age_s", "code"), ((0, 6), (90, 0)))
def test_the_clusters_own_lock(lab: Lab, inventory: Inventory, made: Ended, age_s: int, code: int) -> None:
    """The Lease of a run whose inventory may have no host in common; a silent one is taken over."""
    lease = (
        '{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"kubeboot","namespace":"kube-system",'
        f'"annotations":{{"kubeboot/owner":"{ELSEWHERE.encode()}"}}}},'
        f'"spec":{{"holderIdentity":"ada {ELSEWHERE.run_id}",'
        '"renewTime":"\'$(date -u -d @$(($(date +%s) - AGE)) +%Y-%m-%dT%H:%M:%S.000000Z)\'"}}'
    ).replace("AGE", str(age_s))
    lab.kubectl("delete lease kubeboot -n kube-system --ignore-not-found")
    lab.on("node1", f"echo '{lease}' | kubectl --kubeconfig /etc/kubernetes/admin.conf create -f -")
    run = lab.kubeboot("init", inventory).assert_code(code)
    if code:
        run.assert_says("FAILED node1: locked by ada@laptop")
    else:
        run.assert_nothing_changed()
        assert not lab.kubectl("get lease kubeboot -n kube-system --ignore-not-found")
    assert all(lab.try_on(host, "test -e /run/kubeboot/owner").returncode == 1 for host in lab.hosts)


def test_another_cluster_does_not_take_its_hosts(lab: Lab, inventory: Inventory, made: Ended) -> None:
    """A real member of a real cluster, in an inventory that makes it a control plane of another."""
    before = lab.picture("node2")
    other = {**inventory, "cluster": {**inventory["cluster"], "name": "other"}}
    other["hosts"] = [{**inventory["hosts"][1], "roles": ["control-plane"]}]
    run = lab.kubeboot("init", other).assert_code(7)
    run.assert_says(r"REFUSED foreign-cluster \(node2\)", "nothing was changed on any host")
    assert lab.picture("node2") == before


def test_the_other_clusters_kubeconfig_stays(lab: Lab, inventory: Inventory, made: Ended, tmp_path: Path) -> None:
    saved = lab.folder / f"{lab.name}.kubeconfig"
    own = saved.read_text()
    foreign = re.sub(r"certificate-authority-data: \S+", "certificate-authority-data: Zm9yZWlnbg==", own)
    try:
        saved.write_text(foreign)
        lab.kubeboot("init", inventory).assert_code(0)
        assert saved.read_text() == foreign
    finally:
        saved.write_text(own)
