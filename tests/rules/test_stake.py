"""Stakes: what is taken, what is given back, when a project closes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comaker.refusals import Refusal
from comaker.rules.stake import (
    CAP_STEPS,
    EXPIRED,
    FUNDED,
    NEVER_SHARES,
    OPEN,
    ProjectState,
    StakeTerms,
    cap_at,
    decide_stake,
    decide_withdrawal,
    has_expired,
    stake_room,
    status_after,
)

DAY_S = 86_400


def terms(*steps: tuple[int, int], goal=100, closes=1, open_s=0, trims=0) -> StakeTerms:
    """Terms with a cap in steps (from so many shares collected, so many for each)."""
    padded = [*(steps or ((0, goal),)), *[(NEVER_SHARES, 0)] * CAP_STEPS][:CAP_STEPS]
    return StakeTerms(1_000, goal, *zip(*padded, strict=True), closes, open_s, trims)


def project(collected=0, status=OPEN, goal=100) -> ProjectState:
    return ProjectState(status, collected, goal, 0)


@st.composite
def any_terms(draw):
    goal = draw(st.integers(1, 300))
    starts = sorted({0, *draw(st.lists(st.integers(1, 300), max_size=CAP_STEPS - 1))})
    steps = [(start, draw(st.integers(0, 300))) for start in starts]
    flags = {name: draw(st.integers(0, 1)) for name in ("closes", "trims")}
    return terms(*steps, goal=goal, open_s=draw(st.sampled_from([0, 10, 1_000])), **flags)


any_project = st.builds(
    ProjectState,
    st.sampled_from([OPEN, FUNDED, EXPIRED]),
    st.integers(0, 300),
    st.integers(1, 300),
    st.integers(0, 100),
)


def test_it_takes_a_stake_within_the_cap():
    assert decide_stake(70, 30, project(30), terms((0, 100)), 0) == (70, Refusal.NONE)


def test_it_refuses_a_stake_over_the_cap():
    assert decide_stake(71, 30, project(), terms((0, 100), goal=500), 0) == (0, Refusal.OVER_CAP)


def test_the_cap_counts_what_the_customer_holds_already():
    assert decide_stake(1, 100, project(100, goal=500), terms((0, 100)), 0) == (0, Refusal.OVER_CAP)


def test_the_last_share_does_sell_and_no_more():
    assert decide_stake(1, 0, project(99), terms((0, 50)), 0) == (1, Refusal.NONE)
    assert decide_stake(2, 0, project(99), terms((0, 50)), 0) == (0, Refusal.OVER_GOAL)
    assert decide_stake(1, 0, project(100), terms((0, 50)), 0) == (0, Refusal.GOAL_REACHED)


def test_a_stake_too_large_is_cut_where_the_terms_say_so():
    assert decide_stake(80, 0, project(), terms((0, 50), trims=1), 0) == (50, Refusal.NONE)


@pytest.mark.parametrize(("collected", "cap"), [(0, 100), (999, 100), (1_000, 85), (8_999, 85), (9_000, 10)])
def test_the_cap_follows_what_has_been_collected(collected, cap):
    """E5, 6 April 2009: each step begins at its own amount."""
    assert cap_at(collected, terms((0, 100), (1_000, 85), (9_000, 10))) == cap


@pytest.mark.parametrize("shares", [0, -1, -(2**40)])
def test_it_refuses_what_is_no_number_of_shares(shares):
    assert decide_stake(shares, 0, project(), terms(), 0) == (0, Refusal.NOT_WHOLE)
    assert decide_withdrawal(shares, 5, project(), terms(), 0) == (0, Refusal.NOT_WHOLE)


def test_time_is_over_at_the_deadline_not_after_it():
    timed = terms(open_s=DAY_S)
    assert not has_expired(project(), timed, DAY_S - 1)
    assert decide_stake(1, 0, project(), timed, DAY_S) == (0, Refusal.DEADLINE_PASSED)
    assert status_after(project(), timed, DAY_S) == EXPIRED
    assert status_after(project(100), terms(open_s=DAY_S, closes=0), DAY_S) == FUNDED


def test_until_the_deadline_stakes_may_pass_the_goal_where_the_terms_say_so():
    timed = terms((0, 500), closes=0, open_s=DAY_S)
    assert decide_stake(30, 0, project(120), timed, 5) == (30, Refusal.NONE)
    assert status_after(project(150), timed, 5) == OPEN


def test_stakes_can_be_withdrawn_until_the_goal():
    assert decide_withdrawal(30, 30, project(99), terms(), 0) == (30, Refusal.NONE)
    assert decide_withdrawal(31, 30, project(99), terms(), 0) == (0, Refusal.NOTHING_HELD)
    assert decide_withdrawal(30, 30, project(100), terms(), 0) == (0, Refusal.GOAL_REACHED)
    assert decide_withdrawal(30, 30, project(100, FUNDED), terms(), 0) == (0, Refusal.GOAL_REACHED)


def test_a_goal_that_was_met_binds_once_the_deadline_has_passed():
    timed = terms(closes=0, open_s=DAY_S)
    assert decide_withdrawal(30, 30, project(100), timed, DAY_S - 1) == (30, Refusal.NONE)
    assert decide_withdrawal(30, 30, project(100), timed, DAY_S) == (0, Refusal.GOAL_REACHED)


def test_stakes_in_an_expired_project_go_back_once():
    assert decide_withdrawal(30, 30, project(50, EXPIRED), terms(), 0) == (30, Refusal.NONE)
    assert decide_withdrawal(30, 0, project(50, EXPIRED), terms(), 0) == (0, Refusal.NOTHING_HELD)


@given(st.integers(-5, 400), st.integers(0, 300), any_project, any_terms(), st.integers(0, 2_000))
def test_it_never_takes_more_than_was_asked_nor_over_cap_or_goal(asked, held, state, rules, now_s):
    got, refusal = decide_stake(asked, held, state, rules, now_s)
    assert (got == 0) == (refusal != Refusal.NONE)
    assert 0 <= got <= max(asked, 0)
    if got:
        assert state.status != EXPIRED
        assert held + got <= cap_at(state.collected_shares, rules)
        if rules.closes_at_goal:
            assert state.collected_shares + got <= state.goal_shares


@given(st.integers(0, 300), any_project, any_terms())
def test_what_the_page_shows_as_room_is_accepted_and_one_more_is_not(held, state, rules):
    timeless = rules._replace(open_seconds=0, trims=0)
    closed = timeless.closes_at_goal and state.collected_shares >= state.goal_shares
    if state.status != OPEN or closed:
        return
    room = stake_room(held, state, timeless)
    if room:
        assert decide_stake(room, held, state, timeless, 0) == (room, Refusal.NONE)
    assert decide_stake(room + 1, held, state, timeless, 0)[1] in (Refusal.OVER_CAP, Refusal.OVER_GOAL)


@given(st.integers(-5, 400), st.integers(0, 300), any_project, any_terms(), st.integers(0, 2_000))
def test_compiled_rules_decide_as_the_same_rules_in_python(asked, held, state, rules, now_s):
    from comaker.simulate.compiled import compiled

    for rule, arguments in (
        (decide_stake, (asked, held, state, rules, now_s)),
        (decide_withdrawal, (asked, held, state, rules, now_s)),
        (status_after, (state, rules, now_s)),
        (stake_room, (held, state, rules)),
    ):
        assert compiled(rule)(*arguments) == rule(*arguments)
