"""A sandbox with an API and a kubeadm for the tests of interrupted runs.

The API is files in /var/lib/fake-api (`up`: it answers), kubeadm does what the real one would leave.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kubeboot.phases.control_plane import init_control_plane
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
    mkdir -p /var/lib/fake-systemd/kubelet; : >/var/lib/fake-systemd/kubelet/active
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
RUNNING = "/var/lib/fake-systemd/kubelet/active"
MADE = {"admin.conf": "users:\n", "kubelet.conf": "users:\nkubelet-client-current.pem\n", RUNNING: ""}
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


def join(host: Sandbox, kind: str = "worker") -> Run:
    """The join of the golden worker; or of the golden control plane, as if it were the second."""
    return run_only(host, join_node.resources(golden_context(kind)))
