"""What values say is never executed: bash itself tells what it makes of odd ones, wherever they may stand."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kubeboot.context import HostContext
from kubeboot.engine.script import compile_script
from kubeboot.model import RegistryMirror
from kubeboot.resources import Block, Emit, File, Packages, Shell, Sysctls, WaitFor
from kubeboot.resources.base import Phase, Step
from kubeboot.resources.packages import Package
from kubeboot.resources.quoting import content_command, words
from kubeboot.workflows import INIT
from tests.engine.conftest import SETTINGS, make_cluster, make_context

NO_NUL = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)
NASTY = (
    "$(touch ran)",
    "`touch ran`",
    "'; touch ran; '",
    '"; touch ran; "',
    "\\'; touch ran #",
    "\nKUBEBOOT_END\ntouch ran\n",
    "KUBEBOOT_END\n",
    "x\n}\ntouch ran\n{",
    "-rf --help",
    "!touch ran",
    "${PATH}",
    "\\",
    "a\r\nb\r\n",
    "\x1b]0;x\x07",
    "%s%n",
    "",
)


def bash(script: str, folder: Path | None = None) -> bytes:
    """What `script` prints. Ended with all that it started after a while, and no function may call itself for ever."""
    guarded = ["timeout", "-k", "1", "20", "bash"]
    done = subprocess.run(
        guarded, input=b"FUNCNEST=30\n" + script.encode(), capture_output=True, check=False, cwd=folder
    )
    assert done.returncode not in (124, 137)
    assert done.stderr == b""
    return done.stdout


def with_examples(test: object) -> object:
    for value in NASTY:
        test = example(value)(test)  # type: ignore[arg-type]
    return test


@settings(deadline=None, max_examples=100)
@given(NO_NUL)
@with_examples  # type: ignore[arg-type]
def test_content_comes_out_of_bash_as_it_was(text: str) -> None:
    assert bash(f"content() {{\n{content_command(text)}}}\ncontent\necho end") == text.encode() + b"end\n"


@settings(deadline=None, max_examples=100)
@given(st.lists(NO_NUL | st.sampled_from(NASTY), max_size=4))
def test_words_stay_words(values: list[str]) -> None:
    script = f'show() {{ for each in "$@"; do printf \'%s\\0\' "$each"; done; }}\nshow {words(*values)}'
    assert bash(script) == b"".join(value.encode() + b"\0" for value in values)


@pytest.mark.parametrize("value", NASTY)
def test_a_resource_of_nasty_values_runs_nothing_of_them(value: str, tmp_path: Path) -> None:
    """All functions are defined and called, with verbs that do nothing."""
    one_line = value.replace("\n", " ")
    resources = (
        File(f"/x/{one_line}", value, owner=one_line, restarts=one_line),
        File(f"/y/{one_line}", value, is_secret=True),
        Block("/z", one_line, tuple(value.split("\n"))),
        Packages((Package(one_line or "x", one_line),)),
        Sysctls(f"/s/{one_line}", {"a.b": one_line}),
        WaitFor(value, "true", 1),
        Shell(value, "true"),
        Emit(one_line or "x", "true"),
    )
    step = Step("the-step", "Do it", "safe", lambda _ctx: iter(resources))
    phase = Phase("the-phase", "A phase", lambda each: each.hosts, (step,))
    text = compile_script(phase, make_context(), SETTINGS).text
    own = text[text.index("\ncheck_0() {") : text.rindex("main() {")]
    verbs = "file_check file_apply file_diff block_check block_apply block_diff packages_check packages_apply"
    more = "packages_diff sysctls_check sysctls_apply sysctls_diff wait_for output emit_failed"
    stubs = "".join(
        f"{verb}() {{ if declare -F content >/dev/null; then content; fi; }}\n" for verb in f"{verbs} {more}".split()
    )
    stubs += "secret() { printf /dev/null; }\n"
    calls = "".join(
        f"( {verb}_{number} ) >/dev/null 2>&1 </dev/null\n"
        for number in range(len(resources))
        for verb in ("check", "apply", "diff")
        if f"\n{verb}_{number}() {{" in text
    )
    labels = "\n".join(line for line in text.splitlines() if line.startswith("kb_resource "))
    bash(f"{stubs}kb_resource() {{ :; }}\n{own}\n{calls}{labels}\n", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("password", [value for value in NASTY if value.isprintable() and value])
def test_i9_a_registry_password_of_any_characters_is_exact_in_the_file_and_absent_from_the_script(
    password: str,
) -> None:
    import tomllib

    cluster = make_cluster()
    mirror = RegistryMirror("https://m:5000", username="robot$x+y", password=password + "-canary")
    mirrors = replace(cluster.mirrors, registries={"docker.io": (mirror,)})
    context = make_context()
    context = HostContext(replace(cluster, mirrors=mirrors), context.host, context.all_facts, context.addons)
    found = []
    for phase in INIT:
        script = compile_script(phase, context, SETTINGS)
        assert "-canary" not in script.text
        found += [secret.value for secret in script.secrets if "config.toml" in secret.name]
    (content,) = found
    configs = tomllib.loads(content)["plugins"]["io.containerd.grpc.v1.cri"]["registry"]["configs"]
    assert configs["m:5000"]["auth"] == {"username": "robot$x+y", "password": password + "-canary"}
