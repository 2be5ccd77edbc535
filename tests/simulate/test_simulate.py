"""Simulating and comparing, as an analyst uses them."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import comaker
from comaker.events import SCHEMA
from comaker.model import ModelError, load
from comaker.simulate import SimulationError, compare, simulate

SMALL = {"customers": 3_000, "weeks": 60, "runs": 2, "seed": 5}
BUSY = ["assumption.visits_weekly=1", "task.stake.terms.goal=20000.00"]


@pytest.fixture(scope="module")
def small():
    return simulate("my-major-company", changes=BUSY, amendments=False, events=True, **SMALL)


def same(one, other) -> bool:
    frames = ("metrics", "weekly", "projects", "stakes", "accounts")
    return all(
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name)) is None for name in frames
    )


def test_the_same_seed_gives_the_same_bytes_for_any_number_of_threads(small):
    again = simulate("my-major-company", changes=BUSY, amendments=False, events=True, threads=1, **SMALL)
    many = simulate("my-major-company", changes=BUSY, amendments=False, events=True, threads=4, **SMALL)
    assert same(small, again)
    assert same(small, many)
    assert small.events.equals(again.events)
    assert small.events.equals(many.events)


def test_another_seed_gives_another_history(small):
    other = simulate("my-major-company", changes=BUSY, amendments=False, **{**SMALL, "seed": 6})
    assert not small.weekly.equals(other.weekly)


def test_a_run_does_not_depend_on_how_many_others_there_are(small):
    one = simulate("my-major-company", changes=BUSY, amendments=False, **{**SMALL, "runs": 1})
    first = small.weekly[small.weekly.run == 1].reset_index(drop=True)
    pd.testing.assert_frame_equal(first, one.weekly)


def test_events_change_nothing_but_being_kept(small):
    without = simulate("my-major-company", changes=BUSY, amendments=False, **SMALL)
    assert without.events is None
    assert same(small, without)


def test_adding_a_customer_moves_nobody_elses_luck():
    """Nobody influences anybody: then each customer's history is the same in a larger population."""
    alone = ["assumption.word_of_mouth=0.005", *BUSY]
    quiet = [
        *alone,
        *(f'assumption.{name}={{ value = 0, low = 0, high = 99, source = "test" }}'
          for name in ("network_links", "acquaintances", "widget_share", "leaving_weekly")),
    ]  # fmt: skip
    found = []
    for customers in (400, 401):
        size = {**SMALL, "customers": customers, "runs": 1}
        events = simulate("my-major-company", changes=quiet, amendments=False, events=True, **size).events
        frame = events.select(["customer", "kind", "at"]).to_pandas()
        joined = frame[(frame.kind == "joined") & (frame.customer < 400)]
        found.append(dict(zip(joined.customer, joined["at"], strict=True)))
    assert len(found[0]) > 100
    assert found[0] == found[1]


def test_events_are_an_event_table_in_order_of_time(small):
    assert small.events.schema.equals(SCHEMA)
    frame = small.events.to_pandas()
    assert set(frame.run) == {1, 2}
    for _, run in frame.groupby("run"):
        assert run["at"].is_monotonic_increasing
        assert run.event_id.is_unique
    assert set(frame.model) == {load("my-major-company", changes=BUSY, amendments=False).hash}
    asked = frame[frame.kind.isin(["done", "refused"]) & (frame.task == "stake")]
    assert asked.shown.map(
        lambda text: set(json.loads(text)) == {"collected_shares", "goal_shares", "producers"}
    ).all()
    assert (frame[frame.kind == "refused"].refusal.notna()).all()


def test_money_in_the_tables_agrees_with_the_events(small):
    frame = small.events.to_pandas()
    stakes = frame[(frame.kind == "done") & (frame.task == "stake")].groupby("run").money_minor.sum()
    back = frame[frame.kind == "withdrawn"].groupby("run").money_minor.sum()
    collected = small.projects.groupby("run").collected_minor.sum()
    assert (stakes - back.reindex(stakes.index, fill_value=0)).eq(collected).all()
    funded = small.projects[small.projects.status == "funded"]
    held = small.stakes.groupby(["run", "project"]).stake_minor.sum()
    assert held.to_list() == funded.set_index(["run", "project"]).collected_minor.to_list()


def test_no_holder_of_a_funded_project_is_over_the_cap_and_no_project_over_its_goal(small):
    assert small.stakes.stake_minor.max() <= 700_000
    funded = small.projects[small.projects.status == "funded"]
    assert len(funded) > 3
    assert (funded.collected_minor == 2_000_000).all()


def test_payouts_never_exceed_the_producers_share_of_the_income():
    weekly = 'assumption.settle_weeks={ value = 1, low = 1, high = 9, source = "test" }'
    fast = [*BUSY, "assumption.production_weeks=12", weekly]
    found = simulate("my-major-company", changes=fast, amendments=False, **SMALL)
    released = found.projects[found.projects.released_week >= 0]
    pool = released.income_minor * 300_000 // 1_000_000
    dust = pool - released.paid_minor
    assert (released.paid_minor > 0).any()
    assert (dust >= 0).all()
    assert (dust < released.producers).all()


def test_cash_begins_with_stakes_before_any_cost_of_a_project(small):
    """E8: an artist is financed before the cost is incurred."""
    run = small.weekly[small.weekly.run == 1].set_index("week")
    funded = run.index[run.funded_projects > 0][0]
    running = run.cash_minor.diff().loc[: funded - 1].sub(run.collected_minor.loc[: funded - 1]).dropna()
    assert run.collected_minor.loc[: funded - 1].sum() > 0
    assert running.min() > -1_500_000
    assert run.cash_minor.diff().loc[funded + 1] - run.collected_minor.loc[funded + 1] < -5_000_000


