"""Known failures: what a host prints -> why that usually happens and what to do.

Data only. The first match wins, so the table goes from what explains everything else (a full disk) over exact messages
to general ones. A pattern never spans lines. Texts were taken from the programs' own output; each has a test.
"""

from __future__ import annotations

import re

from kubeboot.engine.causes_cluster import CLUSTER, ETCD, GENERAL, KUBEADM

MACHINE = (
    (
        r"No space left on device|Disk quota exceeded|don't have enough free space",
        "The disk is full. `df -h` and `df -i` on the host show which; free some space and run again.",
    ),
    (
        r"Read-only file system",
        "The host's file system is read-only, often after a disk error: `dmesg` on the host tells.",
    ),
    (
        r"Input/output error|Structure needs cleaning",
        "The host's disk fails or its file system is damaged: see `dmesg` on the host before anything else.",
    ),
    (
        r"Cannot allocate memory|Out of memory|oom-kill",
        "The host ran out of memory: `free -m` and `dmesg` on the host. A control plane needs 1700 MB.",
    ),
)

PACKAGES = (
    (
        r"dpkg was interrupted",
        "An earlier package installation was cut off. On the host: dpkg --configure -a; then run again.",
    ),
    (
        r"Could not get lock|Unable to acquire the dpkg frontend lock|Unable to lock",
        "Another package manager is running on the host (often unattended-upgrades). Wait for it and run again.",
    ),
    (
        r"EXPKEYSIG|KEYEXPIRED",
        "The repository's signing key has expired: fetch its present key and give it with mirrors.<repository>.key.",
    ),
    (
        r"NO_PUBKEY|signatures? (?:were|was|couldn't be|is) (?:invalid|verified)|is not signed|BADSIG",
        "The repository's signature does not verify: give its key with mirrors.<repository>.key, or mend the mirror.",
    ),
    (
        r"Refusing the key of",
        "The key at that address is not the one expected. Check it with its owner, "
        "then set mirrors.<repository>.fingerprints.",
    ),
    (
        r"is not an armored OpenPGP key|no valid OpenPGP data found",
        "The address answers, but not with a key: check mirrors.<repository>.keyUrl.",
    ),
    (
        r"Release file .*is (?:not valid yet|expired)",
        "The host's clock is wrong, or the mirror is out of date: compare `date -u` with other hosts.",
    ),
    (
        r"Hash Sum mismatch|File has unexpected size",
        "The mirror is being updated or a proxy serves old files. Wait some minutes and run again.",
    ),
    (
        r"Conflicting values set for option Signed-By",
        "The host has this repository already, in another file under /etc/apt/sources.list.d: remove that one.",
    ),
    (
        r"held broken packages|unmet dependencies|held packages were changed",
        "Packages on the host are held or do not fit together: `apt-mark showhold` and `apt-get -f install` there.",
    ),
    (
        r"No repository has \S+|Version '\S+' for '\S+' was not found",
        "The package repository lacks that version. Check cluster.kubernetesVersion, or mirrors.kubernetesPackages.",
    ),
    (
        r"Unable to locate package|has no installation candidate",
        "No configured repository has this package. Set mirrors.osPackages, or check the host's own package sources.",
    ),
    (
        r"does not have a Release file|404 +Not Found",
        "The address answers, but there is no such repository. Check its URL under `mirrors:`; "
        "or, if it is an old one of the host's own, remove it from /etc/apt/sources.list.d.",
    ),
    (
        r"Certificate verification failed|certificate is NOT trusted",
        "The host does not trust the repository's TLS certificate: install its CA on the host, or use another mirror.",
    ),
    (
        r"407 +Proxy|Proxy Authentication Required|proxyconnect tcp",
        "A proxy is in the way and refuses: check the proxy variables on the host, "
        "and that no_proxy holds the hosts, the pod subnet and the service subnet.",
    ),
    (
        r"Could not resolve|Temporary failure resolving|Could not connect to|Failed to fetch|Unable to connect to",
        "The host cannot reach the package repository. Check it with curl from the host, "
        "or set a mirror under `mirrors:`.",
    ),
)

