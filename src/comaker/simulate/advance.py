"""The weekly step: one sweep over the population, then the visits, then the projects."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from comaker.refusals import Refusal
from comaker.rules.promotion import decide_referral
from comaker.rules.stake import FUNDED
from comaker.simulate import chance, record
from comaker.simulate.ballot import hold_ballot
from comaker.simulate.compiled import compiled
from comaker.simulate.population import (
    AWARE_NOW,
    LEFT,
    NEED,
    PLAYERS,
    PROMOTERS,
    WHOLE,
    Crowd,
    account,
    arrive,
    promote,
)
from comaker.simulate.projects import (
    HOLDERS_USED,
    NONE,
    PROJECTS_USED,
    count_votes,
    open_projects,
    run_projects,
)
from comaker.simulate.randomness import below, bits, uniform, week_key
from comaker.simulate.record import WEEK_US
from comaker.simulate.site import Request, Site, close_expired, request_withdrawal
from comaker.simulate.terms import in_force_until, version_at
from comaker.simulate.visit import Shown, show, visit
from comaker.simulate.week import Week

credit = compiled(decide_referral)

_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
NEAR = 256
"""Promoting acquaintances beyond which hearing of the firm is as good as certain."""


class Plan(NamedTuple):
    """What the model lays down for a whole run: the versions of its terms, and as records what stays the same
    (``Behaviour``, ``Effects`` on newcomers and on participants, ``Economy``)."""

    versions: npt.NDArray[np.void]
    behaviour: np.record
    newcomer: np.record
    participant: np.record
    economy: np.record
    ballot: np.record
    stream: np.uint64


class Workspace(NamedTuple):
    """Room that the step uses again each week: places of visitors and of leavers, int32[customers]."""

    visitors: npt.NDArray[np.int32]
    leavers: npt.NDArray[np.int32]
    shown: Shown


@njit(cache=True, inline="always")  # records cannot be returned from a compiled function
def week_of(plan: Plan, number: int, at_us: int) -> Week:
    """One week of a plan, under the terms in force at an instant."""
    return Week(
        number,
        plan.stream,
        plan.versions[version_at(plan.versions, at_us)],
        plan.behaviour,
        plan.newcomer,
        plan.participant,
        plan.economy,
        plan.ballot,
    )


@njit(cache=True)
def reach_hazards(crowd: Crowd, week: Week) -> tuple[float, float]:
    """Weekly hazard to hear of the firm from nobody known (advertising, embedded players), and from one
    promoting acquaintance: by number of promoters, never by stake (E5)."""
    behaviour = week.behaviour
    customers = len(crowd.customers.knows)
    told = -math.log1p(-behaviour.word_of_mouth)
    hazard = -math.log1p(-behaviour.advertising_reach)
    hazard += behaviour.widget_reach * crowd.counts[PLAYERS] / customers
    if len(crowd.network.neighbours) == 0:
        hazard += told * behaviour.acquaintances * crowd.counts[PROMOTERS] / customers
    return hazard, told


@njit(cache=True)
def reach_chances(crowd: Crowd, week: Week) -> npt.NDArray[np.uint32]:
    """Chance that a customer hears of the firm this week, by the number of her promoting acquaintances
    (uint32[NEAR], in parts of 2**32)."""
    hazard, told = reach_hazards(crowd, week)
    chances = np.empty(NEAR, np.uint32)
    for near in range(NEAR):
        part = -math.expm1(-(hazard + told * near))
        chances[near] = np.uint32(min(part * WHOLE, WHOLE - 1.0))
    return chances


@njit(cache=True)
def join(site: Site, place: int, week: Week, draw: np.uint64) -> None:
    """Write down that a customer heard of the firm, and from whom if it was an acquaintance."""
    crowd = site.crowd
    who = account(crowd.customers, place)
    event = record.record(site.books, week.number * WEEK_US, record.JOINED, who, record.NOBODY)
    near = int(crowd.customers.promoters_near[place])
    if near == 0 or event < 0:
        return
    hazards = reach_hazards(crowd, week)
    told = hazards[1] * near
    if uniform(bits(draw, 0)) * (hazards[0] + told) < told:
        promoter = promoter_near(crowd, place, bits(draw, 1))
        if credit(promoter, who, True) == Refusal.NONE:
            site.books.events.rows[event].referrer = promoter


@njit(cache=True)
def promoter_near(crowd: Crowd, place: int, draw: np.uint64) -> int:
    """One of a customer's promoting acquaintances, each equally likely."""
    neighbours, offsets = crowd.network.neighbours, crowd.network.offsets
    left = below(draw, crowd.customers.promoters_near[place])
    for at in range(offsets[place], offsets[place + 1]):
        if crowd.customers.mind[neighbours[at]].promoting > 0:
            if left == 0:
                return account(crowd.customers, neighbours[at])
            left -= 1
    return record.NOBODY


