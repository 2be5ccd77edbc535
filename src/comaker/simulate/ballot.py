"""Producers vote in their private space: which song, which sleeve (E3)."""

from __future__ import annotations

import numpy as np
from numba import njit

from comaker.model import Model
from comaker.refusals import Refusal
from comaker.rules import ballot, participation
from comaker.rules.ballot import BallotTerms
from comaker.simulate import chance, record
from comaker.simulate.compiled import compiled
from comaker.simulate.population import account, moved
from comaker.simulate.randomness import below, bits, uniform, week_key
from comaker.simulate.site import Site
from comaker.simulate.week import Week
from comaker.words import TaskKind

decide_participation = compiled(participation.decide_participation)
decide_vote = compiled(ballot.decide_vote)
winning_option = compiled(ballot.winning_option)


def ballot_terms(model: Model) -> BallotTerms:
    """The terms of the model's first ballot with options of its own; no options where it has none."""
    for task in model.task.values():
        if task.kind == TaskKind.BALLOT and task.terms.options:
            terms = task.terms
            return BallotTerms(
                terms.options, terms.choices, terms.quorum, terms.threshold, terms.open_seconds
            )
    return BallotTerms(0, 0, 0, 0, 0)


@njit(cache=True)
def hold_ballot(site: Site, project: int, week: Week) -> None:
    """Those who hold shares of a funded project vote once, each for the option she likes best; who gets her
    way is pleased. The willing take part."""
    terms = week.ballot
    votes = np.zeros(terms.options, np.int64)
    row = site.market.projects[project]
    voters = 0
    for entry in range(row.first_holder, row.first_holder + row.holders):
        option = vote(site, project, entry, week)
        if option != ballot.UNDECIDED:
            votes[option] += 1
            voters += 1
    winner = winning_option(votes, voters, ballot_terms_of(week))
    for entry in range(row.first_holder, row.first_holder + row.holders):
        holder = site.market.holders[entry]
        customers = site.crowd.customers
        if winner == ballot.UNDECIDED or account(customers, holder.place) != holder.account:
            continue
        pleased = favourite(week, project, holder.account) == winner
        target = week.behaviour.delight if pleased else 0.5
        before = customers.satisfaction[holder.place]
        customers.satisfaction[holder.place] = moved(before, target, week.behaviour.satisfaction_step)


@njit(cache=True)
def ballot_terms_of(week: Week) -> BallotTerms:
    """The terms of the ballot in the shape the rules take."""
    terms = week.ballot
    return BallotTerms(terms.options, terms.choices, terms.quorum, terms.threshold, terms.open_seconds)


@njit(cache=True)
def favourite(week: Week, project: int, who: int) -> int:
    """The option that a customer likes best."""
    draw = bits(bits(week_key(week.stream, chance.OPTION, 0), project), who)
    return int(below(draw, week.ballot.options))


@njit(cache=True)
def vote(site: Site, project: int, entry: int, week: Week) -> int:
    """The option that a holder votes for, or ``UNDECIDED`` where she does not vote or may not."""
    customers, holder = site.crowd.customers, site.market.holders[entry]
    still_producer = account(customers, holder.place) == holder.account
    if decide_participation(still_producer, 0, 0, week.ballot.choices) != Refusal.NONE:
        return ballot.UNDECIDED
    draw = bits(bits(week_key(week.stream, chance.VOTE, week.number), project), holder.account)
    if uniform(draw) >= customers.mind[holder.place].willingness:
        return ballot.UNDECIDED
    option = favourite(week, project, holder.account)
    if decide_vote(option, False, 0, 0, ballot_terms_of(week)) != Refusal.NONE:
        return ballot.UNDECIDED
    at_us = week.number * record.WEEK_US
    event = record.record(site.books, at_us, record.DONE, holder.account, project)
    record.amounts(site.books, event, option + 1, 0)
    if event >= 0:
        site.books.events.rows[event].task = record.BALLOT
    site.books.figures[week.number, record.VOTES] += 1
    return option
