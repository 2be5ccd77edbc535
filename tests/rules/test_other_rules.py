"""Ballots, purchases, promotion, participation, and the order in which reasons are given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comaker.refusals import Refusal
from comaker.rules.ballot import UNDECIDED, BallotTerms, decide_vote, winning_option
from comaker.rules.participation import decide_participation
from comaker.rules.promotion import decide_referral, promotion_due, promotion_saved
from comaker.rules.purchase import UNLIMITED, amount_due, decide_purchase

TERMS = BallotTerms(options=3, choices=2, quorum=4, threshold=2, open_seconds=100)


@pytest.mark.parametrize(
    ("option", "named", "cast", "age_s", "expected"),
    [
        (2, False, 1, 99, Refusal.NONE),
        (2, False, 0, 100, Refusal.DEADLINE_PASSED),
        (0, False, 2, 0, Refusal.LIMIT_REACHED),
        (0, True, 1, 0, Refusal.LIMIT_REACHED),
        (3, False, 0, 0, Refusal.UNKNOWN_CHOICE),
        (-1, False, 0, 0, Refusal.UNKNOWN_CHOICE),
    ],
)
def test_who_may_vote_for_what(option, named, cast, age_s, expected):
    assert decide_vote(option, named, cast, age_s, TERMS) == expected


@pytest.mark.parametrize(
    ("votes", "voters", "winner"),
    [
        ([1, 5, 2], 8, 1),
        ([4, 4, 0], 8, 0),
        ([3, 0, 0], 3, UNDECIDED),
        ([1, 1, 1], 9, UNDECIDED),
        ([0, 0, 0], 9, UNDECIDED),
    ],
)
def test_the_winner_needs_a_quorum_a_threshold_and_most_votes(votes, voters, winner):
    assert winning_option(votes, voters, TERMS) == winner


@given(st.lists(st.integers(0, 50), min_size=3, max_size=3))
def test_more_votes_for_the_winner_never_make_it_lose(votes):
    winner = winning_option(votes, 99, TERMS)
    if winner != UNDECIDED:
        votes[winner] += 1
        assert winning_option(votes, 99, TERMS) == winner


def test_what_is_left_sells_and_no_more():
    assert decide_purchase(3, 3, 0, 0) == Refusal.NONE
    assert decide_purchase(4, 3, 0, 0) == Refusal.SOLD_OUT
    assert decide_purchase(10**9, UNLIMITED, 0, 0) == Refusal.NONE
    assert decide_purchase(2, 9, 4, 5) == Refusal.LIMIT_REACHED
    assert decide_purchase(0, 9, 0, 0) == Refusal.NOT_WHOLE
    assert amount_due(3, 1_299) == 3_897


@given(st.integers(0, 2_000), st.integers(0, 2_000), st.integers(0, 10**6))
def test_what_promoters_save_and_what_the_firm_pays_is_the_whole_need(needed, promoters, price):
    """E5, E8: promotion counts heads, not money."""
    due, saved = promotion_due(needed, promoters, price), promotion_saved(needed, promoters, price)
    assert due >= 0
    assert due + saved == needed * price


def test_a_newcomer_is_credited_once_and_not_to_herself():
    assert decide_referral(1, 2, True) == Refusal.NONE
    assert decide_referral(1, 1, True) == Refusal.OWN_REFERRAL
    assert decide_referral(1, 2, False) == Refusal.LIMIT_REACHED


@pytest.mark.parametrize(
    ("role", "missing", "done", "limit", "expected"),
    [
        (True, 0, 5, 0, Refusal.NONE),
        (False, 0, 0, 0, Refusal.ROLE_NOT_ALLOWED),
        (True, 1, 0, 0, Refusal.STEP_MISSING),
        (True, 0, 3, 3, Refusal.LIMIT_REACHED),
    ],
)
def test_who_may_take_part(role, missing, done, limit, expected):
    assert decide_participation(role, missing, done, limit) == expected


@pytest.mark.parametrize(
    ("reason", "others"),
    [
        (decide_participation(False, 1, 3, 3), [Refusal.STEP_MISSING, Refusal.LIMIT_REACHED]),
        (decide_participation(True, 1, 3, 3), [Refusal.LIMIT_REACHED]),
        (decide_purchase(0, 0, 5, 5), [Refusal.LIMIT_REACHED, Refusal.SOLD_OUT]),
        (decide_purchase(2, 1, 5, 5), [Refusal.SOLD_OUT]),
        (decide_referral(1, 1, False), [Refusal.OWN_REFERRAL]),
        (decide_vote(7, False, 2, 100, TERMS), [Refusal.LIMIT_REACHED, Refusal.UNKNOWN_CHOICE]),
        (decide_vote(7, False, 2, 0, TERMS), [Refusal.UNKNOWN_CHOICE]),
    ],
)
def test_of_several_reasons_that_hold_the_first_of_the_enum_is_given(reason, others):
    assert reason != Refusal.NONE
    assert all(reason < other for other in others)


@pytest.mark.parametrize("refusal", list(Refusal))
def test_every_refusal_has_a_sentence_a_customer_understands(refusal):
    assert refusal.sentence.endswith(".")
    assert 5 < len(refusal.sentence) < 100
    assert refusal.is_transient in (True, False)
