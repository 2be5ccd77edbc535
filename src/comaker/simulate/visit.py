"""One visit of one customer: what she sees, whether she takes part, in what, and what comes of it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from comaker.rules import stake
from comaker.simulate import chance, record
from comaker.simulate.compiled import compiled
from comaker.simulate.population import (
    GAIN,
    PRACTICE,
    SPECULATES,
    Customers,
    account,
    annoy,
    awareness,
    learned,
    moved,
    raised,
    willing,
)
from comaker.simulate.projects import NONE, Market, state_of
from comaker.simulate.randomness import AliasTable, bits, normal, pick, uniform, week_key
from comaker.simulate.site import Request, Site, held_shares, note_shown, request_stake
from comaker.simulate.terms import rules_of
from comaker.simulate.week import Week

stake_room = compiled(stake.stake_room)

PLACE = np.dtype(
    [
        ("base", np.float64),
        ("attraction", np.float64),
        ("guessed", np.float64),
        ("common", np.float64),
        ("taste", np.uint64),
        ("weight", np.float64),
    ]
)
"""What the site shows in one place, renewed with every stake, and what follows from it for every visitor:
``base``: fullness of the base; ``attraction``: how far it and a near goal raise participation (E7);
``guessed``: weight for a speculator; ``common``: weight for an honest taster but for her own taste, whose key
of chance is ``taste``; ``weight``: room to weigh the place for one visitor. All 0 where nothing is open."""


class Shown(NamedTuple):
    """What the site shows (``PLACE`` records), and the law of what customers wish to stake."""

    places: npt.NDArray[np.void]
    wishes: AliasTable


@njit(cache=True)
def show(shown: Shown, market: Market, slot: int, week: Week) -> None:
    """Renew what the site shows of one place."""
    place, project, behaviour = shown.places[slot], market.slots[slot], week.behaviour
    if project == NONE:
        place.base = place.attraction = place.guessed = place.common = 0.0
        return
    row = market.projects[project]
    progress = row.collected_shares / row.goal_shares
    base = min(row.producers / behaviour.full_base, 1.0)
    attraction = (1.0 + behaviour.goal_gradient * progress**2) * (1.0 + behaviour.social_proof * base)
    place.base = base
    place.attraction = attraction
    guess = guess_of(row.hype, progress, base, behaviour.hype_weight)
    place.guessed = attraction * math.exp(behaviour.choice_sharpness * guess)
    appeal = math.sqrt(1.0 - behaviour.taste_weight**2) * row.appeal
    place.common = attraction * math.exp(behaviour.choice_sharpness * appeal)
    place.taste = bits(week_key(week.stream, chance.TASTE, 0), project)


@njit(cache=True, inline="always")
def guess_of(hype: float, progress: float, base: float, hype_weight: float) -> float:
    """How much a speculator thinks that others like a project: a belief that speculators share, and what the
    page shows; her own taste does not come into it (the beauty contest of E6)."""
    return hype_weight * hype + (1.0 - hype_weight) * (2.0 * (progress + base) - 2.0)


@njit(cache=True, inline="always")
def socialize(site: Site, place: int, week: Week, seen_base: float, draw: np.uint64) -> None:
    """What the firm's techniques and the sight of others do to a visitor, and what it costs (F15, F16)."""
    customers = site.crowd.customers
    mind = customers.mind[place]
    effects = week.participant if mind.encounters > 0 else week.newcomer
    site.books.accounts[week.number, record.SOCIALIZATION] += effects.cost_minor
    if uniform(draw) < effects.practice:
        customers.knows[place] |= PRACTICE
    if uniform(bits(draw, 0)) < effects.gain:
        customers.knows[place] |= GAIN
    clarity = raised(mind.clarity, effects.clarity)
    mind.clarity = raised(clarity, week.behaviour.watching_others * seen_base)
    mind.skill = raised(mind.skill, effects.skill)
    mind.confidence = raised(mind.confidence, effects.confidence)
    mind.willingness = raised(mind.willingness, effects.willingness)


