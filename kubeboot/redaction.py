"""Hide secrets in text: the values of this process's secrets, and whatever has the shape of one. No I/O.

What a host says is cleaned where it enters (engine/records), everything again where it is printed (report/printer,
cli/group). As a sed script the same table cleans a host's own log before it is written (engine/script, prelude.sh).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

HIDDEN = "***"
SHORTEST = 6
"""Characters. Hiding a shorter value would hide parts of ordinary words, and so tell what it is."""

# Written in what Python and GNU sed -E both understand, so no lookarounds and no lazy repeats, and on one line each.
# Group 1 stays, the group after it is the secret; a third text stays behind it.
_SHAPES = (
    (r"(\b)([a-z0-9]{6}\.[a-z0-9]{16})\b", ""),  # a bootstrap token
    (r"(\b)(eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,})", ""),  # a JSON web token
    (r"(://)([^/ \t\n]*)@", "@"),  # user and password of a URL
)
_SHAPES_IN_ANY_CASE = (
    (r"(certificate[-_ ]?key[^a-z0-9]{1,6})([0-9a-f]{64})", ""),
    (r"(client-key-data[\"']?[:=][ \t\"']*)([a-z0-9+/=]+)", ""),
    (r"(authorization[\"']?[:=][ \t\"']*[a-z]+[ \t]+)([^ \t\n\"']+)", ""),
    # registry credentials, in containerd's TOML and in docker's JSON
    (r"(password[\"']?[ \t]*[:=][ \t]*)(\"([^\"\\\n]|\\.)*\"|'[^'\n]*'|[^ \t\n]+)", ""),
    (r"(auth[\"']?[ \t]*[:=][ \t]*[\"'])([a-z0-9+/=]{8,})", ""),
    (r"(identity_?token[\"']?[ \t]*[:=][ \t]*[\"'])([a-z0-9+/=._-]{8,})", ""),
)
_PATTERNS = (
    *((re.compile(shape), after) for shape, after in _SHAPES),
    *((re.compile(shape, re.IGNORECASE), after) for shape, after in _SHAPES_IN_ANY_CASE),
)
_BEGIN, _END = "-----BEGIN [A-Z ]*PRIVATE KEY-----", "-----END [A-Z ]*PRIVATE KEY-----"
# The head of an output may end within a key, its tail may begin within one.
_KEY = re.compile(rf"{_BEGIN}.*?(?:{_END}|\Z)|\A[A-Za-z0-9+/=\s]*{_END}", re.DOTALL)

_values: tuple[str, ...] = ()


def learn(text: str) -> None:
    """From now on hide this secret; of a text of several lines, what has the shape of one (a kubeconfig's key)."""
    global _values
    found = {text.strip()} if "\n" not in text.strip() else set(_secrets_in(text))
    # One assignment, longest first: other threads read meanwhile, and one value may hold another.
    _values = tuple(sorted({*_values, *(each for each in found if len(each) >= SHORTEST)}, key=len, reverse=True))


def _secrets_in(text: str) -> Iterable[str]:
    return (match[2] for pattern, _ in _PATTERNS for match in pattern.finditer(text))


def redact(text: str) -> str:
    """The text with three stars for every secret."""
    for value in _values:
        text = text.replace(value, HIDDEN)
    if "PRIVATE KEY" in text:
        text = _KEY.sub(HIDDEN, text)
    for pattern, after in _PATTERNS:
        text = pattern.sub(rf"\1{HIDDEN}{after}", text)
    return text


def sed_script(texts: Iterable[str]) -> str:
    """The same for `sed -E`, line by line, with those known values that stand in `texts`: as secret as these."""
    there = "\n".join(texts)
    rules = [_rule(_literal(value), HIDDEN, "g") for value in _values if value in there]
    rules += [_rule(shape, rf"\1{HIDDEN}{after}", "g") for shape, after in _SHAPES]
    rules += [_rule(shape, rf"\1{HIDDEN}{after}", "gI") for shape, after in _SHAPES_IN_ANY_CASE]
    rules += [_rule(f"{_BEGIN}.*{_END}", HIDDEN, "g"), f"/{_BEGIN}/,/{_END}/c\\\n{HIDDEN}"]
    return "".join(f"{rule}\n" for rule in rules)


def _rule(pattern: str, replacement: str, flags: str) -> str:
    return f"s\1{pattern}\1{replacement}\1{flags}"


def _literal(value: str) -> str:
    return "".join(f"\\{char}" if char in r".[]{}()*+?^$|\/" else char for char in value)
