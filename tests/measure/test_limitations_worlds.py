"""The estimators behind the limitations, on worlds whose truth is known: with the limitation and without."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.special import stdtrit

from comaker.measure.estimators import clustered
from comaker.measure.estimators.clustered import Occasions
from comaker.measure.estimators.gini import gini
from comaker.measure.estimators.herding import goal_gradient
from comaker.measure.estimators.leaving import hazard_ratio
from comaker.measure.estimators.ranking import brier, favourites_share, rank_correlation
from comaker.measure.estimators.role_mix import role_mix
from comaker.measure.figures import About
from comaker.measure.limitations.blurred_roles import HERDING_LIMITS
from comaker.measure.limitations.cognitive import GAP_LIMITS
from comaker.measure.limitations.finding import Sign, Verdict
from comaker.measure.limitations.pressure import GAIN_LIMITS

BENCH = Path(__file__).resolve().parents[2] / "bench"
WORLDS = 20
ABOUT = About("a figure", "what it stands for", "", "customers", "F21")


@pytest.fixture(scope="module")
def known():
    """Every world of the limitations by what it tries."""
    sys.path.insert(0, str(BENCH))
    try:
        from worlds import limitations_crowd, limitations_shares, limitations_sharing

        modules = (limitations_shares, limitations_crowd, limitations_sharing)
        yield {
            world.estimator.removeprefix("limitation "): world
            for module in modules
            for world in module.WORLDS
        }
    finally:
        sys.path.remove(str(BENCH))


NAMES = [
    "1: rework",
    "1: rare bypass",
    "1: extra seconds",
    "2: crowd and market",
    "2: blind crowd",
    "3: threats",
    "3: threats get nothing",
    "4: herding",
    "4: no herding",
    "5: gini of stakes",
    "5: gini of payouts",
    "5: leaving",
    "5: no leaving",
    "5: disappointed",
]


@pytest.mark.parametrize("name", NAMES)
def test_the_truth_lies_in_the_interval_about_as_often_as_it_says(known, name):
    world = known[name]
    held = dict.fromkeys(world.truth, 0)
    # Models of hazards take longest, so they are tried on fewer worlds.
    count = WORLDS // 2 if "hazard ratio" in world.truth else WORLDS
    for seed in range(1, count + 1):
        found = world.measure(seed)
        for figure, truth in world.truth.items():
            held[figure] += found[figure].low <= truth <= found[figure].high
    # 95 % of 20 is 19; fewer than 16 happen by chance three times in a thousand.
    assert min(held.values()) >= 0.8 * count


def verdicts(known, name, figure, limits, turned=lambda each: each):
    found = [turned(known[name].measure(seed)[figure]) for seed in range(101, 131)]
    return [Sign(ABOUT.estimate(*each, n=1), *limits).verdict for each in found]


def crowd_gap(found):
    return (1 - found.value, 1 - found.high, 1 - found.low)


CASES = {
    "threats": ("3: threats get nothing", "gap", GAIN_LIMITS, "3: threats"),
    "herding": ("4: no herding", "ratio", HERDING_LIMITS, "4: herding"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_absent_is_not_seen_and_what_is_there_is(known, case):
    absent, figure, limits, present = CASES[case]
    assert verdicts(known, absent, figure, limits).count(Verdict.SEEN) <= 3
    assert verdicts(known, present, figure, limits).count(Verdict.SEEN) >= 24


def test_a_crowd_that_knows_the_market_is_not_blamed_and_a_blind_one_mostly_is(known):
    knowing = verdicts(known, "2: crowd and market", "rank correlation", GAP_LIMITS, turned=crowd_gap)
    blind = verdicts(known, "2: blind crowd", "rank correlation", GAP_LIMITS, turned=crowd_gap)
    assert knowing.count(Verdict.SEEN) == 0
    assert knowing.count(Verdict.NOT_SEEN) >= 24
    assert blind.count(Verdict.SEEN) >= 21


def test_a_share_of_single_occasions_is_wilsons():
    low, high = 0.0547, 0.1759
    found = clustered.share(Occasions.of([1, 0], [1, 1], [10, 90]))
    # Wilson's own for 10 of 100 is 5.52 to 17.44 %; Student's t of 100 customers makes it a little wider.
    assert found.value == 0.1
    assert found.low == pytest.approx(low, abs=5e-4)
    assert found.high == pytest.approx(high, abs=5e-4)


def test_customers_who_repeat_themselves_widen_the_interval():
    alone = clustered.share(Occasions.of([1, 0], [1, 1], [100, 300]))
    same = clustered.share(Occasions.of([4, 0], [4, 4], [25, 75]))
    assert same.value == alone.value
    assert same.high - same.low > 1.7 * (alone.high - alone.low)


def test_none_of_many_is_no_certainty():
    found = clustered.share(Occasions.of([0], [1], [40]))
    assert found.value == found.low == 0
    assert 0.05 < found.high < 0.12


@pytest.mark.parametrize("amounts", [[1.0] * 50, [], [3.0], [0.0] * 40])
def test_no_gini_where_all_have_the_same_or_nobody_has_anything(amounts):
    assert np.isnan(gini(amounts).value)


def test_gini_of_few_distinct_amounts_is_that_of_every_pair():
    amounts, many = [0, 1, 5], [20, 30, 10]
    every = np.repeat(amounts, many)
    pairs = np.abs(every[:, None] - every[None, :]).sum() / (2 * len(every) ** 2 * every.mean())
    assert gini(amounts, many).value == pytest.approx(pairs * 60 / 59)


def test_ties_in_the_crowds_favour_share_what_their_places_earn():
    assert favourites_share([1, 1, 1, 1], [8.0, 0, 0, 0]) == pytest.approx(0.25)
    assert favourites_share([4, 3, 2, 1], [8.0, 4, 0, 0]) == 1
    assert np.isnan(favourites_share([1, 2, 3], [1.0, 2, 3]))


def test_too_few_projects_rank_nothing():
    assert np.isnan(rank_correlation(range(9), range(9)).value)
    assert np.isnan(brier([1] * 20, range(20)).value)


def test_a_perfect_ranking_scores_a_twelfth():
    assert brier(range(400), range(400)).value == pytest.approx(1 / 12, abs=1e-3)


def test_no_ratio_without_stakes_near_the_goal():
    far = np.zeros(100, bool)
    assert np.isnan(goal_gradient(far, ~far, np.zeros(100, int), np.arange(100)).value)
    assert np.isnan(goal_gradient([], [], [], []).value)


def test_nobody_left_gives_no_hazard():
    days = np.ones(50)
    assert np.isnan(hazard_ratio(days, days, days < 0, np.zeros(50)).value)


@pytest.mark.parametrize("grouped", [False, True])
def test_the_hazard_is_that_of_statsmodels_to_the_last_digits(grouped):
    from statsmodels.duration.hazard_regression import PHReg

    draw = np.random.default_rng(4)
    cause, run, project = draw.normal(2, 3, 300), draw.integers(0, 3, 300), draw.integers(0, 60, 300)
    days = np.ceil(draw.exponential(50 / np.exp(0.1 * cause)))
    left, days = days < 60, np.minimum(days, 60)
    found = hazard_ratio(cause, days, left, run, project if grouped else None)
    model = PHReg(days, cause[:, None], status=left.astype(int), strata=run, ties="efron")
    fitted = model.fit(disp=0, **({"groups": project} if grouped else {}))
    assert np.log(found.value) == pytest.approx(fitted.params[0], rel=1e-6)
    small = np.sqrt(60 / 59) * stdtrit(59, 0.975) if grouped else 1.959963984540054
    assert np.log(found.high / found.value) == pytest.approx(small * fitted.bse[0], rel=1e-6)


def test_a_run_that_nobody_left_changes_nothing():
    draw = np.random.default_rng(1)
    project = draw.integers(0, 50, 300)
    run, cause = project % 5, draw.normal(size=50)[project]
    days = draw.exponential(100 * np.exp(-cause))
    left = (days < 100) & (run != 3)
    others = run != 3
    found = hazard_ratio(cause, days, left, run, project)
    assert found.value > 1
    assert found == hazard_ratio(cause[others], days[others], left[others], run[others], project[others])


def patterns_of(generator, plays, shares, size=3000):
    kinds = generator.choice(len(shares), size, p=shares)
    shown = generator.random((size, len(plays[0]))) < np.asarray(plays)[kinds]
    every = list(itertools.product([0, 1], repeat=len(plays[0])))
    return every, [int((shown == pattern).all(axis=1).sum()) for pattern in every]


def test_two_kinds_of_customer_are_told_apart():
    plays = [[0.9, 0.8, 0.7, 0.8], [0.2, 0.1, 0.1, 0.05]]
    found = role_mix(*patterns_of(np.random.default_rng(1), plays, [0.3, 0.7]))
    assert found is not None
    assert len(found.shares) == 2
    assert found.shares == pytest.approx([0.7, 0.3], abs=0.05)
    assert found.plays == pytest.approx(np.array(plays[::-1]), abs=0.08)
    assert found.fewest <= 2 <= found.most


def test_one_kind_of_customer_is_not_split():
    for seed in range(2):
        found = role_mix(*patterns_of(np.random.default_rng(seed), [[0.5, 0.3, 0.2, 0.4]], [1.0]))
        assert found is not None
        assert len(found.shares) == 1
