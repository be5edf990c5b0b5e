"""events.jsonl: what is written is what is read, and docs/events.md is its schema."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from pathlib import Path
from typing import get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeboot import errors
from kubeboot.engine import events
from kubeboot.engine.records import STATUSES
from kubeboot.errors import Finding, HostError
from kubeboot.redaction import redact
from kubeboot.report.codec import (
    ERROR_TEXTS,
    FORMAT,
    KINDS,
    MOST,
    MOST_S,
    decode,
    each_text,
    encode,
    event_name,
    from_line,
    to_line,
)

DOCUMENT = (Path(__file__).parents[2] / "docs" / "events.md").read_text(encoding="utf-8")
TEXT = st.text(st.characters(), max_size=30)
TIME = st.floats(-MOST_S, MOST_S, exclude_min=True, exclude_max=True)
ERROR_KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, HostError)]


def values(hint):
    """A strategy for any field of an event."""
    if get_origin(hint) is tuple:
        inner = get_args(hint)
        return st.lists(values(inner[0]), max_size=3).map(tuple) if inner[-1] is ... else st.tuples(*map(values, inner))
    if hint is Finding:
        return st.builds(Finding, **{name: values(each) for name, each in get_type_hints(Finding).items()})
    if hint is HostError:
        return st.builds(lambda kind, texts: kind(*texts[:2], **dict(zip(ERROR_TEXTS[2:], texts[2:], strict=True))),
                         st.sampled_from(ERROR_KINDS), st.lists(TEXT, min_size=7, max_size=7))  # fmt: skip
    return {str: TEXT, float: TIME, int: st.integers(1 - MOST, MOST - 1), bool: st.booleans()}.get(
        hint, st.sampled_from(STATUSES)
    )


def event_of(kind):
    return st.builds(kind, **{name: values(hint) for name, hint in get_type_hints(kind).items()})


EVENTS = st.one_of(*map(event_of, KINDS.values()))


def comparable(event):
    """The event, with its error as what can be compared."""
    if not isinstance(event, events.HostFailed):
        return event
    error = event.error
    texts = (getattr(error, name) for name in (*ERROR_TEXTS, "cause"))
    return event.time_s, event.host, type(error), error.exit_code, *texts


@given(EVENTS)
def test_an_event_comes_back_as_it_was(event):
    if isinstance(event, events.HostFailed):
        event.error.host = event.host
    line = to_line(encode(event))
    assert line.isascii()
    assert line.index("\n") == len(line) - 1
    assert comparable(decode(encode(event))) == comparable(event)
    back = decode(from_line(line))
    assert back is not None
    assert comparable(back) == comparable(event)


@given(EVENTS, st.data())
def test_a_line_that_was_cut_or_changed_is_an_error_or_another_event_and_never_a_crash(event, data):
    line = to_line(encode(event)).rstrip()
    with pytest.raises(ValueError):
        from_line(line[: data.draw(st.integers(0, len(line) - 1))])
    found = from_line(line)
    key = data.draw(st.sampled_from(sorted(found)))
    wrong = data.draw(st.sampled_from((None, [1], {"a": 1}, 2, "text", True)))
    with contextlib.suppress(ValueError):
        decode({**found, key: wrong})


@pytest.mark.parametrize(
    "number", ("NaN", "Infinity", "-Infinity", "1e400", "1e30", "1e10", "9999999999", "9" * 30, "9" * 5000)
)
def test_numbers_that_nothing_can_be_reckoned_with_are_refused(number):
    with pytest.raises(ValueError):
        decode(from_line(f'{{"event":"notice","time_s":{number},"host":"","text":""}}'))


def test_what_a_later_kubeboot_adds_does_not_matter():
    assert decode({"event": "run-dreamt", "time_s": 1}) is None
    found = encode(events.Notice(1.0, "node1", "hello"))
    assert decode({**found, "mood": "good"}) == events.Notice(1.0, "node1", "hello")


def test_what_an_earlier_kubeboot_did_not_write_has_its_default():
    found = encode(events.PhaseWaits(1.0, "node1", "join", "join on node2", ("join@node2",)))
    del found["on"]
    assert decode(found) == events.PhaseWaits(1.0, "node1", "join", "join on node2")


def test_secrets_are_hidden_in_texts_at_any_depth_and_names_stay():
    token = "abcdef.0123456789abcdef"
    finding = Finding("x", f"token {token}", "why", "do", (token,))
    hidden = each_text(encode(events.PreflightEnded(1.0, (finding,), (), ())), redact)
    assert hidden["errors"][0]["message"] == "token ***"
    step = encode(events.StepDone(1.0, token, "join", "s", token, "ok", 1, (f"a {token}",)))
    assert each_text(step, redact) == {**step, "title": "***", "reasons": ["a ***"]}


TYPES = {
    float: "number",
    int: "integer",
    str: "text",
    bool: "boolean",
    tuple[str, ...]: "[text]",
    tuple[Finding, ...]: "[finding]",
    tuple[tuple[str, int], ...]: "[[text, integer]]",
}


def schema(kind):
    """(key, type) of an event as the document is to say."""
    found = []
    for name, hint in get_type_hints(kind).items():
        if hint is HostError:
            found += [("kind", "text"), *((text, "text") for text in (*ERROR_TEXTS, "cause")), ("exit_code", "integer")]
        else:
            found.append((name, TYPES.get(hint, "status")))
    return found


@pytest.mark.parametrize("kind", KINDS.values(), ids=event_name)
def test_the_document_has_every_key_of_every_event(kind):
    section = re.search(rf"^## {event_name(kind)}\n(.*?)(?=^## |\Z)", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert section, event_name(kind)
    assert re.findall(r"^\| (\w+) \| (\S[^|]*) \| \S", section[1], re.MULTILINE)[1:] == schema(kind)


def test_the_document_has_no_other_event_and_the_format():
    assert re.findall(r"^## (.+)$", DOCUMENT, re.MULTILINE) == list(KINDS)
    assert f"# events.jsonl, format {FORMAT}\n" in DOCUMENT
    finding = re.search(r"An entry has the keys (.*?)\.", DOCUMENT, re.DOTALL)
    assert finding
    assert [
        word for word in re.findall(r"\w+", finding[1]) if word in {each.name for each in dataclasses.fields(Finding)}
    ]
    assert all(re.search(rf"\b{each.name}\b", finding[1]) for each in dataclasses.fields(Finding))
