"""The versions kubeboot knows, and the addresses they come from."""

from __future__ import annotations

import re

from kubeboot.inventory.problems import Invalid, quoted

KUBERNETES_MINOR = "1.29"
NEWEST_PATCH = 15
NEWEST_KUBERNETES = f"{KUBERNETES_MINOR}.{NEWEST_PATCH}"
CALICO_VERSIONS = ("3.27.0", "3.27.5")
INGRESS_NGINX_VERSIONS = ("1.9.6", "1.11.0", "1.13.9")

KUBERNETES_FINGERPRINT = "DE15B14486CD377B9E876E1A234654DA9A296436"
DOCKER_FINGERPRINT = "9DC858229FC7DD38854AE2D88D81803C0EBFCD88"

UPSTREAM = {
    "kubernetesPackages": f"https://pkgs.k8s.io/core:/stable:/v{KUBERNETES_MINOR}",
    "dockerPackages": "https://download.docker.com/linux/debian",
    "imageRepository": "registry.k8s.io",
}
PRESETS = {
    "aliyun": {
        "kubernetesPackages": f"https://mirrors.aliyun.com/kubernetes-new/core/stable/v{KUBERNETES_MINOR}",
        "dockerPackages": "https://mirrors.aliyun.com/docker-ce/linux/debian",
        "imageRepository": "registry.aliyuncs.com/google_containers",
    },
}

_VERSION = re.compile(r"v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?")


def kubernetes_version(value: object) -> str:
    """A full version with its patch number, with or without v before it; returned without.

    Raises Invalid for anything that is not a patch release kubeboot knows.
    """
    example = f"write a full version such as {NEWEST_KUBERNETES}"
    if isinstance(value, float):
        raise Invalid(f"{value} is a number, not a version", example)
    match = _VERSION.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise Invalid(f"{quoted(value)} is not a version", example)
    major, minor, patch = match.groups()
    if f"{major}.{minor}" != KUBERNETES_MINOR:
        raise Invalid(f"Kubernetes {major}.{minor} is not supported; kubeboot knows {KUBERNETES_MINOR}", example)
    if patch is None:
        raise Invalid(f"{quoted(value)} lacks the patch number", example)
    if int(patch) > NEWEST_PATCH or patch != str(int(patch)):
        raise Invalid(f"{major}.{minor}.{patch} does not exist; newest known is {NEWEST_KUBERNETES}", example)
    return f"{major}.{minor}.{patch}"


def addon_version(value: str) -> str:
    """A full version such as 1.2.3; returned without a leading v.

    Whether it is known depends on a manifest being given: see checks.
    """
    match = _VERSION.fullmatch(value)
    if not match or match.group(3) is None:
        raise Invalid(f"{quoted(value)} is not a version", "write it as 1.2.3")
    return value.removeprefix("v")
