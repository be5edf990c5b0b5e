"""The way in: a file becomes a Cluster, or every problem at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from kubeboot.errors import InventoryError, Problem
from kubeboot.inventory.build import build_cluster
from kubeboot.inventory.check_hosts import check_duplicates, check_ipv6, check_labels, check_roles, check_sysctls
from kubeboot.inventory.check_kubeadm import check_kubeadm
from kubeboot.inventory.check_network import check_addresses, check_endpoint, check_subnets
from kubeboot.inventory.check_sources import check_addons, check_registries, check_repositories
from kubeboot.inventory.document import MAX_BYTES, Node, Unreadable, read_document
from kubeboot.inventory.draft import Draft
from kubeboot.inventory.files import check_files, check_identities
from kubeboot.inventory.problems import in_order
from kubeboot.inventory.schema import Inventory
from kubeboot.inventory.shape import check_shape
from kubeboot.model import Cluster

Check = Callable[[Draft], None]
CHECKS: tuple[Check, ...] = (
    check_duplicates,
    check_roles,
    check_labels,
    check_ipv6,
    check_sysctls,
    check_subnets,
    check_addresses,
    check_endpoint,
    check_repositories,
    check_registries,
    check_addons,
    check_kubeadm,
    check_files,
    check_identities,
)
CHECKS_WITHOUT_KEYS = tuple(check for check in CHECKS if check is not check_identities)
"""For the command that makes missing keys."""


class Reading(NamedTuple):
    """A file that can be used: its own keys and values, the Cluster, the warnings, and where each value stands."""

    inventory: Inventory
    cluster: Cluster
    warnings: tuple[Problem, ...]
    root: Node


def load_inventory(path: Path | str, checks: Sequence[Check] = CHECKS) -> tuple[Cluster, tuple[Problem, ...]]:
    """The Cluster and its warnings. Raises InventoryError with every problem, in the order of the file."""
    reading = read_inventory(path, checks)
    return reading.cluster, reading.warnings


def read_inventory(path: Path | str, checks: Sequence[Check] = CHECKS) -> Reading:
    """The same with what the file itself says. Raises InventoryError."""
    source, file = str(path), Path(path)
    try:
        data = _read(file)
    except Unreadable as error:
        raise InventoryError(source, [error.problem]) from None
    return read_text(data, source, file.parent, checks)


def read_text(data: bytes, source: str, directory: Path, checks: Sequence[Check] = CHECKS) -> Reading:
    """The same of a text that is, or will be, the file `source` in that folder. Raises InventoryError."""
    try:
        root, problems = read_document(data)
    except Unreadable as error:
        raise InventoryError(source, [error.problem]) from None
    draft = Draft(root, directory.absolute())
    draft.problems += problems
    inventory = check_shape(draft)
    for check in checks:
        check(draft)
    found = in_order(draft.problems)
    if inventory is None or not all(problem.is_warning for problem in found):
        raise InventoryError(source, found)
    return Reading(inventory, build_cluster(inventory, draft.directory, draft.texts), found, root)


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        hint = "name it with -i PATH, or write one: kubeboot inventory new"
        raise Unreadable(Problem("", "does not exist", hint)) from None
    except OSError as error:
        raise Unreadable(Problem("", f"cannot be read: {error.strerror}")) from None
    except ValueError:  # a NUL in the path
        raise Unreadable(Problem("", "is not a path")) from None
