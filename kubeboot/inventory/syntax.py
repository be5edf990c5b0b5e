"""What single values must look like. Each function returns the value in its canonical form or raises Invalid.

Whitelists, because these values end in shell scripts, apt, systemd and containerd files. Quoting there is the second
wall.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from kubeboot.inventory.problems import Invalid, quoted

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_SSH_HOST = re.compile(r"[A-Za-z0-9_:][A-Za-z0-9_.:-]{0,252}(%[A-Za-z0-9_.-]{1,15})?")
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}")
_QUALIFIED = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~:/+,=@%?&-]*)?")
_REPOSITORY_PATH = re.compile(r"[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*")
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]{1,100}")
_PACKAGE_VERSION = re.compile(r"[0-9][A-Za-z0-9.+:~-]{0,100}")
_SYSCTL_KEY = re.compile(r"[a-z0-9_]+([./][A-Za-z0-9_:-]+)+")
_SYSCTL_VALUE = re.compile(r"[A-Za-z0-9_ \t.,:/|%@+=-]{1,500}")
_FINDING = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HOST_KEY_HASH = re.compile(r"SHA256:[A-Za-z0-9+/]{43}=?")
_HOST_KEY = re.compile(r"(ssh|ecdsa|sk)-[a-z0-9@.-]+ [A-Za-z0-9+/]{40,2000}={0,2}( [A-Za-z0-9@._-]{1,100})?")

LABEL_HINT = "use lower-case letters, digits and -, at most 63, beginning and ending with a letter or digit"


def dns_label(value: str) -> str:
    """Lower-case letters, digits and -, at most 63, beginning and ending with a letter or digit (RFC 1123)."""
    if not _LABEL.fullmatch(value):
        raise Invalid(f"{quoted(value)} is not a valid name", _lower_hint(value, _LABEL, LABEL_HINT))
    return value


def dns_name(value: str) -> str:
    """An RFC 1123 subdomain: labels joined by dots, at most 253 characters."""
    if len(value) > 253 or not all(_LABEL.fullmatch(label) for label in value.split(".")):
        raise Invalid(f"{quoted(value)} is not a valid DNS name", "use labels of lower-case letters, digits and -")
    return value


def host_name(value: str) -> str:
    """A DNS name that Linux takes as host name and nobody can mistake for an address."""
    if len(value) > 63 or not all(_LABEL.fullmatch(label) for label in value.split(".")):
        raise Invalid(f"{quoted(value)} is not a valid host name", _lower_hint(value, _LABEL, LABEL_HINT))
    if value == "localhost" or value.startswith("localhost."):
        raise Invalid('"localhost" is every host\'s own name', "give the host a name of its own")
    if value.replace(".", "").isdigit():
        raise Invalid(f"{quoted(value)} looks like an address", "begin the name with a letter")
    return value


def _lower_hint(value: str, pattern: re.Pattern[str], otherwise: str) -> str:
    lowered = value.lower().replace("_", "-")
    fits = lowered != value and all(pattern.fullmatch(label) for label in lowered.split("."))
    return f"write {lowered}" if fits else otherwise


def address(value: str) -> str:
    """An IPv4 or IPv6 address that other hosts can reach; returned canonical."""
    try:
        ip = ipaddress.ip_address(value)
    except ValueError:
        hint = (
            "a name is not enough, the node needs its address" if re.search("[a-z]", value) else "such as 192.168.10.11"
        )
        raise Invalid(f"{quoted(value)} is not an IP address", hint) from None
    if "%" in value or ip.is_loopback or ip.is_multicast or ip.is_unspecified or ip.is_link_local:
        raise Invalid(f"{quoted(value)} cannot be reached from other hosts", "give the address the other hosts use")
    if ip.version == 4 and (ip.is_reserved or str(ip).startswith("0.")):
        raise Invalid(f"{quoted(value)} cannot be the address of a host", "such as 192.168.10.11")
    return str(ip)


def subnet(value: str) -> str:
    """A network in CIDR notation, without host bits; returned canonical."""
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        hint = "dual-stack is not supported: give one subnet" if "," in value else "write it as 10.88.0.0/16"
        raise Invalid(f"{quoted(value)} is not a subnet", hint) from None
    prefix = value.partition("/")[2]
    if not prefix.isdigit():
        raise Invalid(f"{quoted(value)} lacks a prefix length", f"write it as {network.network_address}/16")
    if str(network) != f"{ipaddress.ip_address(value.partition('/')[0])}/{prefix}":
        raise Invalid(f"{quoted(value)} is an address within a subnet, not a subnet", f"write {network}")
    return str(network)


def endpoint(value: str) -> str:
    """host[:port] of the API, IPv6 in brackets; returned as it is written."""
    split_endpoint(value)
    return value


def split_endpoint(value: str) -> tuple[str, int]:
    """(host, port) of the API's endpoint; the port defaults to 6443."""
    parts = _host_port(value)
    if parts is None:
        raise Invalid(f"{quoted(value)} is not an endpoint", "write it as k8s.example.com:6443 or 192.168.10.10:6443")
    host, port = parts
    if ":" in host or re.fullmatch(r"[0-9.]+", host):
        host = address(host)
    return host, port or 6443


