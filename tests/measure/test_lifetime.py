"""Repeat purchase and lifetime value: BG/NBD, gamma-gamma and BG/BB."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from comaker.measure import economics
from comaker.measure.estimators import bgbb, bgnbd, gamma_gamma
from comaker.measure.estimators.likelihood import joined
from comaker.measure.measuring import open_log

BENCH = Path(__file__).resolve().parents[2] / "bench"
CDNOW = np.array([0.243, 4.414, 0.793, 2.426])


@pytest.fixture(scope="module")
def worlds():
    sys.path.insert(0, str(BENCH))
    try:
        import worlds.economics
        import worlds.lifetime

        yield worlds
    finally:
        sys.path.remove(str(BENCH))


def test_estimates_of_known_worlds_lie_near_their_truth(worlds):
    for world in worlds.lifetime.WORLDS:
        found = world.measure(11)
        for name, truth in world.truth.items():
            value, low, high = found[name]
            assert low <= value <= high
            assert abs(value - truth) <= 1.75 * (high - low), (world.estimator, name)


def test_where_two_arms_are_alike_no_difference_is_told_in_most_worlds(worlds):
    by_arm = next(world for world in worlds.lifetime.WORLDS if world.estimator == "lifetime value by arm")
    found = [by_arm.measure(seed)["absent"] for seed in (1, 2, 3)]
    assert sum(gap.low <= 0 <= gap.high for gap in found) >= 2


def test_cohorts_like_cdnow_give_its_parameters_back_within_two_published_deviations(worlds):
    spread = np.array([0.012, 0.39, 0.16, 0.57])
    fits = [bgnbd.fit(worlds.lifetime.known(CDNOW, 2_357, seed)).parameters for seed in range(100, 105)]
    assert (np.abs(np.mean(fits, axis=0) - CDNOW) < 2 * spread / np.sqrt(len(fits)) + 0.05 * CDNOW).all()


def test_the_gradient_is_that_of_the_likelihood(worlds):
    histories = worlds.lifetime.known(CDNOW, 300, 5)
    ends = bgbb._ends(np.array([0.0, 2, 6]), np.array([0.0, 5, 6]), np.array([6.0, 6, 6]))
    weights = np.array([5.0, 3, 2])
    paid = histories.spent > 0
    likelihoods = [
        (bgnbd._Likelihood(histories, leaves_at_once=False), CDNOW),
        (bgnbd._Likelihood(histories, leaves_at_once=True), CDNOW),
        (lambda now: bgbb._likelihood(now, ends, weights), np.array([1.2, 0.7, 0.6, 2.8])),
        (
            gamma_gamma._Likelihood(
                histories.repeats[paid], histories.spent[paid], histories.customers[paid]
            ),
            np.array([6.0, 3.7, 1500.0]),
        ),
    ]
    for likelihood, at in likelihoods:
        slopes = likelihood(at)[1]
        for place, slope in enumerate(slopes):
            step = np.zeros(len(at))
            step[place] = 1e-5 * at[place]
            numeric = (likelihood(at + step)[0] - likelihood(at - step)[0]) / (2 * step[place])
            assert slope == pytest.approx(numeric, rel=1e-4, abs=1e-4)


def test_expected_occasions_equal_the_closed_form_of_the_paper():
    from scipy.special import hyp2f1

    r, alpha, a, b = CDNOW
    for x, last, length, ahead in ((0, 0.0, 38.86, 39.0), (2, 30.43, 38.86, 39.0), (9, 20.0, 30.0, 100.0)):
        grown = hyp2f1(r + x, b + x, a + b + x - 1, ahead / (alpha + length + ahead))
        closed = (a + b + x - 1) / (a - 1)
        closed *= 1 - ((alpha + length) / (alpha + length + ahead)) ** (r + x) * grown
        one = bgnbd.histories([x], [last], [length])
        closed *= bgnbd.alive(CDNOW, one)[0]
        assert bgnbd.expected(CDNOW, one, ahead)[0] == pytest.approx(closed, rel=1e-9)


def test_expected_occasions_hold_where_the_closed_form_divides_by_zero_and_for_many_repeats():
    parameters = np.array([0.5, 3.0, 1.0, 2.0])
    known = bgnbd.histories([1, 40, 3_000], [10.0, 100.0, 5_000.0], [20.0, 110.0, 5_001.0])
    at_one = bgnbd.expected(parameters, known, 50.0)
    beside = bgnbd.expected(parameters * [1, 1, 1.000001, 1], known, 50.0)
    assert np.isfinite(at_one).all()
    assert (at_one > 0).all()
    assert at_one == pytest.approx(beside, rel=1e-4)


def test_weights_of_nodes_give_the_moments_of_beta_distributions():
    nodes, weights = bgnbd.beta_nodes(np.array([0.793, 1.0, 0.01]), np.array([2.426, 1.0, 5e4]))
    for (a, b), points, weight in zip([(0.793, 2.426), (1.0, 1.0), (0.01, 5e4)], nodes, weights, strict=True):
        assert weight.sum() == pytest.approx(1)
        assert weight @ points == pytest.approx(a / (a + b))
        assert weight @ points**2 == pytest.approx(a * (a + 1) / ((a + b) * (a + b + 1)))


def test_customers_who_never_leave_hold_no_law_of_leaving_down_but_what_follows_is_still_known():
    rng = np.random.default_rng(8)
    length, rate = rng.uniform(50, 100, 1_000), rng.gamma(1.5, 0.1, 1_000)
    times = np.cumsum(rng.exponential(1, (1_000, 80)) / rate[:, None], axis=1)
    within = times <= length[:, None]
    known = bgnbd.histories(within.sum(axis=1), np.where(within, times, 0).max(axis=1), length)
    found = bgnbd.fit(known)
    assert not found.is_known[[bgnbd.A, bgnbd.B]].all()
    assert np.isnan(found.parameter(bgnbd.B)).all() or np.isnan(found.parameter(bgnbd.A)).all()
    coming = found.derived(lambda now: known.mean(bgnbd.expected(now, known, 52.0)))
    assert coming.low < 52 * 0.15 < coming.high * 1.1
    assert coming.low > 0.8 * 52 * 0.15


def test_errors_of_two_fits_are_joined_as_independent():
    known = bgnbd.fit(bgnbd.histories([0, 1, 2, 5] * 30, [0, 4, 9, 20] * 30, [30, 25, 28, 22] * 30))
    both = joined(known, known)
    assert both.parameters.tolist() == [*known.parameters, *known.parameters]
    assert not both.covariance[:4, 4:].any()


def bought(worlds, *, seed=1, arms=False, customers=900):
    """Purchases by day of customers like CDNOW's, half of whom serve themselves as well."""
    rng = np.random.default_rng(seed)
    who, day = [], []
    for customer in range(customers):
        rate, leaving = rng.gamma(1.0, 1 / 40), rng.beta(0.8, 2.4)
        now = rng.uniform(0, 84)
        while now < 700:
            who.append(customer)
            day.append(now)
            if rng.random() < leaving:
                break
            now += rng.exponential(1 / max(rate, 1e-9))
    who, spent = np.array(who), rng.gamma(6.0, 500, len(who)).astype(int)
    serving = np.arange(0, customers, 2)
    kind = ["done"] * (len(who) + len(serving)) + ["joined"]
    everyone = np.concatenate([who, serving, [0]])
    columns = {
        "task": np.concatenate([np.full(len(who), "buy"), np.full(len(serving), "serve"), [None]]),
        "money_minor": np.concatenate([spent, np.full(len(serving) + 1, None)]),
    }
    if arms:
        columns["arm"] = np.where(everyone % 3 == 0, "faq: on", "faq: off")
    days = np.concatenate([day, np.full(len(serving), 90.0), [700.0]])
    return worlds.economics.table(kind, days, everyone, **columns)