@njit(cache=True)
def sweep(site: Site, week: Week, chances: npt.NDArray[np.uint32], space: Workspace) -> tuple[int, int]:
    """Who hears of the firm, who leaves it, who visits: one look at every customer, one draw for both halves.

    Fills the visitors and leavers of the workspace and returns how many there are of each.
    """
    crowd, customers = site.crowd, site.crowd.customers
    key = week_key(week.stream, chance.WEEK, week.number)
    leaving = week.behaviour.leaving_weekly * WHOLE
    loyalty = week.behaviour.loyalty
    visitors = leavers = 0
    heard = 0
    for place in range(len(customers.knows)):
        draw = bits(key, account(customers, place))
        low = np.uint32(draw & _LOW)
        if not customers.knows[place] & NEED:
            if low >= chances[min(customers.promoters_near[place], NEAR - 1)]:
                continue
            customers.knows[place] |= NEED
            heard += 1
            if site.books.events.keeps:
                join(site, place, week, draw)
        elif low < leaving * (1.0 - loyalty * customers.satisfaction[place]):
            space.leavers[leavers] = place
            leavers += 1
            continue
        if np.uint32(draw >> _HALF) < customers.visits[place]:
            space.visitors[visitors] = place
            visitors += 1
    crowd.counts[AWARE_NOW] += heard
    return visitors, leavers


@njit(cache=True)
def leave(site: Site, week: Week, place: int, stream: np.uint64) -> None:
    """A customer leaves: she takes back what she can, stops promoting, and a new customer takes her place."""
    crowd = site.crowd
    customers = crowd.customers
    at_us = week.number * WEEK_US
    for slot in range(len(site.market.slots)):
        project = site.market.slots[slot]
        if project != NONE and customers.held[place, slot] > 0:
            held = int(customers.held[place, slot])
            request_withdrawal(site, week, Request(place, project, held, at_us))
    while customers.mind[place].promoting > 0:
        promote(crowd, place, -1)
    record.record(site.books, at_us, record.LEFT, account(customers, place), record.NOBODY)
    crowd.counts[LEFT] += 1
    crowd.counts[AWARE_NOW] -= 1
    customers.generation[place] += 1
    arrive(customers, place, week.behaviour, stream)


@njit(cache=True)
def step(site: Site, plan: Plan, number: int, space: Workspace) -> None:
    """One week: projects are produced, sell and pay, close and open; customers hear, leave and visit."""
    start_us = number * WEEK_US
    week = week_of(plan, number, start_us)
    run_projects(site.market, site.crowd, site.books, week)
    hold_ballots(site, week)
    close_expired(site, week)
    open_projects(site.market, site.books, week)
    chances = reach_chances(site.crowd, week)
    visitors, leavers = sweep(site, week, chances, space)
    for index in range(leavers):
        leave(site, week, int(space.leavers[index]), plan.stream)
    for slot in range(len(site.market.slots)):
        show(space.shown, site.market, slot, week)
    until_us = in_force_until(plan.versions, start_us)
    first = below(bits(week_key(plan.stream, chance.TURN, number), 0), max(visitors, 1))
    for index in range(visitors):
        at_us = start_us + (index * WEEK_US) // visitors
        if at_us >= until_us:
            week = week_of(plan, number, at_us)
            until_us = in_force_until(plan.versions, at_us)
        visit(site, int(space.visitors[(first + index) % visitors]), space.shown, week, at_us)
    close_week(site, week)


