"""inventory.example.yaml is true: it loads, shows every key, and every commented default is the default."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from kubeboot.inventory.load import load_inventory
from kubeboot.inventory.schema import inventory_schema

EXAMPLE = Path(__file__).parents[2] / "inventory.example.yaml"
TEXT = EXAMPLE.read_text()
UNCOMMENTED = re.sub(r"^( *)#(?=[a-zA-Z])", r"\1", TEXT, flags=re.MULTILINE)


def schema_keys():
    """(definition, key) of every key in the JSON schema."""
    schema = inventory_schema()
    sections = {"Inventory": schema, **schema["$defs"]}
    return [(name, key) for name, section in sections.items() for key in section["properties"]]


def given_keys(value, path=()):
    """The paths of every key in plain values."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*path, key)
            yield from given_keys(item, (*path, key))


def test_example_loads_without_a_warning():
    cluster, warnings = load_inventory(EXAMPLE)
    assert warnings == ()
    assert [host.address for host in cluster.hosts] == ["192.168.56.11", "192.168.56.12", "192.168.56.13"]
    assert {host.ssh.user for host in cluster.hosts} == {"vagrant"}


def test_every_commented_default_is_the_default(tmp_path):
    explicit = tmp_path / "inventory.yaml"
    explicit.write_text(UNCOMMENTED)
    copy = tmp_path / "copy.yaml"
    copy.write_text(TEXT)
    assert load_inventory(explicit) == load_inventory(copy)


def section_keys(section, path=()):
    """The paths of every key of the schema's sections, lists aside."""
    for key, item in section.get("properties", {}).items():
        yield (*path, key)
        reference = item.get("$ref", "").rpartition("/")[2]
        yield from section_keys(inventory_schema()["$defs"].get(reference, {}), (*path, key))


def test_every_key_is_there_once_uncommented():
    expected = set(section_keys(inventory_schema()))
    shown = set(given_keys(yaml.safe_load(UNCOMMENTED)))
    assert expected - shown == {("mirrors", "osPackages")}  # it has no default; shown in prose


@pytest.mark.parametrize(("section", "key"), schema_keys())
def test_every_key_is_explained(section, key):
    lines = [line for line in TEXT.splitlines() if re.search(rf"[ #{{-]{key}:", " " + line)]
    assert lines, f"{section}.{key} is not in inventory.example.yaml"
    assert any("# " in line for line in lines), f"{section}.{key} has no comment"


@pytest.mark.parametrize("changed", ["#port: 23", "#mode: iptables", "#packages: [htop]", "#encapsulation: ipip"])
def test_a_wrong_default_would_be_noticed(tmp_path, changed):
    key = changed.split(":")[0]
    path = tmp_path / "inventory.yaml"
    path.write_text(re.sub(rf"{key}: \S+", changed.removeprefix("#"), UNCOMMENTED.replace(key[1:] + ":", key + ":", 1)))
    original = tmp_path / "original.yaml"
    original.write_text(TEXT)
    assert load_inventory(path)[0] != load_inventory(original)[0]