KERNEL = (
    (
        r"running with swap on is not supported",
        "Swap is on again on that host; kubeboot turns it off when run again. See `swapon --show`.",
    ),
    (
        r"Module \S+ not found in directory|This kernel \S* ?has no module",
        "The running kernel has no such module. After a kernel upgrade, reboot the host; "
        "else install linux-modules-extra for it.",
    ),
    (
        r"bridge-nf-call-ip6?tables.*(?:does not exist|no such file|not set to 1)",
        "The kernel module br_netfilter is not loaded, or a later sysctl file undoes the setting. "
        "Run again; if it stays: `sysctl --system` on the host.",
    ),
    (
        r"ip_forward.*contents are not set to 1",
        "IP forwarding is off: another file in /etc/sysctl.d sets net.ipv4.ip_forward=0. Remove that line.",
    ),
    (
        r"missing required cgroups",
        "The kernel lacks a cgroup controller. For memory, add to its command line: "
        "cgroup_enable=memory cgroup_memory=1; then reboot.",
    ),
    (
        r"can't get final child's PID from pipe: EOF",
        "The host may not lower oom scores (LXC, nested): containerd needs restrict_oom_score_adj = true. "
        "Run again; kubeboot writes it.",
    ),
    (
        r"avc: +denied",
        "SELinux forbids it: set it to permissive, or install container-selinux on the host.",
    ),
)

RUNTIME = (
    (
        r"unknown service runtime\.v1\.RuntimeService",
        "containerd's CRI plugin is disabled in /etc/containerd/config.toml, or containerd is older than 1.6. "
        "Run again; kubeboot writes that file.",
    ),
    (
        r"kubelet cgroup driver|expected cgroupsPath to be of format|cgroup driver.*is different from",
        "containerd and the kubelet use different cgroup drivers: both must be systemd "
        "(SystemdCgroup = true). Run again; kubeboot writes both.",
    ),
    (
        r"failed to (?:get|pull|resolve) (?:sandbox image|image \S*pause)|sandbox image .* is inconsistent",
        "The sandbox (pause) image cannot be had, or containerd names another than kubeadm. "
        "Does mirrors.imageRepository have it?",
    ),
    (
        r"toomanyrequests|429 Too Many",
        "The registry limits pulls. Set mirrors.registries to a mirror of your own.",
    ),
    (
        r"no basic auth credentials|pull access denied|authorization failed|unexpected status.*40[13]",
        "The registry wants a login, or has no such image. Give username and passwordFile in mirrors.registries.",
    ),
    (
        r"server gave HTTP response to HTTPS client",
        "The registry speaks plain HTTP: write its address in mirrors.registries with http://.",
    ),
    (
        r"(?:pull|resolve).*x509: certificate signed by unknown authority",
        "The host does not trust the registry's TLS certificate: give its CA in mirrors.registries.",
    ),
    (
        r"no match for platform in manifest|exec format error",
        "The image is for another processor architecture than the host's.",
    ),
    (
        r"(?:pull|resolve|manifest).*(?:: not found|manifest unknown)",
        "The registry does not have this image. Check the version, mirrors.imageRepository and mirrors.registries.",
    ),
    (
        r"(?:pull|resolve).*(?:connection refused|i/o timeout|no such host|no route to host|EOF|is unreachable)",
        "No mirror gave this image, and the host cannot reach the image registry itself. "
        "Check the image's name and version, and that what mirrors.registries names is up.",
    ),
    (
        r"already has an IP address different from",
        "A bridge of an earlier pod network is left on the host. On the host: ip link delete cni0; then run again.",
    ),
    (
        r"cni plugin not initialized|NetworkPluginNotReady|no networks found in /etc/cni/net\.d",
        "The pod network is not up on that node: see its calico-node pod with "
        "`kubectl -n kube-system get pods -o wide`.",
    ),
)

CAUSES: tuple[tuple[str, str], ...] = (*MACHINE, *PACKAGES, *KERNEL, *RUNTIME, *ETCD, *KUBEADM, *CLUSTER, *GENERAL)
_PATTERNS = tuple((re.compile(pattern), text) for pattern, text in CAUSES)


def explain(output: str) -> str:
    """Why that usually happens, or an empty string."""
    return next((text for pattern, text in _PATTERNS if pattern.search(output)), "")