def test_a_comparison_pairs_runs_of_the_same_luck(small):
    found = compare(
        "my-major-company", {"assumption.fairness_step": "0.2"}, amendments=False, **{**SMALL, "runs": 2}
    )
    assert same(found.now, found.changed)
    differences = found.metrics.set_index("name").difference_mean.dropna()
    assert (differences == 0).all()


def test_pairing_narrows_the_interval_of_a_difference():
    change = {"assumption.delight": "1"}
    size = {"customers": 3_000, "weeks": 60, "runs": 6, "seed": 2}
    found = compare("my-major-company", change, amendments=False, **size)
    now, changed = (arm.values("satisfaction") for arm in (found.now, found.changed))
    unpaired = np.var(now, ddof=1) + np.var(changed, ddof=1)
    assert np.var(changed - now, ddof=1) < 0.5 * unpaired


def test_what_no_run_identifies_is_nan_and_null_not_a_number():
    found = simulate("my-major-company", customers=200, weeks=3, runs=2)
    row = found.summary().set_index("name").loc["producers_per_project"]
    assert row.n == 0
    assert np.isnan(row["median"])
    printed = {metric["name"]: metric for metric in found.as_dict()["metrics"]}
    assert printed["producers_per_project"]["median"] is None
    json.dumps(found.as_dict(), allow_nan=False)


def test_the_public_face_is_small():
    assert set(comaker.__all__) == {
        *("MeasureError", "Model", "ModelError", "ReplayError", "SimulationError"),
        *("compare", "load", "measure", "replay", "simulate"),
    }
    assert all(callable(getattr(comaker, name)) for name in comaker.__all__)


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ({"customers": 0}, "customers is 0"),
        ({"customers": 10**12}, "10,000,000"),
        ({"weeks": -1}, "weeks is -1"),
        ({"runs": 1.5}, "runs is 1.5"),
        ({"seed": -3}, "seed is -3"),
        ({"seed": 2**63}, "seed is"),
        ({"runs": True}, "runs is True"),
    ],
)
def test_it_refuses_a_size_that_makes_no_sense(size, message):
    with pytest.raises(SimulationError, match=message):
        simulate("my-major-company", **size)


def test_all_that_is_wrong_with_a_size_is_said_at_once():
    with pytest.raises(SimulationError) as refused:
        simulate("my-major-company", customers=0, weeks=0, runs=0)
    assert len(str(refused.value).splitlines()) == 3


def test_it_refuses_to_compare_without_a_change():
    with pytest.raises(SimulationError, match="nothing to compare"):
        compare("my-major-company", {})


def test_it_refuses_to_change_a_loaded_model():
    with pytest.raises(SimulationError, match="as it is"):
        simulate(load("my-major-company"), changes=["task.stake.terms.cap=10.00"])


def test_it_names_every_assumption_that_is_missing(tmp_path):
    from comaker.model import gallery_text

    lines = gallery_text("my-major-company").splitlines(keepends=True)
    start = lines.index("[assumption.advertising_reach]\n")
    kept = [line for line in lines[:start] if not line.startswith("enables")]
    model = tmp_path / "without.toml"
    model.write_text("".join(kept), encoding="utf-8")
    with pytest.raises(ModelError) as refused:
        simulate(model)
    keys = {problem.key for problem in refused.value.problems}
    assert {"assumption.advertising_reach", "assumption.wish_mean_shares"} <= keys
    assert len(keys) > 40


def test_progress_counts_runs():
    told = []
    simulate("my-major-company", customers=300, weeks=4, runs=3, progress=lambda *both: told.append(both))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_it_refuses_an_amendment_that_it_would_have_to_ignore(tmp_path):
    from comaker.model import gallery_text

    model = tmp_path / "amended.toml"
    more = '\n[[amendment]]\nin_force = 2009-08-01\nwhy = "test"\nset = { "offer.album.price" = "12.50" }\n'
    model.write_text(gallery_text("my-major-company") + more, encoding="utf-8")
    with pytest.raises(ModelError, match=r"2009-08-01.*task\.stake\.terms only"):
        simulate(model, customers=100, weeks=2, runs=1)


@pytest.mark.parametrize("each", ["customer", "unit", "project"])
def test_it_refuses_a_cost_that_it_would_have_to_ignore(tmp_path, each):
    from comaker.model import gallery_text

    model = tmp_path / "costly.toml"
    more = f'\n[cost.more]\ncause = "staff"\namount = "5.00"\neach = "{each}"\nassumes = "test"\n'
    model.write_text(gallery_text("my-major-company") + more, encoding="utf-8")
    with pytest.raises(ModelError, match=r"cost\.more"):
        simulate(model, customers=100, weeks=2, runs=1)


def test_costs_are_booked_once_weekly_and_by_what_causes_them(tmp_path):
    from comaker.model import gallery_text

    size = {"customers": 500, "weeks": 10, "runs": 1}
    before = simulate("my-major-company", **size).accounts.set_index("cause").amount_minor
    model = tmp_path / "costly.toml"
    more = (
        '\n[cost.once]\ncause = "staff"\namount = "5000.00"\neach = "once"\nassumes = "test"\n'
        '\n[cost.weekly]\ncause = "promotion"\namount = "7.00"\neach = "week"\nassumes = "test"\n'
    )
    model.write_text(gallery_text("my-major-company") + more, encoding="utf-8")
    after = simulate(model, **size).accounts.set_index("cause").amount_minor
    assert (after - before)[lambda change: change != 0].to_dict() == {"staff": 500_000, "promotion": 7_000}
