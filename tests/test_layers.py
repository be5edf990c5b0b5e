"""The architecture holds: layers, who may import what, and sizes. The layers themselves stand in pyproject.toml."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "kubeboot"
MODULES = sorted(PACKAGE.rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}
SHELL = sorted((ROOT / "templates").rglob("*.sh"))

ONLY_IN = {
    "paramiko": ("transport/ssh",),
    "fabric": ("transport/ssh",),
    "invoke": ("transport/ssh",),
    "rich": ("report", "cli"),
    "jinja2": ("render.py",),
    "click": ("cli",),
    "yaml": ("inventory", "addons", "kubeadm_config.py"),
    "pydantic": ("inventory", "report/saved_plan.py"),
    "cryptography": ("kubeadm_config.py", "transport/ssh"),
    "subprocess": ("transport",),
    "socket": ("transport/ssh", "cli"),
    "urllib.request": ("addons",),
    "threading": ("engine", "transport", "report"),
}
"""Module outside of kubeboot -> where alone in kubeboot it may be imported."""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[str]:
    """Every module a file imports, wherever in it; not what only type checkers see."""
    hidden = {
        id(node)
        for block in ast.walk(TREES[path])
        if isinstance(block, ast.If) and getattr(block.test, "id", "") == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    for node in ast.walk(TREES[path]):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""


def is_in(path: Path, places: tuple[str, ...]) -> bool:
    inside = path.relative_to(PACKAGE).as_posix()
    return any(inside == place or inside.startswith(f"{place}/") for place in places)


@pytest.mark.parametrize("module", ONLY_IN)
def test_a_module_from_outside_is_imported_only_where_it_belongs(module: str) -> None:
    users = [path for path in MODULES if any(f"{each}.".startswith(f"{module}.") for each in imports(path))]
    assert [name_of(path) for path in users if not is_in(path, ONLY_IN[module])] == []


def test_imports_point_one_way() -> None:
    """import-linter's contracts; `lint-imports` alone shows them."""
    tool = Path(sys.executable).with_name("lint-imports")
    if not tool.exists():
        pytest.skip("import-linter is not installed beside this Python")
    done = subprocess.run([str(tool), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", [*MODULES, *sorted(Path(__file__).parent.rglob("*.py"))], ids=name_of)
def test_a_file_has_at_most_300_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_function_has_at_most_40_lines(path: Path) -> None:
    functions = (each for each in ast.walk(TREES[path]) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))
    long = {each.name: lines for each in functions if (lines := (each.end_lineno or 0) - each.lineno + 1) > 40}
    assert long == {}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_is_named_for_what_it_holds_and_says_so(path: Path) -> None:
    assert path.stem not in {"util", "utils", "helpers", "common", "misc"}
    assert ast.get_docstring(TREES[path])


def test_everything_is_caught_only_at_the_thread_boundary_and_in_the_command_line() -> None:
    found = {
        name_of(path)
        for path in MODULES
        for handler in ast.walk(TREES[path])
        if isinstance(handler, ast.ExceptHandler)
        and not any(isinstance(node, ast.Raise) and node.exc is None for node in handler.body)
        and (handler.type is None or getattr(handler.type, "id", "") in {"Exception", "BaseException"})
    }
    assert {name for name in found if not name.startswith("kubeboot/cli/")} <= {"kubeboot/engine/runner.py"}


def test_only_the_command_line_ends_the_program() -> None:
    ends = {
        name_of(path)
        for path in MODULES
        for call in ast.walk(TREES[path])
        if isinstance(call, ast.Call) and ast.unparse(call.func) in {"sys.exit", "exit", "quit", "os._exit"}
    }
    assert {name for name in ends if not name.startswith(("kubeboot/cli/", "kubeboot/__main__"))} == set()


def test_only_sinks_and_the_command_line_print() -> None:
    printing = {
        name_of(path)
        for path in MODULES
        for call in ast.walk(TREES[path])
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "print"
    }
    assert {name for name in printing if not name.startswith(("kubeboot/cli/", "kubeboot/report/"))} == set()


@pytest.mark.parametrize("path", SHELL, ids=name_of)
def test_templates_are_plain_ascii_shell_that_bash_can_read(path: Path) -> None:
    text = path.read_text(encoding="ascii")
    assert text.endswith("\n")
    assert "\t\n" not in text
    done = subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
