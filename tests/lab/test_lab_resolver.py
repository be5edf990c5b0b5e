"""The lab's DNS responder: its own names, NXDOMAIN for all others, and no crash on anything."""

from __future__ import annotations

import struct

import pytest
from kubelab.serve import resolver

A, AAAA = 1, 28
LOOKUP = resolver.lookup_in("10.66.0.1", {"node1": "10.66.0.11"}.get)


def query(name: str, kind: int = A) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", kind, 1)


def ask(name: str, kind: int = A) -> tuple[int, int, bytes]:
    reply = resolver.answer(query(name, kind), LOOKUP)
    assert reply is not None
    ident, flags, questions, answers, _, _ = struct.unpack_from("!6H", reply)
    assert (ident, questions) == (7, 1)
    assert flags & 0x8000, "not marked as an answer"
    return flags & 0x000F, answers, reply[-4:]


@pytest.mark.parametrize(
    ("name", "address"),
    [("node1", "10.66.0.11"), ("node1.lab", "10.66.0.11"), ("NODE1", "10.66.0.11"), ("mirror.lab", "10.66.0.1")],
)
def test_own_names_have_addresses(name: str, address: str) -> None:
    assert ask(name) == (0, 1, bytes(map(int, address.split("."))))


@pytest.mark.parametrize("name", ["node2", "deb.example.org", "node1.example.org", "node01", "mirror"])
def test_other_names_do_not_exist(name: str) -> None:
    code, answers, _ = ask(name)
    assert (code, answers) == (3, 0)


def test_own_names_have_no_ipv6_address_but_exist() -> None:
    code, answers, _ = ask("node1", AAAA)
    assert (code, answers) == (0, 0)


@pytest.mark.parametrize("size", range(len(query("node1"))))
def test_cut_off_queries_get_no_answer(size: int) -> None:
    assert resolver.answer(query("node1")[:size], LOOKUP) is None


def test_an_answer_is_not_answered() -> None:
    reply = resolver.answer(query("node1"), LOOKUP)
    assert reply is not None
    assert resolver.answer(reply, LOOKUP) is None
