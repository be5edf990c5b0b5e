"""Every step is in a phase, every phase in a workflow, and all of them are named and titled alike."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator

import pytest

from kubeboot import phases, workflows
from kubeboot.engine.script import resources_of
from kubeboot.resources import Phase, Step
from tests.engine.conftest import make_context


def module_values(kind: type) -> Iterator[object]:
    for info in pkgutil.iter_modules(phases.__path__):
        module = importlib.import_module(f"kubeboot.phases.{info.name}")
        yield from (value for value in vars(module).values() if isinstance(value, kind))


STEPS = {id(each): each for each in module_values(Step) if isinstance(each, Step)}.values()
PHASES = {id(each): each for each in module_values(Phase) if isinstance(each, Phase)}.values()
WORKFLOWS = {
    name: value
    for name, value in vars(workflows).items()
    if name.isupper() and isinstance(value, tuple) and value and all(isinstance(each, Phase) for each in value)
}
KEBAB = re.compile(r"[a-z]+[0-9]*(-[a-z0-9]+)*")


def name_of(each: object) -> str:
    return str(getattr(each, "name", each))


@pytest.mark.parametrize("step", STEPS, ids=name_of)
def test_every_step_is_in_a_phase(step: Step) -> None:
    assert any(step is each for phase in PHASES for each in phase.steps)


@pytest.mark.parametrize("phase", PHASES, ids=name_of)
def test_every_phase_is_in_a_workflow(phase: Phase) -> None:
    assert any(phase is each for workflow in WORKFLOWS.values() for each in workflow)


def test_names_are_unique_and_kebab_case() -> None:
    for group in (STEPS, PHASES):
        names = [each.name for each in group]
        assert sorted(names) == sorted(set(names))
        assert all(KEBAB.fullmatch(name) for name in names)


@pytest.mark.parametrize("workflow", WORKFLOWS.values(), ids=WORKFLOWS)
def test_a_workflow_has_a_phase_once_and_a_phase_a_step_once(workflow: tuple[Phase, ...]) -> None:
    assert len({phase.name for phase in workflow}) == len(workflow)
    for phase in workflow:
        assert len({step.name for step in phase.steps}) == len(phase.steps)


@pytest.mark.parametrize("workflow", WORKFLOWS.values(), ids=WORKFLOWS)
def test_what_a_phase_needs_or_comes_after_is_in_the_workflow_before_it(workflow: tuple[Phase, ...]) -> None:
    provided: set[str] = set()
    earlier: set[str] = set()
    for phase in workflow:
        for host in ("m1", "m2", "w1"):
            assert set(phase.needs(make_context(host))) <= provided
        assert not set(phase.after) & {each.name for each in workflow} - earlier
        provided |= set(phase.provides)
        earlier.add(phase.name)


@pytest.mark.parametrize("each", [*STEPS, *PHASES], ids=name_of)
def test_a_title_is_an_imperative_that_fits_a_line(each: Step | Phase) -> None:
    first = each.title.split()[0]
    assert first[0].isupper()
    assert not first.endswith(("ing", "ed"))
    assert not (first.endswith("s") and first not in ("Pass", "Address"))
    assert len(each.title) <= 75
    assert each.title.endswith(".") == isinstance(each, Step)


@pytest.mark.parametrize("step", STEPS, ids=name_of)
def test_a_step_is_short(step: Step) -> None:
    import inspect

    assert len(inspect.getsource(step.resources).splitlines()) <= 27, "25 lines and their decorator"


@pytest.mark.parametrize("phase", PHASES, ids=name_of)
def test_outputs_a_phase_emits_are_those_it_provides(phase: Phase) -> None:
    """On the host that has most to do, in both halves of every resource."""
    context = make_context("m1")
    shell = "\n".join((item.resource.check() + (item.resource.apply() or "")) for item in resources_of(phase, context))
    emitted = set(re.findall(r"(?:^|\| |\n)(?:secret_)?output '?([a-z-]+)'?", shell))
    assert emitted == set(phase.provides) or context.host not in phase.select(context.cluster)
