"""Known failures of containerd, images and the pod network. The rules are in kubeboot.causes."""

from __future__ import annotations

from kubeboot.causes.cause import Cause

_WAY = "(?:pull|resolve|PullImage|do request|Head |Get )"

RUNTIME = (
    Cause(
        "cri-plugin-disabled",
        r"unknown service runtime\.v1\.(?:Runtime|Image)Service|disabled_plugins.*cri",
        "containerd's CRI plugin is disabled in /etc/containerd/config.toml, or containerd is older than 1.6.",
        "Run kubeboot init: it writes that file and restarts containerd.",
        "grep disabled_plugins /etc/containerd/config.toml; ctr plugins ls | grep cri",
    ),
    Cause(
        "cgroup-driver-mismatch",
        r"kubelet cgroup driver|expected cgroupsPath to be of format|cgroup driver.*is different from|"
        r"^SystemdCgroup is ",
        "containerd and the kubelet use different cgroup drivers; both must be systemd.",
        "Run kubeboot init, which writes SystemdCgroup = true and cgroupDriver: systemd.",
        "containerd config dump | grep SystemdCgroup; grep cgroupDriver /var/lib/kubelet/config.yaml",
    ),
    Cause(
        "sandbox-image-mismatch",
        r"failed to get sandbox image|"
        r"sandbox image .*is inconsistent|"
        r"^containerd's sandbox image is ",
        "The sandbox (pause) image cannot be had, or containerd names another than kubeadm.",
        "Run kubeboot init, which writes its name; see that mirrors.imageRepository has it.",
        "containerd config dump | grep sandbox; kubeadm config images list",
    ),
    Cause(
        "containerd-not-running",
        r"containerd\.sock.*(?:connection refused|no such file or directory)|container runtime is (?:not running|down)|"
        r"^containerd (?:is|does) ",
        "containerd does not run, so the kubelet can start nothing.",
        "See why in its journal and start it: systemctl start containerd. kubeboot init mends its configuration.",
        "systemctl status containerd; journalctl -u containerd -n 30",
    ),
)

IMAGES = (
    Cause(
        "image-registry-limits",
        r"toomanyrequests|429 Too Many",
        "The registry limits pulls.",
        "Wait, log in, or set mirrors.registries to a mirror of your own.",
        "crictl pull IMAGE",
    ),
    Cause(
        "image-access-denied",
        r"no basic auth credentials|pull access denied|authorization failed|requested access to the resource is denied|"
        r"unauthorized: authentication required|unexpected status.*40[13]",
        "The registry wants a login, or has no such image.",
        "Check the image's name; give username and passwordFile in mirrors.registries.",
        "crictl pull IMAGE; ls /etc/containerd/certs.d",
    ),
    Cause(
        "image-registry-plain-http",
        r"server gave HTTP response to HTTPS client",
        "The registry speaks plain HTTP.",
        "Write its address in mirrors.registries with http://.",
        "curl -vI http://REGISTRY/v2/",
    ),
    Cause(
        "image-registry-untrusted",
        rf"{_WAY}.*x509: certificate signed by unknown authority",
        "The host does not trust the registry's TLS certificate.",
        "Give its CA in mirrors.registries.",
        "curl -vI https://REGISTRY/v2/",
    ),
    Cause(
        "image-wrong-platform",
        r"no match for platform in manifest|exec format error|no matching manifest for",
        "The image is for another processor architecture than the host's.",
        "Use an image that is built for it, or a multi-architecture one.",
        "uname -m; crictl inspecti IMAGE | grep architecture",
    ),
    Cause(
        "image-not-found",
        r"(?:pull|resolve|manifest|PullImage).*(?:: not found|manifest unknown|NotFound)|manifest unknown",
        "The registry does not have this image.",
        "Check the version, mirrors.imageRepository and mirrors.registries.",
        "crictl pull IMAGE",
    ),
    Cause(
        "image-registry-name-unresolved",
        r"(?:pull|resolve reference|PullImage|do request|registry).*(?:no such host|server misbehaving)",
        "No mirror gave this image, and the host cannot resolve the registry's own name.",
        "Mend its DNS, or set mirrors.registries to a mirror that it reaches.",
        "getent hosts REGISTRY; cat /etc/resolv.conf",
    ),
    Cause(
        "image-registry-refused",
        r"(?:pull|resolve reference|PullImage).*connection refused",
        "No mirror gave this image: the host cannot reach the image registry, nothing listens there.",
        "See that what mirrors.registries names is up, and that the image's name and version are right.",
        "curl -vI https://REGISTRY/v2/; ls /etc/containerd/certs.d",
    ),
    Cause(
        "image-registry-unreachable",
        r"(?:pull|resolve|PullImage).*(?:i/o timeout|TLS handshake timeout|deadline exceeded|no route to host|EOF|"
        r"is unreachable|connection reset)",
        "No mirror gave this image, and the host cannot reach the image registry itself.",
        "Mend its way out, a proxy or a firewall; or set mirrors.registries to a mirror that it reaches.",
        "curl -vI https://REGISTRY/v2/; ls /etc/containerd/certs.d",
    ),
)

POD_NETWORK = (
    Cause(
        "stale-bridge",
        r"already has an IP address different from",
        "A bridge of an earlier pod network is left on the host.",
        "On the host: ip link delete cni0; then run the same command again.",
        "ip -br addr show type bridge",
    ),
    Cause(
        "stale-cni-config",
        r"failed to find plugin \S+ in path|/run/flannel/subnet\.env|error getting ClusterInformation|"
        r"^/etc/cni/net\.d/\S+ comes (?:before|beside)",
        "A configuration of another pod network is left in /etc/cni/net.d, and containerd takes the first.",
        "Move it away, then: systemctl restart containerd. calico-node writes its own anew.",
        "ls -l /etc/cni/net.d",
    ),
    Cause(
        "calico-node-not-up",
        r"/var/lib/calico/nodename.*no such file|BIRD is not ready|calico/node is not ready",
        "calico-node does not run on that node, or cannot reach the other nodes.",
        "See its pod; BGP needs TCP port 179 between the hosts (VXLAN: UDP 4789).",
        "kubectl -n kube-system get pods -l k8s-app=calico-node -o wide",
    ),
    Cause(
        "pod-network-not-up",
        r"cni plugin not initialized|NetworkPluginNotReady|no networks found in /etc/cni/net\.d|"
        r"no network config found in /etc/cni/net\.d",
        "The pod network is not up on that node.",
        "See its calico-node pod; kubeboot init applies Calico again where it is missing.",
        "kubectl -n kube-system get pods -o wide -l k8s-app=calico-node; ls /etc/cni/net.d",
    ),
)