def test_a_log_of_purchases_is_measured_end_to_end(worlds):
    found = economics.section(open_log(bought(worlds, arms=True), worlds.economics.shop()))
    for name in (
        "repeat_occasions_r",
        "lifetime_value",
        "still_coming_share",
        "spend_per_occasion",
    ):
        figure = found.figure(name)
        assert figure.low < figure.value < figure.high, name
    assert found.figure("spend_per_occasion").value == pytest.approx(3000, rel=0.05)
    gap = found.figure("lifetime_value_difference")
    assert "association" in gap.estimand
    assert gap.low < 0 < gap.high
    effect = found.figure("effect_on_lifetime_value", "faq: on")
    assert "intention to treat" in effect.estimand
    assert effect.low < 0 < effect.high
    assert (
        found.figure("lifetime_value", "took part").n
        == found.figure("lifetime_value", "only bought").n
        == 450
    )


def test_yearly_occasions_are_fitted_where_the_record_has_years_enough(worlds):
    rng = np.random.default_rng(2)
    customers, years = 600, 7
    taking, leaving = rng.beta(1.2, 0.75, customers), rng.beta(0.66, 2.8, customers)
    stays = rng.random((customers, years)) >= leaving[:, None]
    stays[:, 0] = True
    there = np.cumprod(stays, axis=1) > 0
    took = there & (rng.random((customers, years)) < taking[:, None])
    took[:, 0] = True
    who, year = np.nonzero(took)
    log = worlds.economics.table(
        np.append(np.full(len(who), "done"), "joined"),
        np.append(year * 365.0 + 10, years * 365.0 + 1),
        np.append(who, 0),
        task=np.append(np.full(len(who), "buy").astype(object), None),
    )
    found = economics.section(open_log(log, worlds.economics.shop()))
    for name, truth in {"alpha": 1.2, "beta": 0.75, "gamma": 0.66, "delta": 2.8}.items():
        figure = found.figure(f"yearly_occasions_{name}")
        assert figure.low * 0.7 < truth < figure.high * 1.4
    assert 0.2 < found.figure("back_next_year_share").value < 0.5
