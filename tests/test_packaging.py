"""What is built and installed is whole: kubeboot runs from a wheel alone, from any folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAB = ROOT / "lab" / "lab"
LAB_ENVIRONMENT = {**os.environ, "KUBEBOOT_LAB": "packaging"}
TEMPLATES = {
    path.relative_to(ROOT / "templates").as_posix(): path.read_bytes()
    for path in (ROOT / "templates").rglob("*")
    if path.is_file()
}


def run(*command: str | Path, codes: tuple[int, ...] = (0,), **options: object) -> str:
    """Its output; the test fails with all of it when the exit code is another."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    assert done.returncode in codes, f"{command}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return str(done.stdout)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the sdist, and the wheel that is built from that sdist."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    return next(built.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, in an environment that holds nothing but the wheel and its dependencies."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", folder)
    run(folder / "bin/python", "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", wheel)
    return folder / "bin/kubeboot"


def call(installed: Path, folder: Path, *arguments: str) -> str:
    """Run the installed command far away from the sources."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "KUBEBOOT"))}
    return run(installed, *arguments, cwd=folder, env=clean)


def test_wheel_has_every_template(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        prefix = "kubeboot/templates/"
        held = {name.removeprefix(prefix): archive.read(name) for name in archive.namelist() if name.startswith(prefix)}
    assert held == TEMPLATES


def test_wheel_has_only_kubeboot(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
        assert not [name for name in archive.namelist() if "__pycache__" in name]
    assert {top for top in tops if not top.endswith(".dist-info")} == {"kubeboot"}


def test_wheel_metadata(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        info = next(name.split("/")[0] for name in archive.namelist() if ".dist-info/" in name)
        metadata = Parser().parsestr(archive.read(f"{info}/METADATA").decode())
        assert f"{info}/licenses/LICENSE" in archive.namelist()
    assert (metadata["Name"], metadata["License-Expression"]) == ("kubeboot", "Apache-2.0")
    assert not [line for line in metadata.get_all("Requires-Dist", []) if line.startswith("fabric")]
    assert "kubeboot init -i inventory.yaml" in str(metadata.get_payload())  # the README


def test_sdist_has_what_a_reader_needs(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {name.split("/", 1)[-1] for name in archive.getnames()}
    assert {"LICENSE", "README.md", "CHANGELOG.md", "inventory.example.yaml", "pyproject.toml"} <= names
    assert {f"kubeboot/templates/{name}" for name in TEMPLATES} <= names  # files: the link is for sources only


def test_installed_command_runs_anywhere(installed: Path, tmp_path: Path) -> None:
    assert call(installed, tmp_path, "version").startswith("kubeboot ")
    assert json.loads(call(installed, tmp_path, "inventory", "schema"))["$schema"]
    here = run(sys.executable, "-m", "kubeboot", "phases", cwd=ROOT)
    assert call(installed, tmp_path, "phases") == here


def test_installed_command_compiles_every_script(installed: Path, tmp_path: Path) -> None:
    """Templates are read when a script is compiled: the installed copy must find them all."""
    code = "from kubeboot.render import template_text as text; import sys; [text(name) for name in sys.argv[1:]]"
    names = [name for name in TEMPLATES if name.endswith(".sh")]
    run(installed.with_name("python"), "-I", "-c", code, *names, cwd=tmp_path)


@pytest.fixture
def lab_inventory(tmp_path: Path) -> Iterator[Path]:
    """The inventory of one bare host of a lab of its own."""
    path = tmp_path / "inventory.yaml"
    try:
        run(LAB, "up", "1", env=LAB_ENVIRONMENT)
        path.write_text(run(LAB, "inventory", env=LAB_ENVIRONMENT))
        yield path
    finally:
        run(LAB, "down", env=LAB_ENVIRONMENT)


@pytest.mark.lab
def test_installed_command_makes_a_cluster(installed: Path, lab_inventory: Path) -> None:
    def kubeboot(command: str, code: int) -> str:
        words = (LAB, "ctl", installed, command, "-i", lab_inventory.name)
        return run(*words, codes=(code,), cwd=lab_inventory.parent, env=LAB_ENVIRONMENT)

    assert "would change" in kubeboot("plan", 5)
    assert " changed, " in kubeboot("init", 0)
    assert "\n0 changed, " in kubeboot("init", 0)
    assert "\n0 would change, " in kubeboot("plan", 0)
