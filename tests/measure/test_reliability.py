"""Reliability of survey scales: omega and alpha, against worlds, a library and published numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from comaker.measure.estimators.reliability import alpha, omega, one_factor

MOBI = Path(__file__).resolve().parents[3] / "shared" / "data" / "customer_survey" / "mobi.csv"
TENENHAUS_2005 = {"IMAG": 0.723, "CUEX": 0.452, "PERQ": 0.877, "PERV": 0.824, "CUSA": 0.779, "CUSL": 0.472}
"""Cronbach's alpha of the standardised items, Tenenhaus, Esposito Vinzi, Chatelin & Lauro (2005), CSDA 48."""


def answers(seed: int = 1, customers: int = 300) -> np.ndarray:
    rng = np.random.default_rng(seed)
    loadings = np.array([0.8, 0.7, 0.6, 0.75])
    own = rng.standard_normal((customers, 4)) * np.sqrt(1 - loadings**2)
    return (rng.standard_normal((customers, 1)) * loadings + own) * [1, 2, 3, 1]


@pytest.fixture(scope="module")
def mobi():
    if not MOBI.exists():
        pytest.skip(f"needs the published survey, which is not beside this project: {MOBI.name}")
    return pd.read_csv(MOBI)


def scale(frame, name):
    return frame[[column for column in frame if column.startswith(name) and column[-1].isdigit()]].to_numpy()


def test_the_fit_is_that_of_the_library():
    factor = pytest.importorskip("statsmodels.multivariate.factor")
    given = answers()
    fitted = one_factor(np.cov(given, rowvar=False))
    theirs = factor.Factor(corr=np.corrcoef(given, rowvar=False), n_factor=1, method="ml").fit()
    ours = fitted.loadings / given.std(axis=0, ddof=1)
    assert np.abs(np.real(theirs.loadings.ravel())) == pytest.approx(ours, abs=1e-5)


def test_the_interval_is_about_that_of_a_bootstrap():
    given = answers()
    rng = np.random.default_rng(2)
    again = [omega(given[rng.integers(len(given), size=len(given))]).value for _ in range(500)]
    found = omega(given)
    assert [found.low, found.high] == pytest.approx(np.percentile(again, [2.5, 97.5]), abs=0.02)


@pytest.mark.parametrize("name", TENENHAUS_2005)
def test_alpha_is_as_published(mobi, name):
    found = scale(mobi, name)
    standardised = (found - found.mean(axis=0)) / found.std(axis=0)
    assert alpha(standardised).value == pytest.approx(TENENHAUS_2005[name], abs=0.0005)


def test_omega_of_the_published_survey_is_close_to_its_alpha(mobi):
    for name in ("IMAG", "PERQ", "CUSA"):
        found = omega(scale(mobi, name))
        assert found.low < alpha(scale(mobi, name)).value < found.high


def test_a_scale_whose_items_share_no_one_thing_has_no_omega(mobi):
    assert np.isnan(omega(scale(mobi, "CUSL")).value)


@pytest.mark.parametrize(
    "given",
    [
        answers()[:, :2],
        answers()[:3],
        np.ones((50, 4)),
        np.repeat(answers()[:, :1], 4, axis=1),
        np.column_stack([answers()[:, :3], np.ones(300)]),
    ],
    ids=["two items", "three customers", "all alike", "one item four times", "one item always the same"],
)
def test_what_cannot_be_told_is_not(given):
    assert np.isnan(omega(given)).all()
