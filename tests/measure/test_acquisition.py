"""Link 2: how far customers bring customers, and how the market fills."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest

from comaker import events
from comaker.measure.estimators import bass
from comaker.measure.estimators.hawkes import CELLS, Times, contagion
from comaker.measure.links import acquisition
from comaker.measure.measuring import open_log
from comaker.model import load

BENCH = Path(__file__).resolve().parents[2] / "bench"
DAY_US = 86_400_000_000
START_US = 14_000 * DAY_US
MODEL = load("my-major-company")

# Bass (1969) and Van den Bulte's table: black and white television, colour television, record players, corn.
PUBLISHED = [(0.028, 0.25), (0.005, 0.84), (0.025, 0.65), (0.039, 1.01)]


@pytest.fixture(scope="module")
def known():
    sys.path.insert(0, str(BENCH))
    try:
        import worlds.acquisition

        yield worlds.acquisition
    finally:
        sys.path.remove(str(BENCH))


def table(at_days, **columns):
    """Joins at these days after the start, in their order."""
    at_us = START_US + (np.asarray(at_days) * DAY_US).astype(np.int64)
    base = {
        "event_id": np.arange(len(at_us)),
        "at": at_us.astype("datetime64[us]"),
        "run": np.zeros(len(at_us), np.int32),
        "kind": np.full(len(at_us), "joined"),
        "customer": np.arange(len(at_us)),
    }
    return events.table(base | columns)


def figures(log):
    found = acquisition.measured(open_log(log, MODEL))
    for figure in found.figures:
        assert all(x is None or math.isfinite(x) for x in (figure.value, figure.low, figure.high))
        assert figure.basis != "not identified" or figure.needs
        assert figure.basis != "estimate" or figure.low <= figure.value <= figure.high
    assert not any(frame.isna().any(axis=None) for frame in found.tables.values())
    return {figure.name: figure for figure in found.figures}


@pytest.mark.parametrize("name", ["acquisition, absent", "acquisition", "acquisition, dates alone", "market"])
def test_a_known_world_is_recovered(known, name):
    world = next(each for each in known.WORLDS if each.estimator == name)
    found = [world.measure(seed) for seed in range(1, 5)]
    for figure, truth in world.truth.items():
        held = sum(one[figure].low <= truth <= one[figure].high for one in found)
        assert held >= 3, (figure, truth, [one[figure] for one in found])


def test_a_busy_month_is_not_taken_for_contagion(known):
    at = known.joins(3, 0.0, swing=1.2)
    found = contagion(Times(at, np.zeros(len(at), np.int64), np.ones(len(at)), 365.0))
    assert found.ratio.low == 0.0
    assert found.ratio.value < 0.35


def test_days_and_nights_are_not_taken_for_contagion():
    draws = np.random.default_rng(1)
    at = np.sort(draws.uniform(0, 200, 6000))
    at = at[draws.random(6000) < 0.5 + 0.45 * np.sin(2 * np.pi * at)]
    assert figures(table(at))["joins_caused_by_joins"].low == 0.0


def test_counting_by_steps_tells_the_same_as_the_exact_times(known):
    at = known.joins(5, 0.5, own_per_day=8.0)
    assert len(at) > CELLS
    exact = contagion(Times(at, np.zeros(len(at), np.int64), np.ones(len(at)), 365.0))
    step = 365.0 / CELLS
    place, counts = np.unique(at // step, return_counts=True)
    middle = (place + 0.5) * step
    grouped = contagion(Times(middle, np.zeros(len(place), np.int64), counts.astype(float), 365.0, step))
    width = exact.ratio.high - exact.ratio.low
    assert abs(grouped.ratio.value - exact.ratio.value) < width / 4
    assert grouped.lag_days == pytest.approx(exact.lag_days, rel=0.25)


def test_a_log_tells_how_far_customers_bring_customers(known):
    found = figures(table(known.joins(2, 0.5)))
    caused = found["joins_caused_by_joins"]
    assert caused.low <= 0.5 <= caused.high
    assert caused.low > 0.1


def test_runs_are_taken_together(known):
    runs = [known.joins(seed, 0.5) for seed in (1, 2, 3)]
    at, run = np.concatenate(runs), np.repeat([1, 2, 3], [len(each) for each in runs])
    together = figures(table(at, run=run.astype(np.int32), event_id=np.arange(len(at))))
    alone = figures(table(runs[0]))
    width = [
        one["joins_caused_by_joins"].high - one["joins_caused_by_joins"].low for one in (together, alone)
    ]
    assert width[0] < width[1]


def test_referrers_are_counted():
    referrer = np.where(np.arange(1000) % 4 == 0, np.arange(1000) // 8, -1)
    column = [None if each < 0 else int(each) for each in referrer]
    found = figures(table(np.linspace(0, 300, 1000), referrer=column))
    share, brought = found["joins_with_referrer"], found["joins_brought_per_customer"]
    assert (share.value, share.basis, share.n) == (0.25, "record", 1000)
    assert brought.value == pytest.approx(0.25)
    assert 0 < brought.low < 0.25 < brought.high


@pytest.mark.parametrize(("p", "q"), PUBLISHED)
def test_published_markets_are_recovered_from_their_series(p, q):
    years = np.arange(16.0)
    adopted = -np.expm1(-(p + q) * years) / (1 + q / p * np.exp(-(p + q) * years))
    found = bass.market(np.diff(adopted) * 1e5, step_years=1.0)
    assert found.innovation.value == pytest.approx(p, rel=0.01)
    assert found.imitation.value == pytest.approx(q, rel=0.01)
    assert found.size.value == pytest.approx(1e5, rel=0.01)
    assert found.peak_days.value / bass.DAYS_A_YEAR == pytest.approx(bass.peak_years(p, q), rel=0.01)


def test_the_peak_is_that_of_the_closed_form():
    p, q = 0.03, 0.38
    peak = bass.peak_years(p, q)
    assert peak == pytest.approx(6.193, abs=5e-4)
    rest = np.exp(-(p + q) * peak)
    assert (1 - rest) / (1 + q / p * rest) == pytest.approx(0.5 - p / (2 * q), abs=1e-9)


def test_a_market_without_an_end_has_no_size():
    joined = np.random.default_rng(4).poisson(40, 120)
    assert np.isnan(bass.market(joined, step_years=1 / 12).size.value)


def test_a_market_of_loners_shows_no_imitation(known):
    for seed in range(1, 4):
        found = bass.market(known.filling(seed, imitation=0.0), step_years=1 / 12)
        assert not found.imitation.low > 0


@pytest.mark.parametrize(
    "log",
    [
        pytest.param(lambda: table([0.0, 1.0], kind=np.array(["seen", "done"])), id="nobody joined"),
        pytest.param(lambda: table([0.5]), id="one customer"),
        pytest.param(lambda: table(np.full(500, 3.0)), id="all at one instant"),
        pytest.param(lambda: table(np.linspace(0, 0.02, 300)), id="half an hour"),
        pytest.param(lambda: table(np.arange(40.0)), id="few dates"),
        pytest.param(lambda: table(np.repeat(np.arange(30.0) * 7, 50)), id="weeks alone"),
        pytest.param(lambda: table(np.append(np.linspace(0, 1, 300), 3000.0)), id="a rush and a straggler"),
    ],
)
def test_odd_logs_give_figures_or_say_why_not(log):
    found = figures(log())
    assert len(found) == 7


def test_what_is_missing_names_what_would_tell():
    found = figures(table([0.0, 1.0], kind=np.array(["seen", "done"])))
    assert all("joined" in figure.needs for figure in found.values())
    found = figures(table(np.arange(30.0)))
    assert "column referrer" in found["joins_with_referrer"].needs
    assert "joins" in found["joins_caused_by_joins"].needs
