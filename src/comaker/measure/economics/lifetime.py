"""How often customers come back, whether they still do, and what they are worth: BG/NBD and gamma-gamma
(F20)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from comaker.measure.economics.returns import FEWEST_REPEATERS, Group
from comaker.measure.estimators import bgnbd, gamma_gamma
from comaker.measure.estimators.likelihood import Fit, Floats
from comaker.measure.figures import About, Figure
from comaker.measure.log import Log

AHEAD_WEEKS = 52.0
HORIZON_WEEKS = 156.0
DISCOUNT_YEARLY = 0.10
"""Taken where the model declares no [assumption.horizon_weeks] or [assumption.discount_yearly]."""

_YEAR_WEEKS = 365.25 / 7
_RETURNING = "F20; Fader, Hardie and Lee 2005"
_SPENDING = "F20; Fader and Hardie 2013"
_BOTH = "F20; Fader, Hardie and Lee 2005; Fader and Hardie 2013"
NO_REPEATS = (
    f"fewer than {FEWEST_REPEATERS} customers came back: rows of kind done with a customer, on several days "
    "each, would identify it"
)
NO_MONEY = (
    f"fewer than {FEWEST_REPEATERS} customers came back and paid: money_minor on rows of kind done, or rows "
    "of kind income with a customer, would identify it"
)


class Terms(NamedTuple):
    """Over how many weeks lifetime value counts, and at which yearly discount."""

    horizon_weeks: float
    discount_yearly: float


def terms_of(log: Log) -> Terms:
    """The horizon and discount that the model declares as assumptions, or the usual ones."""
    declared = log.model.assumption
    horizon = declared["horizon_weeks"].value if "horizon_weeks" in declared else HORIZON_WEEKS
    discount = declared["discount_yearly"].value if "discount_yearly" in declared else DISCOUNT_YEARLY
    return Terms(max(horizon, 1.0), max(discount, 0.0))


def newcomer_value(parameters: Floats, terms: Terms) -> float:
    """What a customer spends from her first occasion on, that included, over the horizon: minor units,
    discounted.

    ``parameters``: r, alpha (weeks), a, b, p, q, v (minor units).
    """
    weeks = np.arange(np.ceil(terms.horizon_weeks) + 1).clip(max=terms.horizon_weeks)
    more = np.diff(bgnbd.of_newcomer(parameters[:4], weeks))
    middle = (weeks[1:] + weeks[:-1]) / 2
    worth = 1 + (more * (1 + terms.discount_yearly) ** (-middle / _YEAR_WEEKS)).sum()
    return float(worth * gamma_gamma.mean_spend(parameters[4:]))


type Coming = Callable[[Floats], Floats]
"""From r, alpha, a, b to the occasions expected within 52 weeks of a customer of each history."""


def coming_of(known: bgnbd.Histories) -> Coming:
    """The occasions expected of customers, worked out once for the same parameters."""

    @cache
    def coming(*parameters: float) -> Floats:
        return bgnbd.expected(np.array(parameters), known, AHEAD_WEEKS)

    return lambda parameters: coming(*parameters.tolist())


def value_ahead(parameters: Floats, known: bgnbd.Histories, expected: Coming | None = None) -> float:
    """What a customer is expected to spend within the next 52 weeks, minor units, mean over those known.

    ``parameters`` as for ``newcomer_value``; ``expected``: ``coming_of`` these customers, if at hand.
    """
    coming = (expected or coming_of(known))(parameters[:4])
    spend = gamma_gamma.expected_spend(parameters[4:], known.repeats, known.spent / known.customers)
    return known.mean(coming * spend)


def lifetime_value(terms: Terms) -> About:
    """What is said of lifetime value, with its horizon and discount."""
    return About(
        "lifetime_value",
        "what a new customer spends from her first occasion on, that included, within "
        f"{terms.horizon_weeks:g} weeks, discounted at {terms.discount_yearly:.0%} a year: revenue, not "
        "margin (BG/NBD, gamma-gamma)",
        "minor units",
        "customers",
        _BOTH,
    )


def lifetime(group: Group, terms: Terms) -> list[Figure]:
    """How often customers come back, what they spend, and their value, of all customers together."""
    coming = None if group.known is None else coming_of(group.known)
    return [*_returning(group, coming), *_spending(group), *_worth(group, terms, coming)]


_PARAMETERS = {
    "r": (
        "how alike the rates are at which customers come (shape of a gamma distribution; small: unlike)",
        "",
    ),
    "alpha": (
        "rate of that gamma distribution: customers who still come have r occasions in so many weeks",
        "weeks",
    ),
    "a": ("first parameter of the beta distribution of the chance to leave after an occasion", ""),
    "b": ("second parameter of that distribution; the mean chance to leave is a / (a + b)", ""),
}
_SPEND_PARAMETERS = {
    "p": ("how alike a customer's amounts are from occasion to occasion (shape of a gamma distribution)", ""),
    "q": ("how alike customers' mean amounts are (shape of a gamma distribution; large: alike)", ""),
    "v": ("scale of amounts: the mean amount is p v / (q - 1)", "minor units"),
}
_COMING = About(
    "expected_occasions",
    "mean over the customers of the record (drawn by number where there are many) of the occasions that "
    "BG/NBD expects of each, given when she came",
    "occasions",
    "customers",
    f"{_RETURNING}, equation 10",
)
_STILL = About(
    "still_coming_share",
    "mean over customers of the chance that each has not left for good (BG/NBD, which takes every customer "
    "of a single occasion to be still there)",
    "share",
    "customers",
    _RETURNING,
)
_MEAN_SPEND = About(
    "spend_per_occasion",
    "what a customer spends on a repeat occasion, mean over all customers there might be (gamma-gamma)",
    "minor units",
    "customers",
    _SPENDING,
)
_AHEAD = About(
    "expected_spend",
    "mean over the customers of the record (drawn by number where there are many) of what each is expected "
    "to spend, given when she came and what she spent (BG/NBD, gamma-gamma): revenue, not margin",
    "minor units",
    "customers",
    _BOTH,
)


def _returning(group: Group, expected: Coming | None) -> list[Figure]:
    abouts = [
        About(f"repeat_occasions_{name}", f"BG/NBD: {said}", unit, "customers", f"{_RETURNING}, equation 6")
        for name, (said, unit) in _PARAMETERS.items()
    ]
    n, known, found = group.customers, group.known, group.returning
    if known is None or found is None or expected is None:
        return [about.missing(NO_REPEATS, n=n) for about in (*abouts, _COMING, _STILL)]
    coming = found.derived(lambda now: known.mean(expected(now)))
    still = found.share(lambda now: known.mean(bgnbd.alive(now, known)))
    figures = [about.estimate(*found.parameter(place), n=n) for place, about in enumerate(abouts)]
    return [*figures, _COMING.estimate(*coming, n=n), _STILL.estimate(*still, n=n)]


def _spending(group: Group) -> list[Figure]:
    abouts = [
        About(
            f"spend_an_occasion_{name}",
            f"gamma-gamma: {said}",
            unit,
            "customers",
            f"{_SPENDING}, equation 1a",
        )
        for name, (said, unit) in _SPEND_PARAMETERS.items()
    ]
    n, found = group.payers, group.spending
    if found is None:
        return [about.missing(NO_MONEY, n=n) for about in (*abouts, _MEAN_SPEND)]
    figures = [about.estimate(*found.parameter(place), n=n) for place, about in enumerate(abouts)]
    return [*figures, _MEAN_SPEND.estimate(*found.derived(gamma_gamma.mean_spend), n=n)]


def _worth(group: Group, terms: Terms, expected: Coming | None) -> list[Figure]:
    worth, both, known = lifetime_value(terms), group.both, group.known
    if both is None or known is None:
        needs = NO_REPEATS if known is None else NO_MONEY
        return [about.missing(needs, n=group.customers) for about in (_AHEAD, worth)]
    ahead = both.derived(lambda now: value_ahead(now, known, expected))
    newcomer = both.derived(lambda now: newcomer_value(now, terms))
    n = group.customers
    return [_AHEAD.estimate(*ahead, n=n), worth.estimate(*newcomer, n=n)]


def parameter_table(groups: Mapping[str, Group]) -> pd.DataFrame:
    """Fitted parameters, one a row: ``model``, ``customers`` (all, took part…), ``parameter``, ``value``,
    ``low``, ``high``. Time in weeks, money in minor units; what is not identified has no row."""
    rows = []
    for name, group in groups.items():
        for model, found, places in (
            ("BG/NBD", group.returning, _PARAMETERS),
            ("gamma-gamma", group.spending, _SPEND_PARAMETERS),
        ):
            rows += _rows(model, name, found, places)
    return pd.DataFrame(rows, columns=["model", "customers", "parameter", "value", "low", "high"])


def _rows(model: str, name: str, found: Fit | None, places: Mapping[str, object]) -> list[tuple[object, ...]]:
    if found is None:
        return []
    known = [(place, parameter) for place, parameter in enumerate(places) if found.is_known[place]]
    return [(model, name, parameter, *found.parameter(place)) for place, parameter in known]
