"""What is seen of an interrupted `kubeadm init`, and what follows: the table of ARCHITECTURE.md, under real bash."""

from __future__ import annotations

import pytest

from tests.phases.interrupted import API, COMPLETE, MADE, RUNNING, api, files, first_control_plane, host, kubeadm_calls
from tests.resources.sandbox import Sandbox

__all__ = ["host"]

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

    def test_a_kubelet_that_does_not_run_is_started(self, host: Sandbox) -> None:
        files(host, {name: text for name, text in MADE.items() if name != RUNNING})
        host.write("/var/lib/fake-systemd/kubelet/enabled", "")
        api(host, *COMPLETE)
        run = first_control_plane(host)
        assert (run.statuses, run.reason) == (["changed"], "the kubelet does not run")
        assert "systemctl start kubelet" in host.calls
        assert kubeadm_calls(host) == []

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
