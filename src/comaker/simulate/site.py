"""The simulated site: it takes requests, asks the rules, and books what they decide."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from comaker.refusals import Refusal
from comaker.rules import stake
from comaker.rules.stake import OPEN
from comaker.simulate import record
from comaker.simulate.compiled import compiled
from comaker.simulate.population import SPECULATES, Crowd, account, annoy, moved, promote
from comaker.simulate.projects import EARLY, LATE, NONE, Market, expire, fund, state_of
from comaker.simulate.record import Books
from comaker.simulate.terms import SECOND_US, SECONDS_A_WEEK, rules_of
from comaker.simulate.week import Week

decide_stake = compiled(stake.decide_stake)
decide_withdrawal = compiled(stake.decide_withdrawal)
status_after = compiled(stake.status_after)


class Site(NamedTuple):
    """Everything that changes during a run: the crowd, the market of projects and the books."""

    crowd: Crowd
    market: Market
    books: Books


class Request(NamedTuple):
    """A customer asks for shares of a project, or wants some back: her place among the customers, how many
    shares, and when, in µs since the launch."""

    place: int
    project: int
    asked_shares: int
    at_us: int


@njit(cache=True, inline="always")
def held_shares(site: Site, place: int, project: int) -> int:
    """Shares that a customer holds in a project while it is open."""
    slot = site.market.projects[project].slot
    return int(site.crowd.customers.held[place, slot]) if site.market.slots[slot] == project else 0


@njit(cache=True)
def request_stake(site: Site, week: Week, request: Request) -> tuple[int, Refusal]:
    """Decide a stake by the rule and book it; returns the shares accepted and the refusal."""
    customers, books = site.crowd.customers, site.books
    held = held_shares(site, request.place, request.project)
    state = state_of(site.market.projects, request.project)
    now_s = request.at_us // SECOND_US
    accepted, refusal = decide_stake(request.asked_shares, held, state, rules_of(week.terms), now_s)
    books.figures[week.number, record.REQUESTS] += 1
    if refusal != Refusal.NONE:
        books.figures[week.number, record.REFUSALS] += 1
        write_request(site, week, request, request.asked_shares, refusal)
        annoy(customers, request.place, week)
        return accepted, refusal
    write_request(site, week, request, accepted, refusal)
    book_stake(site, week, request, accepted)
    return accepted, refusal


@njit(cache=True, inline="always")
def write_request(site: Site, week: Week, request: Request, shares: int, refusal: Refusal) -> None:
    """Write the event of a decided request, with what the customer was shown before it."""
    if not site.books.events.keeps:
        return
    project, customers = request.project, site.crowd.customers
    kind = record.DONE if refusal == Refusal.NONE else record.REFUSED
    event = record.record(site.books, request.at_us, kind, account(customers, request.place), project)
    record.amounts(site.books, event, shares, shares * week.terms.share_price_minor)
    row = site.books.events.rows[event]
    row.refusal = refusal.value
    row.encounter = customers.mind[request.place].encounters + 1
    note_shown(site, event, project)


@njit(cache=True, inline="always")
def note_shown(site: Site, event: int, project: int) -> None:
    """Keep with an event what the site showed of the project."""
    row, seen = site.books.events.rows[event], site.market.projects[project]
    row.shown_collected = seen.collected_shares
    row.shown_goal = seen.goal_shares
    row.shown_producers = seen.producers


@njit(cache=True, inline="always")
def book_stake(site: Site, week: Week, request: Request, shares: int) -> None:
    """Book an accepted stake: holdings, progress, money in hand; a first stake makes a promoter (E3, E5)."""
    customers, projects = site.crowd.customers, site.market.projects
    place, project = request.place, request.project
    slot = projects[project].slot
    money_minor = shares * week.terms.share_price_minor
    if customers.held[place, slot] == 0:
        projects[project].producers += 1
        promote(site.crowd, place, 1)
    mind = customers.mind[place]
    if mind.encounters == 0:
        site.books.figures[week.number, record.PARTICIPANTS] += 1
    mind.encounters += 1
    projects[project].votes += 1
    customers.held[place, slot] += shares
    before = projects[project].collected_shares
    projects[project].collected_shares = before + shares
    projects[project].collected_minor += money_minor
    if customers.knows[place] & SPECULATES:
        projects[project].speculated_shares += shares
    site.books.figures[week.number, record.COLLECTED] += money_minor
    site.books.stakes_minor[week.number] += money_minor
    satisfaction = customers.satisfaction[place]
    customers.satisfaction[place] = moved(
        satisfaction, week.behaviour.delight, week.behaviour.satisfaction_step
    )
    time_progress(projects, project, before, request.at_us / record.WEEK_US)
    rules = rules_of(week.terms)
    if status_after(state_of(projects, project), rules, request.at_us // SECOND_US) != OPEN:
        fund(site.market, project, site.crowd, site.books, week)
        note_closing(site, project, record.FUNDED, request.at_us)


@njit(cache=True, inline="always")
def time_progress(projects: npt.NDArray[np.void], project: int, before_shares: int, week: float) -> None:
    """Note when a project passes the timed parts of its goal (E7)."""
    row = projects[project]
    goal, after = row.goal_shares, row.collected_shares
    if before_shares < EARLY * goal <= after:
        row.passed_early = week
    if before_shares < LATE * goal <= after:
        row.passed_late = week
    if before_shares < goal <= after:
        row.passed_goal = week


@njit(cache=True, inline="always")
def note_closing(site: Site, project: int, kind: int, at_us: int) -> None:
    """Write down that a project was funded or expired, and what it had collected."""
    row = site.market.projects[project]
    event = record.record(site.books, at_us, kind, record.NOBODY, project)
    record.amounts(site.books, event, row.collected_shares, row.collected_minor)


@njit(cache=True)
def request_withdrawal(site: Site, week: Week, request: Request) -> tuple[int, Refusal]:
    """Decide a withdrawal by the rule and book it; returns the shares given back and the refusal (F16)."""
    customers, market, books = site.crowd.customers, site.market, site.books
    project, projects = request.project, market.projects
    held = held_shares(site, request.place, project)
    state, now_s = state_of(projects, project), request.at_us // SECOND_US
    back, refusal = decide_withdrawal(request.asked_shares, held, state, rules_of(week.terms), now_s)
    who = account(customers, request.place)
    kind = record.WITHDRAWN if refusal == Refusal.NONE else record.REFUSED
    event = record.record(books, request.at_us, kind, who, project)
    # A refused request for shares back counts below zero: it must not be taken for a refused stake.
    asked = back if refusal == Refusal.NONE else -request.asked_shares
    record.amounts(books, event, asked, abs(asked) * week.terms.share_price_minor)
    if event >= 0:
        books.events.rows[event].refusal = refusal.value
    if refusal != Refusal.NONE:
        return back, refusal
    money_minor = back * week.terms.share_price_minor
    customers.held[request.place, projects[project].slot] = held - back
    projects[project].collected_shares -= back
    projects[project].collected_minor -= money_minor
    books.stakes_minor[week.number] -= money_minor
    books.figures[week.number, record.COLLECTED] -= money_minor
    books.figures[week.number, record.WITHDRAWALS] += 1
    if customers.knows[request.place] & SPECULATES:
        projects[project].speculated_shares -= back
    if held == back:
        projects[project].producers -= 1
        promote(site.crowd, request.place, -1)
    return back, refusal


@njit(cache=True)
def close_expired(site: Site, week: Week) -> None:
    """Close every project whose time is over: funded at its goal, else every stake goes back."""
    market = site.market
    for slot in range(len(market.slots)):
        project = market.slots[slot]
        if project == NONE:
            continue
        now_s = week.number * SECONDS_A_WEEK
        status = status_after(state_of(market.projects, project), rules_of(week.terms), now_s)
        if status == OPEN:
            continue
        at_us = week.number * record.WEEK_US
        if status == stake.FUNDED:
            note_closing(site, project, record.FUNDED, at_us)
            fund(market, project, site.crowd, site.books, week)
        else:
            note_closing(site, project, record.EXPIRED, at_us)
            expire(market, project, site.crowd, site.books, week)
