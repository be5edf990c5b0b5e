"""A look finds, and is never unknown."""

from __future__ import annotations

import pytest

from kubeboot.resources import Look, Shell
from tests.resources.sandbox import Sandbox


def test_nothing_found_is_in_place(sandbox: Sandbox) -> None:
    run = sandbox.run(Look("it", "echo seen\ntrue"), mode="plan")
    assert (run.statuses, run.output) == (["ok"], "seen\n")


def test_findings_are_lines_of_the_output_and_the_first_is_the_reason(sandbox: Sandbox) -> None:
    run = sandbox.run(Look("it", "echo seen\nfound one $'\\t' thing\nfound two"), mode="plan")
    assert (run.statuses, run.reason) == (["drift"], "one   thing")
    assert run.output == "seen\n! one   thing\n! two\n"
    assert run.error is None


@pytest.mark.parametrize(
    "body", ("false", "no-such-program", "exit 7", "cat /nowhere | true; cat /nowhere", 'echo "$nowhere"')
)
def test_i5_what_breaks_is_a_finding_and_the_next_look_goes_on(sandbox: Sandbox, body: str) -> None:
    run = sandbox.run(Look("it", body), Shell("after", "true"), mode="plan")
    assert run.statuses == ["drift", "ok"]
    assert "could not be looked at to its end" in run.results[0].reason


def test_a_finding_is_cut_and_masked(sandbox: Sandbox) -> None:
    run = sandbox.run(Look("it", f"found abcdef.0123456789abcdef {'x' * 1900}"), mode="plan")
    assert len(run.output) < 820
    assert "0123456789abcdef" not in run.output + run.reason


def test_a_former_looks_findings_are_not_the_next_ones(sandbox: Sandbox) -> None:
    run = sandbox.run(Look("one", "found it"), Look("two", "true"), mode="plan")
    assert run.statuses == ["drift", "ok"]
