"""Worlds of customers who come back, leave and spend by known laws."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from comaker.measure.economics.comparison import difference
from comaker.measure.economics.lifetime import AHEAD_WEEKS, Terms, newcomer_value, value_ahead
from comaker.measure.estimators import bgbb, bgnbd, gamma_gamma
from comaker.measure.estimators.intervals import Interval
from comaker.measure.estimators.likelihood import Fit, joined
from worlds import World

type Floats = npt.NDArray[np.float64]

CDNOW = np.array([0.243, 4.414, 0.793, 2.426])
"""r, alpha (weeks), a, b as published for CDNOW (Fader, Hardie and Lee 2005)."""

CDNOW_CUSTOMERS, CDNOW_WEEKS, CDNOW_TRIAL_WEEKS = 2_357, 272 / 7, 12
"""Its customers, the weeks of its calibration period, and those within which all of them bought first."""

SPEND = np.array([6.25, 3.74, 1544.0])
"""p, q, v (minor units) as published for CDNOW (Fader and Hardie 2013)."""

YEARLY = np.array([1.204, 0.750, 0.657, 2.783])
"""alpha, beta, gamma, delta as published for yearly gifts (Fader, Hardie and Shang 2010)."""

TERMS = Terms(156.0, 0.10)


def comes(parameters: Floats, length: Floats, seed: int) -> tuple[Floats, Floats]:
    """Repeats and the time of the last, float64[customers], of those seen for ``length`` weeks."""
    rng = np.random.default_rng(seed)
    r, alpha, a, b = parameters
    rate, leaving = rng.gamma(r, 1 / alpha, len(length)), rng.beta(a, b, len(length))
    repeats, last, now = np.zeros_like(length), np.zeros_like(length), np.zeros_like(length)
    there = np.ones(len(length), bool)
    while there.any():
        who = np.flatnonzero(there)
        now[who] += rng.exponential(1, len(who)) / np.maximum(rate[who], 1e-300)
        came = who[now[who] <= length[who]]
        repeats[came] += 1
        last[came] = now[came]
        there[:] = False
        there[came[rng.random(len(came)) >= leaving[came]]] = True
    return repeats, last


def cdnow_lengths(customers: int, seed: int) -> Floats:
    """Weeks for which customers are seen who all bought first within the first twelve, by the day."""
    days = np.random.default_rng(seed + 1_000_000).integers(0, 7 * CDNOW_TRIAL_WEEKS, customers)
    return np.asarray(CDNOW_WEEKS - days / 7)


def spends(parameters: Floats, repeats: Floats, seed: int) -> Floats:
    """What customers spend on their repeats altogether, float64[customers]."""
    rng = np.random.default_rng(seed + 2_000_000)
    p, q, v = parameters
    rate = rng.gamma(q, 1 / v, len(repeats))
    return np.where(repeats > 0, rng.gamma(p * np.maximum(repeats, 1e-9)) / rate, 0.0)


def known(parameters: Floats, customers: int, seed: int) -> bgnbd.Histories:
    """The histories of one such world, with what was spent."""
    length = cdnow_lengths(customers, seed)
    repeats, last = comes(parameters, length, seed)
    spent = spends(SPEND, repeats, seed)
    columns = np.column_stack([repeats, last, length])
    found, place = np.unique(columns, axis=0, return_inverse=True)
    counted = [np.bincount(place.reshape(-1), weights) for weights in (np.ones(customers), spent)]
    return bgnbd.histories(*found.T, *counted)


def _parameters(found: Fit, names: str) -> dict[str, Interval]:
    return {name: found.parameter(place) for place, name in enumerate(names.split())}


def _less(found: Interval, truth: float) -> Interval:
    return Interval(found.value - truth, found.low - truth, found.high - truth)


def bgnbd_world(seed: int) -> Mapping[str, Interval]:
    """Customers like CDNOW's: the parameters, and what follows for the customers of this very world."""
    histories = known(CDNOW, CDNOW_CUSTOMERS, seed)
    found = bgnbd.fit(histories)

    def coming(parameters: Floats) -> float:
        return histories.mean(bgnbd.expected(parameters, histories, AHEAD_WEEKS))

    def still(parameters: Floats) -> float:
        return histories.mean(bgnbd.alive(parameters, histories))

    return _parameters(found, "r alpha a b") | {
        "expected in 52 weeks, less truth": _less(found.derived(coming), coming(CDNOW)),
        "still coming, less truth": _less(found.share(still), still(CDNOW)),
    }


