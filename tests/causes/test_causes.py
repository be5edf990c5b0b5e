"""Each known failure by literal outputs, in samples.yaml: what the programs really print."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubeboot.causes import BY_NAME, CAUSES, recognise
from kubeboot.causes.cause import PREDICATES
from kubeboot.causes.document import document
from kubeboot.facts import Facts
from kubeboot.redaction import redact

SAMPLES: dict[str, list[Any]] = yaml.safe_load(Path(__file__).with_name("samples.yaml").read_text(encoding="utf-8"))
CASES = [
    (name, sample if isinstance(sample, dict) else {"output": sample})
    for name, many in SAMPLES.items()
    for sample in many
]
DOCUMENT = Path(__file__).parents[2] / "docs/causes.md"
PROGRAMS = ("containerd", "kube", "calico", "etcd", "systemd")
NAMED_IN_ISSUE = (
    "sandbox-image-mismatch",
    "cgroup-driver-mismatch",
    "cri-plugin-disabled",
    "stale-cni-config",
    "port-taken",
    "swap-on",
    "join-token-expired",
    "certificate-expired",
    "clock-skew",
    "repository-key-expired",
    "dpkg-lock-held",
    "rpm-lock-held",
    "packages-held",
    "disk-pressure",
    "name-unresolved",
    "proxy-catches-cluster",
    "br-netfilter-lost",
    "etcd-no-quorum",
    "image-not-found",
    "image-access-denied",
    "image-registry-limits",
    "image-registry-untrusted",
    "image-registry-plain-http",
    "image-registry-name-unresolved",
    "image-registry-refused",
    "image-registry-unreachable",
    "image-no-space",
    "image-wrong-platform",
)


def facts_of(sample: dict[str, Any]) -> Facts | None:
    return Facts("host", **sample["facts"]) if "facts" in sample else None


@pytest.mark.parametrize(("name", "sample"), CASES, ids=[f"{name}-{number}" for number, (name, _) in enumerate(CASES)])
def test_a_sample_is_recognised_as_its_cause_and_no_earlier_one(name: str, sample: dict[str, Any]) -> None:
    # Records are cleaned of secrets before anybody reads them; what is recognised must survive that.
    output = redact(sample["output"])
    for text in (output, f"before\n{output}\nafter"):
        found = recognise(text, sample.get("exit"), facts_of(sample))
        assert found is not None
        assert found.name == name


def test_every_cause_has_a_sample_and_every_sample_a_cause() -> None:
    assert [*SAMPLES] == [cause.name for cause in CAUSES]


def test_names_are_unique_and_kebab_case() -> None:
    assert len(BY_NAME) == len(CAUSES) >= 45
    assert [name for name in BY_NAME if not re.fullmatch(r"[a-z]+(-[a-z]+)*", name)] == []


@pytest.mark.parametrize("name", NAMED_IN_ISSUE)
def test_causes_that_were_asked_for_are_there(name: str) -> None:
    assert name in BY_NAME


@pytest.mark.parametrize("name", BY_NAME)
def test_a_cause_is_told_in_sentences_and_checked_by_a_command(name: str) -> None:
    cause = BY_NAME[name]
    assert cause.cause.endswith(".")
    assert cause.cause[0].isupper() or cause.cause.startswith(PROGRAMS)
    assert max(len(cause.cause), len(cause.remedy)) <= 130
    assert cause.check and not re.search(r"\w\.$", cause.check)
    assert not cause.when or cause.when in PREDICATES
    assert re.search(cause.symptom, "") is None


def test_what_needs_facts_is_passed_over_without_them() -> None:
    text = "kubelet isn't running or healthy"
    assert recognise(text) is BY_NAME["control-plane-not-up"]
    assert recognise(text, facts=Facts("host")) is BY_NAME["control-plane-not-up"]
    assert recognise(text, facts=Facts("host", swap_devices=("/dev/sda2",))) is BY_NAME["swap-on-kubelet-down"]


def test_an_exit_code_decides_only_where_a_cause_names_it() -> None:
    assert recognise("Killed", 1) is None
    assert recognise("Killed", 137) is BY_NAME["killed"]
    assert recognise("Killed") is BY_NAME["killed"]
    assert recognise("Read-only file system", 137) is BY_NAME["disk-read-only"]


def test_predicates_see_what_their_names_say() -> None:
    blank = Facts("host")
    assert not any(holds(blank) for holds in PREDICATES.values())
    assert PREDICATES["clock-off"](Facts("host", clock_offset_s=-45.0))
    assert not PREDICATES["clock-off"](Facts("host", clock_offset_s=45.0, clock_error_s=40.0))
    assert PREDICATES["disk-full"](Facts("host", disk_free_mb={"/": 20}))
    assert PREDICATES["proxy-set"](Facts("host", proxies={"http_proxy": "http://p"}))
    assert not PREDICATES["proxy-set"](Facts("host", proxies={"no_proxy": "a"}))


@pytest.mark.parametrize("output", ["", "Reading package lists...", "all is well: found", "bash: not found"])
def test_ordinary_output_has_no_cause(output: str) -> None:
    assert recognise(output) is None


def test_the_document_is_the_tables() -> None:
    if os.environ.get("KUBEBOOT_GOLDEN"):
        DOCUMENT.write_text(document(), encoding="utf-8")
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "stale: make golden"