@njit(cache=True)
def choose(shown: Shown, who: int, speculates: bool, week: Week) -> int:
    """The place of the project that a visitor turns to, or ``NONE``.

    Honest tasters go by their own liking (own taste and common appeal together are standard normal),
    speculators by what they guess that others like (E6).
    """
    places = shown.places
    own = week.behaviour.choice_sharpness * week.behaviour.taste_weight
    total = 0.0
    for slot in range(len(places)):
        place = places[slot]
        weight = place.guessed if speculates else place.common
        if weight > 0.0 and not speculates:
            weight *= math.exp(own * normal(bits(place.taste, who)))
        place.weight = weight
        total += weight
    left = total * uniform(bits(week_key(week.stream, chance.CHOOSE, week.number), who))
    for slot in range(len(places)):
        left -= places[slot].weight
        if left < 0.0:
            return slot
    return NONE


@njit(cache=True, inline="always")
def participation_chance(customers: Customers, place: int, week: Week) -> float:
    """Chance to take part on a visit: all four determinants are needed, so they multiply (F15)."""
    mind = customers.mind[place]
    perceived = float(mind.clarity * mind.confidence)
    return awareness(customers.knows[place]) * perceived * willing(customers, place, week.behaviour)


@njit(cache=True, inline="always")
def attempt(site: Site, place: int, week: Week, draw: np.uint64) -> bool:
    """Try to do one's part: actual ability decides, and experience teaches either way (F15, F4.4)."""
    customers = site.crowd.customers
    mind = customers.mind[place]
    able = bool(uniform(draw) < mind.skill)
    rate = mind.learning_rate
    mind.skill = learned(mind.skill, rate)
    mind.clarity = learned(mind.clarity, rate)
    mind.confidence = moved(mind.confidence, mind.skill, week.behaviour.confidence_learning)
    if not able:
        site.books.figures[week.number, record.ABANDONMENTS] += 1
        annoy(customers, place, week)
    return able


@njit(cache=True, inline="always")
def wish_shares(who: int, project: int, wishes: AliasTable, week: Week) -> int:
    """Shares a customer wishes to hold in a project: a zeta law, the same wish whatever the terms (E6)."""
    draw = bits(bits(week_key(week.stream, chance.WISH, 0), project), who)
    return int(pick(draw, wishes)) + 1


@njit(cache=True, inline="always")
def seen(site: Site, who: int, project: int, at_us: int) -> None:
    """Write down that a customer looked at a project, and what she saw of it."""
    if site.books.events.keeps:
        note_shown(site, record.record(site.books, at_us, record.SEEN, who, project), project)


@njit(cache=True, inline="always")
def reads_limits(customers: Customers, place: int, week: Week, draw: np.uint64) -> bool:
    """Whether a customer asks within the room that the page shows: she knows the practice, and reads it."""
    return bool(customers.knows[place] & PRACTICE != 0 and uniform(draw) < week.behaviour.reads_limits)


@njit(cache=True)
def visit(site: Site, place: int, shown: Shown, week: Week, at_us: int) -> None:
    """A visit from its first look to what comes of it: reached, saw, started, done or refused."""
    customers = site.crowd.customers
    who = account(customers, place)
    speculates = customers.knows[place] & SPECULATES != 0
    slot = choose(shown, who, speculates, week)
    if slot == NONE:
        return
    site.books.figures[week.number, record.VISITS] += 1
    project = site.market.slots[slot]
    seen(site, who, project, at_us)
    draw = bits(week_key(week.stream, chance.SOCIALIZE, week.number), who)
    socialize(site, place, week, shown.places[slot].base, draw)
    draw = bits(week_key(week.stream, chance.TAKE_PART, week.number), who)
    takes_part = participation_chance(customers, place, week) * shown.places[slot].attraction
    if uniform(draw) >= takes_part:
        return
    if not attempt(site, place, week, bits(draw, 0)):
        record.record(site.books, at_us, record.ABANDONED, who, project)
        return
    held = held_shares(site, place, project)
    asked = wish_shares(who, project, shown.wishes, week) - held
    if reads_limits(customers, place, week, bits(draw, 1)):
        state = state_of(site.market.projects, project)
        asked = min(asked, stake_room(held, state, rules_of(week.terms)))
    if asked >= 1:
        request_stake(site, week, Request(place, project, asked, at_us))
        show(shown, site.market, slot, week)
