from __future__ import annotations

import pytest

from kubeboot.report.words import cut, cut_middle, host_list, one_line, seconds, wrap

ALL = [f"n{number}" for number in range(1, 11)]


@pytest.mark.parametrize(
    ("hosts", "everyone", "text"),
    [
        (["n1"], ALL, "n1"),
        (["n1"], ["n1"], "n1"),
        (ALL, ALL, "all 10 hosts"),
        (ALL[1:], ALL, "all 10 hosts but n1"),
        (["n1", "n2", "n3"], ALL, "n1, n2, n3"),
        (["n7", "n2", "n3", "n4", "n5"], ALL, "n2 to n5, n7"),
        (["n1", "x"], ["n1", "n2"], "n1, x"),
        (["n2", "n1"], [], "n2, n1"),
    ],
)
def test_hosts_are_listed_as_short_as_can_be_and_none_is_left_out(hosts, everyone, text):
    assert host_list(hosts, everyone) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(0, "0.0 s"), (940, "0.9 s"), (9_940, "9.9 s"), (41_400, "41 s"), (99_700, "1 min 40 s"), (367_400, "6 min 7 s")],
)
def test_durations(milliseconds, text):
    assert seconds(milliseconds) == text


def test_cutting_keeps_to_the_width():
    assert cut("abcdefghij", 8) == "abcde..."
    assert cut("abcdefghij", 10) == "abcdefghij"
    assert cut("abcdefghij", 0) == "abcdefghij"
    assert cut("abcdefghij", 2) == "ab"
    assert cut_middle("packages a, b, c, d, e, f: failed (exit 100)", 30) == "packages a, b, ... (exit 100)"
    assert len(cut_middle("x" * 500, 120)) <= 120


def test_wrapping_indents_and_breaks_no_word():
    assert wrap("use /etc/very-long-path here", 20, "do: ") == ["do: use", "    /etc/very-long-path", "    here"]
    assert wrap("as long as it is", 0, "do: ") == ["do: as long as it is"]
    assert wrap("", 20, "do: ") == ["do:"]


def test_one_line_has_no_control_characters():
    assert one_line("a\n b\t\x1b[31mc\x07") == "a b [31mc"
