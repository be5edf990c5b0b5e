"""Known failures of packages and their repositories. The rules are in kubeboot.causes."""

from __future__ import annotations

from kubeboot.causes.cause import Cause

PACKAGES = (
    Cause(
        "dpkg-interrupted",
        r"dpkg was interrupted|^dpkg was cut off",
        "An earlier package installation was cut off.",
        "On the host: dpkg --configure -a; then run the same command again.",
        "dpkg --audit",
    ),
    Cause(
        "dpkg-lock-held",
        r"Could not get lock /var/|Unable to acquire the dpkg frontend lock|Unable to lock|"
        r"/var/(?:lib/(?:dpkg|apt)|cache/apt)/\S* is held by",
        "Another package manager is running on the host, often unattended-upgrades.",
        "Wait for it and run the same command again; timeouts.packageLock waits longer. Never delete the lock.",
        "fuser -v /var/lib/dpkg/lock-frontend; systemctl status unattended-upgrades",
    ),
    Cause(
        "rpm-lock-held",
        r"create transaction lock on /var/lib/rpm|holding the yum lock|Waiting for process with pid \d+ to finish",
        "Another package manager is running on the host, often PackageKit or dnf-automatic.",
        "Wait for it and run the same command again. Never delete the lock.",
        "fuser -v /var/lib/rpm/.rpm.lock; systemctl status packagekit dnf-automatic",
    ),
    Cause(
        "repository-key-expired",
        r"EXPKEYSIG|KEYEXPIRED|key \S+ of \S+ expired|^the key in \S+ (?:has )?expire",
        "The repository's signing key has expired.",
        "Fetch its present key and give it with mirrors.<repository>.key or keyUrl, then run kubeboot init.",
        "gpg --show-keys /etc/apt/keyrings/kubeboot-*",
    ),
    Cause(
        "repository-key-missing",
        r"NO_PUBKEY|signatures? (?:were|was|couldn't be|is) (?:invalid|verified)|is not signed|BADSIG",
        "The repository's signature does not verify with the key that the host has.",
        "Give its key with mirrors.<repository>.key, or mend the mirror.",
        "apt-get update; gpg --show-keys /etc/apt/keyrings/kubeboot-*",
    ),
    Cause(
        "repository-key-refused",
        r"Refusing the key of",
        "The key at that address is not the one expected.",
        "Check it with its owner, then set mirrors.<repository>.fingerprints.",
        "curl -sS URL | gpg --show-keys",
    ),
    Cause(
        "repository-key-no-key",
        r"is not an armored OpenPGP key|no valid OpenPGP data found",
        "The address answers, but not with a key; a proxy or a login page may be in the way.",
        "Check mirrors.<repository>.keyUrl.",
        "curl -sS URL | head -3",
    ),
    Cause(
        "release-file-out-of-date",
        r"Release file .*is (?:not valid yet|expired)",
        "The host's clock is wrong, or the mirror is out of date.",
        "Set the clock (chronyc makestep), or let the mirror's owner renew it; then run the same command again.",
        "date -u; timedatectl",
    ),
    Cause(
        "hash-sum-mismatch",
        r"Hash Sum mismatch|File has unexpected size",
        "The mirror is being updated, or a proxy serves old files.",
        "Wait some minutes and run the same command again.",
        "apt-get update",
    ),
    Cause(
        "repository-twice",
        r"Conflicting values set for option Signed-By",
        "The host has this repository already, in another file under /etc/apt/sources.list.d.",
        "Remove that one, then run the same command again.",
        "grep -r URL /etc/apt/sources.list /etc/apt/sources.list.d",
    ),
    Cause(
        "packages-held",
        r"held broken packages|unmet dependencies|held packages were changed",
        "Packages on the host are held or do not fit together.",
        "Release what stands in the way (apt-mark unhold NAME; apt-get -f install), then run the same command again.",
        "apt-mark showhold; apt-get check",
    ),
    Cause(
        "packages-not-held",
        r"^\S+ (?:is|are) not held|^not held: ",
        "The packages are not held, so the next upgrade of the system can move Kubernetes under a running node.",
        "Run kubeboot init, or: apt-mark hold kubelet kubeadm kubectl",
        "apt-mark showhold",
    ),
    Cause(
        "versions-differ",
        r"^\S+ is \S+, the inventory says ",
        "A package is at another version than the inventory wants: an upgrade moved it, or did not come to its end.",
        "See who changed it; kubeboot init installs the inventory's version.",
        "dpkg-query -W kubeadm kubelet kubectl; grep kube /var/log/dpkg.log | tail",
    ),
    Cause(
        "package-version-missing",
        r"No repository has \S+|Version '\S+' for '\S+' was not found",
        "The package repository lacks that version.",
        "Check cluster.kubernetesVersion, or mirrors.kubernetesPackages.",
        "apt-cache madison kubeadm",
    ),
    Cause(
        "package-missing",
        r"Unable to locate package|has no installation candidate",
        "No configured repository has this package.",
        "Set mirrors.osPackages, or check the host's own package sources.",
        "apt-cache policy",
    ),
    Cause(
        "repository-missing",
        r"does not have a Release file|404 +Not Found",
        "The address answers, but there is no such repository.",
        "Check its URL under mirrors; an old one of the host's own goes out of /etc/apt/sources.list.d.",
        "grep -rE '^(deb|URIs)' /etc/apt/sources.list /etc/apt/sources.list.d",
    ),
    Cause(
        "repository-certificate-untrusted",
        r"Certificate verification failed|certificate is NOT trusted",
        "The host does not trust the repository's TLS certificate.",
        "Install its CA on the host (update-ca-certificates), or use another mirror.",
        "curl -vI URL",
    ),
    Cause(
        "proxy-refuses",
        r"407 +Proxy|Proxy Authentication Required|proxyconnect tcp",
        "A proxy is in the way and refuses.",
        "Check the host's proxy variables; no_proxy must hold the hosts, the pod subnet and the service subnet.",
        "grep -i proxy /etc/environment; systemctl show -p Environment containerd",
    ),
    Cause(
        "repository-unreachable",
        r"Could not resolve|Temporary failure resolving|Could not connect to|Failed to fetch|"
        r"Unable to connect to (?!the server)",
        "The host cannot reach the package repository.",
        "Mend its way out, or set a mirror that it reaches under mirrors.",
        "curl -vI URL; getent hosts NAME",
    ),
)
