"""A resource that only looks: for commands that find out what is wrong and mend nothing."""

from __future__ import annotations

from dataclasses import dataclass

from kubeboot.resources.base import Plain

FINDING = "! "
"""Begins each line of a look's output that is a finding; the others are what it was found by."""
_BEGIN = """\
: >"$KB_DIR/found"
found() {
  local text
  text=$(printf '%s' "$*" | tr '\\n\\t' '  ' | cut -c1-800)
  printf '! %s\\n' "$text"
  printf '%s\\n' "$text" >>"$KB_DIR/found"
}
look() {
"""
# A check that is unknown would end the script, and with it all other looks at this host.
_END = """
}
rc=0
set +e
( set -euo pipefail; look )
rc=$?
set -e
[ "$rc" = 0 ] || found "this could not be looked at to its end (exit $rc)"
[ ! -s "$KB_DIR/found" ] || drift "$(head -n 1 "$KB_DIR/found")"
"""


@dataclass(frozen=True, slots=True)
class Look(Plain):
    """Shell that calls `found TEXT` for each thing that is wrong. Never unknown, whatever `body` does."""

    label: str
    body: str

    def check(self) -> str:
        return f"{_BEGIN}{self.body.rstrip()}{_END}"

    def apply(self) -> None:
        return None
