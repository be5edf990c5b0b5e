"""What is seen of an interrupted kubeadm, and what follows: the tables of ARCHITECTURE.md, under real bash.

The API is files in /var/lib/fake-api (`up`: it answers), kubeadm does what the real one would leave.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kubeboot.context import HostContext
from kubeboot.facts import Facts
from kubeboot.phases.control_plane import forget_lost_hosts, init_control_plane
from kubeboot.phases.join import join_node
from kubeboot.resources import Resource, Shell
from tests.phases.golden_world import golden_context
from tests.resources.sandbox import Run, Sandbox, sandboxes

API = "/var/lib/fake-api"
KUBECTL = f"""#!/bin/bash
printf 'kubectl %s\\n' "$*" >>/var/log/calls
[ -e {API}/up ] || {{ echo 'The connection to the server was refused' >&2; exit 1; }}
cd {API}
case "$*" in
  *--raw*) printf ok ;;
  *annotate*) printf '{{"kubeadm.alpha.kubernetes.io/cri-socket":"x"}}' >>self ;;
  *"delete node "*) : >nodes ;;
  *"get lease "*) cat lease 2>/dev/null || true ;;
  *"get nodes "*custom-columns*) cat nodes ;;
  *"get nodes "*) sed 's|^|node/|; s| .*||' nodes ;;
  *"get node "*) [ -e self ] || {{ echo 'Error from server (NotFound): "it" not found' >&2; exit 1; }}; cat self ;;
  *)
    for word in "$@"; do
      case $word in
        */*=*) ;;
        */*) [ -e "${{word//\\//_}}" ] || {{ echo "Error (NotFound): \\"$word\\" not found" >&2; exit 1; }} ;;
      esac
    done ;;
esac
"""
KUBEADM = f"""#!/bin/bash
printf 'kubeadm %s\\n' "$*" >>/var/log/calls
mkdir -p /etc/kubernetes/manifests
cd {API}
case "$*" in
  "init phase addon "*) : >"deployment_$4"; : >"daemonset_$4" ;;
  "init phase mark"*) ;;
  "init "*)
    echo users: | tee /etc/kubernetes/admin.conf /etc/kubernetes/kubelet.conf >/dev/null
    echo kubelet-client-current.pem >>/etc/kubernetes/kubelet.conf
    : >up; : >node_cp1; : >deployment_coredns; : >daemonset_kube-proxy
    echo cp1 >nodes ;;
  "join phase "*)
    echo '{{"node-role.kubernetes.io/control-plane":""}}' >>self
    cat "${{*: -1}}" >/etc/kubernetes/gone-on ;;
  "join "*)
    : >/etc/kubernetes/kubelet.conf; : >/var/lib/fake-systemd/kubelet/active
    printf 'kubeadm.alpha.kubernetes.io/cri-socket' >self ;;
