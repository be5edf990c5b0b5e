"""Lists of addresses as people type them: `10.0.0.11`, `10.0.0.11-13`, `10.0.0.11-10.0.0.13`, `name=10.0.0.11`."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from kubeboot.inventory import syntax
from kubeboot.inventory.problems import Invalid, quoted

MOST_IN_RANGE = 256

Named = tuple[str, str]
"""(name, address); the name is empty where none was given."""


def named_addresses(texts: Iterable[str]) -> list[Named]:
    """Every address in the texts, whose words are separated by spaces or commas. Raises Invalid."""
    return [found for text in texts for word in re.split(r"[,\s]+", text) if word for found in _word(word)]


def _word(word: str) -> list[Named]:
    name, has_name, rest = word.rpartition("=")
    addresses = address_range(rest)
    if not has_name:
        return [("", address) for address in addresses]
    if len(addresses) > 1:
        raise Invalid(f"{quoted(word)} gives one name to {len(addresses)} addresses", "name each by itself")
    return [(syntax.host_name(name), addresses[0])]


def address_range(text: str) -> list[str]:
    """The addresses of `FIRST` or `FIRST-LAST`; LAST may be the last part alone. Raises Invalid."""
    first_text, is_range, last_text = text.partition("-")
    first = ipaddress.ip_address(syntax.address(first_text))
    if not is_range:
        return [str(first)]
    if not re.search("[.:]", last_text):
        separator = ":" if first.version == 6 else "."
        last_text = f"{first_text.rpartition(separator)[0]}{separator}{last_text}"
    last = ipaddress.ip_address(syntax.address(last_text))
    count = int(last) - int(first) + 1
    if first.version != last.version or count < 1:
        raise Invalid(f"{quoted(text)} ends before it begins", "write it as 192.168.56.11-13")
    if count > MOST_IN_RANGE:
        raise Invalid(f"{quoted(text)} are {count} addresses", f"at most {MOST_IN_RANGE} in one range")
    return [syntax.address(str(first + step)) for step in range(count)]
