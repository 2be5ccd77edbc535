"""Projects from opening to the last copy sold: they fund or expire, are produced, sell and pay (E2)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from comaker.refusals import Refusal
from comaker.rules import promotion, purchase, sharing
from comaker.rules.purchase import UNLIMITED
from comaker.rules.stake import EXPIRED, FUNDED, OPEN, ProjectState
from comaker.simulate import chance, record
from comaker.simulate.compiled import compiled
from comaker.simulate.population import Crowd, account, moved, promote, within
from comaker.simulate.randomness import bits, normal, poisson, week_key
from comaker.simulate.record import Books
from comaker.simulate.terms import SECONDS_A_WEEK
from comaker.simulate.week import Week

pool_of = compiled(sharing.pool_of)
entitlement = compiled(sharing.entitlement)
payment_due = compiled(sharing.payment_due)
promotion_due = compiled(promotion.promotion_due)
promotion_saved = compiled(promotion.promotion_saved)
decide_purchase = compiled(purchase.decide_purchase)
amount_due = compiled(purchase.amount_due)

NONE = -1
"""A week that has not come, a slot without a project."""

EARLY, LATE = 0.2, 0.8
"""Parts of the goal whose passing is timed, to see the speed near the goal (E7)."""


PROJECT = np.dtype(
    [
        ("slot", np.int64),
        ("status", np.int64),
        ("opened_week", np.int64),
        ("funded_week", np.int64),
        ("released_week", np.int64),
        ("expired_week", np.int64),
        ("goal_shares", np.int64),
        ("collected_shares", np.int64),
        ("collected_minor", np.int64),
        ("producers", np.int64),
        ("speculated_shares", np.int64),
        ("first_holder", np.int64),
        ("holders", np.int64),
        ("votes", np.int64),
        ("votes_before", np.int64),
        ("copies", np.int64),
        ("first_copies", np.int64),
        ("income_minor", np.int64),
        ("partners_paid_minor", np.int64),
        ("paid_minor", np.int64),
        ("promotion_minor", np.int64),
        ("saved_minor", np.int64),
        ("first_paid_minor", np.int64),
        ("owed_minor", np.int64),
        ("fair_votes", np.float64),
        ("appeal", np.float64),
        ("hype", np.float64),
        ("passed_early", np.float64),
        ("passed_late", np.float64),
        ("passed_goal", np.float64),
        ("largest_minor", np.int64),
        ("gini", np.float64),
    ]
)
"""A project. Weeks count from the launch, ``NONE`` where they have not come.

