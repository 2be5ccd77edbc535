"""The replay of real gifts, held against an independent count in pandas."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from comaker.ingest import import_log
from comaker.replay import replay

MAPS = Path(__file__).resolve().parents[2] / "docs" / "maps"


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
