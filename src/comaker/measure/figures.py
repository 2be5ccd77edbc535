"""What a measurement says: a figure with unit, n and interval, or what would be needed to know it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import pandas as pd

Basis = Literal["record", "estimate", "mechanical", "not identified"]
"""How a figure is known: counted from every record (exact, so without an interval), estimated from them,
recomputed under other terms with nobody reacting, or not at all."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure. ``name`` and ``of`` (a breakdown such as a task, or "") identify it within its section.

    ``estimand``: in one sentence what number of the world it stands for. ``unit``: "" for none, "minor units"
    for money. ``n``: how many ``counted`` it rests on. ``low``, ``high``: the 95 % interval of an estimate.
    ``needs``: for what is not identified, why and which data would identify it. ``source``: framework ids
    and the paper of the estimator. Make one with ``record``, ``estimate``, ``mechanical`` or ``missing``.
    """

    name: str
    estimand: str
    unit: str
    basis: Basis
    of: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    counted: str = ""
    needs: str = ""
    source: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; None for what is not identified."""
        return {name: getattr(self, name) for name in FIELDS}


FIELDS = (
    "name",
    "of",
    "value",
    "low",
    "high",
    "unit",
    "n",
    "counted",
    "basis",
    "estimand",
    "needs",
    "source",
)
"""The columns of a table of figures, in order."""


class About(NamedTuple):
    """What stays the same of a figure whatever the data say: its name, estimand, unit and source."""

    name: str
    estimand: str
    unit: str
    counted: str
    source: str

    def record(self, value: float, *, n: int, of: str = "") -> Figure:
        """The figure as counted or summed over every record: nothing is estimated, so no interval."""
        if not math.isfinite(value):
            return self.missing("the records give no finite number here", n=n, of=of)
        return Figure(**self._asdict(), basis="record", of=of, value=float(value), n=int(n))

    def estimate(self, value: float, low: float, high: float, *, n: int, of: str = "") -> Figure:
        """The figure as estimated, with its 95 % interval; not identified where one of these is no number."""
        if not all(map(math.isfinite, (value, low, high))):
            return self.missing("there is too little variation in the records to estimate it", n=n, of=of)
        return Figure(
            **self._asdict(),
            basis="estimate",
            of=of,
            value=float(value),
            low=float(low),
            high=float(high),
            n=int(n),
        )

    def mechanical(self, value: float, *, n: int, of: str = "") -> Figure:
        """The figure recomputed under other terms with nobody reacting: no forecast."""
        return Figure(**self._asdict(), basis="mechanical", of=of, value=float(value), n=int(n))

    def missing(self, needs: str, *, n: int = 0, of: str = "") -> Figure:
        """The figure as not identified; ``needs`` says why, and which data would identify it."""
        return Figure(**self._asdict(), basis="not identified", of=of, needs=needs, n=int(n))


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the report: figures, the tables behind them, and remarks in whole sentences.

    ``key`` is a short name without blanks; ``question`` what the section answers, in plain words.
    ``tables``: pandas frames by name, units in the column names, never NaN where a figure is meant.
    """

    key: str
    title: str
    question: str
    figures: Sequence[Figure]
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    remarks: Sequence[str] = ()

    def figure(self, name: str, of: str = "") -> Figure:
        """The figure of that name and breakdown; KeyError where the section has none."""
        for each in self.figures:
            if (each.name, each.of) == (name, of):
                return each
        raise KeyError(f"{self.key} has no figure {name!r} of {of!r}")


def frame(figures: Sequence[Figure]) -> pd.DataFrame:
    """Figures as a table, one a row, with the columns of ``FIELDS``; NaN where a number is not identified."""
    found = pd.DataFrame([each.as_dict() for each in figures], columns=list(FIELDS))
    return found.astype({"value": "float64", "low": "float64", "high": "float64"})
