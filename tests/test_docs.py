"""The documents are true: links lead somewhere, commands exist, codes and snippets are the program's own."""

from __future__ import annotations

import importlib
import inspect
import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

from kubeboot import errors
from kubeboot.cli import COMMANDS
from kubeboot.engine.script import compile_script
from kubeboot.inventory.load import load_inventory
from kubeboot.phases import host_prep
from kubeboot.resources import File, Phase, Service
from kubeboot.workflows import INIT
from tests.engine.conftest import SETTINGS, make_context

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "lab/README.md", "docs/diagnose.md")
README = (ROOT / "README.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of that language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def commands(text: str) -> list[list[str]]:
    """What stands after `$ ` in console blocks, as words, without comments."""
    lines = [line for block in blocks(text, "console") for line in block.splitlines() if line.startswith("$ ")]
    return [shlex.split(line[2:], comments=True) for line in lines]


def kubeboot_commands() -> list[list[str]]:
    """Every kubeboot call in console blocks and in `code`, as its arguments."""
    shown = [words for name in DOCUMENTS for words in commands((ROOT / name).read_text(encoding="utf-8"))]
    shown += [
        shlex.split(code) for code in re.findall(r"`(kubeboot [a-z][^`]*)`", README + ARCHITECTURE + CONTRIBUTING)
    ]
    found = []
    for words in shown:
        place = next((number for number, word in enumerate(words) if Path(word).name == "kubeboot"), None)
        if place is not None and (place == 0 or words[place - 1] == "ctl"):
            arguments = words[place + 1 :]
            found.append(arguments[: arguments.index(">")] if ">" in arguments else arguments)
    return found


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in link]
    assert [link for link in links if not ((ROOT / name).parent / link).exists()] == []


@pytest.mark.parametrize("name", ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"))
def test_files_named_in_the_documents_exist(name: str) -> None:
    text = re.sub(r"```.*?```", "", (ROOT / name).read_text(encoding="utf-8"), flags=re.DOTALL)
    named = re.findall(r"(?<![\w/.~])((?:kubeboot|lab|tests|templates|demo)/[\w./]*\w)", text)
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("arguments", kubeboot_commands(), ids=" ".join)
def test_commands_exist(arguments: list[str]) -> None:
    name, *rest = arguments
    assert name in COMMANDS
    module, attribute, _ = COMMANDS[name]
    command: click.Command = getattr(importlib.import_module(module), attribute)
    context = click.Context(command, info_name=name)
    while isinstance(command, click.Group) and rest:
        found = command.get_command(context, rest.pop(0))
        assert found is not None, arguments
        command, context = found, click.Context(found, parent=context)
    options = {option for parameter in command.get_params(context) for option in parameter.opts}
    assert {word for word in rest if word.startswith("-")} <= options


@pytest.mark.parametrize(
    "words",
    [each for name in DOCUMENTS for each in commands((ROOT / name).read_text()) if each[0] == "make"],
    ids=" ".join,
)
def test_make_targets_exist(words: list[str]) -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert words[1] in targets


def test_every_exit_code_is_in_the_readme() -> None:
    shown = [int(code) for code in re.findall(r"^\| (\d+) \| ", README, flags=re.MULTILINE)]
    assert shown == sorted(value for name, value in vars(errors).items() if name.startswith("EXIT_"))


def test_references_shown_in_the_readme_exist() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "kubeboot").rglob("*.py"))
    shown = set(re.findall(r"\[([a-z]+(?:-[a-z]+)+)\]$", README, flags=re.MULTILINE))
    assert shown and {each for each in shown if f'"{each}"' not in sources} == set()


@pytest.mark.parametrize("text", blocks(README, "yaml"))
def test_inventories_in_the_readme_load(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/id_ed25519").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    (tmp_path / ".ssh/id_ed25519").chmod(0o600)
    path = tmp_path / "inventory.yaml"
    path.write_text(text, encoding="utf-8")
    cluster, warnings = load_inventory(path)
    assert (len(cluster.hosts), warnings) == (3, ())


def test_every_phase_is_in_the_readme() -> None:
    table = README.partition("## What it does to a host")[2].partition("\n## ")[0]
    first_cells = ", ".join(re.findall(r"^\| ([a-z, -]+) \|", table, flags=re.MULTILINE)).split(", ")
    assert [name for name in first_cells if name != "phase"] == [phase.name for phase in INIT]


def test_files_that_steps_write_are_in_the_readme() -> None:
    table = README.partition("## What it does to a host")[2].partition("\n## ")[0]
    shown = [path.replace("\\*", "").removesuffix(".sources") for path in re.findall(r"/etc/[^ ,|]+", table)]
    context = make_context()
    written = {
        resource.path
        for phase in INIT
        for step in phase.steps
        for resource in step.resources(context)
        if isinstance(resource, File)
    }
    assert written and {path for path in written if not any(path.startswith(each) for each in shown)} == set()


def test_every_module_is_in_the_architecture() -> None:
    table = ARCHITECTURE.partition("## Modules")[2].partition("\n## ")[0]
    shown = set(re.findall(r"[\w.]+", " ".join(re.findall(r"^\| ([^|]+) \|", table, flags=re.MULTILINE))))
    there = {path.name for path in (ROOT / "kubeboot").iterdir() if path.is_dir() or path.suffix == ".py"} - {
        "__init__.py",
        "__main__.py",
        "__pycache__",
    }
    assert there <= shown


def test_invariants_are_tested_where_the_architecture_says() -> None:
    rows = re.findall(r"^\| I(\d+) \| [^|]+ \| ([^|]+) \|$", ARCHITECTURE, flags=re.MULTILINE)
    assert [number for number, _ in rows] == [str(number) for number in range(1, 11)]
    for number, place in rows:
        if not place.startswith("not yet"):
            text = (ROOT / place.strip()).read_text(encoding="utf-8")
            assert re.search(rf"def test_\w*i{number}_", text), f"no test of I{number} in {place}"


def test_the_example_step_works() -> None:
    """CONTRIBUTING's step, as a reader would paste it into host_prep.py, becomes a valid script."""
    (code,) = blocks(CONTRIBUTING, "python")
    names = {**vars(host_prep), "File": File, "Service": Service}
    exec(compile(code, "CONTRIBUTING.md", "exec"), names)  # noqa: S102 - our own document
    added = names["limit_journal"]
    assert added.title == "Keep the journal below 500 MB."
    phase = Phase(name="host-prep", title="Prepare the host", select=host_prep.HOST_PREP.select, steps=(added,))
    script = compile_script(phase, make_context(), SETTINGS)
    assert [type(item.resource).__name__ for item in script.items] == ["File", "Service"]
    assert "limit_journal" not in inspect.getsource(host_prep)


def test_vagrantfile_fits_the_example() -> None:
    machines = re.findall(r'"(\w+)" => \{ address: "([\d.]+)"', (ROOT / "Vagrantfile").read_text(encoding="utf-8"))
    cluster, _ = load_inventory(ROOT / "inventory.example.yaml")
    assert machines == [(host.name, host.address) for host in cluster.hosts]
    assert 'box = "debian/bookworm64"' in (ROOT / "Vagrantfile").read_text(encoding="utf-8")


def test_demo_manifest_is_valid_yaml() -> None:
    kinds = [document["kind"] for document in yaml.safe_load_all((ROOT / "demo/hello.yaml").read_text())]
    assert kinds == ["Deployment", "Service", "Ingress"]
