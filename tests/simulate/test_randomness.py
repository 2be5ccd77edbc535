import numpy as np
import pytest
from numba import njit
from scipy import stats

from comaker.simulate import randomness
from comaker.simulate.randomness import bits, normal_quantile, stream, uniform, week_key

CUSTOMERS = 100_000


def key_of(seed, run, decision, week):
    return np.uint64(week_key(stream(seed, run), decision, week))


KEY = key_of(11, 3, 2, 17)


@njit
def all_bits(key, customers):
    return np.array([bits(key, customer) for customer in range(customers)])


@njit
def uniforms(key, customers):
    return np.array([uniform(bits(key, customer)) for customer in range(customers)])


@njit
def shaped(shape, key, customers):
    return np.array([shape(bits(key, customer)) for customer in range(customers)])


@njit
def shaped_by(shape, key, customers, parameter):
    return np.array([shape(bits(key, customer), parameter) for customer in range(customers)])


def likely(p_value):
    return p_value > 1e-4


def test_uniforms_are_uniform():
    draws = uniforms(KEY, CUSTOMERS)
    assert draws.min() >= 0.0
    assert draws.max() < 1.0
    assert likely(stats.kstest(draws, "uniform").pvalue)


def test_every_bit_of_a_draw_is_a_fair_coin():
    draws = all_bits(KEY, CUSTOMERS)
    ones = np.array([((draws >> np.uint64(bit)) & np.uint64(1)).sum() for bit in range(64)], dtype=float)
    z = (ones - CUSTOMERS / 2) / np.sqrt(CUSTOMERS / 4)
    assert likely(stats.chi2.sf((z**2).sum(), 64))


@pytest.mark.parametrize(
    ("one", "neighbour"),
    [
        ((1, 0, 0, 0), (2, 0, 0, 0)),
        ((1, 0, 0, 0), (1, 1, 0, 0)),
        ((1, 0, 0, 0), (1, 0, 1, 0)),
        ((1, 0, 0, 0), (1, 0, 0, 1)),
        ((1, 0, 2, 3), (1, 0, 3, 2)),
        ((1, 2, 0, 0), (2, 1, 0, 0)),
    ],
    ids=["seed", "run", "decision", "week", "decision and week swapped", "seed and run swapped"],
)
def test_draws_under_neighbouring_keys_are_independent(one, neighbour):
    draws, others = uniforms(key_of(*one), CUSTOMERS), uniforms(key_of(*neighbour), CUSTOMERS)
    cells, *_ = np.histogram2d(draws, others, bins=16, range=[[0, 1], [0, 1]])
    assert likely(stats.chisquare(cells.ravel()).pvalue)


def test_draws_of_neighbouring_customers_are_independent():
    draws = uniforms(KEY, CUSTOMERS)
    cells, *_ = np.histogram2d(draws[::2], draws[1::2], bins=16, range=[[0, 1], [0, 1]])
    assert likely(stats.chisquare(cells.ravel()).pvalue)


def test_one_customers_draws_over_the_weeks_are_uniform():
    draws = [uniforms(key_of(5, 0, 1, week), 78)[77] for week in range(5_000)]
    assert likely(stats.kstest(draws, "uniform").pvalue)


def test_flipping_one_input_bit_flips_half_of_the_draw():
    inputs = all_bits(KEY, 2_000)
    for bit in range(64):
        flipped = [
            int(randomness.mix(a) ^ randomness.mix(a ^ np.uint64(1 << bit))).bit_count() for a in inputs
        ]
        assert np.mean(flipped) == pytest.approx(32, abs=0.5)


def test_adding_a_customer_moves_nobody_elses_draw():
    assert np.array_equal(all_bits(KEY, 1_000), all_bits(KEY, 1_001)[:-1])


def test_drawing_for_another_decision_moves_no_draw_of_this_one():
    alone = all_bits(key_of(1, 0, 3, 9), 100)
    for decision in (0, 1, 2, 4):
        all_bits(key_of(1, 0, decision, 9), 100)
    assert np.array_equal(alone, all_bits(key_of(1, 0, 3, 9), 100))


