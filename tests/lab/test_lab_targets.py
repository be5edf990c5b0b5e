"""The build: what is made again, what is not, and what an interruption leaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from kubelab.builder import target as target_module
from kubelab.builder.runner import Runner
from kubelab.builder.target import Target, is_made, keys_of, make, size_of, with_needs
from kubelab.errors import LabError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(target_module, "_STAMPS", tmp_path / "stamps")
    monkeypatch.setattr(target_module, "_TEMPORARY", tmp_path / "tmp")
    return tmp_path


def text_target(
    cache: Path, name: str, *, needs: tuple[str, ...] = (), lane: str = "a", inputs: tuple[str | Path, ...] = ()
) -> Target:
    def write(path: Path) -> None:
        path.write_text(name)

    return Target(name, lane, cache / name, write, inputs, needs)


def run(targets: list[Target]) -> int:
    runner = Runner(targets, keys_of(targets))
    if runner.count:
        runner.run()
    return runner.count


def test_a_target_is_made_once(cache: Path) -> None:
    targets = [text_target(cache, "one"), text_target(cache, "two", needs=("one",), lane="b")]
    assert run(targets) == 2
    assert (cache / "two").read_text() == "two"
    assert run(targets) == 0


def test_a_changed_file_means_making_it_and_what_needs_it_again(cache: Path) -> None:
    source = cache / "source"
    source.write_text("1")
    targets = [text_target(cache, "one", inputs=(source,)), text_target(cache, "two", needs=("one",))]
    other = text_target(cache, "other")
    assert run([*targets, other]) == 3
    source.write_text("2")
    assert run([*targets, other]) == 2


def test_a_lost_output_is_made_again(cache: Path) -> None:
    targets = [text_target(cache, "one")]
    run(targets)
    (cache / "one").unlink()
    assert run(targets) == 1


def test_what_was_interrupted_is_not_taken_for_made(cache: Path) -> None:
    def interrupted(path: Path) -> None:
        path.mkdir()
        (path / "half").write_text("half")
        raise KeyboardInterrupt

    target = Target("one", "a", cache / "one", interrupted)
    key = keys_of([target])["one"]
    with pytest.raises(KeyboardInterrupt):
        make(target, key)
    assert not is_made(target, key)
    assert not target.output.exists()
    again = text_target(cache, "one")
    make(again, key)
    assert (cache / "one").read_text() == "one"


def test_an_error_stops_all_lanes_and_keeps_what_is_made(cache: Path) -> None:
    def fail(path: Path) -> None:
        raise LabError(f"no {path.name}")

    targets = [
        text_target(cache, "one"),
        Target("bad", "b", cache / "bad", fail, needs=("one",)),
        text_target(cache, "after", needs=("bad",), lane="c"),
    ]
    with pytest.raises(LabError, match="no bad"):
        run(targets)
    assert (cache / "one").exists()
    assert not (cache / "after").exists()


def test_needs_come_first_over_lanes(cache: Path) -> None:
    order: list[str] = []

    def note(name: str) -> Callable[[Path], None]:
        def write(path: Path) -> None:
            order.append(name)
            path.write_text(name)

        return write

    targets = [
        Target("one", "a", cache / "one", note("one")),
        Target("two", "b", cache / "two", note("two"), needs=("one",)),
        Target("three", "a", cache / "three", note("three"), needs=("two",)),
    ]
    run(targets)
    assert order == ["one", "two", "three"]


def test_only_what_is_asked_for_and_its_needs(cache: Path) -> None:
    targets = [text_target(cache, "one"), text_target(cache, "two", needs=("one",)), text_target(cache, "three")]
    assert [target.name for target in with_needs(targets, ["two"])] == ["one", "two"]


def test_hard_links_count_once(cache: Path) -> None:
    folder = cache / "folder"
    folder.mkdir()
    (folder / "a").write_bytes(b"12345")
    (folder / "b").hardlink_to(folder / "a")
    assert size_of(folder) == 5


def test_the_whole_catalog_is_in_order() -> None:
    from kubelab.builder.catalog import all_targets

    targets = all_targets()
    keys = keys_of(targets)  # fails if a target stands before what it needs
    assert len(keys) == len(targets)
    assert len({target.output for target in targets}) == len(targets)
    assert len({target.slug for target in targets}) == len(targets)
