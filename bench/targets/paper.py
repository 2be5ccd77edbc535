"""The paper's own numbers (Plé, Lecocq & Angot 2010), recomputed from the model of My Major Company.

Consistency, not evidence: what the paper states about one fact must agree with what it states about another,
and with the model of the gallery, which is declared from it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from comaker.model import Model, load
from comaker.rules.promotion import promotion_due
from comaker.simulate.calibrate import fit_wish_exponent, wish_weights

from . import INFORMATION, Row

E, F = "stated facts of My Major Company", "stated facts of Build-A-Bear"
TRIAL = "independent calculation from the same facts: a zeta law, only its mean fitted"
DRAWN = 8
"""Two standard errors, in shares or producers, of the drawn medians that ours are compared with."""

PEOPLE = 347
"""Who put money on the first artist (E6)."""

LARGEST_MINOR = 601_000
COPIES = 400_000
DRAWS, WISHES = 4_000, 1_500
"""Projects drawn, and wishes for each: about twice as many as the lower cap needs."""


def rows(data: Path) -> Iterator[Row]:
    """Everything that the model and the stated facts determine; no data file is needed."""
    del data
    model = load("my-major-company")
    launch = model.versions[0].model
    yield from _stakes(launch)
    yield from _amendments(model)
    yield from _shares(launch)
    yield from _wishes(launch)
    yield from _questions(launch)
    # Stated +7.6 %, from about 432 to about 468 million dollars.
    yield Row(
        "Build-A-Bear 2007: growth implied by the rounded sales, %",
        8.3,
        100 * (468 / 432 - 1),
        0.05,
        f"{F}, B2",
    )
    yield Row(
        "Build-A-Bear 2007: growth stated, %", "", 7.6, INFORMATION, f"{F}, B2: the two disagree, quote both"
    )


def _stakes(launch: Model) -> Iterator[Row]:
    terms = launch.task["stake"].terms
    yield Row(
        "Grégoire: mean stake, EUR",
        201.73,
        terms.goal_minor / 100 / PEOPLE,
        0.005,
        f"{E}, E6: 70,000 EUR, 347 people",
    )
    yield Row(
        "Grégoire: mean stake, shares",
        20.17,
        terms.goal_minor / terms.share_price_minor / PEOPLE,
        0.005,
        TRIAL,
    )
    replaced = _cap_minor(launch) // terms.share_price_minor - 1
    yield Row(
        "producers that one full stake replaces", 699, replaced, 0, f"{E}, E5: 7,000 EUR at 10 EUR a share"
    )
    lost = promotion_due(replaced + 1, 1, 1)
    yield Row("promoters then lacking, by the rule of the model", 699, lost, 0, f"{E}, E5, E8")
    album = next(cost for cost in launch.cost.values() if cost.each == "project")
    yield Row(
        "customers' part of what an album costs, %",
        70,
        100 * terms.goal_minor / album.amount_minor,
        0,
        f"{E}, E2",
    )


def _cap_minor(model: Model) -> int:
    return int(model.task["stake"].terms.cap[0].cap_minor)


def _amendments(model: Model) -> Iterator[Row]:
    price = model.task["stake"].terms.share_price_minor
    days = [(dt.date(2007, 12, 1), 700), (dt.date(2008, 5, 22), 100), (dt.date(2009, 4, 6), 100)]
    for day, shares in days:
        yield Row(f"cap from {day}, shares", shares, _cap_minor(model.at(day)) // price, 0, f"{E}, E5")
    last = model.at(dt.date(2009, 4, 6)).task["stake"].terms.cap[-1]
    yield Row("cap beyond 90,000 EUR collected, EUR", 100, last.cap_minor // 100, 0, f"{E}, E5")
    goal = model.at(dt.date(2009, 5, 5)).task["stake"].terms.goal_minor
    yield Row("goal from 2009-05-05, EUR", 100_000, goal // 100, 0, f"{E}, E5")


def _shares(launch: Model) -> Iterator[Row]:
    album, sharing = launch.offer["album"], launch.sharing["album"]
    parts = {party: ppm / 10_000 for party, ppm in sharing.to.items()}
    yield Row("producers' part of net income, %", 30, parts["producer"], 0, f"{E}, E2")
    yield Row("artist's part of net income, %", 20, parts["artist"], 0, f"{E}, E2")
    yield Row("firm's part of net income, %", 50, 100 - sum(parts.values()), 0, f"{E}, E2")
    goal = launch.task["stake"].terms.goal_minor
    paid = (album.price_minor - album.unit_cost_minor) * COPIES * parts["producer"] / 100 / goal
    said = "more than 5" if paid > 5 else f"{paid:.3g}"
    yield Row(
        "payback of 400,000 copies, times the stakes", "more than 5", said, 0, f"{E}, E6; ours {paid:.3g}"
    )


def _wishes(launch: Model) -> Iterator[Row]:
    """A zeta law of wishes, only its mean fitted: what it says of the largest stake, and of a lower cap."""
    terms = launch.task["stake"].terms
    largest = _cap_minor(launch) // terms.share_price_minor
    goal = terms.goal_minor // terms.share_price_minor
    exponent = fit_wish_exponent(goal / PEOPLE, largest)
    yield Row("exponent of wishes, fitted to the mean", 1.502, exponent, 5e-4, TRIAL)
    chances = wish_weights(exponent, largest)
    top = np.cumsum(chances / chances.sum()) ** PEOPLE
    for name, share, published in (("median", 0.5, 611), ("5 %", 0.05, 420), ("95 %", 0.95, 693)):
        found = int(np.searchsorted(top, share)) + 1
        yield Row(f"largest of 347 wishes, shares: {name}", published, found, DRAWN, TRIAL)
    reported = LARGEST_MINOR // terms.share_price_minor
    yield Row("its 601 shares as a percentile", 44, 100 * float(top[reported - 1]), 1, TRIAL)
    yield from _capped(chances / chances.sum(), goal)


def _capped(chances: np.ndarray, goal: int) -> Iterator[Row]:
    luck = np.random.default_rng(2008)
    wishes = luck.choice(len(chances), (DRAWS, WISHES), p=chances) + 1
    before, after = _needed(wishes, goal), _needed(np.minimum(wishes, 100), goal)
    gap = after - before
    for name, found, published in (("700 shares", before, 350), ("100 shares", after, 578)):
        yield Row(f"producers needed, cap {name}: median", published, float(np.median(found)), DRAWN, TRIAL)
    for name, share, published in (("median", 50, 225), ("5 %", 5, 148), ("95 %", 95, 312)):
        more = float(np.percentile(gap, share))
        yield Row(f"more producers with the lower cap: {name}", published, more, DRAWN, TRIAL)


def _needed(wishes: np.ndarray, goal: int) -> np.ndarray:
    """How many of the wishes, in order, each project needs to reach its goal."""
    return (np.cumsum(wishes, axis=1) < goal).sum(axis=1) + 1


def _questions(launch: Model) -> Iterator[Row]:
    faq = launch.technique["faq"]
    codes = {str(key): number for key, number in faq.addresses.items()}
    for key, published in (("ability", 4), ("willingness", 13), ("clarity", 8), ("awareness", 0)):
        yield Row(f"FAQ entries on {key}", published, codes.get(key, 0), 0, f"{E}, E9")
    yield Row("FAQ entries", 16, faq.items, 0, f"{E}, E9")
    yield Row("FAQ codes on them: several an entry", 25, sum(codes.values()), 0, f"{E}, E9")
