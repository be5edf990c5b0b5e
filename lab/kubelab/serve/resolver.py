"""A tiny DNS responder: it knows the lab's own names and says NXDOMAIN to all others, at once.

A resolver that does not answer makes every `sudo` on a host wait for it, which would spoil each measurement.
"""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Callable

Lookup = Callable[[str], str | None]  # name in small letters, without the last dot -> IPv4 address
_TYPE_A, _TYPE_ANY = 1, 255
_NO_ERROR, _NO_SUCH_NAME = 0, 3
_HEADER = struct.Struct("!6H")
_HOST = re.compile(r"(node[1-9][0-9]*)(\.lab)?")


def lookup_in(mirror: str, host_address: Callable[[str], str | None]) -> Lookup:
    """The lab's names: mirror.lab, and every host by its name with or without `.lab`."""

    def lookup(name: str) -> str | None:
        if name == "mirror.lab":
            return mirror
        found = _HOST.fullmatch(name)
        return host_address(found[1]) if found else None

    return lookup


def answer(query: bytes, lookup: Lookup) -> bytes | None:
    """The reply to one DNS query, or None if it is not a question of the ordinary kind."""
    if len(query) < _HEADER.size:
        return None
    ident, flags, questions, *_ = _HEADER.unpack_from(query)
    if flags & 0x8000 or questions != 1:
        return None
    labels, at = [], _HEADER.size
    while at < len(query) and (size := query[at]):
        labels.append(query[at + 1 : at + 1 + size].decode("ascii", "replace").lower())
        at += 1 + size
    question = query[_HEADER.size : at + 5]
    if len(query) < at + 5:
        return None
    kind = struct.unpack_from("!H", query, at + 1)[0]
    address = lookup(".".join(labels))
    code = _NO_ERROR if address else _NO_SUCH_NAME
    has_answer = address is not None and kind in (_TYPE_A, _TYPE_ANY)
    head = _HEADER.pack(ident, 0x8480 | (flags & 0x0100) | code, 1, int(has_answer), 0, 0)
    if not has_answer or address is None:
        return head + question
    record = struct.pack("!HHHIH", 0xC00C, _TYPE_A, 1, 60, 4) + socket.inet_aton(address)
    return head + question + record


def serve(address: str, lookup: Lookup) -> None:
    """Answer on UDP port 53 until the process ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((address, 53))
        while True:
            query, client = sock.recvfrom(4096)
            if reply := answer(query, lookup):
                sock.sendto(reply, client)
