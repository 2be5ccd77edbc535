"""Shares and means of occasions that come in customers: one customer's occasions are not independent.

By hand, because the libraries that are kept give no interval for a share that keeps within 0 and 1 and
allows for customers who come with several occasions each. A row may stand for several customers alike:
``customers`` is how many, so that millions come as a short table of patterns.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from comaker.measure.estimators.intervals import UNKNOWN, Interval

type Floats = npt.NDArray[np.float64]


class Occasions(NamedTuple):
    """Occasions of customers by pattern: so many ``customers`` have ``total`` occasions each, ``hits`` of
    them of the kind that is asked for (float64[n] each)."""

    hits: Floats
    total: Floats
    customers: Floats

    @classmethod
    def of(cls, hits: Any, total: Any, customers: Any = None) -> Occasions:
        """From anything like an array; without ``customers`` each row is one."""
        up, down = np.asarray(hits, np.float64), np.asarray(total, np.float64)
        many = np.ones(len(down)) if customers is None else np.asarray(customers, np.float64)
        return cls(up, down, many)


def share(occasions: Occasions) -> Interval:
    """Share of occasions that are hits, with Wilson's interval at the effective number of occasions.

    That number is what a simple sample would need to be as exact (Korn & Graubard 1998); where all or none
    hit, the number of customers. Not identified from fewer than two customers.
    """
    return _interval(occasions, _pieces(occasions))


def gap_of_shares(one: Occasions, other: Occasions) -> Interval:
    """Share of hits in one kind of occasion less that in another, of the same customers in the same order.

    The interval is put together from those of the two shares (Newcombe 1998; Zou & Donner 2008), their
    correlation by customer included.
    """
    first, second = _pieces(one), _pieces(other)
    of_one, of_other = _interval(one, first), _interval(other, second)
    if not np.isfinite([*of_one, *of_other]).all():
        return UNKNOWN
    spread = np.sqrt(np.square(first).dot(one.customers) * np.square(second).dot(one.customers))
    related = float((first * second).dot(one.customers) / spread) if spread > 0 else 0.0
    value = of_one.value - of_other.value
    below = _joined(of_one.value - of_one.low, of_other.high - of_other.value, related)
    above = _joined(of_one.high - of_one.value, of_other.value - of_other.low, related)
    return Interval(value, value - below, value + above)


def gap_of_means(values: Any, is_one: Any, customer: Any) -> Interval:
    """Mean of the cases for which ``is_one`` less that of the others; ``customer``: integer[n], whose case.

    Linearised by customer, with Student's t of the customers in the smaller group.
    """
    known, one = np.asarray(values, np.float64), np.asarray(is_one, bool)
    whose = np.unique(np.asarray(customer), return_inverse=True)[1]
    groups = min(len(np.unique(whose[one])), len(np.unique(whose[~one])))
    if groups < 2:
        return UNKNOWN
    means = known[one].mean(), known[~one].mean()
    parts = np.where(one, (known - means[0]) / one.sum(), -(known - means[1]) / (~one).sum())
    by_customer = np.bincount(whose, parts)
    # Each group's own mean is taken out, so its squares are short by one customer of that group.
    error = np.sqrt(np.square(by_customer).sum() * groups / (groups - 1))
    half = float(_student(groups)) * error
    gap = float(means[0] - means[1])
    return Interval(gap, gap - half, gap + half)


def _pieces(occasions: Occasions) -> Floats:
    """What each customer adds to the error of the share."""
    hits, total, customers = occasions
    whole = total.dot(customers)
    return (hits - hits.dot(customers) / whole * total) / whole if whole > 0 else np.zeros(len(hits))


def _interval(occasions: Occasions, pieces: Floats) -> Interval:
    hits, total, customers = occasions
    groups, whole = float(customers[total > 0].sum()), float(total.dot(customers))
    if groups < 2 or whole <= 0:
        return UNKNOWN
    value = float(hits.dot(customers)) / whole
    variance = np.square(pieces).dot(customers) * groups / (groups - 1)
    certain = value <= 0 or value >= 1 or variance <= 0
    trials = groups if certain else min(value * (1 - value) / variance, whole)
    spread = _student(groups) ** 2 / trials
    centre = (value + spread / 2) / (1 + spread)
    half = np.sqrt(spread * value * (1 - value) + spread**2 / 4) / (1 + spread)
    return Interval(value, max(float(centre - half), 0.0), min(float(centre + half), 1.0))


def _student(groups: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(groups - 1, 0.975))


def _joined(one: float, other: float, related: float) -> float:
    return float(np.sqrt(max(one**2 + other**2 - 2 * related * one * other, 0.0)))
