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

FULL_BASE = 100.0
"""Producers at which a project's base looks full: social proof and watching others grow no further."""


class Shown(NamedTuple):
    """What the site shows of the project in each open place: progress to the goal and fullness of the base,
    float64[places], renewed with every stake; ``weights``: room to weigh the projects for one customer;
    ``wishes``: the law of what customers wish to stake."""

    progress: npt.NDArray[np.float64]
    base: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]
    wishes: AliasTable


@njit(cache=True, inline="always")
def show(shown: Shown, market: Market, slot: int) -> None:
    """Renew what the site shows of one place."""
    project = market.slots[slot]
    if project == NONE:
        shown.progress[slot] = 0.0
        shown.base[slot] = 0.0
        return
    projects = market.projects
    shown.progress[slot] = projects[project].collected_shares / projects[project].goal_shares
    shown.base[slot] = min(projects[project].producers / FULL_BASE, 1.0)


@njit(cache=True, inline="always")
def socialize(customers: Customers, place: int, week: Week, seen_base: float, draw: np.uint64) -> None:
    """What the firm's techniques and the sight of others do to a visitor (F15, F16)."""
    mind = customers.mind[place]
    effects = week.participant if mind.encounters > 0 else week.newcomer
    if uniform(draw) < effects.practice:
        customers.knows[place] |= PRACTICE
    if uniform(bits(draw, 0)) < effects.gain:
        customers.knows[place] |= GAIN
    clarity = raised(mind.clarity, effects.clarity)
    mind.clarity = raised(clarity, week.behaviour.watching_others * seen_base)
    mind.skill = raised(mind.skill, effects.skill)
    mind.confidence = raised(mind.confidence, effects.confidence)
    mind.willingness = raised(mind.willingness, effects.willingness)


@njit(cache=True, inline="always")
def liking(projects: npt.NDArray[np.void], project: int, who: int, week: Week) -> float:
    """How much a customer likes a project: her own taste and its common appeal, standard normal (E6)."""
    weight = week.behaviour.taste_weight
    own = normal(bits(bits(week_key(week.stream, chance.TASTE, 0), project), who))
    return float(weight * own + math.sqrt(1.0 - weight * weight) * projects[project].appeal)


@njit(cache=True, inline="always")
def guess(market: Market, shown: Shown, slot: int, week: Week) -> float:
    """How much a speculator thinks that others like a project: a belief that speculators share, and what the
    page shows; her own taste does not come into it (the beauty contest of E6)."""
    weight = week.behaviour.hype_weight
    page = 2.0 * (shown.progress[slot] + shown.base[slot]) - 2.0
    return float(weight * market.projects[market.slots[slot]].hype + (1.0 - weight) * page)


@njit(cache=True)
def choose(market: Market, shown: Shown, who: int, speculates: bool, week: Week) -> int:
    """The place of the project that a visitor turns to, or ``NONE``.

    Honest tasters go by their own liking, speculators by what they guess that others like (E6).
    """
    sharpness = week.behaviour.choice_sharpness
    total = 0.0
    for slot in range(len(market.slots)):
        project = market.slots[slot]
        weight = 0.0
        if project != NONE:
            like = (
                guess(market, shown, slot, week)
                if speculates
                else liking(market.projects, project, who, week)
            )
            weight = math.exp(sharpness * like) * attraction(shown, slot, week)
        shown.weights[slot] = weight
        total += weight
    left = total * uniform(bits(week_key(week.stream, chance.CHOOSE, week.number), who))
    for slot in range(len(market.slots)):
        left -= shown.weights[slot]
        if left < 0.0:
            return slot
    return NONE


@njit(cache=True, inline="always")
def attraction(shown: Shown, slot: int, week: Week) -> float:
    """How far a full base and a near goal raise participation in a project (E7)."""
    behaviour = week.behaviour
    gradient = 1.0 + behaviour.goal_gradient * shown.progress[slot] ** 2
    return float(gradient * (1.0 + behaviour.social_proof * shown.base[slot]))


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
    slot = choose(site.market, shown, who, speculates, week)
    if slot == NONE:
        return
    site.books.figures[week.number, record.VISITS] += 1
    project = site.market.slots[slot]
    seen(site, who, project, at_us)
    draw = bits(week_key(week.stream, chance.SOCIALIZE, week.number), who)
    socialize(customers, place, week, shown.base[slot], draw)
    draw = bits(week_key(week.stream, chance.TAKE_PART, week.number), who)
    takes_part = participation_chance(customers, place, week) * attraction(shown, slot, week)
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
        show(shown, site.market, slot)
