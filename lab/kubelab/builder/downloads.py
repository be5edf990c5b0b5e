"""The Debian packages that may be wanted on hosts, downloaded with all they need beyond the hosts' disk."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ..fleet import ROOT_FILE_SYSTEM
from ..places import CACHE
from ..process import run
from . import debian
from .target import Target

DOWNLOADS_TARGET = "debian packages"
DOWNLOADS = CACHE / "debian-packages"
_NAMES = """
    conntrack socat ipset ipvsadm iptables ebtables ethtool jq nfs-common chrony containerd runc haproxy
    keepalived apt-transport-https bash-completion lsof tcpdump nftables rsync psmisc firewalld ufw
    unattended-upgrades python3-minimal vim-tiny less netcat-openbsd dnsutils tar gzip xz-utils zstd openssl
    etcd-client open-iscsi systemd-timesyncd auditd gnupg curl ca-certificates iputils-ping kmod procps
    util-linux mount e2fsprogs wget bridge-utils sysstat logrotate cron rsyslog libseccomp2 apparmor
    busybox-static
"""
PACKAGES = tuple(_NAMES.split())
_URI = re.compile(r"^'([^']+)' (\S+_(?:amd64|all)\.deb) ", re.MULTILINE)


def target() -> Target:
    """A folder of .deb files."""
    needs = ("host root file system",)
    return Target(DOWNLOADS_TARGET, "disk", DOWNLOADS, _make, (repr(PACKAGES), "1"), needs)


def _make(output: Path) -> None:
    """apt works on a state of its own: it believes to be on a host, and touches nothing of this machine's."""
    state = output.with_suffix(".apt")
    run(["rm", "-rf", state])
    for name in ("lists/partial", "cache/archives/partial"):
        (state / name).mkdir(parents=True)
    source = f"deb [signed-by={debian.KEYRING}] {debian.mirror_url()} {debian.HOST_SUITE} main\n"
    (state / "sources.list").write_text(source)
    settings = {
        "Dir::State::lists": state / "lists",
        "Dir::State::status": ROOT_FILE_SYSTEM / "var/lib/dpkg/status",
        "Dir::State::extended_states": state / "extended_states",
        "Dir::Cache": state / "cache",
        "Dir::Cache::pkgcache": "pkgcache.bin",  # some images turn it off: then each call takes seconds
        "Dir::Cache::srcpkgcache": "srcpkgcache.bin",
        "Dir::Etc::sourcelist": state / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "APT::Update::Post-Invoke::": "",
        "APT::Install-Recommends": "false",
        "Debug::NoLocking": "true",
        "APT::Sandbox::User": "root",
    }
    apt = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in settings.items())]
    run([*apt, "update"])
    output.mkdir()
    wanted = {found for name in PACKAGES for found in _closure(apt, name)}
    run([*apt, "download", *sorted(wanted)], cwd=output)
    run(["rm", "-rf", state])


def _closure(apt: Sequence[str], name: str) -> set[str]:
    """`package=version` of a package and of all it needs that the host's disk has not; the package itself always."""
    listed = run([*apt, "install", "--reinstall", "--print-uris", "--yes", name])
    names = (Path(file).name for _, file in _URI.findall(listed))
    return {"=".join(deb.split("_")[:2]).replace("%3a", ":") for deb in names}
