"""Chunks to lines, wherever the chunks are cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kubeboot.transport.lines import LineCutter, Tail


@given(st.lists(st.binary(max_size=20)))
def test_lines_do_not_depend_on_the_chunks(chunks: list[bytes]) -> None:
    cutter = LineCutter()
    lines = [line for chunk in chunks for line in cutter.feed(chunk)] + list(cutter.rest())
    whole = b"".join(chunks).split(b"\n")
    expected = whole if whole[-1] else whole[:-1]
    assert lines == [line.decode("utf-8", "replace") for line in expected]


@given(st.lists(st.binary(max_size=30)), st.integers(1, 10))
def test_long_lines_keep_their_beginning(chunks: list[bytes], limit: int) -> None:
    cutter = LineCutter(limit)
    lines = [line for chunk in chunks for line in cutter.feed(chunk)]
    complete = b"".join(chunks).split(b"\n")[:-1]
    assert lines == [line[:limit].decode("utf-8", "replace") for line in complete]


@given(st.lists(st.binary(max_size=30)), st.integers(1, 40))
def test_the_tail_is_the_end(chunks: list[bytes], limit: int) -> None:
    tail = Tail(limit)
    for chunk in chunks:
        tail.feed(chunk)
    assert tail.text() == b"".join(chunks)[-limit:].decode("utf-8", "replace")
