"""A population of customers: who they are when they come, what they learn, whom they tell."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from comaker.simulate import chance
from comaker.simulate.network import Network
from comaker.simulate.randomness import bits, gamma, normal, uniform, week_key
from comaker.simulate.week import Week

NEED, PRACTICE, GAIN = 1, 2, 4
"""The three levels of awareness, as bits of ``Customers.knows`` (F15)."""
AWARE = NEED | PRACTICE | GAIN
SPECULATES, EMBEDS = 8, 16
"""Traits in the same byte: guesses what others like (E6); embeds a player when promoting (E3)."""

WHOLE = 2.0**32
"""Chances in the weekly sweep are counted in parts of 2**32."""


MIND = np.dtype(
    [
        ("clarity", np.float32),
        ("skill", np.float32),
        ("confidence", np.float32),
        ("willingness", np.float32),
        ("fairness", np.float32),
        ("learning_rate", np.float32),
        ("encounters", np.int32),
        ("promoting", np.int32),
    ]
)
"""What a customer brings to a visit: ``clarity``, ``skill`` (actual ability), ``confidence`` (perceived
ability), ``willingness``, ``fairness`` as she perceives it, in [0, 1] (F15, F21.5); ``learning_rate``: an
encounter closes 1 - exp(-rate) of a gap (F4.4); ``encounters``: stakes made; ``promoting``: projects."""


class Customers(NamedTuple):
    """The state of a population, one entry a customer; the weekly sweep reads the first five columns only.

    ``knows``: awareness and traits; ``generation``: how many customers held this place before; ``visits``:
    chance to visit in a week, in parts of 2**32; ``promoters_near``: promoting acquaintances;
    ``satisfaction`` in [0, 1] (F20); ``mind``: ``MIND`` records; ``held``: shares by open project,
    int32[customers, projects_open].
    """

    knows: npt.NDArray[np.uint8]
    generation: npt.NDArray[np.int16]
    visits: npt.NDArray[np.uint32]
    promoters_near: npt.NDArray[np.uint16]
    satisfaction: npt.NDArray[np.float32]
    mind: npt.NDArray[np.void]
    held: npt.NDArray[np.int32]


class Crowd(NamedTuple):
    """The population with its network; ``counts``: int64 [promoters, embedded players, left, aware now]."""

    customers: Customers
    network: Network
    counts: npt.NDArray[np.int64]


PROMOTERS, PLAYERS, LEFT, AWARE_NOW = 0, 1, 2, 3


def new_customers(customers: int, projects_open: int) -> Customers:
    """Empty state for so many customers (each is filled in by ``arrive``)."""
    return Customers(
        knows=np.zeros(customers, np.uint8),
        generation=np.zeros(customers, np.int16),
        visits=np.zeros(customers, np.uint32),
        promoters_near=np.zeros(customers, np.uint16),
        satisfaction=np.zeros(customers, np.float32),
        mind=np.zeros(customers, MIND),
        held=np.zeros((customers, projects_open), np.int32),
    )


@njit(cache=True, inline="always")
def account(customers: Customers, place: int) -> int:
    """The account number of the customer in a place: unique over generations, whatever the population."""
    return place + (int(customers.generation[place]) << 32)


@njit(cache=True, inline="always")
def within(value: float) -> float:
    """Clipped to [0, 1]."""
    return min(max(value, 0.0), 1.0)


@njit(cache=True, inline="always")
def raised(value: float, part: float) -> float:
    """A determinant after a part of what it lacks to 1 was made up."""
    return value + (1.0 - value) * part


@njit(cache=True, inline="always")
def learned(value: float, learning_rate: float) -> float:
    """A determinant after one encounter: each individual learns exponentially, never by a power law; the
    power law of practice is what a crowd of different learners adds up to (F4.4; Heathcote et al. 2000)."""
    return 1.0 - (1.0 - value) * math.exp(-learning_rate)


@njit(cache=True)
def learning_rate_of(key: np.uint64, customer: int, behaviour: np.record) -> float:
    """Individual learning rate, gamma of ``learning_shape`` at ``learning_rate`` (Murre & Chessa 2011)."""
    return float(gamma(bits(key, customer), behaviour.learning_shape) / behaviour.learning_rate)


@njit(cache=True)
def activity_of(key: np.uint64, customer: int, behaviour: np.record) -> float:
    """Rate of visits a week: 0 for those who never take part, lognormal for the others."""
    draw = bits(key, customer)
    if uniform(draw) >= behaviour.active_share:
        return 0.0
    sigma = behaviour.activity_sigma
    return float(behaviour.visits_weekly * math.exp(sigma * normal(bits(draw, 0)) - 0.5 * sigma * sigma))


@njit(cache=True)
def arrive(customers: Customers, place: int, behaviour: np.record, stream: np.uint64) -> None:
    """A new customer who knows nothing yet takes a place."""
    who = account(customers, place)
    mind = customers.mind[place]
    spread = behaviour.trait_spread
    activity = activity_of(week_key(stream, chance.TRAIT_ACTIVITY, 0), who, behaviour)
    customers.visits[place] = np.uint32(min((1.0 - math.exp(-activity)) * WHOLE, WHOLE - 1.0))
    customers.knows[place] = 0
    customers.satisfaction[place] = 0.5
    mind.encounters = 0
    if activity == 0.0:
        # What she would bring to a visit never matters.
        return
    draw = bits(week_key(stream, chance.TRAIT_CLARITY, 0), who)
    similar = behaviour.similar_experience * uniform(draw)
    mind.clarity = raised(similar, behaviour.analogy * uniform(bits(draw, 0)))
    draw = bits(week_key(stream, chance.TRAIT_ABILITY, 0), who)
    skill = within(behaviour.skill_start + spread * normal(draw))
    mind.skill = skill
    mind.confidence = within(skill + behaviour.confidence_bias + spread * normal(bits(draw, 0)))
    draw = bits(week_key(stream, chance.TRAIT_WILLINGNESS, 0), who)
    mind.willingness = within(behaviour.willingness_start + spread * normal(draw))
    mind.learning_rate = learning_rate_of(week_key(stream, chance.TRAIT_LEARNING, 0), who, behaviour)
    draw = bits(week_key(stream, chance.TRAIT_KIND, 0), who)
    knows = SPECULATES if uniform(draw) < behaviour.speculators else 0
    if uniform(bits(draw, 0)) < behaviour.widget_share:
        knows |= EMBEDS
    customers.knows[place] = knows
    mind.fairness = 0.5


@njit(cache=True)
def promote(crowd: Crowd, place: int, change: int) -> None:
    """A customer begins (+1) or ends (-1) promoting a project; her acquaintances hear of it (E3, E5)."""
    customers, network, counts = crowd
    mind = customers.mind[place]
    before = mind.promoting
    mind.promoting = before + change
    if (before == 0) == (before + change == 0):
        return
    counts[PROMOTERS] += change
    if customers.knows[place] & EMBEDS:
        counts[PLAYERS] += change
    if len(network.neighbours) > 0:
        for at in range(network.offsets[place], network.offsets[place + 1]):
            customers.promoters_near[network.neighbours[at]] += change


@njit(cache=True, inline="always")
def awareness(knows: int) -> float:
    """Awareness in [0, 1]: a third for each of its levels (F15)."""
    return ((knows & NEED) + ((knows & PRACTICE) >> 1) + ((knows & GAIN) >> 2)) / 3.0


@njit(cache=True, inline="always")
def willing(customers: Customers, place: int, behaviour: np.record) -> float:
    """Willingness now: the trait, its raisers and its lowerers (F15)."""
    mind = customers.mind[place]
    value = mind.willingness
    if customers.knows[place] & GAIN:
        value += behaviour.gain_appeal
    value += behaviour.novelty_appeal / (1.0 + mind.encounters)
    value += behaviour.satisfaction_appeal * (customers.satisfaction[place] - 0.5)
    value += behaviour.fairness_appeal * (mind.fairness - 0.5)
    value -= behaviour.role_burden * (1.0 - mind.confidence)
    return within(value)


@njit(cache=True, inline="always")
def moved(value: float, target: float, step: float) -> float:
    """A feeling after it moved a step towards what was just experienced."""
    return value + step * (target - value)


@njit(cache=True, inline="always")
def annoy(customers: Customers, place: int, week: Week) -> None:
    """A refused or failed attempt lowers satisfaction, less so where complaints are handled well (F16)."""
    step = week.behaviour.satisfaction_step * (1.0 - week.participant.softening)
    customers.satisfaction[place] = moved(customers.satisfaction[place], week.behaviour.annoyance, step)
