"""A good inventory becomes exactly the Cluster it describes."""

from __future__ import annotations

from kubeboot.model import Cluster, Host, Mirrors, PackageRepository, Role

SMALL = """
cluster: {kubernetesVersion: 1.29.15}
hosts:
  - {name: node1, address: 192.168.56.11}
"""


def test_smallest_inventory(load, tmp_path):
    cluster, warnings = load(SMALL)
    assert warnings == ()
    assert cluster == Cluster(
        name="kubernetes",
        kubernetes_version="1.29.15",
        hosts=(Host("node1", "192.168.56.11", frozenset(Role)),),
        mirrors=Mirrors(
            kubernetes_packages=PackageRepository(
                "https://pkgs.k8s.io/core:/stable:/v1.29",
                key_url="https://pkgs.k8s.io/core:/stable:/v1.29/deb/Release.key",
                fingerprints=("DE15B14486CD377B9E876E1A234654DA9A296436",),
            ),
            docker_packages=PackageRepository(
                "https://download.docker.com/linux/debian",
                key_url="https://download.docker.com/linux/debian/gpg",
                fingerprints=("9DC858229FC7DD38854AE2D88D81803C0EBFCD88",),
            ),
        ),
        endpoint_host="192.168.56.11",
        directory=tmp_path,
    )
