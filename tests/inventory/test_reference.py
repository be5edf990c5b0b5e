"""Every key of the schema can be explained: it has a description, its examples are valid, near names are guessed."""

from __future__ import annotations

import re

import pytest
import yaml
from pydantic import TypeAdapter

from kubeboot.cli.explaining import explain_lines
from kubeboot.errors import EXIT_USAGE, UsageError
from kubeboot.inventory.reference import Key, all_keys, find_key, keys_of
from kubeboot.inventory.schema import Inventory, inventory_schema

KEYS = list(all_keys())
LEAVES = [key for key in KEYS if not key.keys]


def name_of(key: Key) -> str:
    return key.name


def test_every_key_of_the_schema_is_there() -> None:
    schema = inventory_schema()
    sections = [schema, *(each for each in schema["$defs"].values() if "properties" in each)]
    expected = {key for section in sections for key in section["properties"]}
    assert {key.path[-1] for key in KEYS} == expected
    assert len(KEYS) == len({key.name for key in KEYS}) > 90


@pytest.mark.parametrize("key", KEYS, ids=name_of)
def test_every_key_has_a_description_of_a_sentence(key: Key) -> None:
    assert re.fullmatch(r"[\w\"].+\.", key.description, flags=re.DOTALL)
    assert len(key.description.split()) >= 3


@pytest.mark.parametrize("key", KEYS, ids=name_of)
def test_every_key_is_explained_in_80_columns(key: Key, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    lines = list(explain_lines(key.name, is_recursive=False))
    assert lines[:2] == [f"KEY:      {key.name}", f"TYPE:     {key.type.words}"]
    assert max(map(len, lines)) <= 80
    assert f"  {key.description.split()[0]}" in "\n".join(lines)
    assert ("FIELDS:" in lines) == bool(key.keys)


@pytest.mark.parametrize("key", LEAVES, ids=name_of)
def test_a_key_shows_what_may_be_written(key: Key) -> None:
    """Free text has an example, all else its words, limits or a default that speaks for itself."""
    kind = key.type
    assert kind.examples or kind.allowed or kind.lowest is not None or isinstance(key.default, bool)


def fields(section=Inventory, path=()):
    """(key, the annotation that validates it) of every field."""
    for key, field in zip(keys_of(section, path), section.model_fields.values(), strict=True):
        yield key, field.rebuild_annotation()
        if key.type.section:
            yield from fields(key.type.section, key.path)


@pytest.mark.parametrize(("key", "annotation"), [each for each in fields() if each[0].type.examples])
def test_an_example_is_yaml_and_valid(key: Key, annotation: object) -> None:
    text = "\n".join(explain_lines(key.name, is_recursive=False))
    block = re.search(r"^EXAMPLE: +(.*?)\n\n", text, flags=re.MULTILINE | re.DOTALL)
    assert block
    example = yaml.safe_load(" ".join(block[1].split()))
    assert list(example) == [key.path[-1]]
    TypeAdapter(annotation).validate_python(example[key.path[-1]])


@pytest.mark.parametrize("key", LEAVES, ids=name_of)
def test_a_default_is_the_one_of_the_schema(key: Key) -> None:
    lines = list(explain_lines(key.name, is_recursive=False))
    shown = next((yaml.safe_load(line.partition(":")[2]) for line in lines if line.startswith("DEFAULT:")), None)
    assert shown == ({"none": "it must be given"} if key.is_required else key.default)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("hosts[0].labels", "hosts.labels"),
        ("hosts.labels.disk", "hosts.labels"),
        ("mirrors.registries.docker.io.url", "mirrors.registries.url"),
        ("cluster.kubeadm.kubeletConfiguration.maxPods", "cluster.kubeadm.kubeletConfiguration"),
        ("hosts[].ssh.port", "hosts.ssh.port"),
    ],
)
def test_indices_and_names_of_ones_own_lead_to_the_key(name: str, found: str) -> None:
    assert find_key(name).name == found


@pytest.mark.parametrize(
    ("name", "guess"),
    [
        ("podSubnet", "cluster.networking.podSubnet"),
        ("cluster.pod_subnet", "cluster.networking.podSubnet"),
        ("cluster.networking.podsubnt", "cluster.networking.podSubnet"),
        ("host.lables", "hosts.labels"),
        ("Cluster.Name", "cluster.name"),
    ],
)
def test_an_unknown_key_is_guessed(name: str, guess: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_key(name)
    assert guess in caught.value.hint
    assert caught.value.exit_code == EXIT_USAGE


@pytest.mark.parametrize("name", [".", "[0]", "qqqqqqqqq", "\x1b[31m"])
def test_what_is_near_to_nothing_is_refused_all_the_same(name: str) -> None:
    with pytest.raises(UsageError, match="the inventory has no key"):
        find_key(name)


def test_without_a_key_the_top_level_is_listed() -> None:
    lines = list(explain_lines("", is_recursive=False))
    assert [line for line in lines if re.match(r"  \w", line)] == [
        f"  {key.name} <{key.type.words}>{' required' if key.is_required else ''}" for key in keys_of()
    ]


def test_recursive_shows_the_whole_tree() -> None:
    lines = list(explain_lines("", is_recursive=True))
    assert len([line for line in lines if re.match(r" +\w+ <", line)]) == len(KEYS)
    assert "      podSubnet <text> = 10.88.0.0/16" in lines
    assert max(map(len, lines)) <= 80
