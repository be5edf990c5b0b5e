"""The example inventory with random damage: a Cluster whose scripts bash can read, or an InventoryError."""

from __future__ import annotations

import copy
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubeboot.context import HostContext
from kubeboot.engine.script import compile_script
from kubeboot.errors import InventoryError
from kubeboot.facts import Facts
from kubeboot.inventory.load import load_inventory
from kubeboot.inventory.problems import format_problems
from kubeboot.model import Cluster
from kubeboot.workflows import INIT
from tests.engine.conftest import SETTINGS
from tests.inventory.test_example import UNCOMMENTED
from tests.inventory.test_hostile import HOSTILE

QUICK = settings(
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
WHOLE = yaml.safe_load(UNCOMMENTED)
LINES = UNCOMMENTED.splitlines()
ODD: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(
        [*HOSTILE, "--help", "-", "~", "a" * 300, "KUBEBOOT_END", "\nKUBEBOOT_END\n", "'; id; '", "10.0.0.9"]
    ),
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    st.just([]) | st.just({}) | st.just([{}]) | st.just({"a": {"b": ["c"]}}),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in the data."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


PLACES = list(places(WHOLE))


def load(folder: Path, text: str) -> Cluster | None:
    """The cluster; None for an inventory that is refused as it should be."""
    file = folder / "inventory.yaml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        return load_inventory(file)[0]
    except InventoryError as error:
        assert error.problems
        assert format_problems(error)
        return None


def scripts(cluster: Cluster) -> Iterator[str]:
    """What differs between the scripts that a bare Debian gets: settings and functions, without the prelude."""
    facts = {
        host.name: Facts(host.name, os_id="debian", os_version="12", os_codename="bookworm") for host in cluster.hosts
    }
    for host in cluster.hosts:
        for phase in INIT:
            if host in phase.select(cluster):
                text = compile_script(phase, HostContext(cluster, host, facts), SETTINGS).text
                settings_end, own = text.index("\n# ", 40), text.find("\ncheck_0() {")
                yield text[:settings_end] + (text[own:] if own > 0 else "")


def assert_readable(cluster: Cluster) -> None:
    """bash reads all scripts in one go; a script that does not end where it should breaks the next one."""
    text = "\n".join(f"script_{number}() {{\n{each}\n}}" for number, each in enumerate(scripts(cluster)))
    done = subprocess.run(["bash", "-n"], input=text.encode(), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@QUICK
@given(st.lists(st.tuples(st.sampled_from(PLACES), ODD, st.booleans()), min_size=1, max_size=3))
def test_values_of_the_example_replaced_or_taken_away(tmp_path: Path, changes: list[tuple[Any, Any, bool]]) -> None:
    data = copy.deepcopy(WHOLE)
    for path, value, is_gone in changes:
        place = data
        try:
            for part in path[:-1]:
                place = place[part]
            if is_gone:
                del place[path[-1]]
            else:
                place[path[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took it away
    if cluster := load(tmp_path, yaml.safe_dump(data, allow_unicode=True)):
        assert_readable(cluster)


@QUICK
@given(st.data())
def test_text_of_the_example_damaged(tmp_path: Path, data: st.DataObject) -> None:
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 4))):
        number = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.sampled_from(["drop", "twice", "indent", "tab", "cut", "insert", "bytes"])):
            case "drop":
                del lines[number]
            case "twice":
                lines.insert(number, lines[number])
            case "indent":
                lines[number] = "  " + lines[number]
            case "tab":
                lines[number] = lines[number].replace("  ", "\t", 1)
            case "cut":
                lines[number] = lines[number][: data.draw(st.integers(0, 20))]
            case "insert":
                lines[number] += data.draw(st.text(max_size=10))
            case "bytes":
                lines[number] += data.draw(st.sampled_from(["\0", "\ufeff", "\x1b[2J", "\ud800", " &a", " *a", " !!x"]))
    if cluster := load(tmp_path, "\n".join(lines) + "\n"):
        assert_readable(cluster)


def test_the_whole_example_makes_scripts(tmp_path: Path) -> None:
    """What the tests above damage is good, so that their scripts are worth something."""
    cluster = load(tmp_path, yaml.safe_dump(WHOLE, allow_unicode=True))
    assert cluster is not None
    assert_readable(cluster)
    assert len(list(scripts(cluster))) > 10


def test_a_byte_order_mark_is_no_harm(tmp_path: Path) -> None:
    assert load(tmp_path, "\ufeff" + UNCOMMENTED) is not None