def registry(value: str) -> str:
    """A host, or host:port, as registries are named in images."""
    if _host_port(value) is None:
        raise Invalid(f"{quoted(value)} is not a registry's name", "write it as docker.io or registry.example.com:5000")
    return value


def _host_port(value: str) -> tuple[str, int | None] | None:
    """(host, port) of `host[:port]`, IPv6 in brackets; None when it is not of that form."""
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9.-]{1,253}))(?::([0-9]{1,5}))?", value)
    if not match:
        return None
    bracketed, name, port_text = match.groups()
    port = int(port_text) if port_text else None
    if port is not None and not 0 < port < 65536:
        return None
    try:
        if bracketed or re.fullmatch(r"[0-9.]+", name):
            return str(ipaddress.ip_address(bracketed or name)), port
        return dns_name(name.lower()), port
    except ValueError:
        return None


def time_server(value: str) -> str:
    """A time server's name or address."""
    if ":" in value or re.fullmatch(r"[0-9.]+", value):
        return address(value)
    return dns_name(value)


def user(value: str) -> str:
    """A Linux login name."""
    if not _USER.fullmatch(value):
        raise Invalid(f"{quoted(value)} is not a user name", "use letters, digits, _ . and -, beginning with a letter")
    return value


def ssh_host(value: str) -> str:
    """A name, an alias of ~/.ssh/config or an address, IPv6 also with %interface; never with a port."""
    if not _SSH_HOST.fullmatch(value):
        raise Invalid(
            f"{quoted(value)} is not a host name or address", "a port goes into ssh.port, a user into ssh.user"
        )
    return value


def url(value: str) -> str:
    """An http or https URL without credentials; its trailing slash is dropped."""
    try:
        parts = urlsplit(value)
    except ValueError:
        raise Invalid(f"{quoted(value)} is not a URL", "write it as https://example.com/path") from None
    if parts.scheme not in ("http", "https"):
        raise Invalid(f"{quoted(value)} is not an http or https URL", "write it as https://example.com/path")
    if "@" in parts.netloc:
        raise Invalid("the URL holds a user name or password", "take it out; registries take username and passwordFile")
    if not _URL.fullmatch(value):
        raise Invalid(f"{quoted(value)} holds characters that are not safe in a URL", "percent-encode them")
    if _host_port(parts.netloc) is None:
        raise Invalid(f"{quoted(parts.netloc)} is not a host, or host:port", "write it as https://example.com/path")
    return value.rstrip("/")


def image_repository(value: str) -> str:
    """`registry.k8s.io` or `registry.example.com:5000/path`, without scheme or tag."""
    host, _, path = value.rstrip("/").partition("/")
    if "://" in value:
        raise Invalid(f"{quoted(value)} has a scheme", f"write {quoted(value.partition('://')[2].rstrip('/'))}")
    if _host_port(host) is None or (path and not _REPOSITORY_PATH.fullmatch(path)):
        raise Invalid(f"{quoted(value)} is not an image repository", "such as registry.example.com:5000/k8s")
    return value.rstrip("/")


def file_path(value: str) -> str:
    """A path on this machine; `~` and relative ones are resolved when the file is read."""
    if any(ord(char) < 32 for char in value) or len(value) > 4096 or not value.strip():
        raise Invalid(f"{quoted(value)} is not a path", "give the path of a file, without line breaks")
    return value


