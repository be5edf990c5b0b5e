"""What steps want of a host: facts and the inventory decide."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from kubeboot.context import HostContext
from kubeboot.model import (
    Addons,
    Containerd,
    Encapsulation,
    Mirrors,
    PackageRepository,
    Preparation,
    RegistryMirror,
    Role,
    TimeSync,
)
from kubeboot.phases.cluster import (
    ROLLOUT,
    check_pod_network,
    delete_join_material,
    end_network_test,
    label_nodes,
    wait_for_api,
)
from kubeboot.phases.containerd import configure_containerd
from kubeboot.phases.control_plane import give_admin_access, init_control_plane, make_join_token, share_certificates
from kubeboot.phases.host_prep import hosts_lines, load_kernel_modules, set_kernel_parameters
from kubeboot.phases.images import pull_images
from kubeboot.phases.join import control_plane_needs, join_node, worker_needs
from kubeboot.phases.packages import add_containerd_repository, add_os_repository, install_packages, sync_time
from kubeboot.resources import AptRepository, File, KernelModules, Packages, Resource, Service, Step, Sysctls
from tests.engine.conftest import make_context
from tests.phases.golden_world import CLUSTER, golden_context


def resources(step: Step, ctx: HostContext) -> list[Resource]:
    return list(step.resources(ctx))


def only(step: Step, ctx: HostContext) -> Resource:
    (resource,) = resources(step, ctx)
    return resource


def with_cluster(ctx: HostContext, **values: object) -> HostContext:
    return replace(ctx, cluster=replace(ctx.cluster, **values))  # type: ignore[arg-type]


def with_facts(ctx: HostContext, **values: object) -> HostContext:
    return replace(ctx, all_facts={name: replace(facts, **values) for name, facts in ctx.all_facts.items()})  # type: ignore[arg-type]


def sysctls(ctx: HostContext) -> dict[str, str]:
    resource = only(set_kernel_parameters, ctx)
    assert isinstance(resource, Sysctls)
    return dict(resource.values)


@pytest.mark.parametrize(("can_set", "is_set"), ((None, True), (True, True), (False, False)))
def test_conntrack_max_is_left_alone_only_where_it_cannot_be_set(can_set: bool | None, is_set: bool) -> None:
    ctx = with_facts(golden_context("worker"), can_set_conntrack_max=can_set)
    assert ("net.netfilter.nf_conntrack_max" in sysctls(ctx)) is is_set


def test_the_inventorys_sysctls_win_and_null_drops_one() -> None:
    preparation = Preparation(sysctls={"vm.swappiness": "10", "vm.panic_on_oom": None, "a.b": "1"}, disable_ipv6=True)
    found = sysctls(with_cluster(golden_context("worker"), preparation=preparation))
    assert (found["vm.swappiness"], found["a.b"]) == ("10", "1")
    assert "vm.panic_on_oom" not in found
    assert found["net.ipv6.conf.all.disable_ipv6"] == "1"


@pytest.mark.parametrize("mode", ("ipvs", "iptables"))
def test_ipvs_modules_are_loaded_only_for_ipvs(mode: str) -> None:
    resource = only(load_kernel_modules, with_cluster(golden_context("worker"), kube_proxy_mode=mode))
    assert isinstance(resource, KernelModules)
    assert ("ip_vs" in resource.modules) is (mode == "ipvs")


def test_hosts_file_has_the_endpoint_only_when_it_is_a_name_of_the_one_control_plane() -> None:
    named = replace(CLUSTER, endpoint_host="k8s.example.com")
    assert hosts_lines(named)[-1] == "192.168.10.11 k8s.example.com"
    for endpoint in ("192.168.10.100", "fd00::1", "cp1", "192.168.10.11"):
        assert hosts_lines(replace(CLUSTER, endpoint_host=endpoint)) == ("192.168.10.11 cp1", "192.168.10.21 w1")
    second = replace(CLUSTER.hosts[1], roles=frozenset({Role.CONTROL_PLANE}))
    two = replace(named, hosts=(CLUSTER.hosts[0], second))
    assert len(hosts_lines(two)) == 2


def test_packages_are_one_transaction_with_the_inventorys_own() -> None:
    ctx = with_cluster(golden_context("worker"), preparation=Preparation(packages=("htop", "curl")))
    resource = only(install_packages, ctx)
    assert isinstance(resource, Packages)
    names = [package.name for package in resource.packages]
    assert len(names) == len(set(names))
    assert {"htop", "containerd.io", "kubeadm", "kubelet", "kubectl", "chrony"} <= set(names)
    assert {str(each) for each in resource.packages} >= {"kubelet=1.29.15", "containerd.io"}


def test_without_time_keeping_chrony_is_left_alone() -> None:
    ctx = with_cluster(golden_context("worker"), time=TimeSync(is_managed=False))
    assert resources(sync_time, ctx) == []
    assert "chrony" not in str(only(install_packages, ctx))


def test_time_servers_go_into_chronys_configuration() -> None:
    ctx = with_cluster(golden_context("worker"), time=TimeSync(servers=("ntp1", "ntp2")))
    file, service = resources(sync_time, ctx)
    assert isinstance(file, File)
    assert "server ntp1 iburst\nserver ntp2 iburst\n" in file.content
    assert isinstance(service, Service)


@pytest.mark.parametrize(
    ("package", "os_id", "url"),
    (
        ("containerd.io", "debian", "https://download.docker.com/linux/debian"),
        ("containerd.io", "ubuntu", "https://download.docker.com/linux/ubuntu"),
        ("containerd", "debian", None),
    ),
)
def test_dockers_repository_fits_the_distribution_and_is_left_out_without_need(
    package: str, os_id: str, url: str | None
) -> None:
    ctx = with_facts(with_cluster(golden_context("worker"), containerd=Containerd(package)), os_id=os_id)
    found = resources(add_containerd_repository, ctx)
    assert [each.repository.url for each in found if isinstance(each, AptRepository)] == ([url] if url else [])


def test_distributions_repository_is_only_for_a_mirror() -> None:
    ctx = golden_context("worker")
    assert resources(add_os_repository, ctx) == []
    mirrors = replace(ctx.cluster.mirrors, os_packages=PackageRepository("http://m/debian"))
    repository = only(add_os_repository, with_cluster(ctx, mirrors=mirrors))
    assert isinstance(repository, AptRepository)
    assert repository.keyring == "/usr/share/keyrings/debian-archive-keyring.gpg"


def mirrored(*mirrors: RegistryMirror) -> HostContext:
    ctx = golden_context("worker")
    found: Mirrors = replace(ctx.cluster.mirrors, registries={"docker.io": mirrors})
    return with_cluster(ctx, mirrors=found)


def test_i9_containerds_configuration_with_a_login_is_a_secret() -> None:
    ctx = mirrored(RegistryMirror("https://m:5000", username="u", password='can"ary'))
    config, hosts = resources(configure_containerd, ctx)
    assert isinstance(config, File)
    assert (config.mode, config.is_secret) == ("0600", True)
    assert r'password = "can\"ary"' in config.content
    assert isinstance(hosts, File)
    assert "canary" not in hosts.content


def test_containerds_configuration_without_a_login_shows_its_diff() -> None:
    config = resources(configure_containerd, golden_context("worker"))[0]
    assert isinstance(config, File)
    assert not config.is_secret
    assert "SystemdCgroup = true" in config.content
    assert "restrict_oom_score_adj" not in config.content


def test_oom_scores_are_restricted_where_they_cannot_be_lowered() -> None:
    config = resources(configure_containerd, with_facts(golden_context("worker"), can_lower_oom_score=False))[0]
    assert isinstance(config, File)
    assert "restrict_oom_score_adj = true" in config.content


def test_a_registrys_mirrors_and_their_authorities_are_files_containerd_reads_at_every_pull() -> None:
    files = resources(
        configure_containerd, mirrored(RegistryMirror("https://a", ca="CA\n"), RegistryMirror("http://b"))
    )
    paths = [each.path for each in files if isinstance(each, File)]
    folder = "/etc/containerd/certs.d/docker.io"
    assert paths == ["/etc/containerd/config.toml", f"{folder}/mirror-0.crt", f"{folder}/hosts.toml"]
    assert all(not each.restarts for each in files[1:] if isinstance(each, File))
    hosts = files[-1]
    assert isinstance(hosts, File)
    assert hosts.content.index("https://a") < hosts.content.index("http://b")


def test_a_member_pulls_nothing() -> None:
    assert resources(pull_images, make_context("w1", is_bare=False)) == []


def test_only_a_control_plane_asks_kubeadm_for_its_images() -> None:
    assert "kubeadm config images list" in only(pull_images, golden_context("control-plane")).check()
    assert "kubeadm config images list" not in only(pull_images, golden_context("worker")).check()


def test_who_has_joined_needs_nothing_to_join() -> None:
    assert worker_needs(make_context("w1")) == ("kubeconfig", "join-token")
    assert control_plane_needs(make_context("m2")) == ("kubeconfig", "join-token", "certificate-key")
    assert worker_needs(make_context("w1", is_bare=False)) == ()
    assert control_plane_needs(make_context("m2", is_bare=False)) == ()


def test_join_material_is_made_only_for_who_joins() -> None:
    bare, member = make_context("m1"), make_context("m1", is_bare=False)
    for step in (make_join_token, share_certificates):
        assert len(resources(step, bare)) == 1
        assert resources(step, member) == []
    assert resources(share_certificates, golden_context("control-plane")) == []


def test_i9_join_material_is_deleted_right_after_the_joins_and_looked_for_in_every_run() -> None:
    assert ROLLOUT.steps[:2] == (wait_for_api, delete_join_material)
    assert set(ROLLOUT.after) == {"join-control-plane", "join"}
    assert len(resources(delete_join_material, make_context("m1", is_bare=False))) == 1


def test_i9_a_join_carries_its_material_as_one_secret_file() -> None:
    (secret,) = only(join_node, make_context("m2")).secrets()
    document = yaml.safe_load(secret.value)
    assert document["discovery"]["bootstrapToken"]["token"] == "abcdef.0123456789abcdef"
    assert document["controlPlane"]["certificateKey"] == "canary-certificate-key"
    (worker,) = only(join_node, make_context("w1")).secrets()
    assert "controlPlane" not in yaml.safe_load(worker.value)
    assert only(join_node, make_context("w1", is_bare=False)).secrets() == ()


def test_i1_a_plan_of_a_join_needs_no_material() -> None:
    (secret,) = only(join_node, make_context("w1", is_known=False)).secrets()
    assert "(known after init)" in secret.value


def test_waived_findings_are_waived_for_kubeadm_by_its_own_names() -> None:
    ctx = with_cluster(golden_context("control-plane"), waived=frozenset({"memory", "cpu-count", "clock"}))
    assert "WAIVED=NumCPU,Mem " in only(init_control_plane, ctx).check()


def test_the_login_user_gets_a_kubeconfig_beside_root() -> None:
    ctx = golden_context("control-plane")
    host = replace(ctx.host, ssh=replace(ctx.host.ssh, user="ada"))
    labels = [each.label for each in resources(give_admin_access, replace(ctx, host=host))]
    assert labels == ["file /etc/profile.d/kubeboot.sh", "kubeconfig of root", "kubeconfig of ada"]


def test_labels_and_taints_are_given_to_whom_they_belong() -> None:
    labels = [each.label for each in resources(label_nodes, make_context("m1"))]
    assert labels == ["taint dedicated=it:NoSchedule of m1", "labels of w1"]


def test_network_is_not_tested_twice() -> None:
    """An empty list of test pods says that these nodes were tested before."""
    ctx = golden_context("control-plane", outputs={"test-pods": "\n"})
    assert resources(check_pod_network, ctx) == []
    assert resources(end_network_test, ctx) == []
    assert len(resources(check_pod_network, golden_context("worker", outputs={}))) == 2


def test_model_defaults_are_what_goldens_show() -> None:
    assert CLUSTER.addons == Addons()
    assert CLUSTER.addons.calico is not None
    assert CLUSTER.addons.calico.encapsulation is Encapsulation.NONE