@njit(cache=True)
def hold_ballots(site: Site, week: Week) -> None:
    """Projects funded last week are put to their producers' vote."""
    if week.ballot.options == 0:
        return
    for project in range(site.market.used[PROJECTS_USED]):
        row = site.market.projects[project]
        if row.status == FUNDED and row.funded_week == week.number - 1:
            hold_ballot(site, project, week)


@njit(cache=True)
def close_week(site: Site, week: Week) -> None:
    """Weekly figures, feelings and running costs."""
    crowd, market, books = site.crowd, site.market, site.books
    number, economy = week.number, week.economy
    figures, accounts = books.figures[number], books.accounts[number]
    figures[record.AWARE_CUSTOMERS] = crowd.counts[AWARE_NOW]
    figures[record.PROMOTERS] = crowd.counts[PROMOTERS]
    figures[record.CUSTOMERS_LEFT] = crowd.counts[LEFT]
    for slot in range(len(market.slots)):
        figures[record.OPEN_PROJECTS] += market.slots[slot] != NONE
    for entry in range(len(economy.weekly_minor)):
        accounts[entry] += economy.weekly_minor[entry]
    complaints = figures[record.REFUSALS] + figures[record.ABANDONMENTS]
    accounts[record.SOCIALIZATION] += complaints * economy.complaint_minor
    accounts[record.SOCIALIZATION] += figures[record.WITHDRAWALS] * economy.withdrawal_minor
    accounts[record.COORDINATION] += figures[record.REQUESTS] * economy.request_minor
    if number == 0:
        for entry in range(len(economy.once_minor)):
            accounts[entry] += economy.once_minor[entry]
    count_votes(market, number)
    content = fair = 0.0
    participants = 0
    for place in range(len(crowd.customers.mind)):
        mind = crowd.customers.mind[place]
        if mind.encounters > 0:
            participants += 1
            content += crowd.customers.satisfaction[place]
            fair += mind.fairness
    books.feelings[number, 0] = content / participants if participants else np.nan
    books.feelings[number, 1] = fair / participants if participants else np.nan


@njit(cache=True)
def holders_a_week(site: Site) -> int:
    """As many holders as a week can add: those of open projects, and one stake a customer."""
    holders = len(site.crowd.customers.knows)
    for project in site.market.slots:
        if project != NONE:
            holders += int(site.market.projects[project].producers)
    return holders


@njit(cache=True)
def events_a_week(site: Site) -> int:
    """More events than a week can bring: a customer hears, visits and asks, or leaves; a holder takes back,
    is paid and votes; a project opens, closes, costs, brings income, is released and pays others."""
    holders = holders_a_week(site) + int(site.market.used[HOLDERS_USED])
    projects = int(site.market.used[PROJECTS_USED]) + len(site.market.slots)
    return 3 * len(site.crowd.customers.knows) + 3 * holders + 7 * projects


@njit(cache=True, nogil=True)
def advance(site: Site, plan: Plan, space: Workspace, first: int, last: int) -> int:
    """Run the weeks from ``first`` to ``last`` - 1; returns the week that lacks room for holders or events
    (the caller makes room and goes on), or ``last``."""
    for number in range(first, last):
        if len(site.market.holders) - site.market.used[HOLDERS_USED] < holders_a_week(site):
            return number
        events = site.books.events
        if events.keeps and len(events.rows) - events.used[0] < events_a_week(site):
            return number
        step(site, plan, number, space)
    return last


@njit(cache=True)
def people(crowd: Crowd, behaviour: np.record, stream: np.uint64) -> None:
    """The first generation of customers arrives."""
    for place in range(len(crowd.customers.knows)):
        arrive(crowd.customers, place, behaviour, stream)
