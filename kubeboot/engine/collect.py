"""A support bundle's content of every host: one exec each, bounded, masked on the host and once more here."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kubeboot.engine.survey import survey
from kubeboot.errors import HostError
from kubeboot.redaction import redact, sed_script
from kubeboot.render import template_text
from kubeboot.transport.base import Transport

MOST_BYTES = 500_000
"""Of one item; the host keeps to it, and what comes is cut to it again."""
MOST_ANSWER = 3_000_000
"""Characters of a host's whole answer; engine.answer ends it at 4 000 000."""
_NAME = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*/)*[A-Za-z0-9_-][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Item:
    """A file of the bundle: its path in the host's folder, what it is, and its text without secrets."""

    path: str
    what: str
    text: str


def collect(
    hosts: Sequence[str], transports: Mapping[str, Transport], speaker: str, values: Iterable[str], parallel: int
) -> tuple[dict[str, tuple[Item, ...]], list[HostError]]:
    """Items by host, and the errors of those that gave none. `speaker` also tells the cluster's objects.

    `values`: texts that hold this run's secrets; what redaction has learnt of them is masked on the hosts already.
    """
    mask = base64.b64encode(sed_script(values).encode()).decode()
    nonce = secrets.token_hex(8)
    questions = {name: _script(nonce, mask, name == speaker) for name in hosts}
    answers = survey(transports, questions, "collecting the bundle", parallel)
    found = {name: parse_items(lines, nonce) for name, lines in answers.items() if not isinstance(lines, HostError)}
    return found, [error for error in answers.values() if isinstance(error, HostError)]


def _script(nonce: str, mask: str, is_speaker: bool) -> str:
    settings = f"NONCE={nonce} MOST={MOST_BYTES} MOST_ANSWER={MOST_ANSWER} IS_SPEAKER={int(is_speaker)} MASK={mask}\n"
    return settings + template_text("bundle.sh")


def parse_items(lines: Iterable[str], nonce: str) -> tuple[Item, ...]:
    """What templates/bundle.sh printed. Lines of others, and items whose name or content is odd, are passed over."""
    items = {}
    for line in lines:
        head, *fields = line.split("\t")
        if head != nonce or len(fields) != 3 or not _NAME.fullmatch(fields[0]):
            continue
        try:
            text = _unpack(fields[2])
        except (binascii.Error, zlib.error, ValueError):
            continue
        items[fields[0]] = Item(fields[0], redact(fields[1]), redact(text))
    return tuple(items.values())


def _unpack(encoded: str) -> str:
    """Base64 of gzip to text, never more than an item may have, whatever the host packed."""
    packed = base64.b64decode(encoded, validate=True)
    return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(packed, MOST_BYTES + 1000).decode("utf-8", "replace")