def path_or_url(value: str) -> str:
    """A path, or an http or https URL."""
    return url(value) if "://" in value else file_path(value)


def sha256(value: str) -> str:
    """64 hex digits; returned lower-case."""
    if not re.fullmatch(r"[0-9a-fA-F]{64}", value):
        raise Invalid(f"{quoted(value)} is not a sha256", "give the 64 hex digits that sha256sum prints")
    return value.lower()


def fingerprint(value: str) -> str:
    """An OpenPGP v4 fingerprint, 40 hex digits; returned upper-case, without spaces between groups."""
    compact = value.replace(" ", "").upper()
    if not re.fullmatch(r"[0-9A-F]{40}", compact):
        raise Invalid(f"{quoted(value)} is not a key fingerprint", "give the 40 hex digits of gpg --fingerprint")
    return compact


def host_key(value: str) -> str:
    """ "SHA256:..." as ssh-keygen -lf prints it, or a public key line."""
    if not _HOST_KEY_HASH.fullmatch(value) and not _HOST_KEY.fullmatch(value):
        hint = 'give "SHA256:..." as ssh-keygen -lf prints it, or the line of the host\'s ssh_host_*_key.pub'
        raise Invalid(f"{quoted(value)} is not a host key", hint)
    return value


def package(value: str) -> str:
    """A Debian package's name."""
    if not _PACKAGE.fullmatch(value):
        raise Invalid(f"{quoted(value)} is not a package name", "use the name that apt knows, without a version")
    return value


def package_version(value: str) -> str:
    """A Debian package's version."""
    if not _PACKAGE_VERSION.fullmatch(value):
        raise Invalid(f"{quoted(value)} is not a package version", "use the version that apt-cache policy prints")
    return value


def sysctl_key(value: str) -> str:
    """A kernel parameter's name."""
    if not _SYSCTL_KEY.fullmatch(value):
        raise Invalid(f"{quoted(value)} is not a kernel parameter", "write it as vm.swappiness")
    return value


def sysctl_value(value: object) -> str | None:
    """A number, or text of plain characters, or null; None drops the parameter from kubeboot's own list."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return None if value is None else str(value)
    if not isinstance(value, str) or not _SYSCTL_VALUE.fullmatch(value):
        hint = "give a number, or text of plain characters, or null to drop kubeboot's own"
        raise Invalid(f"{quoted(value)} is not a kernel parameter's value", hint)
    return value


def finding_name(value: str) -> str:
    """A preflight finding's kebab-case name."""
    if not _FINDING.fullmatch(value):
        raise Invalid(f"{quoted(value)} is not a finding's name", "write it as preflight prints it")
    return value


def label_key(value: str) -> str:
    """A node label's or taint's key: an optional DNS prefix, then the name."""
    prefix, slash, name = value.rpartition("/")
    if slash:
        dns_name(prefix)
    if not _QUALIFIED.fullmatch(name):
        raise Invalid(f"{quoted(value)} is not a label's name", "write it as disk or example.com/disk")
    return value


def label_value(value: str) -> str:
    """A node label's or taint's value: empty, or at most 63 plain characters."""
    if value and not _QUALIFIED.fullmatch(value):
        raise Invalid(f"{quoted(value)} is not a label's value", "use letters, digits, - _ and ., at most 63")
    return value


def taint(value: str) -> str:
    """key=value:Effect or key:Effect, the effect being NoSchedule, PreferNoSchedule or NoExecute."""
    split_taint(value)
    return value


def split_taint(value: str) -> tuple[str, str, str]:
    """(key, value, effect) of a taint."""
    hint = "write it as key=value:NoSchedule (or PreferNoSchedule, NoExecute)"
    rest, _, effect = value.rpartition(":")
    if effect not in ("NoSchedule", "PreferNoSchedule", "NoExecute"):
        raise Invalid(f"{quoted(value)} is not a taint", hint)
    key, _, text = rest.partition("=")
    return label_key(key), label_value(text), effect


def registry_user(value: str) -> str:
    """A registry's user name; robot accounts hold $ and +, so it is quoted where it ends."""
    if not re.fullmatch(r"[A-Za-z0-9._@$+-]{1,200}", value):
        raise Invalid(f"{quoted(value)} is not a registry's user name", "use letters, digits and . _ @ $ + -")
    return value
