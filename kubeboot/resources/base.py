"""What a resource, a step and a phase are.

Shell text returned by `check`, `diff` and `apply` is the body of a bash function. It runs in a subshell with
`set -euo pipefail` and the functions of templates/prelude.sh: `drift REASON` says the value differs, `waiting TEXT`
says what is waited for, `output NAME` sends stdin back as an output (`secret_output`: one that nobody may see),
`secret NAME` prints the path of a secret's file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from kubeboot.context import HostContext
    from kubeboot.model import Cluster, Host

Risk = Literal["safe", "disruptive", "destructive"]


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that travels on stdin only and lives in a root-only file while the unit runs. `name` is a file name."""

    name: str
    value: str = field(repr=False)


class Resource(Protocol):
    """One desired value on one host."""

    @property
    def label(self) -> str:
        """What it is, for people: `file /etc/crictl.yaml`."""
        ...

    def check(self) -> str:
        """Shell that succeeds when in place and calls `drift REASON` when not. Anything else is unknown."""
        ...

    def apply(self) -> str | None:
        """Shell that makes it so, safe after half an apply; None when nothing can be done about a drift."""
        ...

    def diff(self) -> str | None:
        """Shell that prints what would change; None when the reason says it all."""
        ...

    def secrets(self) -> tuple[Secret, ...]:
        """Secrets the shell text reads through `secret NAME`."""
        ...


class Plain:
    """Defaults for resources without a diff and without secrets."""

    __slots__ = ()

    def diff(self) -> str | None:
        return None

    def secrets(self) -> tuple[Secret, ...]:
        return ()


StepFunction = Callable[["HostContext"], Iterator[Resource]]


@dataclass(frozen=True, slots=True)
class Step:
    """The smallest thing with a verdict of its own. `title` is the first line of the function's docstring."""

    name: str
    title: str
    risk: Risk
    resources: StepFunction


def step(risk: Risk = "safe") -> Callable[[StepFunction], Step]:
    """Make a Step of a generator function: its name in kebab-case, its first docstring line as the title."""

    def wrap(function: StepFunction) -> Step:
        name = function.__name__.replace("_", "-")
        title = (function.__doc__ or name).strip().splitlines()[0]
        return Step(name=name, title=title, risk=risk, resources=function)

    return wrap


@dataclass(frozen=True, slots=True)
class Phase:
    """A named group of steps that runs as one script on one host.

    `select` picks the hosts. `needs` names outputs of other phases that must be there first; it gets the host's context
    and may be empty for a host that has no use for them. `provides` names the outputs this phase fulfils. `after` names
    phases that every host must have ended (well or badly) before this one starts. `is_serial`: one host at a time.
    `builds_on` names earlier phases whose work the host's facts say is not there: without them this one makes no sense.
    `is_test`: it only proves something, so a selection that leaves out what it needs leaves it out as well.
    """

    name: str
    title: str
    select: Callable[[Cluster], tuple[Host, ...]]
    steps: tuple[Step, ...]
    needs: Callable[[HostContext], tuple[str, ...]] = lambda _ctx: ()
    provides: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    is_serial: bool = False
    builds_on: Callable[[HostContext], tuple[str, ...]] = lambda _ctx: ()
    is_test: bool = False


Outputs = Mapping[str, str]
"""Outputs by name, as text."""
