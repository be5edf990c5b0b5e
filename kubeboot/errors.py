"""Every error that kubeboot raises on purpose.

KubebootError
├── UsageError              the command line makes no sense                              exit 2
├── InventoryError          every problem of the inventory at once                       exit 2
├── PreflightFailed         findings that were not waived                                exit 3
├── HostError               something happened on, or on the way to, one host
│   ├── Unreachable         no usable connection: name, refused, timeout, route, auth    exit 4
│   │   ├── HostKeyUnknown  nobody vouched for the host's key                            exit 7
│   │   └── HostKeyChanged  the key is not the one that was recorded                     exit 7
│   ├── SudoRefused         the user may not become root                                 exit 3
│   ├── HostLost            the result of a script is not known; resumable               exit 4
│   ├── HostBusy            another run holds the host's lock                            exit 6
│   ├── StepFailed          a step failed on the host                                    exit 1
│   │   ├── NotConverged    apply succeeded and the check still sees drift               exit 1
│   │   └── CheckBroken     the check itself could not tell; nothing was applied         exit 1
│   ├── Refused             going on could destroy something                             exit 7
│   └── Blocked             another host's failure is in the way                         exit 1
├── HostsFailed             one HostError per host, in inventory order                   the first one's
├── SourceError             a manifest or key file cannot be had or is not what it was   exit 2
├── PlanOutdated            a saved plan does not fit what is there now                  exit 7
├── Interrupted             Ctrl-C; says what is still running where                     exit 130
└── InternalError           a bug in kubeboot                                            exit 70

`reference` is kebab-case, unique and stable: users search for it. `hint` is the next thing to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

EXIT_DONE = 0
EXIT_STEP_FAILED = 1
EXIT_USAGE = 2
EXIT_PREFLIGHT = 3
EXIT_HOST_LOST = 4
EXIT_PENDING = 5
EXIT_LOCKED = 6
EXIT_REFUSED = 7
EXIT_BUG = 70
EXIT_INTERRUPTED = 130


class KubebootError(Exception):
    """Base of the tree: a message for people, a hint, and the exit code it leads to."""

    reference = "error"
    exit_code = EXIT_STEP_FAILED

    def __init__(self, message: str, *, hint: str = "", reference: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if reference:
            self.reference = reference


class UsageError(KubebootError):
    """The command line asks for something that makes no sense."""

    reference = "usage"
    exit_code = EXIT_USAGE


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an inventory. `line` and `column` count from 1; 0 means the file as a whole."""

    path: str
    message: str
    hint: str = ""
    line: int = 0
    column: int = 0
    is_warning: bool = False


class InventoryError(KubebootError):
    """The inventory cannot be used. Holds every problem that was found, in the order of the file."""

    reference = "inventory-invalid"
    exit_code = EXIT_USAGE

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        self.source = source
        self.problems = tuple(problems)
        count = sum(not problem.is_warning for problem in self.problems)
        super().__init__(f"{source} has {count} problem{'s' if count != 1 else ''}")


class SourceError(KubebootError):
    """A manifest, key or CA file could not be read, fetched, or is not what it should be."""

    reference = "source-unusable"
    exit_code = EXIT_USAGE


@dataclass(frozen=True, slots=True)
class Finding:
    """Result of one preflight check: `name` waives it, `hosts` are the ones concerned (empty: the cluster)."""

    name: str
    message: str
    why: str
    remedy: str
    hosts: tuple[str, ...] = ()
    is_warning: bool = False
    is_refusal: bool = False


class PreflightFailed(KubebootError):
    """At least one finding that is neither a warning nor waived by name."""

    reference = "preflight-failed"
    exit_code = EXIT_PREFLIGHT

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        count = len(self.findings)
        super().__init__(f"{count} preflight check{'s' if count != 1 else ''} failed; nothing was changed on any host")
        if any(finding.is_refusal for finding in self.findings):
            self.exit_code = EXIT_REFUSED
            self.reference = "preflight-refused"


