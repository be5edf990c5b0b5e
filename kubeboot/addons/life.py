"""What is past its upstream's life, with the facts, to be said once per run."""

from __future__ import annotations

from kubeboot.model import Cluster

# https://github.com/kubernetes/website/blob/main/data/releases/eol.yaml
_KUBERNETES_ENDS = {"1.29": "2025-02-28"}
# https://kubernetes.io/blog/2025/11/11/ingress-nginx-retirement/
_INGRESS_NGINX = (
    "ingress-nginx was retired by its project in March 2026: no further releases, bug fixes or security fixes"
)


def end_of_life_notice(cluster: Cluster) -> str | None:
    """One sentence per fact that concerns this cluster; None when none does."""
    facts = []
    if end := _KUBERNETES_ENDS.get(cluster.minor_version):
        facts.append(f"Kubernetes {cluster.minor_version} reached its end of life on {end}: no more security fixes")
    if cluster.addons.ingress_nginx:
        facts.append(_INGRESS_NGINX)
    return "; ".join(facts) + "." if facts else None
