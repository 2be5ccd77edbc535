"""Link 5: who does the work, what an act costs, what it saves."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest

from comaker import events
from comaker.measure.links import coproduction
from comaker.measure.measuring import open_log
from comaker.model import load

BENCH = Path(__file__).resolve().parents[2] / "bench"
DAY_US = 86_400_000_000
START_US = 14_000 * DAY_US
HOUR_MINOR, ENCOUNTER_MINOR = 3000, 50
TERMS = """
name = "Desk"
currency = "EUR"
launched = 2007-12-01
[role.applicant]
tasks = ["apply"]
[task.apply]
kind = "selfservice"
stage = "delivery"
performer = "joint"
[task.check]
kind = "review"
stage = "delivery"
performer = "firm"
[task.check.terms]
criteria = ["complete"]
"""
RATE = """
[staff.desk]
cost_per_hour = "30.00"
tasks = ["apply"]
[cost.questions]
cause = "coordination"
amount = "0.50"
each = "encounter"
task = "apply"
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    found = {}
    for name, text in (("with rates", TERMS + RATE), ("without rates", TERMS)):
        path = folder / f"{name.replace(' ', '-')}.toml"
        path.write_text(text, "utf-8")
        found[name] = load(path)
    return found


@pytest.fixture(scope="module")
def known():
    sys.path.insert(0, str(BENCH))
    try:
        import worlds.coproduction

        yield worlds.coproduction.WORLDS
    finally:
        sys.path.remove(str(BENCH))


