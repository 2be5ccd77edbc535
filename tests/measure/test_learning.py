"""Link 4: curves of customers' own, errors that fade, coming back; and nothing where nothing was learnt."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest

from comaker import events
from comaker.measure.estimators import learning_curve, practice
from comaker.measure.links import learning
from comaker.measure.measuring import open_log
from comaker.model import load

BENCH = Path(__file__).resolve().parents[2] / "bench"
DAY_US = 86_400_000_000
START_US = 14_000 * DAY_US
MODEL = load("my-major-company")


@pytest.fixture(scope="module")
def known():
    sys.path.insert(0, str(BENCH))
    try:
        import worlds.learning

        yield worlds.learning
    finally:
        sys.path.remove(str(BENCH))


def table(customer, attempt, seconds=None, wrong=None, task="stake"):
    """A log of attempts: a day each, in order of the customers' own attempts."""
    customer, attempt = np.asarray(customer), np.asarray(attempt)
    wrong = np.zeros(len(customer), bool) if wrong is None else np.asarray(wrong)
    columns = {} if seconds is None else {"seconds": np.maximum(np.asarray(seconds), 1).astype(np.int64)}
    order = np.argsort(attempt, kind="stable")
    return events.table(
        {
            "event_id": np.arange(len(customer)),
            "at": (START_US + attempt[order] * DAY_US).astype("datetime64[us]"),
            "run": np.zeros(len(customer), np.int32),
            "kind": np.where(wrong, "refused", "done")[order],
            "customer": customer[order],
            "task": np.full(len(customer), task),
            **{name: values[order] for name, values in columns.items()},
        }
    )


def part(log):
    found = learning.measured(open_log(log, MODEL))
    for figure in found.figures:
        assert all(x is None or math.isfinite(x) for x in (figure.value, figure.low, figure.high))
        assert figure.basis != "not identified" or figure.needs
        assert figure.basis != "estimate" or figure.low <= figure.value <= figure.high
    for each in found.tables.values():
        assert not each.isna().any().any()
    return {(figure.name, figure.of): figure for figure in found.figures}


def timed(known, *, ratio, customers=150, seed=5):
    rng = np.random.default_rng(seed)
    seconds = known.customers(rng, customers, ratio=ratio) * np.exp(rng.normal(0, 0.15, (customers, 30)))
    until = rng.integers(2, 31, customers)
    who, at = np.nonzero(until[:, None] > np.arange(30))
    return who, at + 1, seconds[who, at]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_worlds_truth_lies_in_the_interval_or_just_beside_it(known, seed):
    for world in known.WORLDS:
        found = world.measure(seed)
        for name, truth in world.truth.items():
            width = found[name].high - found[name].low
            assert found[name].low - width <= truth <= found[name].high + width, (world, name)


def test_an_average_of_exponential_curves_is_a_power_law_that_nobody_follows():
    """Murre & Chessa (2011): rates of a gamma distribution (k .4, rate 3) average to (1 + t/3)^-.4."""
    rates = np.random.default_rng(1).gamma(0.4, 1 / 3, 400_000)
    average = [float(np.exp(-rates * t).mean()) for t in (1, 10, 100)]
    assert average == pytest.approx([0.8913, 0.5563, 0.2431], abs=1e-3)

    own = np.exp(-rates[:1500, None] * np.arange(30))
    found = learning_curve.shapes(learning_curve.Times(own, np.ones_like(own)))
    assert found.customers == 1500
    # Whoever hardly forgets within thirty attempts has a level; nobody has a power curve.
    assert found.exponential > 0.99 * found.customers
    assert found.power == 0
    assert found.lead.low > 0

    curve = np.exp(-rates[:, None] * np.arange(30)).mean(0)[None]
    averaged = learning_curve.shapes(learning_curve.Times(curve, np.ones_like(curve)))
    assert averaged.power == 1


def test_customers_who_get_quicker_are_found_from_a_log(known):
    found = part(table(*timed(known, ratio=known.LOG_RATIO)))
    speed_up, rate = found["speed_up", "stake"], found["learning_rate", "stake"]
    assert speed_up.low - 0.02 < 1 - math.exp(known.LOG_RATIO) < speed_up.high + 0.02
    assert rate.low - 0.02 < known.RATE < rate.high + 0.02
    assert 0 < found["exponential_share", "stake"].value < 1
    assert found["exponential_lead", "stake"].low > 0


def test_where_nobody_gets_quicker_the_report_says_so(known):
    found = part(table(*timed(known, ratio=0.0)))
    speed_up = found["speed_up", "stake"]
    assert speed_up.low < 0 < speed_up.high
    assert "no pace" in found["learning_rate", "stake"].needs


def test_errors_that_fade_are_told_from_errors_that_make_customers_stop(known):
    rng = np.random.default_rng(2)
    who, at, wrong = known.tries(rng, 400, change=0.0)
    assert part(table(who, at, wrong=wrong))["error_odds_change", "stake"].low < 0
    still = practice.odds_by_doubling(who, at, wrong)
    assert still.low < 1 < still.high
    who, at, wrong = known.tries(rng, 400, change=-0.8)
    assert part(table(who, at, wrong=wrong))["error_odds_change", "stake"].high < 0


def test_stopping_early_is_counted(known):
    found = part(table([1, 2] + [3] * 12, [1, 1, *range(1, 13)]))
    assert found["stopped_before_tenth", "stake"].value == pytest.approx(2 / 3)


def test_times_that_never_differ_tell_nothing_of_learning():
    customer, attempt = np.repeat(np.arange(30), 8), np.tile(np.arange(1, 9), 30)
    found = part(table(customer, attempt, seconds=np.full(240, 60) + customer))
    for name in ("speed_up", "learning_rate", "exponential_share", "exponential_lead"):
        assert found[name, "stake"].basis == "not identified"
        assert "differ" in found[name, "stake"].needs


def test_a_log_without_seconds_says_which_column_it_needs():
    found = part(table([1, 1, 2], [1, 2, 1]))
    assert "column seconds" in found["speed_up", "stake"].needs


@pytest.mark.parametrize(
    "log",
    [
        table([1], [1]),
        table([1], [1], [60]),
        table([1, 1], [1, 2], [60, 50]),
        table([1, 2, 3], [1, 1, 1], wrong=[True, True, True]),
        table(np.repeat(np.arange(9), 4), np.tile(np.arange(1, 5), 9), np.full(36, 60)),
        table(np.repeat(np.arange(9), 4), np.tile(np.arange(1, 5), 9), np.full(36, 0)),
    ],
    ids=["one act", "one timed act", "one customer", "all refused", "all alike", "no time at all"],
)
def test_poor_logs_give_reasons(log):
    assert {name for name, _ in part(log)} == {about.name for about in learning._ALL}


def test_no_attempt_at_all_gives_reasons():
    seen = events.table(
        {"event_id": [1], "at": np.array([START_US]).astype("datetime64[us]"), "run": [0], "kind": ["seen"]}
    )
    assert all(figure.basis == "not identified" for figure in part(seen).values())
