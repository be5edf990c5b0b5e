"""Known failures of the machine itself: disks, memory, kernel, clock. The rules are in kubeboot.causes."""

from __future__ import annotations

from kubeboot.causes.cause import Cause

MACHINE = (
    Cause(
        "inotify-exhausted",
        r"(?:inotify|fsnotify|watcher).*(?:[Tt]oo many open files|[Nn]o space left)",
        "Other programs use up the host's inotify instances.",
        "Set fs.inotify.max_user_instances=8192 (kubeboot init does), and see who takes so many.",
        "sysctl fs.inotify.max_user_instances fs.inotify.max_user_watches",
    ),
    Cause(
        "image-no-space",
        r"(?:pull|unpack|extract|commit).*[Nn]o space left on device",
        "There is no room left for the image under /var/lib/containerd.",
        "Free some space there (crictl rmi --prune removes unused images), then run the same command again.",
        "df -h /var/lib/containerd; df -i /var/lib/containerd",
    ),
    Cause(
        "disk-full",
        r"[Nn]o space left on device|Disk quota exceeded|don't have enough free space|is full: \d+% of",
        "The disk is full.",
        "Free some space, or inodes (journalctl --vacuum-size=200M; apt-get clean), then run the same command again.",
        "df -h; df -i",
    ),
    Cause(
        "disk-read-only",
        r"Read-only file system",
        "The host's file system is read-only, often after a disk error.",
        "Mend the disk (fsck) and mount it writable, then run the same command again.",
        "findmnt -O ro -t ext4,xfs,btrfs; dmesg | tail",
    ),
    Cause(
        "disk-failing",
        r"Input/output error|Structure needs cleaning",
        "The host's disk fails or its file system is damaged.",
        "Replace or repair it before anything else; save what is on it first.",
        "dmesg | grep -iE 'i/o error|ext4|xfs' | tail",
    ),
    Cause(
        "out-of-memory",
        r"Cannot allocate memory|Out of memory|oom-kill|low on resource: memory",
        "The host ran out of memory; a control plane needs 1700 MB.",
        "Give the host more memory or stop what takes it, then run the same command again.",
        "free -m; dmesg | grep -i 'out of memory' | tail",
    ),
    Cause(
        "killed",
        r"\bKilled\b",
        "The command was killed: the host ran out of memory, or somebody ended it.",
        "Give the host more memory or stop what takes it, then run the same command again.",
        "free -m; dmesg | grep -i 'out of memory' | tail",
        exit_codes=(137,),
    ),
)

KERNEL = (
    Cause(
        "swap-on",
        r"running with swap on is not supported|^swap is on: ",
        "Swap is on again on that host, and the kubelet does not start with it.",
        "Turn it off (swapoff -a), and for good with kubeboot init, which also takes it out of /etc/fstab.",
        "swapon --show; systemctl list-units --type swap",
    ),
    Cause(
        "swap-on-kubelet-down",
        r"kubelet isn't running or healthy|timed out waiting for the condition",
        "Swap is on again on that host, and the kubelet does not start with it.",
        "Turn it off (swapoff -a), and for good with kubeboot init, which also takes it out of /etc/fstab.",
        "swapon --show; journalctl -u kubelet -n 20",
        when="swap-on",
    ),
    Cause(
        "kernel-module-missing",
        r"Module \S+ not found in directory|This kernel \S* ?has no module",
        "The running kernel has no such module, often because its files went with an upgrade.",
        "Reboot the host; if that does not help, install linux-modules-extra for its kernel.",
        "uname -r; ls /lib/modules",
    ),
    Cause(
        "br-netfilter-lost",
        r"bridge-nf-call-ip6?tables.*(?:does not exist|[Nn]o such file|not set to 1)|br_netfilter.*is not loaded",
        "The module br_netfilter is not loaded (lost after a reboot), or a later sysctl file undoes its setting.",
        "Run kubeboot init: it loads the module now and at boot. If it stays, see which file sets the value to 0.",
        "lsmod | grep br_netfilter; sysctl net.bridge.bridge-nf-call-iptables",
    ),
    Cause(
        "ip-vs-lost",
        r"ip_vs\S* is not loaded|can't use the IPVS proxier|IPVS proxier will not be used",
        "kube-proxy is to use IPVS, and the kernel's ip_vs modules are not loaded.",
        "Run kubeboot init, which loads them now and at boot; or set kubeProxy.mode: iptables.",
        "lsmod | grep ip_vs; modprobe ip_vs",
    ),
    Cause(
        "ip-forward-off",
        r"ip_forward.*contents are not set to 1|ip_forward is 0",
        "IP forwarding is off: another file in /etc/sysctl.d sets net.ipv4.ip_forward=0.",
        "Remove that line, then run kubeboot init.",
        "grep -r ip_forward /etc/sysctl.conf /etc/sysctl.d /usr/lib/sysctl.d",
    ),
    Cause(
        "sysctl-lost",
        r"^sysctl \S+ is \S*, wanted ",
        "A kernel parameter was changed by another program or by a later file of /etc/sysctl.d.",
        "Run kubeboot init, which sets it again; if it comes back, see which file sets it.",
        "sysctl --system | grep -B1 -A1 kubeboot",
    ),
    Cause(
        "cgroup-controller-missing",
        r"missing required cgroups",
        "The kernel lacks a cgroup controller.",
        "For memory, add cgroup_enable=memory cgroup_memory=1 to the kernel's command line; then reboot.",
        "cat /proc/cgroups /sys/fs/cgroup/cgroup.controllers",
    ),
    Cause(
        "oom-score-not-allowed",
        r"can't get final child's PID from pipe: EOF",
        "The host may not lower oom scores (LXC, nested): containerd needs restrict_oom_score_adj = true.",
        "Run kubeboot init; it writes that into containerd's configuration.",
        "grep restrict_oom_score_adj /etc/containerd/config.toml",
    ),
    Cause(
        "selinux-denies",
        r"avc: +denied",
        "SELinux forbids it.",
        "Set it to permissive (setenforce 0), or install container-selinux on the host.",
        "getenforce; ausearch -m avc -ts recent",
    ),
)

CLOCK = (
    Cause(
        "clock-skew",
        r"not yet valid: current time \S+ is before|clock difference against peer|"
        r"^the clock is .* (?:ahead of|behind) the other hosts",
        "The clocks of the hosts differ: certificates, tokens and etcd do not bear that.",
        "Set the clock and keep it with chrony (chronyc makestep), then run the same command again.",
        "date -u; chronyc tracking",
    ),
    Cause(
        "clock-skew-certificate",
        r"certificate has expired or is not yet valid|JWS signature|Release file .*is (?:not valid yet|expired)",
        "The host's clock is wrong, so certificates, tokens and signatures look expired or not valid yet.",
        "Set the clock and keep it with chrony (chronyc makestep), then run the same command again.",
        "date -u; chronyc tracking",
        when="clock-off",
    ),
    Cause(
        "time-not-synchronised",
        r"^the clock is not synchronised|Can't synchronise: no",
        "No time server keeps this host's clock, so it will drift away from the others.",
        "Give servers that the host reaches (inventory: time.servers), then run kubeboot init.",
        "chronyc sources; timedatectl",
    ),
)
