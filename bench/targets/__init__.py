"""Published numbers, and ours from the same data: a module a data set, each with ``rows(data)``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

INFORMATION = float("inf")
"""The tolerance of a number that nothing was published on: shown, and never a failure."""


class Row(NamedTuple):
    """A published number and ours. ``tolerance``: how far they may lie apart (0: not at all; ``INFORMATION``:
    nothing was published); ``source``: where it was published, and what there is to know about it."""

    target: str
    published: float | str
    ours: float | str
    tolerance: float
    source: str

    @property
    def difference(self) -> float | None:
        """Ours less the published; None where one of them is no number."""
        if isinstance(self.published, str) or isinstance(self.ours, str):
            return None
        return float(self.ours) - float(self.published)

    @property
    def verdict(self) -> str:
        """``met``, ``missed``, or ``information`` where nothing was published."""
        if self.tolerance == INFORMATION:
            return "information"
        apart = self.difference
        is_met = self.published == self.ours if apart is None else abs(apart) <= self.tolerance
        return "met" if is_met else "missed"


class Absent(Exception):
    """A data file that is not there."""


def need(path: Path) -> Path:
    """The path of a data file; raises ``Absent`` where there is none."""
    if not path.exists():
        raise Absent(f"{path}: no such file; its folder's README says where it comes from")
    return path


def topics() -> list[str]:
    """The names of the modules, in order."""
    return sorted(found.name for found in pkgutil.iter_modules(__path__))


def rows_of(topic: str, data: Path) -> Iterator[Row]:
    """The rows of one module; raises ``Absent`` where a file of its data is not there."""
    rows: Iterator[Row] = importlib.import_module(f"{__name__}.{topic}").rows(data)
    yield from rows