def test_python_and_compiled_code_draw_the_same_bits():
    for key in (np.uint64(3), KEY, np.uint64(2**64 - 1)):
        assert [bits(key, customer) for customer in range(20)] == list(all_bits(key, 20))


def test_a_draw_is_the_same_on_every_machine_and_in_every_release():
    assert int(stream(1, 0)) == 0x5DC20AA7B2A27137
    assert int(bits(key_of(1, 0, 2, 3), 4)) == 0x40A2C76ED61DA813


def test_the_normal_quantile_agrees_with_scipy_to_14_digits():
    tails = 10.0 ** -np.arange(1, 16)
    probabilities = np.concatenate([tails, 1.0 - tails, np.linspace(0.01, 0.99, 99)])
    ours = [normal_quantile(p) for p in probabilities]
    assert ours == pytest.approx(stats.norm.ppf(probabilities), rel=1e-14, abs=1e-14)


def test_normals_are_normal():
    assert likely(stats.kstest(shaped(randomness.normal, KEY, CUSTOMERS), "norm").pvalue)


def test_exponentials_are_exponential():
    assert likely(stats.kstest(shaped(randomness.exponential, KEY, CUSTOMERS), "expon").pvalue)


@pytest.mark.parametrize("shape", [0.1, 0.7, 1.0, 2.5, 80.0])
def test_gammas_are_gamma(shape):
    draws = shaped_by(randomness.gamma, KEY, CUSTOMERS, shape)
    assert draws.mean() == pytest.approx(shape, abs=4 * np.sqrt(shape / CUSTOMERS))
    assert likely(stats.kstest(draws, "gamma", args=(shape,)).pvalue)


@pytest.mark.parametrize("mean", [0.02, 1.0, 9.99, 10.0, 45.0, 3e4])
def test_poisson_counts_are_poisson(mean):
    counts = shaped_by(randomness.poisson, KEY, CUSTOMERS, mean)
    assert counts.mean() == pytest.approx(mean, abs=4 * np.sqrt(mean / CUSTOMERS))
    edges = np.unique(stats.poisson.ppf(np.linspace(0.02, 0.98, 25), mean))
    expected = np.diff(stats.poisson.cdf(edges, mean), prepend=0.0, append=1.0) * CUSTOMERS
    observed = np.bincount(np.searchsorted(edges, counts), minlength=len(expected))
    assert likely(stats.chisquare(observed, expected).pvalue)


def test_a_poisson_count_of_mean_zero_is_zero():
    assert shaped_by(randomness.poisson, KEY, 1_000, 0.0).max() == 0


@pytest.mark.parametrize("limit", [2, 7, 20, 1_000])
def test_integers_below_a_limit_are_equally_likely(limit):
    draws = shaped_by(randomness.below, KEY, CUSTOMERS, limit)
    counts = np.bincount(draws, minlength=limit)
    assert len(counts) == limit
    assert likely(stats.chisquare(counts).pvalue)


@pytest.mark.parametrize(
    "weights",
    [np.ones(20), np.arange(1.0, 21.0), np.array([9.0, 1.0]), np.arange(1.0, 1001.0) ** -2.2],
    ids=["equal", "rising", "two", "zeta"],
)
def test_picks_follow_the_weights(weights):
    counts = np.bincount(
        shaped_by(randomness.pick, KEY, CUSTOMERS, randomness.alias_table(weights)), minlength=len(weights)
    )
    expected = weights / weights.sum() * CUSTOMERS
    kept = np.cumsum(expected) < CUSTOMERS - 20
    observed, expected = (np.append(x[kept], x[~kept].sum()) for x in (counts, expected))
    assert likely(stats.chisquare(observed, expected).pvalue)


def test_what_has_no_weight_is_never_picked():
    table = randomness.alias_table(np.array([0.0, 3.0, 0.0, 1.0]))
    assert set(shaped_by(randomness.pick, KEY, CUSTOMERS, table)) == {1, 3}
