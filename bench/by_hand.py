"""The critical path of init: the same packages, images, kubeadm and kubectl commands as plain shell over OpenSSH.

What an administrator with a good script would type, in parallel where it can be: no checks, no second look, no report.
Runs where the hosts can be reached: `python -m bench.by_hand INVENTORY FOLDER`.
"""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kubeboot.addons.addon import Addon, Rollout
from kubeboot.addons.load import load_addons
from kubeboot.context import HostContext
from kubeboot.engine.gather import gather_facts
from kubeboot.inventory.load import load_inventory
from kubeboot.kubeadm_config import init_yaml
from kubeboot.model import Cluster, Host
from kubeboot.phases.containerd import configure_containerd
from kubeboot.phases.host_prep import MODULES, SYSCTLS, hosts_lines
from kubeboot.phases.images import wanted_images
from kubeboot.phases.packages import add_kubernetes_repository, add_os_repository, install_packages
from kubeboot.resources import AptRepository, File, Packages, Resource
from kubeboot.transport.ssh import SshTransport

APT = (
    "apt-get -qq -y -o Dpkg::Options::=--force-confold -o Dir::Etc::sourcelist=/dev/null"
    " -o Dir::Etc::sourceparts=/etc/apt/bench"
)


class Administrator:
    """Somebody with ssh and a script."""

    def __init__(self, cluster: Cluster, contexts: dict[str, HostContext], addons: tuple[Addon, ...]) -> None:
        self.cluster = cluster
        self.contexts = contexts
        self.addons = addons
        self._began_s = time.monotonic()

    def ssh(self, host: Host, script: str) -> str:
        """Run a script as root on the host; its output."""
        command = [
            "ssh",
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-o",
            "LogLevel=ERROR",
        ]
        command += ["-i", str(host.ssh.identity_file), f"root@{host.address}", "bash", "-seu"]
        done = subprocess.run(command, input=script, text=True, capture_output=True, check=False)
        if done.returncode:
            tail = self.ssh(host, "tail -n 30 /tmp/by-hand.log || true") if script[:4] != "tail" else ""
            sys.exit(f"by hand: {host.name}: {done.stderr[-2000:]}\n{tail}")
        return done.stdout

    def prepare(self, host: Host) -> None:
        """Everything before kubeadm, images included."""
        ctx = self.contexts[host.name]
        lines = ["exec </dev/null >/tmp/by-hand.log", "mkdir -p /etc/apt/bench /etc/apt/keyrings"]
        for step in (add_os_repository, add_kubernetes_repository, configure_containerd, install_packages):
            for resource in step.resources(ctx):
                lines += self._commands(resource)
        lines += [f"modprobe {module} 2>/dev/null || true" for module in MODULES]
        lines += [f"sysctl -qw {key}={value}" for key, value in SYSCTLS.items()]
        lines += [
            _put("/etc/hosts.new", "\n".join(hosts_lines(self.cluster)) + "\n"),
            "cat /etc/hosts.new >>/etc/hosts",
        ]
        lines += [_put("/etc/crictl.yaml", "runtime-endpoint: unix:///run/containerd/containerd.sock\n"), "swapoff -a"]
        images = " ".join(wanted_images(ctx))
        if host.is_control_plane:
            lines.append(_put("/root/init.yaml", init_yaml(ctx)))
            images += " $(kubeadm config images list --config /root/init.yaml 2>/dev/null)"
        lines.append(f"printf '%s\\n' {images} | sort -u | xargs -n 1 -P 3 crictl pull >/dev/null")
        self.ssh(host, "{\n" + "\n".join(lines) + "\n}\n")

    def _commands(self, resource: Resource) -> list[str]:
        match resource:
            case AptRepository(name, repository, suite, components, path):
                key = f"/etc/apt/keyrings/{name}.asc"
                source = f"deb [signed-by={key}] {repository.url}{path} {suite} {components}\n"
                return [_put(key, repository.key), _put(f"/etc/apt/bench/{name}.list", source)]
            case File(path=path, content=content):
                return [f"mkdir -p {Path(path).parent}", _put(path, content)]
            case Packages(packages):
                names = " ".join(f"{each.name}={each.version}-*" if each.version else each.name for each in packages)
                return [
                    f"{APT} update",
                    f"DEBIAN_FRONTEND=noninteractive {APT} install --no-install-recommends {names}",
                ]
        raise TypeError(resource)

    def init(self) -> str:
        """kubeadm init and the add-ons; the join command."""
        host = self.cluster.bootstrap_control_plane
        join = self.ssh(
            host,
            "kubeadm init --config /root/init.yaml --skip-token-print >/dev/null </dev/null\n"
            "kubeadm token create --print-join-command </dev/null\n",
        )
        for addon in self.addons:
            apply = "kubectl --kubeconfig /etc/kubernetes/admin.conf apply --server-side -f - >/dev/null"
            self.ssh(host, f"{apply} <<'BENCH_END'\n{addon.manifest.rstrip()}\nBENCH_END\n")
        return join.strip()

    def run(self) -> None:
        with ThreadPoolExecutor() as pool:
            prepared = {host.name: pool.submit(self.prepare, host) for host in self.cluster.hosts}
            prepared[self.cluster.bootstrap_control_plane.name].result()
            self._tell("control plane prepared")
            join = self.init()
            self._tell("init and add-ons applied")

            def join_worker(host: Host) -> None:
                prepared[host.name].result()
                self.ssh(host, f"{join} </dev/null >/dev/null")

            list(pool.map(join_worker, self.cluster.workers))
        self._tell("joined")
        waits = [f"rollout status -n {each.namespace} {each.kind}/{each.name}" for each in self._rollouts()]
        lines = [f"kubectl --kubeconfig /etc/kubernetes/admin.conf {wait}" for wait in waits]
        self.ssh(self.cluster.bootstrap_control_plane, "\n".join(lines) + "\n")
        self._tell("up")

    def _tell(self, what: str) -> None:
        print(f"by hand: {what} after {time.monotonic() - self._began_s:.0f} s", file=sys.stderr, flush=True)

    def _rollouts(self) -> list[Rollout]:
        from kubeboot.phases.cluster import SYSTEM_ROLLOUTS

        rollouts = [*SYSTEM_ROLLOUTS, *(rollout for addon in self.addons for rollout in addon.rollouts)]
        return [rollout for rollout in rollouts if rollout.kind != "job"]


def _put(path: str, text: str) -> str:
    return f"cat >{path} <<'BENCH_END_FILE'\n{text.rstrip()}\nBENCH_END_FILE"


def main() -> None:
    cluster, _ = load_inventory(sys.argv[1])
    addons = load_addons(cluster)
    transports = {host.name: SshTransport(host, directory=cluster.directory) for host in cluster.hosts}
    facts = gather_facts(cluster, transports, lambda _: None, 20)
    contexts = {host.name: HostContext(cluster, host, facts, addons) for host in cluster.hosts}
    Administrator(cluster, contexts, addons).run()


if __name__ == "__main__":
    main()
