"""Counting votes on a budget: exact, within the budget, fair to voters, blind to the order of the file."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comaker.rules.budget import (
    broadly_supported,
    equal_shares,
    equal_shares_completed,
    greedy,
    votes_of,
)

Election = tuple[list[int], list[frozenset[int]], int]


@st.composite
def elections(draw: st.DrawFn) -> Election:
    options = draw(st.integers(1, 6))
    costs = draw(st.lists(st.integers(1, 30), min_size=options, max_size=options))
    ballot = st.frozensets(st.integers(0, options - 1))
    return costs, draw(st.lists(ballot, min_size=1, max_size=12)), draw(st.integers(1, 80))


def spent(costs: list[int], chosen: list[int]) -> int:
    return sum(costs[option] for option in chosen)


def plainly(costs: list[int], ballots: list[frozenset[int]], share: Fraction) -> list[list[Fraction]]:
    """Equal shares as the paper words it, slowly: each option bought in turn, and what every voter pays."""
    left = [share] * len(ballots)
    open_options = set(range(len(costs)))
    paid: list[list[Fraction]] = []
    while True:
        asked = []
        for option in open_options:
            who = [voter for voter, ballot in enumerate(ballots) if option in ballot]
            if not who or sum(left[voter] for voter in who) < costs[option]:
                continue
            rising = sorted({left[voter] for voter in who})
            for price in rising:
                short = [voter for voter in who if left[voter] < price]
                each = (costs[option] - sum((left[voter] for voter in short), Fraction(0))) / (
                    len(who) - len(short)
                )
                if each <= price:
                    asked.append((each / costs[option], costs[option], -len(who), option, each))
                    break
        if not asked:
            return paid
        *_, option, each = min(asked)
        bill = [
            min(left[voter], each) if option in ballots[voter] else Fraction(0)
            for voter in range(len(ballots))
        ]
        left = [have - pays for have, pays in zip(left, bill, strict=True)]
        open_options.discard(option)
        paid.append([Fraction(option), *bill])


@given(elections())
def test_greedy_keeps_within_the_budget_and_leaves_out_nothing_wanted_that_fits(election: Election) -> None:
    costs, ballots, budget = election
    votes = votes_of(ballots, len(costs))
    chosen = greedy(costs, votes, budget)
    assert spent(costs, chosen) <= budget
    left = budget - spent(costs, chosen)
    assert all(costs[option] > left for option in range(len(costs)) if votes[option] and option not in chosen)
    assert [votes[option] for option in chosen] == sorted((votes[o] for o in chosen), reverse=True)


@given(elections())
@settings(deadline=None)
def test_equal_shares_buy_what_the_definition_says(election: Election) -> None:
    costs, ballots, budget = election
    share = Fraction(budget, len(ballots))
    assert equal_shares(costs, ballots, share) == [int(row[0]) for row in plainly(costs, ballots, share)]


@given(elections())
def test_a_choice_by_equal_shares_is_paid_by_its_supporters_each_within_her_share(election: Election) -> None:
    costs, ballots, budget = election
    share = Fraction(budget, len(ballots))
    rows = plainly(costs, ballots, share)
    assert [int(row[0]) for row in rows] == equal_shares(costs, ballots, share)
    for row in rows:
        assert sum(row[1:]) == costs[int(row[0])]
        assert all(not pays or int(row[0]) in ballot for pays, ballot in zip(row[1:], ballots, strict=True))
    assert all(sum(row[1 + voter] for row in rows) <= share for voter in range(len(ballots)))
    left = [share - sum(row[1 + voter] for row in rows) for voter in range(len(ballots))]
    for option in set(range(len(costs))) - {int(row[0]) for row in rows}:
        assert sum(left[voter] for voter, ballot in enumerate(ballots) if option in ballot) < costs[option]


@given(elections())
@settings(deadline=None)
def test_completed_equal_shares_keep_within_the_budget(election: Election) -> None:
    costs, ballots, budget = election
    assert spent(costs, equal_shares_completed(costs, ballots, budget, step=1)) <= budget


@given(elections(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_of_ballots_changes_nothing(election: Election, luck: random.Random) -> None:
    costs, ballots, budget = election
    shuffled = luck.sample(ballots, len(ballots))
    for cast in (ballots, shuffled):
        assert votes_of(cast, len(costs)) == votes_of(ballots, len(costs))
        assert equal_shares(costs, cast, Fraction(budget, len(cast))) == equal_shares(
            costs, ballots, Fraction(budget, len(ballots))
        )


@given(elections(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_of_options_decides_only_between_equals(election: Election, luck: random.Random) -> None:
    costs, ballots, budget = election
    # Different costs leave no tie that the order of the file could decide: they are asked for before it.
    costs = [100 * cost + option for option, cost in enumerate(costs)]
    budget *= 100
    to = luck.sample(range(len(costs)), len(costs))
    moved_costs = [cost for _, cost in sorted(zip(to, costs, strict=True))]
    moved = [frozenset(to[option] for option in ballot) for ballot in ballots]
    votes, moved_votes = votes_of(ballots, len(costs)), votes_of(moved, len(costs))
    assert [to[option] for option in greedy(costs, votes, budget)] == greedy(moved_costs, moved_votes, budget)
    share = Fraction(budget, len(ballots))
    assert [to[option] for option in equal_shares(costs, ballots, share)] == equal_shares(
        moved_costs, moved, share
    )


def test_equal_shares_do_not_let_a_majority_take_everything() -> None:
    costs = [40, 40, 40]
    ballots = [frozenset({0, 1})] * 6 + [frozenset({2})] * 4
    assert greedy(costs, votes_of(ballots, 3), 100) == [0, 1]
    assert equal_shares(costs, ballots, Fraction(100, 10)) == [0, 2]


def test_a_larger_share_completes_what_equal_shares_leave_over() -> None:
    costs, ballots = [60, 50], [frozenset({0})] * 2 + [frozenset({1})] * 2
    assert equal_shares(costs, ballots, Fraction(100, 4)) == [1]
    assert equal_shares_completed(costs, ballots, 119, step=1) == [1, 0]


@pytest.mark.parametrize("ballots", [[], [frozenset()]])
def test_nothing_is_chosen_where_nobody_voted(ballots: list[frozenset[int]]) -> None:
    assert greedy([5], votes_of(ballots, 1), 100) == []
    assert equal_shares_completed([5], ballots, 100, step=1) == []


def test_what_costs_nothing_is_chosen_by_whoever_wants_it() -> None:
    assert equal_shares_completed([0, 7], [frozenset({0})], 5, step=1) == [0]


def test_a_third_of_the_share_of_the_budget_is_broad_support() -> None:
    assert broadly_supported([300, 301], [10, 10], voters=100, budget=1000) == [0]
