"""Prepare every host of an inventory with kubeboot's own engine, or write the same scripts for plain OpenSSH.

`python -m bench.prepare INVENTORY` runs the phases before the images; `--scripts FOLDER` writes them as files instead.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from kubeboot.addons.load import load_addons
from kubeboot.context import HostContext
from kubeboot.engine.gather import gather_facts
from kubeboot.engine.runner import Inputs, Runner, raise_errors
from kubeboot.engine.script import Settings, compile_script, run_directory
from kubeboot.facts import probe_script
from kubeboot.inventory.load import load_inventory
from kubeboot.preflight import run_preflight
from kubeboot.transport.base import Transport
from kubeboot.transport.ssh import SshTransport
from kubeboot.workflows import INIT

PREPARATION = tuple(phase for phase in INIT if phase.name in ("host-prep", "packages"))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("inventory")
    parser.add_argument("--scripts", type=Path)
    parser.add_argument("--run-id", default="bench")
    arguments = parser.parse_args()
    cluster, _ = load_inventory(arguments.inventory)
    addons = load_addons(cluster)
    transports: dict[str, Transport] = {
        host.name: SshTransport(host, directory=cluster.directory) for host in cluster.hosts
    }
    settings = Settings(run_id=arguments.run_id, nonce="bench", owner="bench", mode="apply")
    facts = gather_facts(cluster, transports, lambda _: None, 20)
    run_preflight(cluster, facts).raise_errors()
    if not arguments.scripts:
        outcome = Runner(PREPARATION, Inputs(cluster, facts, addons, transports), settings, ()).run()
        raise_errors(outcome)
        print(f"{outcome.tally.changed} changed, {outcome.tally.unchanged} in place")
        return
    for host in cluster.hosts:
        text = [f"( {probe_script()} ) >/dev/null\nmkdir -p /run/kubeboot/restart"]
        for phase in PREPARATION:
            script = compile_script(phase, HostContext(cluster, host, facts, addons), replace(settings))
            folder = run_directory(settings, phase.name)
            text.append(f"rm -rf {folder}; mkdir -p {folder}/secrets")
            text.append(f"cat >{folder}/script <<'BENCH_END'\n{script.text}BENCH_END")
            text.append(f"bash {folder}/script </dev/null >/dev/null 2>&1; tail -n 1 {folder}/records")
        (arguments.scripts / host.name).write_text("\n".join(text) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
