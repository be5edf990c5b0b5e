"""The probe and its parser: what hosts print becomes Facts, whatever else they print."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeboot import probe
from kubeboot.errors import HostError
from kubeboot.facts import Facts, Route, parse_facts, probe_script

DATA = Path(__file__).parent / "facts"
SENT_AT, RECEIVED_AT = 1765000000.0, 1765000000.2
CLOCK = ("KBF1\tclock_started_s\t1765000000.100000", "KBF1\tclock_s\t1765000000.140000", "KBF1\tend")


def load(name: str) -> Facts:
    lines = (DATA / f"{name}.txt").read_text(encoding="utf-8").split("\n")
    return parse_facts("h1", lines, RECEIVED_AT, SENT_AT)


def run_probe(before: str = "", command: tuple[str, ...] = ("bash", "-s")) -> list[str]:
    done = subprocess.run(
        command, input=before + probe_script(), capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == ""
    return done.stdout.split("\n")


def test_bare_debian() -> None:
    facts = load("debian12-bare")
    assert (facts.os_id, facts.os_version, facts.os_codename, facts.os_family) == ("debian", "12", "bookworm", "debian")
    assert facts.is_supported_os and facts.is_systemd and facts.is_linux
    assert (facts.arch, facts.debian_arch, facts.cpus, facts.memory_mb) == ("x86_64", "amd64", 2, 3923)
    assert facts.swap_devices == ("/dev/vda5",)
    assert facts.addresses[2] == "192.168.10.11/24" and facts.default_interface == "ens3"
    assert facts.routes[0] == Route("0.0.0.0/0", "ens3", "192.168.10.1")
    assert facts.time_services == ("systemd-timesyncd",) and facts.is_ntp_active
    assert facts.disk_free_mb["/var/lib/etcd"] == 17903
    assert facts.has_feature("ip_vs") and not facts.kernel_features
    assert facts.can_lower_oom_score and facts.can_set_conntrack_max is None and facts.conntrack_max is None
    assert facts.node_state == "blank" and not facts.is_container


def test_ubuntu_with_much_going_on() -> None:
    facts = load("ubuntu2204-busy")
    assert facts.is_supported_os and facts.os_family == "debian" and facts.debian_arch == "arm64"
    assert facts.firewall_services == ("ufw",) and facts.other_runtimes == ("docker", "docker.socket")
    assert facts.containerd_version == "1.7.22-1" and facts.kubelet_version == ""
    assert facts.routes[1] == Route("10.0.0.2/32", "ens5", "10.0.1.1", "dhcp")
    assert facts.nameservers == ("127.0.0.53",) and facts.upstream_nameservers == ("10.0.0.2",)
    assert facts.proxies["no_proxy"] == "localhost,10.0.0.0/8"
    assert facts.broken_packages == {"linux-image-generic"} and facts.apt_lock_holder == "unattended-upgr"
    assert facts.listeners["80"] == "nginx" and facts.listening_ports == {22, 53, 80}


def test_nspawn_host_without_modules() -> None:
    facts = load("nspawn-bare")
    assert facts.is_container and facts.cgroup_version == "hybrid"
    assert facts.has_feature("br_netfilter") and not facts.has_feature("ip_vs")
    assert not facts.can_lower_oom_score and facts.can_set_conntrack_max is False


def test_complete_control_plane() -> None:
    facts = load("control-plane")
    assert facts.node_state == "control-plane" and facts.cluster_name == "lab" == facts.kubeboot_mark
    assert facts.api_server == "https://192.168.10.11:6443" and len(facts.ca_sha256) == 64
    assert facts.is_kubelet_active and facts.kubeadm_version == "1.29.15-1.1" and "kubelet" in facts.held_packages
    assert Route("10.88.137.64/26", "", "", "bird") in facts.routes


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({}, "blank"),
        ({"kubeboot_mark": "lab"}, "blank"),
        ({"has_kubelet_conf": True, "ca_sha256": "a"}, "worker"),
        ({"ca_sha256": "a"}, "partial"),
        ({"has_etcd_data": True}, "partial"),
        ({"has_bootstrap_kubelet_conf": True}, "partial"),
        ({"static_manifests": frozenset({"etcd"})}, "partial"),
        ({"has_kubelet_conf": True, "has_admin_conf": True, "ca_sha256": "a"}, "partial"),
    ],
)
def test_node_state(fields: dict[str, object], state: str) -> None:
    assert Facts("h1", **fields).node_state == state  # type: ignore[arg-type]


def test_loadable_modules_count_only_where_modules_can_be_loaded() -> None:
    facts = Facts("h1", loadable_modules=frozenset({"ip_vs"}))
    assert not facts.has_feature("ip_vs")
    assert dataclasses.replace(facts, can_load_modules=True).has_feature("ip_vs")


def test_clock_error_is_half_the_round_trip() -> None:
    facts = parse_facts("h1", CLOCK, RECEIVED_AT, SENT_AT)
    assert facts.round_trip_s == pytest.approx(0.16, abs=1e-5)
    assert facts.clock_error_s == pytest.approx(0.08, abs=1e-5)
    assert facts.clock_offset_s == pytest.approx(0.02, abs=1e-5)


def test_clock_in_whole_seconds_is_less_sure() -> None:
    lines = ("KBF1\tclock_started_s\t1765000000", "KBF1\tclock_s\t1765000000", "KBF1\tend")
    facts = parse_facts("h1", lines, RECEIVED_AT, SENT_AT)
    assert facts.clock_error_s > 1 and abs(facts.clock_offset_s) <= facts.clock_error_s


def test_escapes() -> None:
    lines = ("KBF1\tkubeboot_mark\ta\\tb\\nc\\\\d\\", *CLOCK)
    assert parse_facts("h1", lines, RECEIVED_AT, SENT_AT).kubeboot_mark == "a\tb\nc\\d\\"


@pytest.mark.parametrize(
    "lines",
    [
        (),
        CLOCK[:-1],
        ("KBF1\tend",),
        ("KBF1\tclock_started_s\tnan", "KBF1\tclock_s\tinf", "KBF1\tend"),
        ("bash: command not found",),
    ],
)
def test_what_is_not_a_probe_is_one_clear_error(lines: tuple[str, ...]) -> None:
    with pytest.raises(HostError) as caught:
        parse_facts("h1", lines, RECEIVED_AT, SENT_AT)
    assert caught.value.reference == "facts-unreadable" and caught.value.host == "h1" and caught.value.hint


KEYS = st.sampled_from([item.name for item in dataclasses.fields(Facts)])
LINES = st.one_of(
    st.text(max_size=40),
    st.builds("KBF1\t{}\t{}".format, KEYS, st.text(max_size=40)),
    st.builds("KBF1\t{}\t{}".format, KEYS, st.integers().map(str)),
    st.sampled_from(CLOCK),
)


@given(st.lists(LINES, max_size=30), st.floats(), st.floats())
def test_garbage_gives_facts_or_facts_unreadable(lines: list[str], received_at: float, sent_at: float) -> None:
    try:
        facts = parse_facts("h1", lines, received_at, sent_at)
    except HostError as error:
        assert error.reference == "facts-unreadable"
    else:
        assert facts.host == "h1" and facts.node_state and facts.os_family and facts.default_interface is not None


@given(st.lists(LINES, max_size=10))
def test_noise_before_does_not_change_the_clock(noise: list[str]) -> None:
    kept = [line for line in noise if "clock" not in line and line.rstrip("\r\n") != "KBF1\tend"]
    facts = parse_facts("h1", [*kept, *CLOCK], RECEIVED_AT, SENT_AT)
    assert facts.clock_s == 1765000000.14


def test_every_field_has_a_reader_and_is_printed() -> None:
    measured = {"host", "clock_offset_s", "clock_error_s", "round_trip_s"}
    text = probe_script()
    for item in dataclasses.fields(Facts):
        assert str(item.type) in probe.READERS
        name = (
            item.name.removeprefix("admin_").removeprefix("kubelet_")
            if item.name[-7:] in ("_server", "context")
            else item.name
        )
        assert item.name in measured or name in text, f"the probe never prints {item.name}"


def test_every_printed_key_is_a_field() -> None:
    known = {item.name for item in dataclasses.fields(Facts)} | {"clock_started_s"}
    keys = {line.split("\t")[1] for line in run_probe() if line.count("\t") == 2}
    assert keys and keys <= known


def test_probe_of_this_machine() -> None:
    sent_at = time.time()
    facts = parse_facts("here", run_probe(), time.time(), sent_at)
    assert facts.cpus >= 1 and facts.memory_mb > 0 and facts.boot_id and facts.kernel
    assert facts.disk_free_mb.keys() == {
        "/", "/var/lib/containerd", "/var/lib/kubelet", "/var/lib/etcd", "/var/log", "/run",
    }  # fmt: skip
    assert abs(facts.clock_offset_s) <= facts.clock_error_s + 0.001


def test_probe_works_under_strict_options_and_a_foreign_locale() -> None:
    lines = run_probe("export LC_ALL=de_DE.UTF-8 2>/dev/null; set -euo pipefail; IFS=x\n")
    assert parse_facts("here", lines, time.time(), time.time()).addresses


def test_probe_leaves_the_rest_of_its_payload_alone() -> None:
    script = probe_script() + '\necho "after $- ${out-unset}"\n'
    done = subprocess.run(["bash", "-s"], input=script, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[-2] == "after hBs unset"


def test_probe_is_clean_for_shellcheck() -> None:
    shellcheck = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert shellcheck, "shellcheck is a development dependency"
    done = subprocess.run([shellcheck, "-s", "bash", "-"], input=probe_script(), capture_output=True, text=True)
    assert done.stdout == ""


def test_probe_reads_a_node_and_tells_no_secret(tmp_path: Path) -> None:
    """In a mount namespace of its own: files of a control plane, and a proxy with a password."""
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        pytest.skip("needs root to make a mount namespace")
    certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    kubeconfig = (
        "clusters:\n- cluster:\n    server: https://10.0.0.1:6443\ncurrent-context: admin@lab\nclient-key-data: HUSH\n"
    )
    files = {
        "kubernetes/admin.conf": kubeconfig,
        "kubernetes/kubelet.conf": kubeconfig,
        "kubernetes/pki/ca.crt": f"a text before\n{certificate}and after\n",
        "kubernetes/kubeboot/cluster": "lab\n",
        "environment": "http_proxy=http://user:HUSH@proxy:3128\nHTTPS_PROXY=user:HUSH@proxy\nno_proxy=10.0.0.0/8",
        "os-release": 'ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID=\'22\'\nPRETTY_NAME="Mint \\\\ 22"',
    }
    for name in ("apiserver", "controller-manager", "scheduler"):
        files[f"kubernetes/manifests/kube-{name}.yaml"] = "x"
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    mount = 'mount -t tmpfs none /etc; cp -r "$0"/. /etc; exec bash -s'
    lines = run_probe(command=("unshare", "-m", "bash", "-c", mount, str(tmp_path)))
    facts = parse_facts("h1", lines, time.time(), time.time())
    assert facts.node_state == "control-plane" and facts.kubeboot_mark == "lab" and facts.cluster_name == "lab"
    assert facts.os_id_like == ("ubuntu", "debian") and facts.os_version == "22" and facts.os_name == "Mint \\\\ 22"
    assert dict(facts.proxies) == {
        "http_proxy": "http://proxy:3128", "HTTPS_PROXY": "proxy", "no_proxy": "10.0.0.0/8",
    }  # fmt: skip
    assert facts.ca_sha256 == hashlib.sha256(certificate.encode()).hexdigest()
    assert "HUSH" not in "".join(lines)


def test_garbage_files_do_no_harm(tmp_path: Path) -> None:
    """Binary and huge files where short texts are expected."""
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        pytest.skip("needs root to make a mount namespace")
    garbage = bytes(range(1, 256)) * 2000
    for name in ("os-release", "machine-id", "environment", "resolv.conf", "timezone"):
        (tmp_path / name).write_bytes(garbage)
    mount = 'mount -t tmpfs none /etc; cp -r "$0"/. /etc; exec bash -s'
    done = subprocess.run(
        ["unshare", "-m", "bash", "-c", mount, str(tmp_path)],
        input=probe_script().encode(),
        capture_output=True,
        check=True,
    )
    text = done.stdout.decode("utf-8", "replace")
    facts = parse_facts("h1", text.split("\n"), time.time(), time.time())
    assert facts.cpus >= 1 and max(map(len, text.split("\n"))) < 17_000
