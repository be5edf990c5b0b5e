"""Which preflight findings the command line waives."""

from __future__ import annotations

from difflib import get_close_matches

from kubeboot.errors import UsageError
from kubeboot.preflight import CHECK_NAMES, UNWAIVABLE

OPTION = "--ignore-preflight-errors"


def waived_names(text: str) -> frozenset[str]:
    """The names in `text`, separated by commas. Raises UsageError for one that is unknown or cannot be waived."""
    names = frozenset(name.strip() for name in text.split(",") if name.strip())
    for name in sorted(names):
        if name in UNWAIVABLE:
            raise UsageError(
                f"{OPTION}: {name} is never waived: going on would destroy another cluster",
                hint="If that cluster is to go, remove it from the host first: `kubeadm reset` there.",
                reference="preflight-unwaivable",
            )
        if name not in CHECK_NAMES:
            raise _unknown(name)
    return names


def _unknown(name: str) -> UsageError:
    near = get_close_matches(name.lower().replace("_", "-"), CHECK_NAMES, 1)
    guess = f"; did you mean {near[0]}?" if near else ""
    names = ", ".join(sorted(CHECK_NAMES - UNWAIVABLE))
    return UsageError(
        f"{OPTION}: there is no finding {name!r}{guess}",
        hint="" if near else f"The names are: {names}.",
        reference="preflight-unknown",
    )
