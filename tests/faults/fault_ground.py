"""Where faults happen: a lab of two hosts, in layouts of one or both, brought back to saved states."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass, field

from lab_hosts import PROGRAM, Ended, Inventory, Lab, merged

LAYOUTS = {
    "one": {"node1": ["control-plane", "worker"]},
    "pair": {"node1": ["control-plane"], "node2": ["worker"]},
    "planes": {"node1": ["control-plane", "worker"], "node2": ["control-plane"]},
}
STATES = {"bare": 0, "packages": 2, "images": 3, "addons": 5}
"""How many phases of init were done."""
LINK_PATIENCE_S = 20
RUN_PATIENCE_S = 600
READY_S = 300
"""A host without its disk is still a node, and is waited for."""
FIRST_PHASES = """
import sys
import kubeboot.workflows
kubeboot.workflows.INIT = kubeboot.workflows.INIT[: int(sys.argv.pop(1))]
from kubeboot.cli import main
sys.exit(main())
"""


@dataclass
class Ground:
    """The lab of a session. States are saved when they are first needed."""

    lab: Lab
    _saved: set[str] = field(default_factory=set)

    def inventory(self, layout: str) -> Inventory:
        """One, or both hosts; Calico, no ingress controller; an error when a host is away for long."""
        roles = LAYOUTS[layout]
        base = self.lab.inventory("--hosts", *roles, addons={"ingressNginx": {"enabled": False}})
        hosts = [merged(host, {"roles": roles[host["name"]]}) for host in base["hosts"]]
        return merged({**base, "hosts": hosts}, {"timeouts": {"link": LINK_PATIENCE_S, "ready": READY_S}})

    def restore(self, layout: str, state: str) -> None:
        """The hosts of a layout with the first phases done; whatever was there before is gone."""
        for path in self.lab.folder.glob("*.kubeconfig*"):
            path.unlink()
        hosts = list(LAYOUTS[layout])
        if state == "bare":
            self.lab.fresh(*hosts)
            return
        name = f"{layout}-{state}"
        if name not in self._saved:
            self._make(name, layout, state)
        self.lab.lab("restore", name)
        self.lab.wait_for_ssh(*hosts)

    def _make(self, name: str, layout: str, state: str) -> None:
        if not self._has_save(name):
            names = list(STATES)
            self.restore(layout, names[names.index(state) - 1])
            command = [sys.executable, "-c", FIRST_PHASES, str(STATES[state]), "init", "-i"]
            path = self.lab.write(self.inventory(layout))
            done = subprocess.run(
                [PROGRAM, "ctl", *command, path],
                env=self.lab.env,
                capture_output=True,
                text=True,
                check=False,
                timeout=400,
                cwd=self.lab.folder,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            self.lab.lab("save", name, *LAYOUTS[layout])
        self._saved.add(name)

    def _has_save(self, name: str) -> bool:
        """Of a lab that was kept; it has no other way to tell than to refuse the name."""
        return subprocess.run([PROGRAM, "restore", name], env=self.lab.env, capture_output=True).returncode == 0

    def init(self, layout: str) -> Ended:
        """A run to its end; exit 124 if it has none."""
        try:
            return self.lab.kubeboot("init", self.inventory(layout), timeout_s=RUN_PATIENCE_S)
        except subprocess.TimeoutExpired as stuck:
            said = b"".join(each for each in (stuck.stdout, stuck.stderr) if isinstance(each, bytes))
            return Ended(124, said.decode(errors="replace"), "", RUN_PATIENCE_S)


def changed(run: Ended) -> int | None:
    """How much a run says it changed."""
    found = re.match(r"(\d+) changed,", run.summary)
    return int(found[1]) if found else None
