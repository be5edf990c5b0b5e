"""File and Block under real bash: they converge from every state they may find."""

from __future__ import annotations

import pytest

from kubeboot.resources import Block, File
from tests.resources.sandbox import Sandbox


def test_file_converges(sandbox: Sandbox) -> None:
    plan, applied = sandbox.converge(File("/etc/app/app.conf", "one\ntwo\n", mode="0640"))
    assert plan.reason == "missing"
    assert "+two" in plan.diffs[0]
    assert sandbox.read("/etc/app/app.conf") == "one\ntwo\n"
    assert sandbox.path("/etc/app/app.conf").stat().st_mode & 0o7777 == 0o640
