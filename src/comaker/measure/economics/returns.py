"""When customers came and what they spent, brought down to distinct histories, and fitted.

An occasion is a day on which a customer bought or staked, or on which income names her; where the record has
neither, a day on which she did any task. Time runs in weeks from a customer's first occasion to the end of
the record.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from comaker.measure.economics.customers import WHO, Customers, numbered
from comaker.measure.estimators import bgnbd, gamma_gamma
from comaker.measure.estimators.likelihood import Fit, joined

FEWEST_REPEATERS = 20
"""Customers who came back at least once, below which no distribution over customers is fitted."""

TOOK_PART, ONLY_BOUGHT = "took part", "only bought"


def by_customer(known: Customers) -> pd.DataFrame:
    """One row a run and customer who had an occasion: ``repeats`` (x), ``last`` (t_x) and ``length`` (T) in
    days, ``spent_minor`` on repeats, ``part`` (``TOOK_PART`` or ``ONLY_BOUGHT``), ``arm`` ("" for none)."""
    own = known.days[known.days.occasions > 0]
    who = numbered(own)
    begins = np.flatnonzero(np.diff(who, prepend=-1))
    ends = np.append(begins, len(own))[1:]
    day, money = own.day.to_numpy(), own.money_minor.to_numpy(np.int64)
    spent = np.append(0, np.cumsum(money))
    found = own.iloc[begins][WHO].assign(
        repeats=ends - begins - 1,
        last=day[ends - 1] - day[begins],
        length=known.until - day[begins],
        spent_minor=spent[ends] - spent[begins + 1],
    )
    met = found.merge(known.each[[*WHO, "arm", "took_part"]], on=WHO)
    return met.assign(part=np.where(met.took_part, TOOK_PART, ONLY_BOUGHT))


class Group(NamedTuple):
    """Some customers: how many, how many came back, how many of these paid, their histories in weeks and
    minor units, and the fits: None where there are too few."""

    customers: int
    repeaters: int
    payers: int
    known: bgnbd.Histories | None
    returning: Fit | None
    spending: Fit | None

    @property
    def both(self) -> Fit | None:
        """Both fits as one: r, alpha, a, b, p, q, v."""
        if self.returning is None or self.spending is None:
            return None
        return joined(self.returning, self.spending)


def fitted(found: pd.DataFrame, near: Group | None = None) -> Group:
    """Fit those customers of ``by_customer`` that are given; ``near``: others, from whose parameters the
    search begins."""
    returned = found[found.repeats > 0]
    customers, repeaters = len(found), len(returned)
    if repeaters < FEWEST_REPEATERS:
        return Group(customers, repeaters, 0, None, None, None)
    known = _histories(found)
    returning = bgnbd.fit(known, near=near.returning if near else None)
    paid = returned[returned.spent_minor > 0]
    if len(paid) < FEWEST_REPEATERS:
        return Group(customers, repeaters, len(paid), known, returning, None)
    spending = gamma_gamma.fit(paid.repeats, paid.spent_minor, near=near.spending if near else None)
    return Group(customers, repeaters, len(paid), known, returning, spending)


def _histories(found: pd.DataFrame) -> bgnbd.Histories:
    """Distinct histories, in order, with how many customers have each."""
    columns = [found[name].to_numpy(np.int64) for name in ("repeats", "last", "length")]
    order = np.lexsort(columns[::-1])
    rows = np.column_stack(columns)[order]
    begins = np.flatnonzero(np.append(True, (rows[1:] != rows[:-1]).any(axis=1)))
    spent = np.add.reduceat(found.spent_minor.to_numpy(np.int64)[order], begins)
    repeats, last, length = rows[begins].T
    return bgnbd.histories(repeats, last / 7, length / 7, np.diff(np.append(begins, len(rows))), spent)
