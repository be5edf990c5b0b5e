"""Known failures: what a host prints -> why that usually happens and what to do. Data only; the first match wins."""

from __future__ import annotations

import re

CAUSES: tuple[tuple[str, str], ...] = (
    (r"No space left on device", "The disk is full. `df -h` on the host shows which; free some space and run again."),
    (
        r"NO_PUBKEY|EXPKEYSIG|signatures? (?:were|was|couldn't be|is) (?:invalid|verified)|is not signed",
        "The repository's signature does not verify: give its key with mirrors.<repository>.key, or mend the mirror.",
    ),
    (
        r"Refusing the key of",
        "The key at that address is not the one expected. Check it with its owner, "
        "then set mirrors.<repository>.fingerprints.",
    ),
    (r"is not an armored OpenPGP key", "The address answers, but not with a key: check mirrors.<repository>.keyUrl."),
    (
        r"Could not get lock|Unable to acquire the dpkg frontend lock|Unable to lock",
        "Another package manager is running on the host (often unattended-upgrades). Wait for it and run again.",
    ),
    (
        r"No repository has (\S+)",
        "The package repository lacks that version. Check cluster.kubernetesVersion, or mirrors.kubernetesPackages.",
    ),
    (
        r"Unable to locate package|has no installation candidate",
        "No configured repository has this package. Set mirrors.osPackages, or check the host's own package sources.",
    ),
    (
        r"Could not resolve|Temporary failure resolving|Could not connect to|Failed to fetch|Unable to connect to",
        "The host cannot reach the package repository. Check it with curl from the host, "
        "or set a mirror under `mirrors:`.",
    ),
    (
        r"failed to (?:pull|resolve).*(?:not found|manifest unknown)|: not found",
        "The registry does not have this image. Check the version, mirrors.imageRepository and mirrors.registries.",
    ),
    (
        r"(?:pull|resolve).*"
        r"(?:connection refused|i/o timeout|no such host|no route to host|EOF|network is unreachable)",
        "The host cannot reach the image registry. Set mirrors.registries, or check the mirror.",
    ),
    (r"toomanyrequests|429 Too Many", "The registry limits pulls. Set mirrors.registries to a mirror of your own."),
    (
        r"x509: certificate has expired or is not yet valid",
        "The clocks differ, or a certificate has expired: compare `date -u` on the hosts.",
    ),
    (r"running with swap on is not supported", "Swap is on again on that host; kubeboot turns it off when run again."),
    (
        r"unknown service runtime\.v1\.RuntimeService",
        "containerd's CRI plugin is disabled in /etc/containerd/config.toml; run again, kubeboot writes that file.",
    ),
    (r"ERROR Port-(\d+)", "Another program listens on that port: `ss -ltnp` on the host shows which."),
    (
        r"could not find a JWS signature in the cluster-info ConfigMap",
        "The join token has expired. Run the same command again: it makes a new one.",
    ),
    (
        r"could not find the requested resource|connection to the server .* was refused",
        "The API server does not answer. On the control plane: `crictl ps -a`, `journalctl -u kubelet -n 50`.",
    ),
    (
        r"timed out waiting for the condition|kubelet isn't running or healthy",
        "The kubelet or a control-plane container does not come up: "
        "`journalctl -u kubelet -n 50` and `crictl ps -a` on the host.",
    ),
    (r"Read-only file system", "The host's file system is read-only, often after a disk error: see `dmesg`."),
    (r"command not found", "A program is missing on the host; the log names it."),
)
_PATTERNS = tuple((re.compile(pattern), text) for pattern, text in CAUSES)


def explain(output: str) -> str:
    """Why that usually happens, or an empty string."""
    return next((text for pattern, text in _PATTERNS if pattern.search(output)), "")
