"""Mirrors and add-ons: what must be given together, and what fits together."""

from __future__ import annotations

import re

from kubeboot.inventory.draft import Draft
from kubeboot.inventory.problems import Path, quoted
from kubeboot.inventory.versions import CALICO_VERSIONS, INGRESS_NGINX_VERSIONS, KUBERNETES_MINOR

ADDONS = {"calico": CALICO_VERSIONS, "ingressNginx": INGRESS_NGINX_VERSIONS}


def check_addons(draft: Draft) -> None:
    """Versions are known unless there is a manifest; what comes from a URL has its sha256."""
    for name, known in ADDONS.items():
        path: Path = ("addons", name)
        version, manifest = draft.get((*path, "version"), ""), draft.get((*path, "manifest"), "")
        if version and manifest == "" and version.removeprefix("v") not in known:
            hint = f"known: {', '.join(known)}; another one needs manifest"
            draft.report((*path, "version"), f"{quoted(version)} is not known", hint)
        if manifest and "://" in manifest:
            _need_sha256(draft, (*path, "manifest"), (*path, "manifestSha256"))
    for item in draft.each("addons", "manifests"):
        source, url = draft.get((*item, "path"), ""), draft.get((*item, "url"), "")
        if source is not None and url is not None and bool(source) == bool(url):
            draft.report(item, "needs either path or url", "path: my-app.yaml, or url with sha256")
        elif url:
            _need_sha256(draft, (*item, "url"), (*item, "sha256"))


def _need_sha256(draft: Draft, path: Path, sha256: Path) -> None:
    if draft.get(sha256, "") == "":
        draft.report(path, f"is a URL without {sha256[-1]}", f"add {sha256[-1]}: what sha256sum prints for the file")


def check_repositories(draft: Draft) -> None:
    """The Kubernetes repository is of the right minor; keys over plain http are pinned."""
    url_path: Path = ("mirrors", "kubernetesPackages")
    if draft.root.find((*url_path, "url")):
        url_path = (*url_path, "url")
    url = draft.get(url_path, "")
    minor = re.search(r"/v?(1\.\d+)(/|$)", url) if isinstance(url, str) else None
    if minor and minor.group(1) != KUBERNETES_MINOR:
        hint = f"use the repository of v{KUBERNETES_MINOR}"
        draft.report(url_path, f"is the repository of Kubernetes {minor.group(1)}", hint)
    key_url = draft.get(("mirrors", "osPackages", "keyUrl"), "")
    if key_url and key_url.startswith("http:") and not draft.get(("mirrors", "osPackages", "fingerprints"), []):
        hint = "add fingerprints, or fetch the key yourself and give it as key"
        draft.report(("mirrors", "osPackages", "keyUrl"), "anyone on the way can replace a key fetched over http", hint)


def check_registries(draft: Draft) -> None:
    """TLS settings belong to https, and registries have at least one endpoint."""
    for registry in draft.each("mirrors", "registries"):
        if draft.get(registry) == []:
            draft.report(registry, "has no endpoint", 'such as ["http://10.0.0.5:5000"]')
        for endpoint in draft.each(*registry):
            _check_endpoint(draft, endpoint)


def _check_endpoint(draft: Draft, endpoint: Path) -> None:
    url = draft.get((*endpoint, "url"), "") or ""
    has_ca, skips = draft.get((*endpoint, "ca"), ""), draft.get((*endpoint, "skipVerify"), False)
    if url.startswith("http:") and (has_ca or skips):
        key = "ca" if has_ca else "skipVerify"
        draft.report((*endpoint, key), "is for https, and the url is http", f"use https, or remove {key}")
    if has_ca and skips:
        draft.warn((*endpoint, "ca"), "is not looked at, because skipVerify is true", "remove skipVerify")
    if draft.get((*endpoint, "username"), "") and draft.get((*endpoint, "passwordFile"), "") == "":
        draft.report((*endpoint, "username"), "is given without passwordFile", "give both or neither")
    if url.startswith("http:") and draft.get((*endpoint, "passwordFile"), ""):
        draft.warn((*endpoint, "passwordFile"), "the password crosses the network unencrypted", "use https")