``first_holder``, ``holders``: its entries among the holders. ``votes``: stakes put on it,
``fair_votes``: those it would have if every open project got the same each week, ``votes_before``: its
votes by the end of last week. ``first_copies``: sold in the first ``FIRST_WEEKS``. ``promotion_minor``:
paid for want of promoters, ``saved_minor``: what they saved. ``first_paid_minor``: paid to holders at
the first settlement, ``owed_minor``: shared but not paid yet. ``appeal``: hidden market appeal,
``hype``: what speculators believe that others will like, both standard normal and independent (E6).
``passed_*``: when it passed ``EARLY``, ``LATE`` and all of its goal, in weeks and parts of a week, 0
before that.
"""

FIRST_WEEKS = 8
"""Weeks of sales by which releases of different age are compared (Agonie, E6)."""

HOLDER = np.dtype(
    [("place", np.int64), ("account", np.int64), ("shares", np.int64), ("paid_minor", np.int64)]
)
"""Who holds shares of a closed project: place and account of the customer, and what she was paid."""

PROJECTS_USED, HOLDERS_USED = 0, 1


class Market(NamedTuple):
    """Every project of a run in order of opening (``PROJECT`` records), the holders of the closed ones
    (``HOLDER`` records), how many of both there are (int64[2]), and which project stands in each open place
    of the site (int64[places])."""

    projects: npt.NDArray[np.void]
    holders: npt.NDArray[np.void]
    used: npt.NDArray[np.int64]
    slots: npt.NDArray[np.int64]


def new_market(projects: int, slots: int) -> Market:
    """An empty market with room for so many projects over the run, so many open at once."""
    return Market(
        projects=np.zeros(projects, PROJECT),
        holders=np.empty(4096, HOLDER),
        used=np.zeros(2, np.int64),
        slots=np.full(slots, NONE, np.int64),
    )


def more_holders(market: Market, needed: int) -> Market:
    """The same market with room for so many more holders."""
    larger = np.empty(2 * len(market.holders) + needed, HOLDER)
    larger[: len(market.holders)] = market.holders
    return market._replace(holders=larger)


@njit(cache=True, inline="always")
def state_of(projects: npt.NDArray[np.void], project: int) -> ProjectState:
    """A project in the shape the rules take."""
    return ProjectState(
        projects[project].status,
        projects[project].collected_shares,
        projects[project].goal_shares,
        projects[project].opened_week * SECONDS_A_WEEK,
    )


@njit(cache=True)
def open_projects(market: Market, books: Books, week: Week) -> None:
    """Fill every free place with a new project, its goal that of the terms in force (E5)."""
    projects = market.projects
    for slot in range(len(market.slots)):
        if market.slots[slot] != NONE:
            continue
        project = market.used[PROJECTS_USED]
        market.used[PROJECTS_USED] = project + 1
        market.slots[slot] = project
        projects[project].slot = slot
        projects[project].status = OPEN
        projects[project].opened_week = week.number
        projects[project].funded_week = NONE
        projects[project].released_week = NONE
        projects[project].expired_week = NONE
        projects[project].goal_shares = week.terms.goal_shares
        projects[project].appeal = normal(bits(week_key(week.stream, chance.APPEAL, 0), project))
        projects[project].hype = normal(bits(week_key(week.stream, chance.HYPE, 0), project))
        event = record.record(books, week.number * record.WEEK_US, record.OPENED, record.NOBODY, project)
        record.amounts(books, event, week.terms.goal_shares, 0)


@njit(cache=True)
def close(market: Market, project: int, crowd: Crowd, status: int) -> None:
    """Take a project off the site: what each customer held in it becomes an entry among the holders."""
    projects, holders, slots = market.projects, market.holders, market.slots
    held = crowd.customers.held
    slot = projects[project].slot
    first = market.used[HOLDERS_USED]
    entry = first
    for place in range(len(held)):
        if held[place, slot] > 0:
            holders[entry].place = place
            holders[entry].account = account(crowd.customers, place)
            holders[entry].shares = held[place, slot]
            holders[entry].paid_minor = 0
            held[place, slot] = 0
            entry += 1
    market.used[HOLDERS_USED] = entry
    projects[project].first_holder = first
    projects[project].holders = entry - first
    projects[project].status = status
    slots[slot] = NONE


@njit(cache=True)
def end_promotion(market: Market, project: int, crowd: Crowd) -> None:
    """Its holders stop promoting a project."""
    projects, holders = market.projects, market.holders
    first = projects[project].first_holder
    for entry in range(first, first + projects[project].holders):
        place = holders[entry].place
        if account(crowd.customers, place) == holders[entry].account:
            promote(crowd, place, -1)


@njit(cache=True)
def weekly_copies(projects: npt.NDArray[np.void], project: int, week: Week) -> int:
    """Copies sold to non-producers in a week: hidden appeal, reach by the number of promoters, decay."""
    behaviour = week.behaviour
    promoters = max(projects[project].producers / max(behaviour.promoters_needed, 1.0), 1.0)
    total = behaviour.copies_median * math.exp(behaviour.appeal_sigma * projects[project].appeal)
    total *= promoters**behaviour.promotion_elasticity
    sold_weeks = week.number - projects[project].released_week - 1
    mean = total * behaviour.sales_decay_weekly * (1.0 - behaviour.sales_decay_weekly) ** sold_weeks
    return int(poisson(bits(week_key(week.stream, chance.SALES, week.number), project), mean))


@njit(cache=True)
def release(projects: npt.NDArray[np.void], project: int, week: Week) -> int:
    """Release a produced project; returns what the firm pays to promote it for want of promoters (E5)."""
    projects[project].released_week = week.number
    needed, promoters = int(week.behaviour.promoters_needed), projects[project].producers
    due_minor = promotion_due(needed, promoters, week.economy.promoter_minor)
    projects[project].promotion_minor = due_minor
    projects[project].saved_minor = promotion_saved(needed, promoters, week.economy.promoter_minor)
    return due_minor


@njit(cache=True)
def note_money(books: Books, week: Week, kind: int, project: int, money_minor: int) -> None:
    """Write down what the firm paid for or on account of a project, where it is something."""
    if money_minor > 0:
        event = record.record(books, week.number * record.WEEK_US, kind, record.NOBODY, project)
        record.amounts(books, event, 0, money_minor)


@njit(cache=True)
def settle(market: Market, project: int, crowd: Crowd, books: Books, week: Week) -> int:
    """Pay holders and partners what the sharing rule gives them; returns the sum in minor units (E2).

    Holders who are still customers compare what they got with what they hoped for, and fairness with
    whether they can see how it was computed (F20, F21.5).
    """
    behaviour, economy = week.behaviour, week.economy
    projects, holders = market.projects, market.holders
    income_minor = projects[project].income_minor
    pool_minor = pool_of(income_minor, economy.holders_ppm)
    total_shares = projects[project].collected_shares
    paid_before = projects[project].paid_minor + projects[project].partners_paid_minor
    first = projects[project].first_holder
    for entry in range(first, first + projects[project].holders):
        shares = holders[entry].shares
        entitled_minor = entitlement(pool_minor, shares, total_shares)
        due_minor = payment_due(entitled_minor, holders[entry].paid_minor)
        holders[entry].paid_minor += due_minor
        projects[project].paid_minor += due_minor
        if due_minor > 0:
            event = record.record(
                books, week.number * record.WEEK_US, record.PAID, holders[entry].account, project
            )
            record.amounts(books, event, shares, due_minor)
        place = holders[entry].place
        if account(crowd.customers, place) == holders[entry].account:
            hoped_minor = behaviour.expected_return * shares * week.terms.share_price_minor
            content = within(holders[entry].paid_minor / max(hoped_minor, 1.0))
            satisfaction, mind = crowd.customers.satisfaction, crowd.customers.mind[place]
            satisfaction[place] = moved(satisfaction[place], content, behaviour.satisfaction_step)
            fair = 0.5 * content + 0.5 * week.participant.transparency
            mind.fairness = moved(mind.fairness, fair, behaviour.fairness_step)
    partners_minor = pool_of(income_minor, economy.partners_ppm)
    partners_due_minor = payment_due(partners_minor, projects[project].partners_paid_minor)
    projects[project].partners_paid_minor += partners_due_minor
    note_money(books, week, record.PAID, project, partners_due_minor)
    return int(projects[project].paid_minor + projects[project].partners_paid_minor - paid_before)


@njit(cache=True)
def run_projects(market: Market, crowd: Crowd, books: Books, week: Week) -> None:
    """A week in the life of every project that is no longer open: production, release, sales, settlement."""
    projects = market.projects
    for project in range(market.used[PROJECTS_USED]):
        if projects[project].status != FUNDED:
            continue
        if week.number - projects[project].funded_week == 1:
            produce(project, books, week)
        if projects[project].released_week != NONE:
            sell(market, project, crowd, books, week)
        elif week.number - projects[project].funded_week >= week.behaviour.production_weeks:
            record.record(books, week.number * record.WEEK_US, record.RELEASED, record.NOBODY, project)
            due_minor = release(projects, project, week)
            books.accounts[week.number, record.PROMOTION] += due_minor
            note_money(books, week, record.COST, project, due_minor)


@njit(cache=True)
def sell(market: Market, project: int, crowd: Crowd, books: Books, week: Week) -> None:
    """A week of sales of a released project, with settlement and the end of promotion when they are due."""
    projects, economy, number = market.projects, week.economy, week.number
    copies = weekly_copies(projects, project, week)
    if decide_purchase(copies, UNLIMITED, 0, 0) != Refusal.NONE:
        copies = 0
    turnover_minor = amount_due(copies, economy.price_minor)
    net_minor = turnover_minor - copies * economy.unit_cost_minor
    projects[project].copies += copies
    if number - projects[project].released_week <= FIRST_WEEKS:
        projects[project].first_copies += copies
    projects[project].income_minor += net_minor
    books.figures[number, record.COPIES] += copies
    books.accounts[number, record.TURNOVER] += turnover_minor
    books.accounts[number, record.PRODUCTION] += copies * economy.unit_cost_minor
    event = record.record(books, number * record.WEEK_US, record.INCOME, record.NOBODY, project)
    record.amounts(books, event, copies, net_minor)
    age = number - projects[project].released_week
    settle_weeks = int(week.behaviour.settle_weeks)
    if age % settle_weeks == 0:
        books.accounts[number, record.INCENTIVES] += settle(market, project, crowd, books, week)
    if age == settle_weeks:
        projects[project].first_paid_minor = projects[project].paid_minor
    projects[project].owed_minor = owed(projects, project, week)
    if age == int(week.behaviour.promotion_weeks):
        end_promotion(market, project, crowd)


@njit(cache=True)
def owed(projects: npt.NDArray[np.void], project: int, week: Week) -> int:
    """What holders and partners are entitled to of the income so far and were not paid yet."""
    row, economy = projects[project], week.economy
    shared_minor = pool_of(row.income_minor, economy.holders_ppm) + pool_of(
        row.income_minor, economy.partners_ppm
    )
    return int(shared_minor - row.paid_minor - row.partners_paid_minor)


@njit(cache=True)
def count_votes(market: Market, number: int) -> None:
    """At the end of a week, what each project would have got had all that were open in it got the same."""
    total = places = 0
    for project in range(market.used[PROJECTS_USED]):
        row = market.projects[project]
        if row.status == OPEN or row.funded_week == number:
            total += row.votes - row.votes_before
            places += 1
    for project in range(market.used[PROJECTS_USED]):
        row = market.projects[project]
        if row.status == OPEN or row.funded_week == number:
            row.fair_votes += total / places
            row.votes_before = row.votes


@njit(cache=True)
def fund(market: Market, project: int, crowd: Crowd, books: Books, week: Week) -> None:
    """The goal is reached: stakes become the firm's to spend, before any cost is incurred (E2, E8)."""
    close(market, project, crowd, FUNDED)
    market.projects[project].funded_week = week.number
    books.accounts[week.number, record.ASSETS] += market.projects[project].collected_minor
    books.figures[week.number, record.FUNDED_PROJECTS] += 1


