"""Look at every host once: facts, or one error per host that could not be looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from kubeboot.engine.answer import Answer, ask
from kubeboot.engine.locks import Locks, OutOfTurn
from kubeboot.engine.script import as_stdin
from kubeboot.errors import HostError, HostsFailed
from kubeboot.facts import Facts, parse_facts, probe_script
from kubeboot.model import Cluster
from kubeboot.transport.base import Transport

OnFacts = Callable[[Facts], None]


def gather_facts(
    cluster: Cluster,
    transports: Mapping[str, Transport],
    on_facts: OnFacts,
    parallel: int,
    locks: Locks | None = None,
) -> dict[str, Facts]:
    """Facts by host name, in inventory order, of the hosts with a transport; under their locks if `locks` are given.

    Raises HostsFailed with every host that could not be looked at or is another run's.
    """
    errors: dict[str, HostError] = {}
    found: dict[str, Facts] = {}
    names = [host.name for host in cluster.hosts if host.name in transports]

    def look(name: str) -> None:
        try:
            found[name] = _look(name, transports[name], locks)
        except HostError as error:
            errors[name] = error
        except OutOfTurn:
            return
        else:
            on_facts(found[name])
        finally:
            if locks:
                locks.pass_turn(name)

    pool = ThreadPoolExecutor(max_workers=parallel, thread_name_prefix="facts")
    try:
        for _ in pool.map(look, sorted(names, key=lambda name: locks is not None and name != locks.first)):
            pass
    finally:
        # After Ctrl-C nobody waits for connections that are still being tried.
        pool.shutdown(wait=False, cancel_futures=True)
    if errors:
        raise HostsFailed([errors[name] for name in names if name in errors])
    return {name: found[name] for name in names}


def _look(name: str, transport: Transport, locks: Locks | None) -> Facts:
    transport.connect()
    last = Answer()

    def look(before: str) -> list[str]:
        nonlocal last
        last = ask(transport, name, as_stdin(before + probe_script()), "looking at the host")
        return last.lines

    lines = locks.take(name, look) if locks else look("")
    return parse_facts(name, lines, received_at=last.asked_at + last.took_s, sent_at=last.asked_at)