def table(acts, **columns):
    base = {
        "event_id": np.arange(acts),
        "at": (START_US + np.arange(acts) * DAY_US // 10).astype("datetime64[us]"),
        "run": np.zeros(acts, np.int32),
        "kind": np.full(acts, "done"),
        "customer": np.arange(acts) % max(acts // 4, 1),
        "task": np.full(acts, "apply"),
        "stage": np.full(acts, "delivery"),
        "performer": np.full(acts, "joint"),
    }
    return events.table(base | columns)


def part(log, model):
    found = coproduction.measured(open_log(log, model))
    for figure in found.figures:
        assert all(x is None or math.isfinite(x) for x in (figure.value, figure.low, figure.high))
        assert figure.basis != "not identified" or figure.needs
        assert figure.basis != "estimate" or figure.low <= figure.value <= figure.high
    for each in found.tables.values():
        assert not each.isna().any().any()
    return {(figure.name, figure.of): figure for figure in found.figures}


def worked(acts=900, seed=1):
    """Customers take 600 s an act, staff 120 s; an act saves 300 s of staff."""
    rng = np.random.default_rng(seed)
    return table(
        acts,
        seconds=rng.gamma(4, 150, acts).astype(int) + 1,
        staff_seconds=rng.gamma(4, 30, acts).astype(int) + 1,
        saved_seconds=rng.gamma(9, 300 / 9, acts).astype(int) + 1,
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_worlds_truth_lies_in_the_interval_or_just_beside_it(known, seed):
    for world in known:
        found = world.measure(seed)
        for name, truth in world.truth.items():
            width = found[name].high - found[name].low
            assert found[name].low - width <= truth <= found[name].high + width, (world, name)


def test_shares_costs_and_savings_of_a_known_desk_are_found(models):
    found = part(worked(), models["with rates"])
    share = found["customer_labour_share", "delivery"]
    assert share.low < 600 / 720 < share.high
    assert share.high - share.low < 0.03
    cost = found["cost_per_act", "apply"]
    assert cost.low - 2 < 120 * HOUR_MINOR / 3600 + ENCOUNTER_MINOR < cost.high + 2
    saved = found["staff_time_saved_per_act", "apply"]
    assert saved.low - 5 < 180 < saved.high + 5
    money = found["cost_saved_per_act", "apply"]
    assert money.value == pytest.approx(saved.value * HOUR_MINOR / 3600 - ENCOUNTER_MINOR)


def test_the_firms_own_steps_count_in_the_work_of_a_stage(models):
    log = worked()
    alone = part(log, models["with rates"])["customer_labour_share", "delivery"].value
    columns = {name: np.asarray(log[name]) for name in ("seconds", "staff_seconds")}
    half = 450
    task = np.where(np.arange(900) < half, "apply", "check")
    customer = [int(each) if each < half else None for each in range(900)]
    seconds = [int(each) if row < half else None for row, each in enumerate(columns["seconds"])]
    both = table(900, task=task, customer=customer, seconds=seconds, staff_seconds=columns["staff_seconds"])
    found = part(both, models["with rates"])["customer_labour_share", "delivery"]
    assert found.low < found.value < alone
    own_s = columns["seconds"][:half].sum()
    assert found.value == pytest.approx(own_s / (own_s + columns["staff_seconds"].sum()))


def test_performers_of_one_task_are_compared(models):
    log = worked()
    performer = np.where(np.arange(900) % 2, "customer", "firm")
    staff = np.where(np.arange(900) % 2, 60, 600)
    saved = np.asarray(log["saved_seconds"])
    found = part(
        table(900, performer=performer, staff_seconds=staff, saved_seconds=saved), models["with rates"]
    )
    alone, served = found["cost_per_act", "apply / customer"], found["cost_per_act", "apply / firm"]
    assert alone.value == pytest.approx(60 * HOUR_MINOR / 3600 + ENCOUNTER_MINOR)
    assert served.value == pytest.approx(600 * HOUR_MINOR / 3600 + ENCOUNTER_MINOR)


def test_money_recorded_for_a_task_is_part_of_its_cost(models):
    money = np.where(np.arange(900) % 10 == 0, 1000, 0)
    kind = np.where(money > 0, "cost", "done")
    found = part(table(900, kind=kind, money_minor=money), models["without rates"])["cost_per_act", "apply"]
    assert found.low <= 1000 / 9 <= found.high


def test_staff_time_at_refused_acts_is_part_of_the_cost_of_those_done(models):
    kind = np.where(np.arange(900) % 2, "done", "refused")
    found = part(table(900, kind=kind, staff_seconds=np.full(900, 60)), models["with rates"])
    assert found["cost_per_act", "apply"].value == pytest.approx(2 * 60 * HOUR_MINOR / 3600 + ENCOUNTER_MINOR)


def test_without_declared_rates_no_money_is_told(models):
    found = part(worked(), models["without rates"])
    assert "cost_per_hour" in found["cost_per_act", "apply"].needs
    assert "cost_per_hour" in found["cost_saved_per_act", "apply"].needs
    assert found["staff_time_saved_per_act", "apply"].basis == "estimate"


def test_work_that_saves_nothing_is_said_to_save_nothing(models):
    rng = np.random.default_rng(4)
    log = table(900, staff_seconds=rng.integers(100, 200, 900), saved_seconds=rng.integers(100, 200, 900))
    found = part(log, models["with rates"])["staff_time_saved_per_act", "apply"]
    assert found.low < 0 < found.high


@pytest.mark.parametrize(
    "log",
    [
        table(1),
        table(1, staff_seconds=[60], seconds=[60], saved_seconds=[5]),
        table(3, customer=[1, 1, 1], staff_seconds=[60, 60, 60]),
        table(3, kind=["refused"] * 3),
        table(3, task=[None] * 3),
        table(3, customer=[None] * 3, staff_seconds=[1, 2, 3], seconds=[1, 2, 3], saved_seconds=[1, 2, 3]),
        table(400, staff_seconds=np.zeros(400, int), seconds=np.zeros(400, int)),
    ],
    ids=["bare", "one act", "one customer", "all refused", "no task", "no customer", "zeros"],
)
@pytest.mark.parametrize("name", ["with rates", "without rates"])
def test_poor_logs_give_reasons(log, name, models):
    assert {name for name, _ in part(log, models[name])} == {about.name for about in coproduction._ALL}
