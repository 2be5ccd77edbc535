"""Individual laws and what a crowd makes of them."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from comaker.model import load
from comaker.simulate.calibrate import activity_shares, fit_activity_sigma, fit_wish_exponent, wish_weights
from comaker.simulate.compiled import as_record
from comaker.simulate.population import activity_of, learned, learning_rate_of
from comaker.simulate.randomness import stream, week_key
from comaker.simulate.run import plan_of

KEY = np.uint64(week_key(np.uint64(stream(7, 1)), 0, 0))


@njit
def crowd_gap(key, customers, encounters, behaviour):
    gap = 0.0
    for customer in range(customers):
        value = 0.0
        rate = learning_rate_of(key, customer, behaviour)
        for _ in range(encounters):
            value = learned(value, rate)
        gap += 1.0 - value
    return gap / customers


@njit
def activities(key, customers, behaviour):
    found = np.empty(customers)
    for customer in range(customers):
        found[customer] = activity_of(key, customer, behaviour)
    return found


@pytest.fixture(scope="module")
def behaviour() -> np.record:
    return plan_of(load("my-major-company")).behaviour


@pytest.mark.parametrize(("encounters", "published"), [(1, 0.8913), (10, 0.5563), (100, 0.2431)])
def test_exponential_learners_make_a_power_law_crowd(behaviour, encounters, published):
    """Murre & Chessa 2011: gamma rates of shape k at rate b give (1 + t/b)^-k; here k = 0.4 and b = 3."""
    assert (behaviour.learning_shape, behaviour.learning_rate) == (0.4, 3.0)
    exact = (1.0 + encounters / behaviour.learning_rate) ** -behaviour.learning_shape
    found = crowd_gap(KEY, 8_000_000, encounters, behaviour)
    assert exact == pytest.approx(published, abs=5e-5)
    assert found == pytest.approx(exact, abs=5e-4)


def test_one_learner_is_exponential_not_a_power_law():
    gaps = np.array([1.0])
    value = 0.0
    for _ in range(6):
        value = learned(value, 0.3)
        gaps = np.append(gaps, 1.0 - value)
    assert np.allclose(gaps[1:] / gaps[:-1], np.exp(-0.3))


def test_the_stated_top_per_cent_predicts_the_next_nine_and_the_rest():
    """Van Mierlo 2014: the top 1 % at 74.7 %, 22 % active, predict 24.0 and 1.3 for the others."""
    sigma = fit_activity_sigma(0.22, 0.747)
    top, ten = activity_shares(0.22, sigma, [0.01, 0.10])
    assert top == pytest.approx(0.747, abs=1e-9)
    assert 100.0 * (ten - top) == pytest.approx(24.0, abs=0.1)
    assert 100.0 * (1.0 - ten) == pytest.approx(1.3, abs=0.1)


def test_without_a_hurdle_the_prediction_misses():
    sigma = fit_activity_sigma(1.0, 0.747)
    top, ten = activity_shares(1.0, sigma, [0.01, 0.10])
    assert 100.0 * (ten - top) == pytest.approx(20.9, abs=0.2)
    assert 100.0 * (1.0 - ten) == pytest.approx(4.4, abs=0.2)


def test_the_population_has_the_activity_that_was_fitted(behaviour):
    found = np.sort(activities(KEY, 3_000_000, behaviour))[::-1]
    assert (found > 0).mean() == pytest.approx(0.22, abs=0.002)
    shares = np.cumsum(found) / found.sum()
    assert shares[30_000] == pytest.approx(0.747, abs=0.03)
    assert 1.0 - shares[300_000] == pytest.approx(0.013, abs=0.003)


def test_wishes_fitted_to_the_mean_alone_predict_the_largest_stake_of_gregoire():
    """E6: 347 people, 70,000 euros, the largest 6,010; only the mean is fitted."""
    exponent = fit_wish_exponent(70_000 / 347 / 10, 700)
    assert exponent == pytest.approx(1.502, abs=0.001)
    largest = [draws.max() * 10 for draws, _ in campaigns(exponent, 2_000)]
    assert 4_200 < np.median(largest) < 6_930


def test_clipping_the_same_wishes_raises_the_producers_that_are_needed():
    """An independent calculation gives +225, 90 % within 148 to 312: this one must agree."""
    exponent = fit_wish_exponent(70_000 / 347 / 10, 700)
    differences = np.array([clipped - len(draws) for draws, clipped in campaigns(exponent, 4_000)])
    low, median, high = np.percentile(differences, [5, 50, 95])
    assert median == pytest.approx(225, abs=6)
    assert low == pytest.approx(148, abs=8)
    assert high == pytest.approx(312, abs=8)


def campaigns(exponent: float, times: int):
    """Wishes until 7,000 shares are reached, and how many producers the same wishes take when cut at 100."""
    chance = wish_weights(exponent, 700)
    generator = np.random.default_rng(5)
    for _ in range(times):
        wishes = generator.choice(np.arange(1, 701), 2_000, p=chance / chance.sum())
        needed, clipped = (int(np.searchsorted(total, 7_000)) + 1
                           for total in (np.cumsum(wishes), np.cumsum(np.minimum(wishes, 100))))  # fmt: skip
        yield wishes[:needed], clipped


@pytest.mark.parametrize(("mean_shares", "largest"), [(0.5, 700), (800.0, 700)])
def test_it_refuses_a_mean_that_no_wishes_have(mean_shares, largest):
    with pytest.raises(ValueError, match="no zeta law"):
        fit_wish_exponent(mean_shares, largest)


@pytest.mark.parametrize(("active", "top"), [(0.005, 0.7), (0.22, 0.01), (0.22, 1.0)])
def test_it_refuses_activity_that_cannot_be(active, top):
    with pytest.raises(ValueError, match="most active per cent"):
        fit_activity_sigma(active, top)


def test_records_keep_every_number_of_a_tuple(behaviour):
    from comaker.rules.ballot import BallotTerms

    terms = BallotTerms(3, 1, 0, 1, 0)
    assert tuple(as_record(terms)) == terms
