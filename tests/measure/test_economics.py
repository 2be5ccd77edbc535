"""What participation brings and costs, and who stays."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from tests.measure.logs import log_of

from comaker.measure import economics
from comaker.measure.economics import customers
from comaker.measure.economics.cohorts import cohorts
from comaker.measure.economics.customers import customers_of
from comaker.measure.economics.participation import participation
from comaker.measure.measuring import open_log
from comaker.model import load

BENCH = Path(__file__).resolve().parents[2] / "bench"
HOUR_MINOR = 3_600


@pytest.fixture(scope="module")
def known():
    sys.path.insert(0, str(BENCH))
    try:
        import worlds.economics

        yield worlds.economics
    finally:
        sys.path.remove(str(BENCH))


@pytest.fixture(scope="module")
def shop(known):
    return known.shop()


def assert_whole(section):
    """Every figure is a number, with its interval if estimated, or a sentence on what is needed."""
    for figure in section.figures:
        assert all(end is None or math.isfinite(end) for end in (figure.value, figure.low, figure.high))
        assert (figure.basis == "not identified") == (figure.value is None)
        assert figure.basis != "not identified" or figure.needs
        assert figure.basis != "estimate" or figure.low <= figure.value <= figure.high
    assert len({(figure.name, figure.of) for figure in section.figures}) == len(section.figures)


def acts(*rows):
    """A log of rows (kind, customer, task, further columns)."""
    return log_of(
        [
            {"kind": kind, "customer": customer, "task": task, **(more[0] if more else {})}
            for kind, customer, task, *more in rows
        ]
    )


def figures_of(table, model):
    found, _ = participation(open_log(table, model))
    return {(figure.name, figure.of): figure for figure in found}


def test_worlds_of_known_retention_and_benefit_are_told_near_their_truth(known):
    for world in known.WORLDS:
        found = world.measure(3)
        for name, truth in world.truth.items():
            value, low, high = found[name]
            assert low <= value <= high
            assert abs(value - truth) <= 1.75 * (high - low), (world.estimator, name)


def test_a_log_gives_the_benefit_a_customer_that_its_acts_give(known, shop):
    figure = figures_of(known.log_of(known.acts(3)), shop)["net_benefit_per_customer", ""]
    world = known.benefit_world(3)["net_benefit_per_customer"]
    assert (figure.value, figure.low, figure.high) == pytest.approx(world, rel=1e-9)
    assert figure.n == known.CUSTOMERS


def test_of_many_customers_some_are_drawn_and_sums_stay_those_of_all(known, shop, monkeypatch):
    table = known.log_of(known.acts(3))
    whole = economics.section(open_log(table, shop))
    monkeypatch.setattr(customers, "MOST_CUSTOMERS", known.CUSTOMERS // 4)
    some = economics.section(open_log(table, shop))
    followed = "retention", "month 1"
    assert 0.9 * known.CUSTOMERS < whole.figure(*followed).n <= known.CUSTOMERS
    assert known.CUSTOMERS / 8 < some.figure(*followed).n < known.CUSTOMERS / 2
    for name in ("cost_saved", "incentives", "net_benefit_per_customer"):
        assert some.figure(name) == whole.figure(name)


def test_each_component_is_the_sum_of_its_records_at_declared_rates(shop):
    found = figures_of(
        acts(
            ("done", 1, "serve", {"saved_seconds": HOUR_MINOR}),
            ("done", 2, "serve", {"saved_seconds": 100}),
            ("done", 2, "help", {"staff_seconds": 30}),
            ("paid", 2, "help", {"money_minor": 250}),
            ("done", 3, "buy", {"money_minor": 1_000}),
            ("seen", 3, "serve", {"shown": '{"technique": "faq"}'}),
        ),
        shop,
    )
    assert found["cost_saved", "serve"].value == 3_700
    assert found["incentives", "help"].value == 250
    assert found["coordination", "help"].value == 30 + 10
    assert found["revenue_gained", "buy"].value == 1_000
    assert found["cost_saved", ""].value == 3_700
    # The FAQ was met once, at 0.20; five minutes at 50.00 a week cost 0.02 to 0.03.
    assert found["socialization", ""].value == 20 + round(5_000 * 5 / (7 * 24 * 60))
    net = found["known_net_benefit", ""].value
    assert net == 3_700 - 250 - 40 - found["socialization", ""].value


def test_stakes_count_as_they_come_and_not_when_they_are_given_back():
    found = figures_of(
        acts(
            ("done", 1, "stake", {"money_minor": 5_000, "quantity": 5, "subject": 1}),
            ("done", 2, "stake", {"money_minor": 2_000, "quantity": 2, "subject": 1}),
            ("refused", 2, "stake", {"money_minor": 9_000, "quantity": 9, "subject": 1}),
            ("withdrawn", 1, "stake", {"money_minor": 1_500, "quantity": 1, "subject": 1}),
            ("lapsed", 2, "stake", {"money_minor": 500, "quantity": 1, "subject": 1}),
            ("paid", 1, None, {"money_minor": 300, "role": "producer", "subject": 1}),
            ("paid", None, None, {"money_minor": 900, "role": "artist", "subject": 1}),
        ),
        load("my-major-company"),
    )
    assert found["revenue_gained", "stake"].value == 5_000
    assert found["incentives", "stake"].value == 300


def test_what_is_not_recorded_is_said_to_be_missing_and_never_nought(shop):
    found = figures_of(acts(("done", 1, "serve"), ("done", 2, "serve")), shop)
    assert found["cost_saved", "serve"].basis == "not identified"
    assert "saved_seconds" in found["cost_saved", "serve"].needs
    assert "staff_seconds" in found["coordination", "serve"].needs
    assert found["net_benefit", ""].basis == "not identified"
    assert "cost_saved" in found["net_benefit", ""].needs


def test_roles_at_the_same_task_stand_apart(shop):
    found = figures_of(
        acts(
            ("done", 1, "serve", {"role": "novice", "saved_seconds": 60}),
            ("done", 2, "serve", {"role": "expert", "saved_seconds": 600}),
        ),
        shop,
    )
    assert found["cost_saved", "novice / serve"].value == 60
    assert found["cost_saved", "expert / serve"].value == 600
    assert found["cost_saved", ""].value == 660


def test_a_technique_costs_for_the_weeks_it_was_on(tmp_path, known):
    written = (BENCH / "worlds" / "shop.toml").read_text("utf-8")
    switched = (
        '\n[[amendment]]\nin_force = 2020-09-20\nwhy = "Nobody read it"\n'
        'set = { "technique.faq.on" = false, "technique.faq.cost_per_encounter" = "0.00" }\n'
    )
    file = tmp_path / "shop.toml"
    file.write_text(written.replace('cost_per_encounter = "0.20"', "") + switched, encoding="utf-8")
    table = known.table(["done", "done"], [0.0, 28.0], [1, 2], task=["serve", "serve"])
    found = figures_of(table, load(file))
    weeks = (1_600_560_000 - 1_600_000_000) / (7 * 86_400)
    assert found["socialization", ""].value == round(weeks * 5_000)


def test_only_customers_whom_the_record_follows_that_long_are_asked_whether_they_stayed(known, shop):
    kinds = ["joined", "joined", "joined", "done", "done", "done"]
    table = known.table(
        kinds, [0.5, 0.5, 80.5, 35.5, 36.5, 100.5], [1, 2, 3, 1, 1, 2], task=[None] * 3 + ["serve"] * 3
    )
    figures, tables = cohorts(customers_of(open_log(table, shop)))
    found = {figure.of: figure for figure in figures}
    assert (found["month 1"].value, found["month 1"].n) == (0.5, 2)
    assert found["month 3"].basis == "not identified"
    rows = tables["retention"]
    assert rows.loc[rows.period == 2, ["customers", "active"]].to_numpy().tolist() == [[2, 0]]
    assert rows.cohort.unique().tolist() == ["2020-09"]


def test_in_simulated_runs_a_customer_is_one_of_each_run(shop, known):
    table = known.table(
        ["joined", "joined", "done", "seen"],
        [0.5, 0.5, 40.5, 95.5],
        [1] * 4,
        task=[None, None, "serve", None],
    )
    place = table.schema.get_field_index("run")
    runs = table.set_column(place, table.schema.field(place), pa.array([1, 2, 1, 2], pa.int32()))
    figures, _ = cohorts(customers_of(open_log(runs, shop)))
    assert [(f.n, f.value) for f in figures if f.of == "month 1"] == [(2, 0.5)]


@pytest.mark.parametrize(
    "rows",
    [
        [("done", 1, "serve")],
        [("seen", 1, "serve"), ("joined", 2, None)],
        [("refused", customer, "serve", {"refusal": "not open"}) for customer in range(30)],
        [("income", None, None, {"money_minor": 500})],
        [("done", None, "serve"), ("amended", None, None)],
        [("done", 1, "buy", {"money_minor": 0})] * 3,
        [("done", customer, "buy") for customer in range(50)] * 3,
    ],
    ids=["one customer", "nothing done", "all refused", "no customer", "no names", "free", "one day"],
)
def test_every_figure_is_there_whatever_the_log_lacks(rows, shop):
    section = economics.section(open_log(acts(*rows), shop))
    assert_whole(section)
    assert {"lifetime_value", "net_benefit", "still_coming_share"} <= {
        figure.name for figure in section.figures
    }


def test_a_model_that_declares_no_task_is_measured_too(tmp_path):
    file = tmp_path / "bare.toml"
    file.write_text('name = "Bare"\ncurrency = "EUR"\nlaunched = 2008-01-01\n', encoding="utf-8")
    section = economics.section(open_log(acts(("joined", 1, None), ("left", 1, None)), load(file)))
    assert_whole(section)
