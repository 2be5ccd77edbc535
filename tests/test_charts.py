"""Charts: what they say is what the frames hold, whatever the frames hold."""

from __future__ import annotations

import json
import math
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes import FakeComparison, fake_comparison, fake_simulation

from comaker import charts
from comaker.charts.amounts import NOT_IDENTIFIED, Money, interval, label, number, with_unit
from comaker.charts.difference import percentages
from comaker.charts.look import Arms
from comaker.charts.money import account_means
from comaker.charts.projects import lorenz_curve

EUR = Money("EUR", 2)


@pytest.fixture(scope="module")
def comparison() -> FakeComparison:
    return fake_comparison(runs=4, weeks=60)


@pytest.mark.parametrize("name", [*charts.NAMES, "difference"])
@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
def test_every_chart_says_that_it_is_simulated_and_fits_its_width(
    comparison: FakeComparison, name: str, width: int
) -> None:
    figure = charts.figure(
        name, comparison.now, comparison.changed, metrics=comparison.metrics, money=EUR, width=width
    )
    assert figure.subtitle.startswith("Simulated, 4 paired runs of 20,000 customers")
    alone = width == charts.WIDE
    drawing = ElementTree.fromstring(charts.rendered(figure.titled() if alone else figure.chart, ".svg"))
    words = " ".join(drawing.itertext())
    assert not alone or (figure.title in words and "Simulated, 4 paired runs" in words)
    assert "undefined" not in words
    assert "NaN" not in words
    assert float(drawing.attrib["width"]) <= 1.1 * width


@pytest.mark.parametrize("name", charts.NAMES)
def test_a_simulation_alone_is_drawn_without_a_word_of_change(name: str) -> None:
    figure = charts.figure(name, fake_simulation(runs=1, weeks=30), money=EUR)
    assert figure.subtitle.startswith("Simulated, 1 run of 20,000 customers")
    words = " ".join(ElementTree.fromstring(charts.rendered(figure.titled(), ".svg")).itertext())
    assert "changed" not in words + figure.description


@pytest.mark.parametrize("name", charts.NAMES)
def test_runs_in_which_nothing_was_funded_are_drawn_and_said_so(name: str) -> None:
    empty = fake_simulation(runs=2, weeks=3)
    assert empty.stakes.empty
    figure = charts.figure(name, empty, money=EUR)
    words = " ".join(ElementTree.fromstring(charts.rendered(figure.titled(), ".svg")).itertext())
    assert "undefined" not in words
    assert "nan" not in (words + figure.description).lower()


def test_an_unknown_chart_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ValueError, match="no chart 'pie': one of fan"):
        charts.draw("pie", fake_simulation(runs=1, weeks=3))


def test_charts_are_saved_as_svg_and_png_and_as_nothing_else(tmp_path: Path) -> None:
    chart = charts.draw("cash", fake_simulation(runs=2, weeks=5), money=EUR)
    charts.save(chart, tmp_path / "cash.svg")
    charts.save(chart, tmp_path / "cash.png")
    assert ElementTree.parse(tmp_path / "cash.svg").getroot().tag.endswith("svg")
    assert (tmp_path / "cash.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match=r"\.svg or \.png"):
        charts.save(chart, tmp_path / "cash.pdf")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cash.png", "cash.svg"]


def test_projects_funded_are_summed_over_the_weeks(comparison: FakeComparison) -> None:
    figure = charts.figure("fan", comparison.now, money=EUR)
    median = comparison.now.weekly.groupby("run")["funded_projects"].sum().median()
    assert median >= 1
    assert f"{number(median)} projects funded" in figure.description


def test_money_collected_is_summed_over_the_weeks_and_named_in_its_currency(
    comparison: FakeComparison,
) -> None:
    figure = charts.figure("fan", comparison.now, money=EUR)
    weekly = comparison.now.weekly
    median = weekly.groupby("run")["collected_minor"].sum().median()
    assert (
        f"EUR\N{NO-BREAK SPACE}{number(median / 1e5)}\N{NO-BREAK SPACE}thousand collected"
        in figure.description
    )


def test_a_yen_has_no_decimals() -> None:
    figure = charts.figure("fan", fake_simulation(runs=2, weeks=10), money=Money("JPY", 0))
    assert "JPY" in figure.description
    assert Money("JPY", 0).scale(9_000_000) == (1e6, "JPY million")
    assert EUR.scale(9_000) == (100.0, "EUR")


def test_the_accounts_add_up_to_the_margin_of_every_arm(comparison: FakeComparison) -> None:
    means = account_means(Arms(comparison.now, comparison.changed))
    for arm, simulation in (("now", comparison.now), ("changed", comparison.changed)):
        accounts = simulation.accounts
        signs = accounts["side"].map({"revenue": 1, "cost": -1})
        margin = (accounts["amount_minor"] * signs).sum() / simulation.runs
        assert means.loc[means["arm"] == arm, "mean"].sum() == pytest.approx(margin)


def test_a_cause_that_a_run_does_not_have_counts_as_zero_in_it() -> None:
    simulation = fake_simulation(runs=2, weeks=5)
    accounts = simulation.accounts
    once = accounts[~((accounts["run"] == 1) & (accounts["cause"] == "subsidies"))]
    object.__setattr__(simulation, "accounts", once)
    means = account_means(Arms(simulation)).set_index("cause")
    amount = accounts.query("run == 0 and cause == 'subsidies'")["amount_minor"].item()
    assert means.loc["subsidies", "mean"] == pytest.approx(amount / 2)


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=200))
def test_a_lorenz_curve_never_rises_above_equality_and_gives_everything_in_the_end(stakes: list[int]) -> None:
    curve = lorenz_curve(np.array(stakes))
    assert curve[0] == 0
    assert curve[-1] == pytest.approx(1)
    assert (np.diff(curve) >= -1e-12).all()
    assert (curve <= np.linspace(0, 1, len(curve)) + 1e-9).all()


