"""The records parser: what is ours, what is somebody else's, what is garbage; it never raises."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubeboot.engine import records
from kubeboot.engine.records import parse_record

NONCE = "0123456789abcdef"


def b64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def ours(*fields: str) -> str:
    return "\t".join((NONCE, *fields))


GOOD: dict[str, records.Record] = {
    ours("B", "boot-1"): records.Booted("boot-1"),
    ours("S", "disable-swap"): records.StepStarted("disable-swap"),
    ours("W", b64("the API")): records.Waiting("the API"),
    ours("R", "3", "changed", "0", "12", b64("missing"), b64("a\nb\n")): records.Result(
        3, "changed", 0, 12, "missing", "a\nb\n"
    ),
    ours("R", "0", "ok", "0", "1", "", ""): records.Result(0, "ok", 0, 1, "", ""),
    ours("R", "0", "unknown", "137", "1", "", ""): records.Result(0, "unknown", 137, 1, "", ""),
    ours("D", "1", b64("-a\n+b\n")): records.Diff(1, "-a\n+b\n"),
    ours("O", "join-token", b64("abc")): records.OutputValue("join-token", "abc"),
    ours("O", "empty", ""): records.OutputValue("empty", ""),
    ours("L", "b3duZXI=", b64("packages")): records.Locked("b3duZXI=", "packages"),
    ours("E", "done"): records.Ended("done"),
    ours("E", "failed"): records.Ended("failed"),
    ours("E", "locked"): records.Ended("locked"),
    ours("X", "timeout", "TERM"): records.Died("timeout", "TERM"),
    ours("X", "exit-code", ""): records.Died("exit-code", ""),
    ours("G"): records.Gone(),
}


@pytest.mark.parametrize("line", GOOD, ids=lambda line: line.removeprefix(NONCE).strip())
def test_every_kind_of_record_is_read(line: str) -> None:
    assert parse_record(line, NONCE) == GOOD[line]


@pytest.mark.parametrize(
    "line",
    (
        "",
        "Welcome to Debian",
        "E\tdone",
        f"{NONCE[:-1]}\tE\tdone",
        f"{NONCE}0\tE\tdone",
        f" {NONCE}\tE\tdone",
        f"{NONCE} E done",
        f"ffffffffffffffff\tO\tjoin-token\t{b64('forged')}",
        f"{NONCE.upper()}\tE\tdone",
        f"\x1b[0m{NONCE}\tE\tdone",
    ),
)
def test_a_line_without_the_nonce_is_not_ours(line: str) -> None:
    assert parse_record(line, NONCE) is None


@pytest.mark.parametrize(
    "fields",
    (
        (),
        ("",),
        ("Z",),
        ("S",),
        ("S", "a", "b"),
        ("R", "0", "ok", "0", "1", ""),
        ("R", "-1", "ok", "0", "1", "", ""),
        ("R", "x", "ok", "0", "1", "", ""),
        ("R", "²", "ok", "0", "1", "", ""),
        ("R", "0", "great", "0", "1", "", ""),
        ("R", "0", "ok", "zero", "1", "", ""),
        ("R", "0", "ok", "0", "-5", "", ""),
        ("R", "0", "ok", "0", "1", "not base64!", ""),
        ("R", "0", "ok", "0", "1", "", "YQ"),
        ("W", "päivää"),
        ("E", "perhaps"),
        ("G", "more"),
        ("e", "done"),
    ),
)
def test_a_line_with_the_nonce_that_does_not_parse_is_garbage(fields: tuple[str, ...]) -> None:
    assert isinstance(parse_record(ours(*fields), NONCE), records.Garbage)


def test_garbage_is_cut_short() -> None:
    record = parse_record(ours("Z", "x" * 5000), NONCE)
    assert isinstance(record, records.Garbage)
    assert len(record.line) == 200


@pytest.mark.parametrize(
    "text", ("\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "a\rb", "a\x00b", "\x9b31m", "\u202eabc", "\u2028")
)
def test_control_characters_become_spaces(text: str) -> None:
    record = parse_record(ours("W", b64(text)), NONCE)
    assert isinstance(record, records.Waiting)
    assert record.text.isprintable()
    assert len(record.text) == len(text)


def test_newlines_tabs_and_other_scripts_stay() -> None:
    assert parse_record(ours("W", b64("päivää\t東京\n")), NONCE) == records.Waiting("päivää\t東京\n")


def test_bytes_that_are_no_utf8_are_replaced() -> None:
    assert parse_record(ours("W", b64(b"a\xff\xfeb")), NONCE) == records.Waiting("a\ufffd\ufffdb")


@settings(max_examples=300)
@given(st.text())
def test_any_line_without_the_nonce_is_not_ours(line: str) -> None:
    assert line.startswith(NONCE) or parse_record(line, NONCE) is None


fields = st.lists(
    st.one_of(
        st.text(max_size=20),
        st.sampled_from(
            ["B", "S", "W", "R", "D", "O", "L", "E", "X", "G", "ok", "done", "failed", "0", "1", "-1", "99"]
        ),
        st.binary(max_size=20).map(b64),
    ),
    max_size=8,
)


@settings(max_examples=500)
@given(fields)
def test_any_line_with_the_nonce_is_a_record(parts: list[str]) -> None:
    record = parse_record(ours(*parts), NONCE)
    assert isinstance(record, records.Record)


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_free_text_is_always_safe_to_print(text: bytes) -> None:
    record = parse_record(ours("R", "0", "ok", "0", "1", b64(text), b64(text)), NONCE)
    assert isinstance(record, records.Result)
    for value in (record.reason, record.output):
        assert all(char.isprintable() or char in "\n\t" for char in value)


def test_i9_value_of_an_output_is_not_in_its_repr() -> None:
    assert "canary" not in repr(parse_record(ours("O", "join-token", b64("canary")), NONCE))
