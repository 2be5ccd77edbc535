"""Determinants: the funnel, survey scales, and ability as believed and as shown."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest

from comaker import events
from comaker.measure import determinants
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
        import worlds.determinants

        yield worlds.determinants.WORLDS
    finally:
        sys.path.remove(str(BENCH))


def table(rows):
    """An event table from rows of (day, kind, customer, task) and further columns by name."""
    base = [
        {"day": day, "kind": kind, "customer": customer, "task": task, **(more[0] if more else {})}
        for day, kind, customer, task, *more in rows
    ]
    names = {name for row in base for name in row} - {"day"}
    columns = {name: [row.get(name) for row in base] for name in names}
    return events.table(
        {
            "event_id": np.arange(len(base)),
            "at": np.array([START_US + int(row["day"] * DAY_US) for row in base]).astype("datetime64[us]"),
            "run": np.zeros(len(base), np.int32),
            **columns,
        }
    )


def section(rows):
    found = determinants.section(open_log(table(rows), MODEL))
    for figure in found.figures:
        assert all(x is None or math.isfinite(x) for x in (figure.value, figure.low, figure.high))
        assert figure.basis != "not identified" or figure.needs
        assert figure.basis != "estimate" or figure.low <= figure.value <= figure.high
    for each in found.tables.values():
        assert not each.isna().any().any()
    return found


def asked(day, customer, answer, item="clarity 1", scale="clarity", encounter=1, is_reversed=False):
    shown = {"scale": scale, "item": item, "lowest": 1, "highest": 7, "reversed": is_reversed}
    more = {"quantity": answer, "encounter": encounter, "shown": json.dumps(shown)}
    return (day, "surveyed", customer, None, more)


def surveyed(customers=80, encounters=1, slope=0.0, seed=1, scale="clarity"):
    """Answers of 1 to 7 to three items, the last reversed; ``slope`` in points a doubling of encounters."""
    rng = np.random.default_rng(seed)
    rows = []
    for customer in range(customers):
        level = rng.normal(4, 1)
        for encounter in range(1, encounters + 1):
            for number in (1, 2, 3):
                felt = level + slope * math.log2(encounter) + rng.normal(0, 0.7)
                answer = int(np.clip(round(felt), 1, 7))
                told = 8 - answer if number == 3 else answer
                item = f"{scale} {number}"
                rows.append(asked(encounter, customer, told, item, scale, encounter, number == 3))
    return rows


FUNNEL = [
    *((0, "joined", customer, None) for customer in range(10)),
    *((1, "seen", customer, "stake") for customer in range(8)),
    *((1, "started", customer, "stake") for customer in range(6)),
    (1, "refused", 5, "stake"),
    (1, "refused", 4, "stake"),
    *((2, "done", customer, "stake") for customer in range(3)),
    # Refused once, done later: not stopped by the refusal.
    (3, "done", 4, "stake"),
    (2.2, "done", 0, "stake"),
    (4, "done", 1, "stake"),
]


def test_the_funnel_counts_customers_at_every_step():
    found = section(FUNNEL)
    counts = found.tables["funnel"]
    expected = {"reached": 10, "saw": 8, "began": 6, "let": 5, "did": 4, "returned": 1}
    for task in ("any", "stake"):
        rows = counts[counts.task == task]
        assert dict(zip(rows.step, rows.customers, strict=True)) == expected
    share = found.figure("did_it_of_those_not_refused", "stake")
    assert (share.value, share.n, share.basis) == (4 / 5, 5, "estimate")
    assert "ability" in share.estimand
    assert found.figure("customers_reached").basis == "record"


def test_each_step_of_the_funnel_stands_for_a_determinant():
    counts = section(FUNNEL).tables["funnel"]
    assert set(counts.determinant) == {"", "awareness", "willingness", "clarity", "ability"}


def test_who_acted_was_reached_and_saw_it_recorded_or_not():
    found = section([(1, "done", 1, "stake"), (1, "seen", 2, "stake")])
    assert found.figure("customers_who_saw_it", "stake").value == 2


def test_what_is_not_recorded_is_not_taken_for_success():
    found = section([(day, "done", customer, "stake") for day in (1, 2) for customer in range(5)])
    for name in ("saw_it_of_those_reached", "started_of_those_who_saw_it", "did_it_of_those_not_refused"):
        assert found.figure(name, "stake").basis == "not identified"
    assert "refused" in found.figure("not_refused_of_those_who_started").needs
    assert "refused or abandoned" in found.figure("first_try_success").needs
    assert found.figure("came_back_of_those_who_did_it").value == 1


def test_runs_of_a_simulation_have_customers_of_their_own():
    rows = [(1, "done", 1, "stake", {"run": 1}), (2, "done", 1, "stake", {"run": 2})]
    base = [
        {"event_id": i, "day": d, "kind": k, "customer": c, "task": t, **m}
        for i, (d, k, c, t, m) in enumerate(rows)
    ]
    at = np.array([START_US + row.pop("day") * DAY_US for row in base]).astype("datetime64[us]")
    columns = {name: [row[name] for row in base] for name in base[0]}
    found = determinants.section(open_log(events.table({"at": at, **columns}), MODEL))
    assert found.figure("customers_who_did_it").value == 2
    assert found.figure("customers_who_came_back").value == 0


def test_a_scale_is_scored_from_0_to_1_with_reversed_items_turned_round():
    rows = [asked(1, c, 7) for c in range(30)] + [
        asked(1, c, 1, "clarity 2", is_reversed=True) for c in range(30)
    ]
    found = section(rows).figure("scale_mean", "clarity")
    assert (found.value, found.n) == (1.0, 30)


def test_a_scale_of_three_items_has_mean_and_reliability():
    found = section(surveyed(200))
    mean = found.figure("scale_mean", "clarity")
    assert mean.low < 0.5 < mean.high
    assert mean.n == 200
    reliability = found.figure("omega", "clarity")
    # Variance 1 in common, 0.7² and the rounding's 1/12 of each item's own: 9 / (9 + 3 × 0.573).
    assert reliability.low < 0.84 < reliability.high
    assert found.figure("alpha", "clarity").value == pytest.approx(reliability.value, abs=0.02)
    assert found.figure("scale_mean", "willingness").basis == "not identified"


def test_a_scale_of_fewer_than_30_customers_is_not_reported():
    found = section(surveyed(29))
    for name in ("scale_mean", "omega"):
        figure = found.figure(name, "clarity")
        assert (figure.basis, figure.n) == ("not identified", 29)
        assert "30 are needed" in figure.needs


def test_two_items_have_no_reliability():
    rows = [row for row in surveyed(60) if "clarity 3" not in row[4]["shown"]]
    assert "3 are needed" in section(rows).figure("omega", "clarity").needs


def test_missing_answers_stay_missing():
    rows = surveyed(60)
    for row in rows[:30:3]:
        row[4]["quantity"] = None
    found = section(rows)
    assert found.figure("scale_mean", "clarity").n == 60
    assert found.figure("omega", "clarity").n == 50
    assert any("10 rows" in remark and "not answered" in remark for remark in found.remarks)


def test_answers_that_cannot_be_are_left_out_and_counted():
    odd = [asked(1, 1, 70), (1, "surveyed", 1, None, {"shown": "not JSON"}), (1, "surveyed", 2, None)]
    found = section(surveyed(40) + odd)
    assert found.figure("scale_mean", "clarity").n == 40
    assert any("beyond the ends" in remark for remark in found.remarks)
    assert any("names no scale" in remark and remark.startswith("2 ") for remark in found.remarks)


def test_change_with_experience_is_found_within_customers():
    found = section(surveyed(80, encounters=4, slope=0.5)).figure("change_with_experience", "clarity")
    assert found.low < 0.5 / 6 < found.high
    assert found.low > 0


def test_no_change_with_experience_is_reported_as_none():
    found = section(surveyed(80, encounters=4)).figure("change_with_experience", "clarity")
    assert found.low < 0 < found.high


def test_change_needs_the_same_item_after_another_encounter():
    assert section(surveyed(60)).figure("change_with_experience", "clarity").basis == "not identified"


def test_customers_who_believe_more_than_they_can_have_a_gap_above_zero():
    rng = np.random.default_rng(3)
    rows = []
    for customer in range(150):
        rows.append(asked(0, customer, 6, "able 1", "ability.perceived"))
        rows.append((1, "done" if rng.random() < 0.5 else "refused", customer, "stake"))
        rows.append((2, "done", customer, "stake"))
    found = section(rows)
    gap = found.figure("calibration_gap")
    assert gap.low < 5 / 6 - 0.5 < gap.high
    assert gap.n == 150
    first = found.figure("first_try_success", "stake")
    assert first.low < 0.5 < first.high


def test_without_a_survey_it_says_which_rows_would_tell():
    found = section(FUNNEL)
    for figure in (
        found.figure("scale_mean", "clarity"),
        found.figure("calibration_gap"),
    ):
        assert "kind surveyed" in figure.needs


@pytest.mark.parametrize(
    "rows",
    [
        [(1, "refused", customer, "stake") for customer in range(40)],
        [(1, "done", 1, "stake")],
        [(1, "seen", 1, None)],
        [(1, "cost", None, None, {"money_minor": 5})],
        [asked(1, 1, 4)],
        [(1, "surveyed", None, None)],
    ],
    ids=["all refused", "one customer", "no task", "no customer", "one answer", "nobody's answer"],
)
def test_poor_logs_are_measured_as_far_as_they_go(rows):
    assert section(rows).figures


def test_known_worlds_are_recovered(known):
    for world in known:
        found = [world.measure(seed) for seed in range(40)]
        for name, truth in world.truth.items():
            intervals = [each[name] for each in found if math.isfinite(each[name].value)]
            held = sum(one.low <= truth <= one.high for one in intervals)
            # Of 40 intervals of 95 %, 33 or fewer hold the truth once in 1,500 times.
            assert held >= len(intervals) - 6, (world.estimator, name)
