"""Which images the lab has, under which names, and what is in them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..places import CACHE, LAB_FOLDER
from ..process import run
from . import debian, ingress
from .golang import ETCD_OF, KUBERNETES_VERSIONS, folder_of
from .image import Content, write_image, write_layer, write_root_layer
from .target import Target

IMAGES, LAYERS = CACHE / "images", CACHE / "layers"
CALICO_VERSIONS = ("v3.27.5", "v3.27.0")
_PAUSE_TAGS = ("3.9", "3.8", "3.6")  # kubeadm's, and the defaults of the containerd releases around it
_CERTGEN_TAGS = ("v1.6.9", "v1.4.1", "v20231226-1a7112e06")  # of ingress-nginx 1.13.9, 1.11.0, 1.9.6
_INGRESS_TAGS = ("v1.13.9", "v1.11.0", "v1.9.6")
_NETWORK_PACKAGES = ("iptables", "ipset", "conntrack", "ebtables", "kmod", "iproute2", "busybox")
_APPLET_NAMES = """
    sh nslookup wget nc ping sleep cat ls echo true false env hostname id date head tail grep sed awk ps touch
    mkdir rm cp mv httpd telnet df mount test timeout ip netstat route traceroute which wc sort tr cut seq dd vi
    top kill
"""
_APPLETS = tuple(_APPLET_NAMES.split())
_NETWORK_LAYER = "layer with network tools"
_PAUSE_SOURCE = LAB_FOLDER / "images" / "pause.c"


def targets() -> list[Target]:
    """The images, and before them the layer that some of them share."""
    made = [_network_layer(), ingress.layer_target()]
    for version in KUBERNETES_VERSIONS:
        made += _kubernetes(version)
        made.append(_etcd(ETCD_OF[version]))
    coredns = folder_of("coredns v1.11.1") / "coredns"
    made.append(
        _image(
            "coredns 1.11.1",
            _with_flat(["coredns/coredns:v1.11.1"]),
            Content({"/coredns": coredns}),
            {"Entrypoint": ["/coredns"]},
            needs=["coredns v1.11.1"],
        )
    )
    made += [_pause(), *_calico(), _certgen(), _hello(), _busybox()]
    made.append(
        _image(
            "ingress-nginx controller",
            [f"ingress-nginx/controller:{tag}" for tag in _INGRESS_TAGS],
            None,
            ingress.CONFIG,
            base=ingress.LAYER_TARGET,
        )
    )
    return made


def image_targets() -> list[Target]:
    """Only what goes into the registry."""
    return [target for target in targets() if target.output.parent == IMAGES]


def _image(
    name: str,
    names: Sequence[str],
    content: Content | None,
    config: Mapping[str, object],
    needs: Sequence[str] = (),
    base: str = "",
) -> Target:
    """An image of up to two layers: a shared one below (by its target's name), and one with the content."""

    def make(output: Path) -> None:
        layers = [LAYERS / base.replace(" ", "-")] if base else []
        if content:
            own = output / "layer"
            write_layer(content, own)
            layers.append(own)
        write_image(output, names, layers, config)
        if content:
            shutil.rmtree(own)  # the blob is a hard link to its archive

    parts = (sorted(content.files), content.links, content.folders) if content else ()
    all_needs = (*needs, base) if base else tuple(needs)
    inputs = (repr((names, parts, config)), "3")
    return Target(f"image {name}", "packages", IMAGES / name.replace(" ", "-"), make, inputs, all_needs)


def _with_flat(names: Sequence[str]) -> list[str]:
    """The names, and the same without folders under google_containers, as mirrors of registry.k8s.io have them."""
    return [*names, *(f"google_containers/{name.rsplit('/', 1)[-1]}" for name in names)]


def _kubernetes(version: str) -> list[Target]:
    made = []
    for program in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"):
        content = Content({f"/usr/local/bin/{program}": folder_of(f"{program} v{version}") / program})
        base = _NETWORK_LAYER if program == "kube-proxy" else ""
        names = _with_flat([f"{program}:v{version}"])
        made.append(_image(f"{program} {version}", names, content, {}, [f"{program} v{version}"], base))
    return made


def _etcd(version: str) -> Target:
    folder = folder_of(f"etcd v{version}")
    content = Content({f"/usr/local/bin/{name}": folder / name for name in ("etcd", "etcdctl", "etcdutl")})
    return _image(f"etcd {version}", _with_flat([f"etcd:{version}-0"]), content, {}, [f"etcd v{version}"])


def _calico() -> list[Target]:
    """Stand-ins under Calico's names: one program that acts by the name it is called by (see go/standins/calico)."""
    program, plugins = folder_of("stand-ins") / "calico", folder_of("CNI plugins v1.4.0")
    delegated = ("ptp", "host-local", "portmap", "bandwidth", "loopback", "tuning")
    cni = Content(
        {f"/opt/cni/bin/{name}": program for name in ("install", "calico", "calico-ipam")}
        | {f"/opt/cni/bin/{name}": plugins / name for name in delegated}
    )
    node = Content({"/bin/calico-node": program}, folders=["/var/lib/calico"])
    controllers = Content({f"/usr/bin/{name}": program for name in ("kube-controllers", "check-status")})

    def names(image: str) -> list[str]:
        return [f"calico/{image}:{version}" for version in CALICO_VERSIONS]

    needs = ["stand-ins", "CNI plugins v1.4.0"]
    return [
        _image("calico cni (stand-in)", names("cni"), cni, {"Cmd": ["/opt/cni/bin/install"]}, needs),
        _image("calico node (stand-in)", names("node"), node, {"Cmd": ["/bin/calico-node"]}, needs[:1], _NETWORK_LAYER),
        _image(
            "calico kube-controllers (stand-in)",
            names("kube-controllers"),
            controllers,
            {"Entrypoint": ["/usr/bin/kube-controllers"], "User": "999"},
            ["stand-ins"],
        ),
    ]


def _certgen() -> Target:
    content = Content({"/kube-webhook-certgen": folder_of("stand-ins") / "certgen"})
    names = [f"ingress-nginx/kube-webhook-certgen:{tag}" for tag in _CERTGEN_TAGS]
    config = {"Entrypoint": ["/kube-webhook-certgen"], "User": "65532:65532"}
    return _image("webhook certgen (stand-in)", names, content, config, ["stand-ins"])


def _hello() -> Target:
    content = Content({"/hello": folder_of("stand-ins") / "hello"})
    return _image("hello", ["lab/hello:1"], content, {"Entrypoint": ["/hello"], "User": "65532:65532"}, ["stand-ins"])


def _busybox() -> Target:
    """For pods that try things out; the network layer has Debian's busybox."""
    links = {f"/bin/{name}": "busybox" for name in _APPLETS}
    config = {"Cmd": ["sh"]}
    names = ["library/busybox:1.36", "library/busybox:latest"]
    return _image("busybox", names, Content(links=links), config, base=_NETWORK_LAYER)


def _pause() -> Target:
    def make(output: Path) -> None:
        program = output / "pause"
        output.mkdir(parents=True)
        run(["gcc", "-static", "-Os", "-s", "-o", program, _PAUSE_SOURCE])
        write_layer(Content({"/pause": program}), output / "layer")
        write_image(output, names, [output / "layer"], {"Entrypoint": ["/pause"], "User": "65535:65535"})
        shutil.rmtree(output / "layer")
        program.unlink()

    names = _with_flat([f"pause:{tag}" for tag in _PAUSE_TAGS])
    return Target("image pause", "packages", IMAGES / "pause", make, (repr(names), _PAUSE_SOURCE))


def _network_layer() -> Target:
    """What kube-proxy and Calico's node call: iptables and its like, without the rest of a system."""

    def make(output: Path) -> None:
        root = output.with_suffix(".root")
        run(["rm", "-rf", root])
        debian.bootstrap(root, debian.HOST_SUITE, "extract", _NETWORK_PACKAGES)
        for name in ("iptables", "ip6tables"):
            for suffix in ("", "-save", "-restore"):  # no maintainer script has run that would make these
                link = root / "usr/sbin" / (name + suffix)
                link.unlink(missing_ok=True)
                link.symlink_to("xtables-nft-multi")
        (root / "run").mkdir(exist_ok=True)
        write_root_layer(root, output)
        run(["rm", "-rf", root])

    return Target(
        _NETWORK_LAYER, "disk", LAYERS / _NETWORK_LAYER.replace(" ", "-"), make, (repr(_NETWORK_PACKAGES), "1")
    )
