"""What simulating and comparing give back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from comaker.simulate.metrics import METRICS, interval, paired

if TYPE_CHECKING:
    import altair
    import pyarrow as pa


@dataclass(frozen=True, kw_only=True, eq=False)
class Simulation:
    """Synthetic figures of one model: nothing in it was measured.

    ``metrics``: run, name, unit, value, one row a run and metric, NaN where that run does not identify it.
    ``weekly``: one row a run and week. ``projects``: one row a run and project, weeks count from the launch,
    -1 where they have not come. ``stakes``: one row a holder of a funded project, the largest first.
    ``accounts``: run, component (RC, O, VP), side, cause, amount_minor. ``events``: the event table with
    ``run`` as replicate, or None where it was not asked for. Money in columns ending in ``_minor`` is in
    minor units of ``currency``.
    """

    model: str
    hash: str
    currency: str
    minor_digits: int
    customers: int
    weeks: int
    runs: int
    seed: int
    metrics: pd.DataFrame
    weekly: pd.DataFrame
    projects: pd.DataFrame
    stakes: pd.DataFrame
    accounts: pd.DataFrame
    events: pa.Table | None = None

    def values(self, name: str) -> np.ndarray:
        """A metric by run, float64[runs]; NaN where a run does not identify it."""
        return self.metrics.loc[self.metrics.name == name, "value"].to_numpy(np.float64)

    def summary(self) -> pd.DataFrame:
        """Name, unit, median, low, high over runs (the middle 95 %), and n, the runs that identify it."""
        units = self.metrics.drop_duplicates("name").set_index("name").unit
        rows = [
            (metric.name, units[metric.name], *interval(values), int(np.isfinite(values).sum()))
            for metric in METRICS
            for values in [self.values(metric.name)]
        ]
        return pd.DataFrame(rows, columns=["name", "unit", "median", "low", "high", "n"])

    def as_dict(self) -> dict[str, Any]:
        """What ``simulate --json`` prints."""
        rows = self.summary().to_dict("records")
        names = ("model", "hash", "runs", "customers", "weeks", "seed")
        header = {name: getattr(self, name) for name in names}
        return {**header, "metrics": [_without_nan(row) for row in rows]}

    def chart(self, name: str = "fan") -> altair.TopLevelMixin:
        """A chart: "fan", "producers", "concentration", "accounts" or "cash"."""
        from comaker.charts import draw
        from comaker.charts.amounts import Money

        return draw(name, self, money=Money(self.currency, self.minor_digits))


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """A model as it is and as it would be, on the same synthetic customers with the same luck.

    ``metrics``: name, unit, ``now_median``, ``now_low``, ``now_high`` and the same of ``changed`` (median and
    middle 95 % of runs), ``difference_mean``, ``difference_low``, ``difference_high`` (paired, 95 %
    interval of the mean), ``n``, the pairs that identify it.
    """

    now: Simulation
    changed: Simulation
    changes: dict[str, str]
    metrics: pd.DataFrame

    def as_dict(self) -> dict[str, Any]:
        """What ``compare --json`` prints."""
        rows = [
            {
                "name": row["name"],
                "unit": row["unit"],
                "n": row["n"],
                "now": _part(row, "now", "median"),
                "changed": _part(row, "changed", "median"),
                "difference": _part(row, "difference", "mean"),
            }
            for row in self.metrics.to_dict("records")
        ]
        size = {name: getattr(self.now, name) for name in ("runs", "customers", "weeks", "seed")}
        return {"model": self.now.model, "changes": self.changes, **size, "metrics": rows}

    def chart(self, name: str = "fan") -> altair.TopLevelMixin:
        """A chart of both: "fan", "producers", "concentration", "accounts", "cash" or "difference"."""
        from comaker.charts import draw
        from comaker.charts.amounts import Money

        money = Money(self.now.currency, self.now.minor_digits)
        return draw(name, self.now, self.changed, metrics=self.metrics, money=money)


def difference(now: Simulation, changed: Simulation) -> pd.DataFrame:
    """The metrics of a comparison (see ``Comparison``) from its two sides."""
    here, there = now.summary().drop(columns="n"), changed.summary()
    pairs = [paired(now.values(name), changed.values(name)) for name in here.name]
    columns = ["difference_mean", "difference_low", "difference_high", "n"]
    sides = [
        here.rename(columns={part: f"now_{part}" for part in ("median", "low", "high")}),
        there[["median", "low", "high"]].add_prefix("changed_"),
        pd.DataFrame(pairs, columns=columns),
    ]
    return pd.concat(sides, axis=1)


def _part(row: dict[Any, Any], side: str, middle: str) -> dict[str, Any]:
    return _without_nan({part: row[f"{side}_{part}"] for part in (middle, "low", "high")})


def _without_nan(row: dict[Any, Any]) -> dict[str, Any]:
    return {
        str(key): None if isinstance(value, float) and np.isnan(value) else value
        for key, value in row.items()
    }
