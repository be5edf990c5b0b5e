"""The first look at the hosts, and waiting for other runs to end."""

from __future__ import annotations

import time
from collections.abc import Mapping

from kubeboot.engine import events
from kubeboot.engine.gather import gather_facts
from kubeboot.engine.locks import Locks
from kubeboot.errors import HostBusy, HostsFailed
from kubeboot.facts import Facts
from kubeboot.model import Cluster
from kubeboot.transport.base import Transport

WAIT_POLL_S = 3


def gather_in_turn(
    cluster: Cluster,
    transports: Mapping[str, Transport],
    sink: events.EventSink,
    locks: Locks | None,
    parallel: int,
    wait_s: int,
) -> dict[str, Facts]:
    """Facts under the run's locks; for `wait_s` seconds other runs may end first. Raises HostsFailed."""
    deadline = time.monotonic() + wait_s
    said = ""
    while True:
        try:
            facts = _gather(cluster, transports, sink, locks, parallel)
            if locks and locks.first == cluster.bootstrap_control_plane.name and facts[locks.first].has_kubelet_conf:
                locks.take_lease()
            return facts
        except HostBusy as error:
            refusal = HostsFailed([error])
        except HostsFailed as error:
            refusal = error
        first = refusal.errors[0]
        if time.monotonic() >= deadline or not all(isinstance(error, HostBusy) for error in refusal.errors):
            raise refusal
        if locks:
            locks.give_back()
        if first.message != said:
            said = first.message
            sink.handle(events.Notice(time.time(), first.host, f"waiting: {said}"))
        time.sleep(WAIT_POLL_S)


def _gather(
    cluster: Cluster, transports: Mapping[str, Transport], sink: events.EventSink, locks: Locks | None, parallel: int
) -> dict[str, Facts]:
    """Facts of every host. Raises HostsFailed; nothing has been changed anywhere by then."""

    def report(facts: Facts) -> None:
        summary = f"{facts.os_name}, {facts.cpus} CPUs, {facts.memory_mb} MB, {facts.node_state}"
        sink.handle(events.FactsGathered(time.time(), facts.host, summary))

    try:
        return gather_facts(cluster, transports, report, parallel, locks)
    except HostsFailed as error:
        error.hint = "Nothing was changed on any host."
        raise
