"""What is seen of an interrupted `kubeadm join`, and of hosts that were in the cluster before, under real bash."""

from __future__ import annotations

from dataclasses import replace

from kubeboot.context import HostContext
from kubeboot.facts import Facts
from kubeboot.phases.control_plane import forget_lost_hosts
from kubeboot.resources import Resource
from tests.phases.golden_world import golden_context
from tests.phases.interrupted import API, MADE, SOCKET, api, files, host, join, kubeadm_calls, run_only
from tests.resources.sandbox import Sandbox

__all__ = ["host"]


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
