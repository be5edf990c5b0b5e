"""Start the mirror in the lab's hub: resolver and web server (kubelab.serve), and Debian's docker-registry."""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path

from . import cgroups, netns
from .errors import LabError
from .places import CACHE, LAB_FOLDER, Lab
from .process import spawn

WEB_FOLDER = CACHE / "mirror" / "web"
REGISTRY_FOLDER = CACHE / "mirror" / "registry"
PUBLIC_KEY = CACHE / "signing" / "lab-key.asc"  # signs all package repositories
WEB_PORT, REGISTRY_PORT = 80, 5000
_PATIENCE_S = 30.0  # a busy machine is no error


def start(lab: Lab) -> None:
    """Start what is not running yet; a registry without content (not built yet) is left out."""
    for folder in (WEB_FOLDER, REGISTRY_FOLDER):
        folder.mkdir(parents=True, exist_ok=True)
    python = ["env", f"PYTHONPATH={LAB_FOLDER}", sys.executable, "-m", "kubelab.serve"]
    _start_one(lab, "web", WEB_PORT, [*python, lab.mirror_address, str(lab.hosts_folder), str(WEB_FOLDER)])
    if shutil.which("docker-registry"):
        _start_one(lab, "registry", REGISTRY_PORT, ["docker-registry", "serve", str(_registry_settings(lab))])


def _start_one(lab: Lab, name: str, port: int, argv: list[str]) -> None:
    if cgroups.processes(f"{cgroups.TOP}/{lab.name}/services/{name}"):
        return
    log = lab.folder / f"{name}.log"
    group = cgroups.service_group(lab.name, name)
    spawn(group, ["nsenter", f"--net={netns.FOLDER / lab.hub_namespace}", *argv], log)
    deadline = time.monotonic() + _PATIENCE_S
    while not netns.listens(lab.hub_namespace, lab.mirror_address, port):
        if time.monotonic() > deadline:
            message = f"the mirror's {name} server does not answer on {lab.mirror_address}:{port}"
            raise LabError(message, f"read its log: {log}")
        time.sleep(0.02)


def _registry_settings(lab: Lab) -> Path:
    """docker-registry's configuration; JSON is YAML enough for it."""
    settings = {
        "version": "0.1",
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {
            "filesystem": {"rootdirectory": str(REGISTRY_FOLDER)},
            "maintenance": {"readonly": {"enabled": True}, "uploadpurging": {"enabled": False}},
            "cache": {"blobdescriptor": "inmemory"},
        },
        "http": {"addr": f"{lab.mirror_address}:{REGISTRY_PORT}"},
    }
    path = lab.folder / "registry.json"
    path.write_text(json.dumps(settings, indent=1))
    return path
