"""The replay of real gifts, held against an independent count in pandas."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from comaker.ingest import import_log
from comaker.replay import replay

DOCS = Path(__file__).resolve().parents[2] / "docs"
MAPS = DOCS / "maps"

RULES = {
    "as it was: no cap, open beyond the target": [],
    "cap £500": ["cap=500.00"],
    "cap £100": ["cap=100.00"],
    "cap £50": ["cap=50.00"],
    "closes at the target, refuses a gift too large for it": ["closes=at goal"],
    "closes at the target, trims such a gift": ["closes=at goal", "partial=trim"],
    "deadline 90 days": ["open_for=90 days"],
    "deadline 30 days": ["open_for=30 days"],
    "cap £100, closes at the target, deadline 90 days": ["cap=100.00", "closes=at goal", "open_for=90 days"],
}
"""The rules of docs/real-input.md."""


@pytest.fixture(scope="module")
def gifts(shared_data: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("gifts") / "gifts.parquet"
    source = shared_data("crowdfunding") / "justgiving_donations.csv.gz"
    return import_log(source, map=MAPS / "justgiving.toml", out=out).path


def test_as_it_was_nothing_is_refused(gifts: Path) -> None:
    replayed = replay(gifts, MAPS / "justgiving-model.toml")
    assert replayed.differences.empty
    assert replayed.outcomes["refusal"].tolist() == ["none"]
    assert replayed.projects["own_goal"].all()


@pytest.mark.parametrize("cap", [50, 100, 500])
def test_a_cap_a_gift_refuses_the_gifts_above_it(gifts: Path, cap: int) -> None:
    table = pd.read_parquet(gifts)
    above = table[(table["kind"] == "done") & (table["money_minor"] > 100 * cap)]
    outcomes = replay(
        gifts, MAPS / "justgiving-model.toml", changes=[f"task.stake.terms.cap={cap}.00"]
    ).outcomes
    refused = outcomes.set_index("refusal").loc["over_cap"]
    assert refused["requests"] == len(above)
    assert refused["money_minor"] == above["money_minor"].sum()


@pytest.mark.parametrize("days", [30, 90])
def test_a_deadline_refuses_the_gifts_after_it(gifts: Path, days: int) -> None:
    table = pd.read_parquet(gifts)
    opened = table[table["kind"] == "opened"].set_index("subject")["at"]
    stakes = table[table["kind"] == "done"]
    # A deadline falls on the second.
    since = stakes["at"].dt.floor("s") - stakes["subject"].map(opened).dt.floor("s")
    late = stakes[since >= pd.Timedelta(days=days)]
    changes = [f"task.stake.terms.open_for={days} days"]
    outcomes = replay(gifts, MAPS / "justgiving-model.toml", changes=changes).outcomes
    assert outcomes.set_index("refusal").loc["deadline_passed", "requests"] == len(late)


def test_the_documentation_tells_what_comes_out(gifts: Path) -> None:
    table = [
        line
        for line in (DOCS / "real-input.md").read_text("utf-8").splitlines()
        if "£" in line and "|" in line
    ]
    told = {
        cells[1].strip(): [cell.strip() for cell in cells[2:]]
        for cells in (line.split("|") for line in table)
    }
    assert set(told) == set(RULES)
    for rule, terms in RULES.items():
        changes = [f"task.stake.terms.{term}" for term in terms]
        value = replay(gifts, MAPS / "justgiving-model.toml", changes=changes).summary.set_index("name")[
            "value"
        ]
        lost_minor = value["refused_money"] + value["trimmed_money"]
        asked_minor = lost_minor + value["accepted_money"]
        refused = f"{value['refused']:,.0f} ({100 * value['refused'] / value['requests']:.1f} %)"
        lost = f"£{lost_minor / 100:,.0f} ({100 * lost_minor / asked_minor:.1f} %)"
        days = f"{value['median_days_to_goal']:.1f}"
        assert [*told[rule][:2], *told[rule][3:5]] == [
            refused,
            lost,
            f"{value['projects_at_goal']:.0f}",
            days,
        ]
