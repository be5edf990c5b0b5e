"""An inventory that may have problems: what can be known of it, and the problems found so far.

Checks across values run even when some values are wrong: a value with a problem reads as None, "not known", so that no
check builds on it and none of its neighbours' problems stays hidden.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path as FilePath
from typing import Any

from kubeboot.errors import Problem
from kubeboot.inventory.document import Node
from kubeboot.inventory.problems import Path, path_text


class Draft:
    """The document's plain values beside the problems at their paths. `texts` are the files read, by their path."""

    def __init__(self, root: Node, directory: FilePath) -> None:
        self.root = root
        self.directory = directory
        self.problems: list[Problem] = []
        self.bad: set[Path] = set()
        self.around_bad: set[Path] = set()
        self.texts: dict[FilePath, str] = {}

    def report(self, path: Path, message: str, hint: str = "") -> None:
        """Something is wrong at this path, though its value by itself is well-formed."""
        self._add(path, self.root.place(path), message, hint)

    def reject(self, path: Path, message: str, hint: str = "") -> None:
        """Something is wrong at this path, and its value is not known from now on."""
        self.report(path, message, hint)
        self._mark_bad(path)

    def report_key(self, path: Path, message: str, hint: str = "") -> None:
        """Something is wrong with the path's last key itself: the place is the key's."""
        parent = self.root.find(path[:-1])
        place = parent.key_marks.get(str(path[-1])) if parent else None
        self._add(path, place or self.root.place(path), message, hint)

    def reject_key(self, path: Path, message: str, hint: str = "") -> None:
        """Something is wrong with the path's last key, and its value is not known from now on."""
        self.report_key(path, message, hint)
        self._mark_bad(path)

    def warn(self, path: Path, message: str, hint: str = "") -> None:
        """Something may be wrong at this path."""
        self._add(path, self.root.place(path), message, hint, is_warning=True)

    def _add(self, path: Path, place: tuple[int, int], message: str, hint: str, *, is_warning: bool = False) -> None:
        self.problems.append(Problem(path_text(path), message, hint, *place, is_warning))

    def _mark_bad(self, path: Path) -> None:
        self.bad.add(path)
        self.around_bad.update(path[:end] for end in range(len(path) + 1))

    def is_known(self, path: Path) -> bool:
        """False when the value, something around it or something in it has a problem."""
        return path not in self.around_bad and not any(path[:end] in self.bad for end in range(len(path)))

    def get(self, path: Path, default: Any = None) -> Any:
        """The value at the path; the default when it is not given; None when it is not known."""
        if not self.is_known(path):
            return None
        node = self.root.find(path)
        return default if node is None or node.value is None else node.value

    def count(self, path: Path) -> int:
        """How many items the list at that path has, good or bad; 0 when it is no list."""
        node = self.root.find(path)
        return len(node.value) if node and isinstance(node.value, list) else 0

    def each(self, *path: str | int) -> Sequence[Path]:
        """The paths of a list's items, or of a mapping's values."""
        node = self.root.find(path)
        return [(*path, part) for part in node.children] if node else []
