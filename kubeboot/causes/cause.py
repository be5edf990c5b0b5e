"""What a known failure is, and the facts that can be asked for by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from kubeboot.facts import Facts

MOST_SKEW_S = 30.0
"""What preflight allows as well; certificates and leases suffer beyond it."""
LEAST_FREE_MB = 100


@dataclass(frozen=True, slots=True)
class Cause:
    """A row of the table. `symptom` is a regular expression that never spans lines.

    `exit_codes`: empty for any. `when`: a name in PREDICATES that must hold of the host's facts; without facts such a
    row is passed over. `is_general`: it says that something is wrong but not why, so what else is found says more.
    """

    name: str
    symptom: str
    cause: str
    remedy: str
    check: str
    exit_codes: tuple[int, ...] = ()
    when: str = ""
    is_general: bool = False

    @property
    def hint(self) -> str:
        """Why and what to do, for those who have one line for both."""
        return f"{self.cause} {self.remedy}"

    def explains(self, output: str, exit_code: int | None = None, facts: Facts | None = None) -> bool:
        """Whether this is what is behind `output`. Exit code None: not known, so any."""
        if self.exit_codes and exit_code is not None and exit_code not in self.exit_codes:
            return False
        if self.when and (facts is None or not PREDICATES[self.when](facts)):
            return False
        return re.search(self.symptom, output, re.MULTILINE) is not None


def _is_clock_off(facts: Facts) -> bool:
    return abs(facts.clock_offset_s) - facts.clock_error_s > MOST_SKEW_S


def _is_disk_full(facts: Facts) -> bool:
    no_inodes = any(count == 0 for path, count in facts.inodes_free.items() if facts.disk_free_mb.get(path, 1) == 0)
    return no_inodes or any(free < LEAST_FREE_MB for free in facts.disk_free_mb.values())


PREDICATES: Mapping[str, Callable[[Facts], bool]] = MappingProxyType(
    {
        "clock-off": _is_clock_off,
        "disk-full": _is_disk_full,
        "swap-on": lambda facts: bool(facts.swap_devices),
        "proxy-set": lambda facts: any(not name.lower().startswith("no_") for name in facts.proxies),
    }
)