def _spending(histories: bgnbd.Histories) -> Fit:
    paid = histories.spent > 0
    return gamma_gamma.fit(histories.repeats[paid], histories.spent[paid])


def worth_world(seed: int) -> Mapping[str, Interval]:
    """Spend an occasion, lifetime value, and what these customers will spend."""
    histories = known(CDNOW, CDNOW_CUSTOMERS, seed)
    spending = _spending(histories)
    both, truth = joined(bgnbd.fit(histories), spending), np.concatenate([CDNOW, SPEND])
    ahead = both.derived(lambda now: value_ahead(now, histories))
    return _parameters(spending, "p q v") | {
        "mean spend": spending.derived(gamma_gamma.mean_spend),
        "lifetime_value": both.derived(lambda now: newcomer_value(now, TERMS)),
        "spend in 52 weeks, less truth": _less(ahead, value_ahead(truth, histories)),
    }


def comparison_world(seed: int) -> Mapping[str, Interval]:
    """Two arms of customers, alike ("absent") or one of them leaving half as often ("present")."""
    loyal = np.array([0.243, 4.414, 0.793, 5.2])
    fits = [
        joined(bgnbd.fit(histories), _spending(histories))
        for histories in (
            known(CDNOW, 1_500, 3 * seed),
            known(CDNOW, 1_500, 3 * seed + 1),
            known(loyal, 1_500, 3 * seed + 2),
        )
    ]
    values = [each.symmetric(lambda now: newcomer_value(now, TERMS)) for each in fits]
    return {"absent": difference(values[1], values[0]), "present": difference(values[2], values[0])}


def _effect() -> float:
    loyal = np.array([0.243, 4.414, 0.793, 5.2])
    return newcomer_value(np.concatenate([loyal, SPEND]), TERMS) - newcomer_value(
        np.concatenate([CDNOW, SPEND]), TERMS
    )


def yearly_world(seed: int) -> Mapping[str, Interval]:
    """Customers with six yearly chances after their first gift."""
    rng, customers, chances = np.random.default_rng(seed), 4_000, 6
    alpha, beta, gamma, delta = YEARLY
    taking, leaving = rng.beta(alpha, beta, customers), rng.beta(gamma, delta, customers)
    there = np.cumprod(rng.random((customers, chances)) >= leaving[:, None], axis=1) > 0
    took = there & (rng.random((customers, chances)) < taking[:, None])
    taken, last = took.sum(axis=1), (took * np.arange(1, chances + 1)).max(axis=1)
    rows, counts = np.unique(np.column_stack([taken, last]), axis=0, return_counts=True)
    history = (rows[:, 0], rows[:, 1], np.full(len(rows), chances))
    found = bgbb.fit(*history, counts)

    def next_year(parameters: Floats) -> float:
        return float(counts @ bgbb.next_taken(parameters, *history) / counts.sum())

    return _parameters(found, "alpha beta gamma delta") | {
        "back next year, less truth": _less(found.share(next_year), next_year(YEARLY))
    }


WORLDS = [
    World(
        "repeat occasions (BG/NBD)",
        dict(zip(("r", "alpha", "a", "b"), CDNOW, strict=True))
        | {"expected in 52 weeks, less truth": 0.0, "still coming, less truth": 0.0},
        bgnbd_world,
    ),
    World(
        "lifetime_value",
        dict(zip(("p", "q", "v"), SPEND, strict=True))
        | {
            "mean spend": gamma_gamma.mean_spend(SPEND),
            "lifetime_value": newcomer_value(np.concatenate([CDNOW, SPEND]), TERMS),
            "spend in 52 weeks, less truth": 0.0,
        },
        worth_world,
    ),
    World("lifetime value by arm", {"absent": 0.0, "present": _effect()}, comparison_world),
    World(
        "yearly occasions (BG/BB)",
        dict(zip(("alpha", "beta", "gamma", "delta"), YEARLY, strict=True))
        | {"back next year, less truth": 0.0},
        yearly_world,
    ),
]
