"""The upstream manifests kubeboot knows: version, URL and sha256. The manifests themselves are not in the project."""

from __future__ import annotations

from dataclasses import dataclass

from kubeboot.errors import SourceError

UPSTREAM = "https://raw.githubusercontent.com"
PATHS = {
    "calico": "projectcalico/calico/v{}/manifests/calico.yaml",
    "ingress-nginx": "kubernetes/ingress-nginx/controller-v{}/deploy/static/provider/baremetal/deploy.yaml",
}


@dataclass(frozen=True, slots=True)
class Release:
    """One version of an add-on's manifest, byte for byte as upstream publishes it."""

    addon: str
    version: str
    sha256: str

    def url(self, mirror: str = "") -> str:
        """Where upstream publishes it, or the same path below a mirror's base URL."""
        return f"{(mirror or UPSTREAM).rstrip('/')}/{PATHS[self.addon].format(self.version)}"


RELEASES = (
    Release("calico", "3.27.0", "dbc4d6fdb5ca87978f6d67a43b09094852cd375398cad5c1650c1c462dd58d8b"),
    Release("calico", "3.27.5", "a8b89fd22e304cea657d5a4ee06a350bb2287dc6d39ff83e06e8a7e5cf9f172b"),
    Release("ingress-nginx", "1.9.6", "9a6909c46baf2eaaf3386311776585ecbfc89c4fdf0ea1589a8acb68d579fdff"),
    Release("ingress-nginx", "1.11.0", "e2cb62f3b871841ca60cd5a1c3cc5f9951253523166e935300a9b32c1d035f60"),
    Release("ingress-nginx", "1.13.9", "946884f0b417d7af1bc50d8896bd8c201b90fda25813cf797e050ee19b53e1c4"),
)


def find_release(addon: str, version: str) -> Release:
    """The known release; SourceError when there is none of that version."""
    for release in RELEASES:
        if (release.addon, release.version) == (addon, version):
            return release
    known = ", ".join(release.version for release in RELEASES if release.addon == addon)
    raise SourceError(
        f"{addon} {version} is not a version kubeboot knows",
        hint=f"known: {known}; another one needs its manifest in the inventory",
        reference="addon-version-unknown",
    )
