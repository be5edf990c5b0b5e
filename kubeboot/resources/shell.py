"""Resources for what has no resource of its own yet."""

from __future__ import annotations

from dataclasses import dataclass

from kubeboot.resources.base import Plain, Secret
from kubeboot.resources.quoting import sh


@dataclass(frozen=True, slots=True)
class Shell(Plain):
    """Check and apply as written. When two steps need the same one, make it a resource."""

    label: str
    check_text: str
    apply_text: str | None = None
    diff_text: str | None = None
    secret_values: tuple[Secret, ...] = ()

    def check(self) -> str:
        return self.check_text

    def apply(self) -> str | None:
        return self.apply_text

    def diff(self) -> str | None:
        return self.diff_text

    def secrets(self) -> tuple[Secret, ...]:
        return self.secret_values


@dataclass(frozen=True, slots=True)
class WaitFor(Plain):
    """Wait until the check passes; waiting counts as no change. On time-out `on_timeout` explains (shell text).

    `interval_s` may be fractional. The check's `drift` reason is what the user sees being waited for.
    """

    label: str
    check_text: str
    timeout_s: int
    interval_s: float = 0.3
    on_timeout: str = ""

    def check(self) -> str:
        condition = f"condition() {{\n{self.check_text}\n}}\n"
        explain = f"explain() {{\n{self.on_timeout or ':'}\n}}\n"
        return f"{condition}{explain}wait_for {sh(self.label)} {self.timeout_s} {self.interval_s}"

    def apply(self) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Emit(Plain):
    """Send what `command` prints back as the output of that name. Changes nothing; unknown when the command fails."""

    name: str
    command: str
    is_secret: bool = False

    @property
    def label(self) -> str:
        return f"output {self.name}"

    def check(self) -> str:
        verb = "secret_output" if self.is_secret else "output"
        return f'value=$(\n{self.command}\n) || emit_failed\n{verb} {sh(self.name)} <<<"$value"'

    def apply(self) -> None:
        return None