def test_equal_stakes_lie_on_the_line_of_equality() -> None:
    assert lorenz_curve(np.full(40, 1000)) == pytest.approx(np.linspace(0, 1, 41))


def test_a_difference_is_shown_in_percent_of_now_and_left_out_where_now_is_zero_or_unknown() -> None:
    table = pd.DataFrame(
        {
            "name": ["producers", "margin", "gap"],
            "unit": ["", "EUR", ""],
            "now_median": [200.0, 0.0, math.nan],
            "difference_mean": [50.0, 1.0, math.nan],
            "difference_low": [20.0, -1.0, math.nan],
            "difference_high": [80.0, 3.0, math.nan],
        }
    )
    drawn = percentages(table)
    assert drawn[["mean", "low", "high"]].to_numpy().tolist() == [[25.0, 10.0, 40.0]]
    assert drawn["clear"].tolist() == ["interval excludes zero"]


def test_a_huge_difference_does_not_hide_the_small_ones(comparison: FakeComparison) -> None:
    metrics = comparison.metrics.copy()
    row = metrics["name"] == "margin"
    metrics.loc[row, ["difference_mean", "difference_low", "difference_high"]] = [4e7, 3e7, 5e7]
    figure = charts.figure("difference", comparison.now, comparison.changed, metrics=metrics, money=EUR)
    assert '"symlog"' in json.dumps(json.loads(figure.chart.to_json()))


def test_the_replay_says_that_it_is_a_mechanical_replay_and_what_is_refused() -> None:
    outcomes = pd.DataFrame(
        [("now", "none", 90, 900_00), ("now", "over cap", 10, 600_00), ("changed", "none", 100, 1_500_00)],
        columns=["arm", "refusal", "requests", "money_minor"],
    )
    figure = charts.replay_figure(outcomes, money=Money("GBP", 2))
    assert "Recorded, mechanical replay of 100 requests" in figure.subtitle
    space = "\N{NO-BREAK SPACE}"
    assert f"the rule as it is refuses 10 (10{space}%), worth GBP{space}600" in figure.description
    assert "the changed rule refuses none" in figure.description
    assert b"Over cap" in charts.rendered(figure.titled(), ".svg")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0"),
        (12, "12"),
        (1234.5, "1,234"),
        (99.54, "99.5"),
        (0.12345, "0.123"),
        (0.0005, "0.0005"),
        (0.00123, "0.0012"),
        (1e-9, "0.000"),
        (-7, "−7"),
        (1e6, "1,000,000"),
    ],
)
def test_numbers_are_written_with_three_figures_and_separators(value: float, written: str) -> None:
    assert number(value) == written


def test_what_is_not_identified_is_never_written_as_a_number() -> None:
    assert number(math.nan) == interval(1, math.nan) == with_unit(math.nan, "EUR") == NOT_IDENTIFIED


def test_a_difference_carries_its_sign_before_the_currency() -> None:
    space = "\N{NO-BREAK SPACE}"
    assert with_unit(1200, "EUR", signed=True) == f"+EUR{space}1,200"
    assert with_unit(-1200, "EUR thousand", signed=True) == f"−EUR{space}1,200{space}thousand"
    assert with_unit(1e-9, "", signed=True) == "0.000"
    assert with_unit(3, "weeks") == f"3{space}weeks"


def test_names_are_labelled_for_reading() -> None:
    assert label("producers_per_project") == "Producers per project"
