"""Addresses as people type them: ranges, names, lists."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeboot.inventory.addresses import MOST_IN_RANGE, address_range, named_addresses
from kubeboot.inventory.problems import Invalid


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.168.56.11", ["192.168.56.11"]),
        ("192.168.56.11-13", ["192.168.56.11", "192.168.56.12", "192.168.56.13"]),
        ("10.0.0.255-10.0.1.0", ["10.0.0.255", "10.0.1.0"]),
        ("fd00::9-b", ["fd00::9", "fd00::a", "fd00::b"]),
        ("10.0.0.7-7", ["10.0.0.7"]),
    ],
)
def test_ranges(text: str, expected: list[str]) -> None:
    assert address_range(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("192.168.56.13-11", "ends before it begins"),
        ("10.0.0.1-10.0.9.9", "are 2313 addresses"),
        ("fd00::1-10.0.0.1", "ends before it begins"),
        ("10.0.0.1-", "is not an IP address"),
        ("-3", "is not an IP address"),
        ("10.0.0.1-300", "is not an IP address"),
        ("127.0.0.1", "cannot be reached"),
        ("web1", "is not an IP address"),
        ("10.0.0.1-2-3", "is not an IP address"),
    ],
)
def test_what_is_no_range(text: str, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        address_range(text)


def test_lists_and_names() -> None:
    assert named_addresses(["a=10.0.0.1, 10.0.0.2-3", "", "b.c=10.0.0.9"]) == [
        ("a", "10.0.0.1"),
        ("", "10.0.0.2"),
        ("", "10.0.0.3"),
        ("b.c", "10.0.0.9"),
    ]


@pytest.mark.parametrize("word", ["a=10.0.0.1-2", "A_b=10.0.0.1", "=10.0.0.1", "a="])
def test_names_that_cannot_be(word: str) -> None:
    with pytest.raises(Invalid):
        named_addresses([word])


@given(st.integers(0x0A000001, 0x0AFFF000), st.integers(1, MOST_IN_RANGE))
def test_a_range_has_every_address_once_and_in_order(first: int, count: int) -> None:
    begin, end = ipaddress.ip_address(first), ipaddress.ip_address(first + count - 1)
    assert address_range(f"{begin}-{end}") == [str(begin + step) for step in range(count)]


@given(st.text(max_size=30))
def test_any_text_is_addresses_or_invalid(text: str) -> None:
    try:
        found = named_addresses([text])
    except Invalid:
        return
    assert all(ipaddress.ip_address(address) for _, address in found)
