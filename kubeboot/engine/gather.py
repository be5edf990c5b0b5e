"""Look at every host once: facts, or one error per host that could not be looked at."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from kubeboot.errors import HostError, HostLost, HostsFailed
from kubeboot.facts import Facts, parse_facts, probe_script
from kubeboot.model import Cluster
from kubeboot.transport.base import Transport

OnFacts = Callable[[Facts], None]


def gather_facts(
    cluster: Cluster, transports: Mapping[str, Transport], on_facts: OnFacts, parallel: int
) -> dict[str, Facts]:
    """Facts by host name, in inventory order. Raises HostsFailed with every host that could not be looked at."""
    probe = f"main() {{\n{probe_script()}\n}}\nmain </dev/null\n".encode()
    errors: list[HostError] = []
    found: dict[str, Facts] = {}

    def look(name: str) -> Facts | HostError:
        try:
            facts = _look(name, transports[name], probe)
        except HostError as error:
            return error
        on_facts(facts)
        return facts

    pool = ThreadPoolExecutor(max_workers=parallel, thread_name_prefix="facts")
    try:
        for result in pool.map(look, [host.name for host in cluster.hosts]):
            if isinstance(result, HostError):
                errors.append(result)
            else:
                found[result.host] = result
    finally:
        # After Ctrl-C nobody waits for connections that are still being tried.
        pool.shutdown(wait=False, cancel_futures=True)
    if errors:
        raise HostsFailed(errors)
    return found


def _look(name: str, transport: Transport, probe: bytes) -> Facts:
    transport.connect()
    lines: list[str] = []
    times: list[float] = []

    def keep(line: str) -> bool:
        times.append(time.time())
        lines.append(line)
        return len(lines) < 20_000

    sent_at = time.time()
    if transport.execute(probe, keep) is None:
        raise HostLost(name, "the connection went while looking at the host", hint="Run the same command again.")
    return parse_facts(name, lines, received_at=times[-1] if times else time.time(), sent_at=sent_at)