class HostError(KubebootError):
    """Something that happened on one host, with the last lines the host itself printed."""

    reference = "host-failed"
    cause = ""
    """The name of the known failure behind it (kubeboot.causes), which `hint` then tells; empty when none is known."""

    def __init__(
        self,
        host: str,
        message: str,
        *,
        hint: str = "",
        reference: str = "",
        phase: str = "",
        step: str = "",
        output: str = "",
        log_path: str = "",
    ) -> None:
        super().__init__(message, hint=hint, reference=reference)
        self.host = host
        self.phase = phase
        self.step = step
        self.output = output
        self.log_path = log_path


class Unreachable(HostError):
    """No usable connection to the host could be made."""

    reference = "host-unreachable"
    exit_code = EXIT_HOST_LOST


class HostKeyUnknown(Unreachable):
    """The host presented a key that neither the inventory nor any known_hosts file vouches for."""

    reference = "host-key-unknown"
    exit_code = EXIT_REFUSED
    known_hosts_line = ""
    """What would record the key: name, type and base64, without a newline."""


class HostKeyChanged(Unreachable):
    """The host presented another key than the one recorded for it. Refused under every flag."""

    reference = "host-key-changed"
    exit_code = EXIT_REFUSED


class SudoRefused(HostError):
    """The login user is not root and may not become root."""

    reference = "sudo-refused"
    exit_code = EXIT_PREFLIGHT


class HostLost(HostError):
    """The connection went and did not come back: what the host did since is not known. The same command goes on."""

    reference = "host-lost"
    exit_code = EXIT_HOST_LOST


class HostBusy(HostError):
    """Another kubeboot run holds this host's lock."""

    reference = "host-busy"
    exit_code = EXIT_LOCKED


class StepFailed(HostError):
    """A step's apply failed on the host."""

    reference = "step-failed"


class NotConverged(StepFailed):
    """A step's apply said it succeeded, and its check still sees drift."""

    reference = "not-converged"


class CheckBroken(StepFailed):
    """A step's check could neither confirm nor deny; nothing was applied."""

    reference = "check-unknown"


class Refused(HostError):
    """Going on could destroy something; nothing was touched."""

    reference = "refused"
    exit_code = EXIT_REFUSED


class Blocked(HostError):
    """This host is fine, but what it waits for cannot come any more."""

    reference = "blocked"


class HostsFailed(KubebootError):
    """One error per failed host, in inventory order; never flattened."""

    reference = "hosts-failed"

    def __init__(self, errors: Sequence[HostError]) -> None:
        self.errors = tuple(errors)
        causes = [error for error in self.errors if not isinstance(error, Blocked)]
        names = ", ".join(error.host for error in causes)
        super().__init__(f"failed on {names}")
        self.exit_code = _worst(causes)


def _worst(errors: Sequence[HostError]) -> int:
    """The exit code that asks for most care: refusal, then a failed step, then lost hosts, then the rest."""
    codes = {error.exit_code for error in errors}
    for code in (EXIT_REFUSED, EXIT_STEP_FAILED, EXIT_LOCKED, EXIT_HOST_LOST, EXIT_PREFLIGHT):
        if code in codes:
            return code
    return EXIT_STEP_FAILED


class PlanOutdated(KubebootError):
    """Hosts, inventory or kubeboot are not as they were when the plan was made. `differences`: all, in words."""

    reference = "plan-outdated"
    exit_code = EXIT_REFUSED

    def __init__(self, path: str, differences: Sequence[str]) -> None:
        self.differences = tuple(differences)
        super().__init__(
            f"the plan {path} does not fit what is there now, so nothing was changed on any host",
            hint="Look at what would be done now: `kubeboot plan --out FILE`; then apply that.",
        )


class Interrupted(KubebootError):
    """Ctrl-C. The message says what was in flight where."""

    reference = "interrupted"
    exit_code = EXIT_INTERRUPTED


class InternalError(KubebootError):
    """A bug in kubeboot."""

    reference = "internal-error"
    exit_code = EXIT_BUG