@njit(cache=True)
def produce(project: int, books: Books, week: Week) -> None:
    """Production begins and is paid for; a subsidy comes in (E2)."""
    cost_minor = week.economy.production_minor
    subsidy_minor = int(week.behaviour.subsidy_share * cost_minor)
    books.accounts[week.number, record.PRODUCTION] += cost_minor
    books.accounts[week.number, record.SUBSIDIES] += subsidy_minor
    note_money(books, week, record.COST, project, cost_minor)
    note_money(books, week, record.INCOME, project, subsidy_minor)


@njit(cache=True)
def expire(market: Market, project: int, crowd: Crowd, books: Books, week: Week) -> None:
    """The time is over below the goal: every stake goes back."""
    close(market, project, crowd, EXPIRED)
    end_promotion(market, project, crowd)
    row = market.projects[project]
    row.expired_week = week.number
    books.stakes_minor[week.number] -= row.collected_minor
    books.figures[week.number, record.COLLECTED] -= row.collected_minor
    for entry in range(row.first_holder, row.first_holder + row.holders):
        holder = market.holders[entry]
        at_us = week.number * record.WEEK_US
        event = record.record(books, at_us, record.WITHDRAWN, holder.account, project)
        record.amounts(books, event, holder.shares, holder.shares * week.terms.share_price_minor)
