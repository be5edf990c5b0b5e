"""The one error the lab shows to people: what is wrong, and the command that helps."""

from __future__ import annotations


class LabError(Exception):
    """Something the user can act on; printed as one sentence and one hint, never as a traceback."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
