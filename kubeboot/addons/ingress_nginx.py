"""The edits of ingress-nginx's manifest: host network, and images from a mirror.

With the host network there is one controller, on one node, which answers on that node's ports 80 and 443. The NodePort
service of upstream's manifest stays, so every node answers on its two ports as well. Without the host network nothing
but images changes.
"""

from __future__ import annotations

from dataclasses import dataclass

from kubeboot.addons.edit import Manifest, moved

NAMESPACE = "ingress-nginx"
CONTROLLER = "ingress-nginx-controller"
UPSTREAM_REGISTRY = "registry.k8s.io"

# Repositories that hold ingress-nginx's images under names of their own, beside kubeadm's. Any other imageRepository
# is only known to hold kubeadm's images: ingress-nginx's then stay at registry.k8s.io, for mirrors.registries to serve.
_ALIYUN = {
    "registry.k8s.io/ingress-nginx/controller": "nginx-ingress-controller",
    "registry.k8s.io/ingress-nginx/kube-webhook-certgen": "kube-webhook-certgen",
}
_REPOSITORIES = {
    "registry.aliyuncs.com/google_containers": _ALIYUN,
    "registry.cn-hangzhou.aliyuncs.com/google_containers": _ALIYUN,
}


@dataclass(frozen=True, slots=True)
class IngressNginxEdits:
    """All that the inventory says about ingress-nginx's manifest. `mirrored`: registries that have a mirror."""

    is_host_network: bool
    image_repository: str
    mirrored: tuple[str, ...]

    def apply(self, manifest: Manifest) -> None:
        """Make them. Raises SourceError for a manifest of another shape."""
        deployment = manifest.object("Deployment", NAMESPACE, CONTROLLER)
        pod = manifest.at(deployment, "spec", "template", "spec")
        if self.is_host_network:
            _in_host_network(pod)
            _free_ports_first(manifest.at(deployment, "spec"))
            # its jobs make the controller's certificate, which so does not wait for the pod network either
            for job in manifest.objects("Job", NAMESPACE):
                _in_host_network(manifest.at(job, "spec", "template", "spec"))
        self._move_images(manifest)

    def _move_images(self, manifest: Manifest) -> None:
        mirrored = set(self.mirrored)
        # a mirror of registry.k8s.io holds upstream's names, and was given on purpose: it wins over the repository
        if UPSTREAM_REGISTRY not in mirrored and (names := _REPOSITORIES.get(self.image_repository)):
            manifest.edit_images(lambda image: moved(image, self.image_repository, names))
            mirrored.add(self.image_repository.partition("/")[0])
        manifest.drop_digests(frozenset(mirrored))


def _in_host_network(pod: dict[str, object]) -> None:
    pod["hostNetwork"] = True
    # with ClusterFirst a pod in the host's network asks the host's DNS servers
    pod["dnsPolicy"] = "ClusterFirstWithHostNet"


def _free_ports_first(spec: dict[str, object]) -> None:
    """A new pod cannot start on a node whose ports the old one still holds: take the old one away first."""
    strategy = spec.get("strategy")
    if not (isinstance(strategy, dict) and strategy.get("type") == "Recreate"):
        spec["strategy"] = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}}
