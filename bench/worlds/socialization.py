"""Worlds of socialization: an offer made by lot to customers whose compliance and gain are known."""

from __future__ import annotations

import numpy as np

from comaker.measure.estimators import encouragement
from comaker.measure.estimators.encouragement import Arm
from comaker.measure.estimators.intervals import Interval
from worlds import World

CURIOUS, STUBBORN = 0.2, 0.35
"""Who meets the technique offered or not, and who never does; the others comply with the offer."""

GAIN, RATIO = 0.20, 1.4
"""What meeting it adds to a complier's chance of a first contribution, and to the rate of all in its arm."""


def _arm(rng: np.random.Generator, customers: int, offered: bool, gain: float, comply: float) -> Arm:
    """The curious contribute more anyhow: comparing who met it with who did not would overstate the gain."""
    kind = rng.choice(3, customers, p=[CURIOUS, comply, 1 - CURIOUS - comply])
    met = (kind == 0) | ((kind == 1) & offered)
    chance = np.array([0.6, 0.3, 0.15])[kind] + gain * ((kind == 1) & met)
    did = rng.random(customers) < chance
    return Arm(customers, int(met.sum()), int(did.sum()), int((met & did).sum()))


def _effects(seed: int, customers: int, gain: float, comply: float) -> dict[str, Interval]:
    rng = np.random.default_rng(seed)
    drawn = int(rng.binomial(2 * customers, 0.5))
    one = _arm(rng, drawn, True, gain, comply)
    other = _arm(rng, 2 * customers - drawn, False, gain, comply)
    return {
        "offered": encouragement.offered(one, other),
        "met": encouragement.complied(one, other),
        "take_up": encouragement.taken_up(one, other),
    }


def _strong(seed: int) -> dict[str, Interval]:
    return _effects(seed, 400, GAIN, 1 - CURIOUS - STUBBORN)


def _weak(seed: int) -> dict[str, Interval]:
    """Few comply: F is about 12, and a normal interval would not hold."""
    return _effects(seed, 400, GAIN, 0.10)


def _absent(seed: int) -> dict[str, Interval]:
    return _effects(seed, 400, 0.0, 1 - CURIOUS - STUBBORN)


def _sooner(seed: int) -> dict[str, Interval]:
    """Contributions come as in Cox's model, recorded by the hour, until customers leave or the log ends."""
    rng = np.random.default_rng(seed)
    found = {}
    for name, ratio in (("sooner", RATIO), ("no sooner", 1.0)):
        treated = rng.random(500) < 0.5
        waits = rng.weibull(0.7, 500) * 100 * np.where(treated, ratio, 1.0) ** (-1 / 0.7)
        ends = np.minimum(rng.exponential(150, 500), rng.uniform(10, 200, 500))
        done = waits <= ends
        hours = np.floor(np.minimum(waits, ends))
        found[name] = encouragement.hazard_ratio(hours, treated, ended=np.ones(500), done=done)
    return found


COMPLY = 1 - CURIOUS - STUBBORN
WORLDS = [
    World(
        "socialization: an offer by lot",
        {"offered": GAIN * COMPLY, "met": GAIN, "take_up": COMPLY},
        _strong,
    ),
    World("socialization: few comply", {"offered": GAIN * 0.10, "met": GAIN, "take_up": 0.10}, _weak),
    World("socialization: no effect", {"offered": 0.0, "met": 0.0, "take_up": COMPLY}, _absent),
    World("socialization: time", {"sooner": RATIO, "no sooner": 1.0}, _sooner),
]
