"""Metrics must not mistake the end of a run for an effect."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from comaker.rules.stake import EXPIRED, FUNDED, OPEN
from comaker.simulate.metrics import METRICS, Run, gini, interval, paired, ranks, restricted_mean

OF = {metric.name: metric.of for metric in METRICS}


def run_of(projects: pd.DataFrame, *, weeks: int = 100) -> Run:
    numbered = projects.assign(
        status=projects.status.map({"open": OPEN, "funded": FUNDED, "expired": EXPIRED})
    )
    rows = numbered.to_records(index=False)
    return Run(rows, rows[rows.status == FUNDED], {"aware": np.zeros(weeks)}, {}, 100, 26)


def opened(**columns) -> pd.DataFrame:
    defaults = {"opened_week": 0, "expired_week": -1, "passed_goal": 0.0, "released_week": -1}
    return pd.DataFrame({**defaults, **columns})


def test_weeks_to_fund_without_open_projects_is_the_mean():
    projects = opened(status=["funded"] * 4, passed_goal=[10.0, 20.0, 30.0, 60.0])
    assert OF["weeks_to_fund"](run_of(projects)) == pytest.approx(30.0)


def test_projects_that_are_still_open_make_funding_slower_not_invisible():
    projects = opened(status=["funded", "open"], passed_goal=[10.0, 0.0])
    assert OF["weeks_to_fund"](run_of(projects)) == pytest.approx(0.5 * 10 + 0.5 * 100)


def test_a_censored_mean_finds_the_truth_that_a_mean_over_funded_projects_misses():
    generator = np.random.default_rng(3)
    opened_week = generator.integers(0, 100, 4_000)
    times = generator.exponential(80.0, 4_000)
    seen = opened_week + times < 100
    projects = opened(
        status=np.where(seen, "funded", "open"), opened_week=opened_week, passed_goal=opened_week + times
    )
    truth = np.minimum(generator.exponential(80.0, 200_000), 100.0).mean()
    assert OF["weeks_to_fund"](run_of(projects)) == pytest.approx(truth, rel=0.05)
    assert times[seen].mean() < 0.7 * truth


def test_expired_projects_count_for_as_long_as_they_were_open():
    projects = opened(status=["funded", "expired"], passed_goal=[10.0, 0.0], expired_week=[-1, 40])
    assert OF["weeks_to_fund"](run_of(projects)) == pytest.approx(0.5 * 10 + 0.5 * 100)


def test_young_releases_enter_neither_copies_nor_returns():
    projects = opened(
        status=["funded"] * 3,
        released_week=[10, 80, 98],
        first_copies=[100, 300, 7],
        first_paid_minor=[500, 0, 0],
        collected_minor=[1_000] * 3,
    )
    assert OF["copies_per_project"](run_of(projects)) == pytest.approx(200.0)
    assert OF["return_multiple"](run_of(projects)) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("amounts", "expected"), [([5, 5, 5, 5], 0.0), ([0, 0, 0, 1], 0.75), ([1, 2, 3, 4], 0.25)]
)
def test_gini_of_known_distributions(amounts, expected):
    assert gini(np.array(amounts)) == pytest.approx(expected)


def test_gini_of_nothing_is_not_identified():
    assert np.isnan(gini(np.zeros(3, np.int64)))


def test_a_paired_interval_covers_the_true_difference_as_often_as_it_says():
    generator = np.random.default_rng(1)
    covered = 0
    for _ in range(2_000):
        luck = generator.normal(0, 5, 12)
        now, changed = luck + generator.normal(0, 1, 12), luck + 2.0 + generator.normal(0, 1, 12)
        _, low, high, count = paired(now, changed)
        covered += low <= 2.0 <= high
        assert count == 12
    assert 0.935 < covered / 2_000 < 0.965


def test_runs_that_do_not_identify_a_metric_count_in_no_pair():
    nan = float("nan")
    mean, low, _, count = paired(np.array([1.0, nan, 3.0]), np.array([2.0, 5.0, nan]))
    assert (mean, count) == (1.0, 1)
    assert np.isnan(low)
    assert np.isnan(interval(np.array([nan, nan]))[0])


def test_the_restricted_mean_and_the_ranks_are_those_of_a_statistics_library():
    from scipy import stats

    generator = np.random.default_rng(8)
    for _ in range(30):
        size = int(generator.integers(2, 40))
        times = generator.integers(0, 20, size).astype(float)
        observed = generator.random(size) < 0.6
        if not observed.any():
            continue
        curve = stats.ecdf(stats.CensoredData(uncensored=times[observed], right=times[~observed])).sf
        grid = np.concatenate([[0.0], curve.quantiles, [25.0]])
        area = np.diff(grid) @ np.concatenate([[1.0], curve.probabilities])
        assert restricted_mean(times, observed, 25.0) == pytest.approx(area)
        assert ranks(times).tolist() == stats.rankdata(times).tolist()
