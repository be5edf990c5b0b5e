"""Ask several hosts the same short question at once. One that cannot answer keeps nobody else from it."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from kubeboot.engine.answer import ask
from kubeboot.engine.script import as_stdin
from kubeboot.errors import HostError
from kubeboot.transport.base import Transport


def survey(
    transports: Mapping[str, Transport], questions: Mapping[str, str], doing: str, parallel: int
) -> dict[str, list[str] | HostError]:
    """Host -> the lines it answered to its question (shell text), or why it could not. `doing` as for `ask`."""

    def one(host: str) -> list[str] | HostError:
        try:
            transports[host].connect()
            return ask(transports[host], host, as_stdin(questions[host]), doing).lines
        except HostError as error:
            return error

    pool = ThreadPoolExecutor(parallel, "survey")
    try:
        return dict(zip(questions, pool.map(one, questions), strict=True))
    finally:
        # After Ctrl-C nobody waits for connections that are still being tried.
        pool.shutdown(wait=False, cancel_futures=True)