esac
"""
CURL = "#!/bin/bash\ncase $* in *cluster-info*) echo jws-kubeconfig-abcdef ;; *) exit 7 ;; esac\n"
SLEEP = """#!/bin/bash
case $1 in 2 | 5) exec /usr/bin/sleep "$1" ;; esac # the watchdog's
read -r n 2>/dev/null </var/lib/now || n=0
echo "$((n + 5))" >/var/lib/now
"""
CLOCK = "kb_clock() { read -r NOW 2>/dev/null </var/lib/now || NOW=0; NOW_CS=$((NOW * 100)); }\n"
"""Only sleeping makes time pass."""
MADE = {"admin.conf": "users:\n", "kubelet.conf": "users:\nkubelet-client-current.pem\n"}
COMPLETE = ("node_cp1", "deployment_coredns", "daemonset_kube-proxy")
SOCKET = '{"kubeadm.alpha.kubernetes.io/cri-socket":"x"}'
LABEL = '{"node-role.kubernetes.io/control-plane":""}'


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Sandbox]:
    for sandbox in sandboxes(tmp_path):
        sandbox.write("/fakes/kubectl", KUBECTL, 0o755)
        sandbox.write("/fakes/kubeadm", KUBEADM, 0o755)
        sandbox.write("/fakes/curl", CURL, 0o755)
        sandbox.write("/fakes/sleep", SLEEP, 0o755)
        sandbox.write(f"{API}/nodes", "cp1\n")
        sandbox.path("/var/lib/fake-systemd/kubelet").mkdir()
        yield sandbox


def files(host: Sandbox, wanted: dict[str, str]) -> None:
    for name, text in wanted.items():
        host.write(name if name.startswith("/") else f"/etc/kubernetes/{name}", text)


def api(host: Sandbox, *objects: str) -> None:
    for name in ("up", *objects):
        host.write(f"{API}/{name}", "")


def run_only(host: Sandbox, resources: Iterable[Resource]) -> Run:
    """The one resource, with the clock that only sleeping moves."""
    (resource,) = resources
    assert isinstance(resource, Shell)
    checked = replace(resource, check_text=CLOCK + resource.check_text, apply_text=f"{CLOCK}{resource.apply_text}")
    return host.run(checked)


def first_control_plane(host: Sandbox) -> Run:
    return run_only(host, init_control_plane.resources(golden_context("control-plane")))


def kubeadm_calls(host: Sandbox) -> list[str]:
    return [call for call in host.calls if call.startswith("kubeadm ")]


HALF = {
    "certificates are made": {"admin.conf": "users:\n"},
    "static pods are written": {"admin.conf": "users:\n", "manifests/etcd.yaml": "x"},
    "etcd has begun, the API is silent": {
        "admin.conf": "users:\n",
        "manifests/etcd.yaml": "x",
        "/var/lib/etcd/member": "x",
    },
}


class TestInit:
    def test_bare(self, host: Sandbox) -> None:
        run = first_control_plane(host)
        assert (run.statuses, run.reason) == (["changed"], "none here yet")
        assert "--ignore-preflight-errors" not in kubeadm_calls(host)[0]

    @pytest.mark.parametrize("how_far", HALF)
    def test_i4_half_made_goes_on(self, host: Sandbox, how_far: str) -> None:
        files(host, HALF[how_far])
        run = first_control_plane(host)
        assert (run.statuses, run.reason) == (["changed"], f"kubeadm init was interrupted: {how_far}")
        assert "DirAvailable--var-lib-etcd" in kubeadm_calls(host)[0]

    def test_i4_the_api_is_up_and_the_rest_missing(self, host: Sandbox) -> None:
        files(host, HALF["static pods are written"])
        api(host)
        run = first_control_plane(host)
        assert (run.statuses, "the API answers" in run.reason) == (["changed"], True)

    def test_complete_is_in_place(self, host: Sandbox) -> None:
        files(host, MADE)
        api(host, *COMPLETE)
        assert first_control_plane(host).statuses == ["ok"]
        assert kubeadm_calls(host) == []

    @pytest.mark.parametrize(
        ("gone", "phase"), [(1, "addon coredns"), (2, "addon kube-proxy"), (0, "mark-control-plane")]
    )
    def test_i4_what_is_missing_is_added_without_kubeadm_init(self, host: Sandbox, gone: int, phase: str) -> None:
        files(host, MADE)
        api(host, *(name for number, name in enumerate(COMPLETE) if number != gone), *(["self"] if gone == 0 else []))
        # The node comes back with the kubelet's start; the fake does not know that, so the check says so.
        run = first_control_plane(host)
        assert [call.split(" --")[0] for call in kubeadm_calls(host)] == [f"kubeadm init phase {phase}"]
        assert run.statuses == (["not-converged"] if gone == 0 else ["changed"])
        assert ("systemctl restart kubelet" in host.calls) == (gone == 0)

    def test_made_and_silent_is_unknown(self, host: Sandbox) -> None:
        files(host, MADE)
        run = first_control_plane(host)
        assert run.statuses == ["unknown"] and "Nothing was changed" in run.output
        assert kubeadm_calls(host) == []

    def test_a_living_cluster_whose_kubelet_conf_is_gone_is_refused(self, host: Sandbox) -> None:
        files(host, {"admin.conf": "users:\n", "manifests/etcd.yaml": "x"})
        api(host)
        host.write(f"{API}/nodes", "cp1\nw1\n")
        run = first_control_plane(host)
        assert run.statuses == ["unknown"]
        assert "other nodes: w1" in run.output and "kubeadm init phase kubeconfig kubelet" in run.output
        assert kubeadm_calls(host) == []

    @pytest.mark.parametrize("broken", ["pki/apiserver.crt", "pki/ca.key", "scheduler.conf"])
    def test_i4_files_that_a_power_cut_left_empty_are_made_anew(self, host: Sandbox, broken: str) -> None:
        good = "-----BEGIN X-----\n-----END X-----\n"
        pki = {f"pki/{name}.{kind}": good for name in ("ca", "apiserver", "etcd/ca") for kind in ("crt", "key")}
        files(
            host, {**pki, "pki/policy.yaml": "mine", "admin.conf": "users:\n", "scheduler.conf": "users:\n", broken: ""}
        )
        assert first_control_plane(host).statuses == ["changed"]
        assert not host.path(f"/etc/kubernetes/{broken}").exists()
        assert host.path("/etc/kubernetes/pki/etcd/ca.key").exists() == (broken != "pki/ca.key")
        assert host.path("/etc/kubernetes/pki/apiserver.key").exists() == (broken == "scheduler.conf")

    def test_files_that_etcds_data_stands_on_are_not_dropped(self, host: Sandbox) -> None:
        files(host, {**HALF["etcd has begun, the API is silent"], "pki/ca.key": ""})
        run = first_control_plane(host)
        assert run.statuses == ["failed"] and "pki/ca.key" in run.output
        assert kubeadm_calls(host) == []


def join(host: Sandbox, kind: str = "worker") -> Run:
    """The join of the golden worker; or of the golden control plane, as if it were the second."""
    return run_only(host, join_node.resources(golden_context(kind)))


class TestJoin:
    def test_bare(self, host: Sandbox) -> None:
        api(host)
        run = join(host)
        assert (run.statuses, run.reason) == (["changed"], "not joined yet")

    def test_i4_leftovers_are_cleared(self, host: Sandbox) -> None:
        api(host)
        plane = {"admin.conf": "x", "manifests/kube-apiserver.yaml": "x", "manifests/mine.yaml": "x"}
        files(host, {"bootstrap-kubelet.conf": "token", "pki/ca.crt": "x", **plane})
        run = join(host)
        assert (run.statuses, run.reason) == (["changed"], "kubeadm join was interrupted")
        left = [path.name for path in host.path("/etc/kubernetes").rglob("*") if path.is_file()]
        assert sorted(left) == ["kubelet.conf", "mine.yaml"]

    def test_i4_a_join_whose_kubelet_went_on_keeps_no_token(self, host: Sandbox) -> None:
        api(host)
        files(host, {"bootstrap-kubelet.conf": "token", "kubelet.conf": "x"})
        host.write(f"{API}/self", "{}")
        host.write("/var/lib/fake-systemd/kubelet/active", "")
        run = join(host)
        assert (run.statuses, kubeadm_calls(host)) == (["changed"], [])
        assert not host.path("/etc/kubernetes/bootstrap-kubelet.conf").exists()
        assert join(host).statuses == ["ok"]

    def test_i4_a_kubelet_that_is_stopped_starts(self, host: Sandbox) -> None:
        api(host)
        files(host, {"kubelet.conf": "x"})
        host.write(f"{API}/self", SOCKET)
        run = join(host)
        assert (run.statuses, run.reason, kubeadm_calls(host)) == (["changed"], "the kubelet does not run", [])

    def test_i4_a_control_plane_goes_on_without_a_token(self, host: Sandbox) -> None:
        api(host)
        files(host, {"kubelet.conf": "x", "admin.conf": "x"})
        host.write(f"{API}/self", SOCKET)
        host.write("/var/lib/fake-systemd/kubelet/active", "")
        run = join(host, "control-plane")
        assert run.statuses == ["changed"] and "before the node was a control plane" in run.reason
        assert kubeadm_calls(host)[0].startswith("kubeadm join phase control-plane-join all --config")
        config = host.read("/etc/kubernetes/gone-on")
        assert "kubeConfigPath: /etc/kubernetes/admin.conf" in config and "token" not in config
        assert join(host, "control-plane").statuses == ["ok"]

    def test_a_kubelet_without_its_node_is_restarted_and_then_given_up(self, host: Sandbox) -> None:
        api(host)
        files(host, {"kubelet.conf": "x"})
        run = join(host)
        assert run.statuses == ["failed"] and "kubeadm reset -f on this host" in run.output
        assert host.calls.count("systemctl restart kubelet") == 1

    def test_an_api_that_does_not_answer_is_unknown(self, host: Sandbox) -> None:
        files(host, {"kubelet.conf": "x"})
        run = join(host)
        assert run.statuses == ["unknown"] and "does not answer this kubelet" in run.output

    def test_etcd_data_without_a_kubelet_conf_is_never_touched(self, host: Sandbox) -> None:
        files(host, {"/var/lib/etcd/member/wal": "x", "admin.conf": "x"})
        run = join(host, "control-plane")
        assert run.statuses == ["unknown"] and "kubeadm reset -f" in run.output
        assert host.path("/var/lib/etcd/member/wal").exists()


def lost(*, has_joined: bool) -> tuple[Resource, ...]:
    context = golden_context("control-plane")
    facts: dict[str, Facts] = {**context.all_facts, "w1": replace(context.all_facts["w1"], has_kubelet_conf=has_joined)}
    wanted: HostContext = replace(context, all_facts=facts)
    return tuple(forget_lost_hosts.resources(wanted))


class TestLostHosts:
    def test_a_member_is_nobodys_former_life(self) -> None:
        assert lost(has_joined=True) == ()

    def test_new_hosts_leave_nothing_to_do(self, host: Sandbox) -> None:
        files(host, MADE)
        api(host)
        assert run_only(host, lost(has_joined=False)).statuses == ["ok"]

    def test_i4_the_node_of_a_host_with_a_new_disk_is_deleted(self, host: Sandbox) -> None:
        files(host, MADE)
        api(host)
        host.write(f"{API}/nodes", "cp1 192.168.10.11\nw1 192.168.10.21\n")
        host.write(f"{API}/lease", "2026-01-01T00:00:00.000000Z")
        run = run_only(host, lost(has_joined=False))
        assert (run.statuses, run.reason) == (["changed"], "left from before: node w1")
        assert any("delete node w1" in call for call in host.calls)

    def test_a_host_that_joined_meanwhile_is_left_alone(self, host: Sandbox) -> None:
        files(host, MADE)
        api(host)
        host.write(f"{API}/nodes", "w1 192.168.10.21\n")
        host.write("/fakes/curl", "#!/bin/bash\n", 0o755)
        assert run_only(host, lost(has_joined=False)).statuses == ["changed"]
        assert not any("delete" in call for call in host.calls)

    def test_a_node_of_that_name_elsewhere_is_another_machine(self, host: Sandbox) -> None:
        files(host, MADE)
        api(host)
        host.write(f"{API}/nodes", "w1 192.168.10.99\n")
        run = run_only(host, lost(has_joined=False))
        assert run.statuses == ["unknown"] and "kubectl delete node w1" in run.output
