"""Whether customers come back year by year, in records of many years: BG/BB (F20)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from comaker.measure.economics.customers import Customers, numbered
from comaker.measure.economics.returns import FEWEST_REPEATERS
from comaker.measure.estimators import bgbb
from comaker.measure.estimators.intervals import Interval
from comaker.measure.estimators.likelihood import Fit, Floats
from comaker.measure.figures import About, Figure

YEAR_DAYS = 365
FEWEST_YEARS = 3
"""Whole years that a customer must have been followed after her first occasion."""

_PARAMETERS = {
    "alpha": "first parameter of the beta distribution of the chance to come in a year, of those still there",
    "beta": "second parameter of that distribution",
    "gamma": "first parameter of the beta distribution of the chance to leave for good before a year",
    "delta": "second parameter of that distribution",
}
_SOURCE = "F20; Fader, Hardie and Shang 2010"
_NEXT = About(
    "back_next_year_share",
    "mean over customers of the chance that each comes in the next year, given the years in which she came "
    "(BG/BB); years are of 365 days from a customer's first occasion",
    "share",
    "customers",
    f"{_SOURCE}, equation 13",
)


def yearly(known: Customers, weeks: float) -> list[Figure]:
    """The parameters of BG/BB and who is expected back next year, from a record of so many weeks."""
    abouts = [
        About(f"yearly_occasions_{name}", f"BG/BB: {said}", "", "customers", f"{_SOURCE}, equation 5")
        for name, said in _PARAMETERS.items()
    ]
    years = weeks * 7 / YEAR_DAYS
    if years < FEWEST_YEARS:
        needs = f"the record covers {years:.1f} years: rows of at least {FEWEST_YEARS + 1} would identify it"
        return [about.missing(needs) for about in (*abouts, _NEXT)]
    rows = _histories(known)
    n, back = int(rows.customers.sum()), int(rows.customers[rows.taken > 0].sum())
    if back < FEWEST_REPEATERS:
        needs = (
            f"fewer than {FEWEST_REPEATERS} customers who are followed for {FEWEST_YEARS} years (of those "
            "drawn, where there are many) came back in a later one: rows of kind done with a customer, over "
            "more years, would identify it"
        )
        return [about.missing(needs, n=n) for about in (*abouts, _NEXT)]
    found, ahead = fitted_yearly(rows)
    figures = [about.estimate(*found.parameter(place), n=n) for place, about in enumerate(abouts)]
    return [*figures, _NEXT.estimate(*ahead, n=n)]


def fitted_yearly(rows: pd.DataFrame) -> tuple[Fit, Interval]:
    """BG/BB of histories (``taken``, ``last``, ``chances``, ``customers``), and the share expected back next
    year."""
    taken, last, chances = (rows[name].to_numpy(np.float64) for name in ("taken", "last", "chances"))
    weights = rows.customers.to_numpy(np.float64)
    found = bgbb.fit(taken, last, chances, weights)

    def coming(parameters: Floats) -> float:
        return float(weights @ bgbb.next_taken(parameters, taken, last, chances) / weights.sum())

    return found, found.share(coming)


def _histories(known: Customers) -> pd.DataFrame:
    own = known.days[known.days.occasions > 0]
    who, day = numbered(own), own.day.to_numpy(np.int64)
    first = day[np.flatnonzero(np.diff(who, prepend=-1))][who]
    chances, year = (known.until - first) // YEAR_DAYS, (day - first) // YEAR_DAYS
    followed = (chances >= FEWEST_YEARS) & (year <= chances)
    rows = pd.DataFrame({"who": who, "year": year, "chances": chances})[followed]
    each = rows.groupby("who").agg(
        taken=("year", "nunique"), last=("year", "max"), chances=("chances", "first")
    )
    each["taken"] -= 1
    counted = each.groupby(["chances", "taken", "last"], as_index=False)
    return counted.agg(customers=("taken", "size"))
