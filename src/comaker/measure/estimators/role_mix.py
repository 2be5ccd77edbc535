"""Kinds of customer by the mix of roles they play: a latent class model (Lazarsfeld & Henry 1968).

By hand, because the libraries that are kept hold mixtures of normal laws, not of roles played or not.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

MOST = 4
"""The most kinds of customer that are looked for."""

STARTS, STEPS = 8, 300
"""From so many starts the likelihood is climbed, at most so many steps each."""


class RoleMix(NamedTuple):
    """``shares``: of customers by kind (float64[c], the largest first); ``plays``: chance that a customer of
    a kind plays a role (float64[c, r]); ``fewest`` and ``most`` kinds that hold 95 % of what is likely."""

    shares: npt.NDArray[np.float64]
    plays: npt.NDArray[np.float64]
    fewest: int
    most: int


def role_mix(patterns: Any, customers: Any) -> RoleMix | None:
    """The number of kinds by the Bayesian information criterion (Schwarz 1978), and what they play.

    ``patterns``: bool[n, r], roles played; ``customers``: how many show each. Kinds whose chances were more
    than the patterns could tell apart are not tried; None where not even two kinds could be told apart.
    """
    shown, many = np.asarray(patterns, np.float64), np.asarray(customers, np.float64)
    count, roles = many.sum(), shown.shape[1]
    most = min(MOST, (2**roles - 1) // (roles + 1))
    if most < 2 or count < 2:
        return None
    generator = np.random.default_rng(0)
    found = [_climb(shown, many, kinds, generator) for kinds in range(1, most + 1)]
    price = np.array([(1 + roles) * kinds - 1 for kinds in range(1, most + 1)]) * np.log(count)
    criterion = price - 2 * np.array([likelihood for likelihood, _, _ in found])
    best = int(criterion.argmin())
    chance = np.exp(-(criterion - criterion[best]) / 2)
    order = np.argsort(-chance)
    enough = int(np.searchsorted(np.cumsum(chance[order]) / chance.sum(), 0.95)) + 1
    likely = order[:enough] + 1
    _, shares, plays = found[best]
    largest = np.argsort(-shares)
    return RoleMix(shares[largest], plays[largest], int(likely.min()), int(likely.max()))


def _climb(
    shown: npt.NDArray[np.float64], many: npt.NDArray[np.float64], kinds: int, generator: np.random.Generator
) -> tuple[float, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The best of some climbs of the likelihood by expectation and maximization (Dempster et al. 1977)."""
    best = (-np.inf, np.ones(kinds) / kinds, np.zeros((kinds, shown.shape[1])))
    for _ in range(STARTS if kinds > 1 else 1):
        shares, plays = np.full(kinds, 1 / kinds), generator.uniform(0.05, 0.95, (kinds, shown.shape[1]))
        before = -np.inf
        for _ in range(STEPS):
            joint = np.log(shares) + shown @ np.log(plays).T + (1 - shown) @ np.log1p(-plays).T
            top = joint.max(axis=1, keepdims=True)
            each = np.exp(joint - top)
            likelihood = float(many @ (np.log(each.sum(axis=1)) + top[:, 0]))
            belongs = each / each.sum(axis=1, keepdims=True) * many[:, None]
            if likelihood - before < 1e-8 * abs(likelihood):
                break
            before = likelihood
            shares = np.maximum(belongs.sum(axis=0), 1e-12) / many.sum()
            plays = np.clip(
                belongs.T @ shown / np.maximum(belongs.sum(axis=0), 1e-12)[:, None], 1e-9, 1 - 1e-9
            )
        if likelihood > best[0]:
            best = (likelihood, shares, plays)
    return best
