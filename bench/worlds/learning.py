"""Worlds of customers who learn: curves of their own, errors that fade, and habits of coming back."""

from __future__ import annotations

import numpy as np

from comaker.measure.estimators import learning_curve, practice, within
from comaker.measure.estimators.intervals import Interval
from worlds import World

CUSTOMERS = 250
LOG_RATIO, RATIO_SPREAD = -0.5, 0.25
RATE, RATE_SPREAD = 0.3, 0.4
AT = np.arange(1, 31)


def customers(rng: np.random.Generator, count: int, *, ratio: float = LOG_RATIO) -> np.ndarray:
    """What each customer takes at each attempt, without chance: float64[count, 30], s."""
    level_s = np.exp(rng.normal(5, 0.4, count))[:, None]
    rate = np.exp(rng.normal(np.log(RATE), RATE_SPREAD, count))[:, None]
    last = np.exp(rng.normal(ratio, RATIO_SPREAD if ratio else 0.0, count))[:, None]
    gone = (1 - np.exp(-rate * (AT - 1))) / (1 - np.exp(-9 * rate))
    return level_s * np.maximum(1 - (1 - last) * gone, 0.02)


def _measured(seconds: np.ndarray, until: np.ndarray) -> learning_curve.Learning | None:
    known = (until[:, None] >= AT).astype(float)
    return learning_curve.learning(learning_curve.Times(seconds * known, known))


def _named(found: learning_curve.Learning | None) -> dict[str, Interval]:
    if found is None:
        return {}
    return {"speed-up, median customer": found.speed_up, "rate, median customer": found.rate}


def _curves(seed: int) -> dict[str, Interval]:
    rng = np.random.default_rng(seed)
    seconds = customers(rng, CUSTOMERS) * np.exp(rng.normal(0, 0.15, (CUSTOMERS, len(AT))))
    return _named(_measured(seconds, rng.integers(2, 31, CUSTOMERS)))


def _stopping(seed: int) -> dict[str, Interval]:
    """Whoever was slow at an attempt is likely to stop there: the quick ones are left."""
    rng = np.random.default_rng(seed)
    seconds = customers(rng, CUSTOMERS) * np.exp(rng.normal(0, 0.15, (CUSTOMERS, len(AT))))
    stops = rng.random(seconds.shape) < 1 / (1 + np.exp(2 - 2 * (np.log(seconds) - 5)))
    stops[:, 0] = False
    return _named(_measured(seconds, np.where(stops.any(1), stops.argmax(1) + 1, len(AT))))


def _no_learning(seed: int) -> dict[str, Interval]:
    rng = np.random.default_rng(seed)
    seconds = customers(rng, 120, ratio=0.0) * np.exp(rng.normal(0, 0.2, (120, len(AT))))
    found = _measured(seconds, rng.integers(2, 21, 120))
    return {} if found is None else {"no speed-up": found.speed_up}


def tries(
    rng: np.random.Generator, count: int, *, change: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Customer, attempt and whether it went wrong: odds fall by exp(change) with each doubling; an error
    makes her stop three times as often as a success does."""
    who, at = np.divmod(np.arange(count * 20), 20)
    odds = rng.normal(0, 1, count)[who] + change * np.log2(at + 1)
    wrong = rng.random(len(who)) < 1 / (1 + np.exp(-odds))
    stops = rng.random(len(who)) < np.where(wrong, 0.24, 0.08)
    before = stops.reshape(count, 20).cumsum(1) - stops.reshape(count, 20)
    there = (before == 0).ravel()
    return who[there], at[there] + 1, wrong[there]


def _errors(seed: int) -> dict[str, Interval]:
    rng = np.random.default_rng(seed)
    return {
        "odds by doubling": practice.odds_by_doubling(*tries(rng, 300, change=-0.4)),
        "odds that stay": practice.odds_by_doubling(*tries(rng, 300, change=0.0)),
        "odds by doubling, 60 customers": practice.odds_by_doubling(*tries(rng, 60, change=-0.4)),
    }


def _coming_back(seed: int) -> dict[str, Interval]:
    """The chance of coming back grows by .05 with each doubling of the days of experience."""
    rng = np.random.default_rng(seed)
    found = {}
    for name, change in (("return by doubling", 0.05), ("return that stays", 0.0)):
        chance = 0.5 + change * np.log2(np.arange(1, 21))
        back = rng.random((200, 20)) < chance
        there = np.concatenate([np.ones((200, 1), bool), back[:, :-1].cumprod(1).astype(bool)], axis=1)
        who, at = np.nonzero(there)
        found[name] = within.slope(
            back[there].astype(float), np.log2(at + 1), group=np.zeros(len(who), int), customer=who
        )
    return found


WORLDS = [
    World(
        "learning curves",
        {"speed-up, median customer": 1 - np.exp(LOG_RATIO), "rate, median customer": RATE},
        _curves,
    ),
    World(
        "learning, the slow stop",
        {"speed-up, median customer": 1 - np.exp(LOG_RATIO), "rate, median customer": RATE},
        _stopping,
    ),
    World("learning, none", {"no speed-up": 0.0}, _no_learning),
    World(
        "learning, errors",
        {
            "odds by doubling": np.exp(-0.4),
            "odds that stay": 1.0,
            "odds by doubling, 60 customers": np.exp(-0.4),
        },
        _errors,
    ),
    World("learning, coming back", {"return by doubling": 0.05, "return that stays": 0.0}, _coming_back),
]
