"""Link 6: unit cost and practice, what each change of the terms did, and how late it came."""

from __future__ import annotations

import datetime as dt
import math
import sys
from pathlib import Path

import numpy as np
import pytest

from comaker import events
from comaker.measure.links import adaptation
from comaker.measure.measuring import open_log
from comaker.model import load

BENCH = Path(__file__).resolve().parents[2] / "bench"
DAY_US = 86_400_000_000
MODEL = load("my-major-company")
RULE = "2008-05-22"
LATER = "2009-04-06 to 2009-05-05"


@pytest.fixture(scope="module")
def known():
    sys.path.insert(0, str(BENCH))
    try:
        import worlds.adaptation

        yield worlds.adaptation
    finally:
        sys.path.remove(str(BENCH))


def day(text):
    return (dt.date.fromisoformat(text) - dt.date(1970, 1, 1)).days


def table(days, kind="done", **columns):
    """A log with a row for each entry of ``days`` (days since 1970), in their order."""
    days = np.asarray(days)
    base = {
        "event_id": np.arange(len(days)),
        "at": (days * DAY_US).astype("datetime64[us]"),
        "run": np.zeros(len(days), np.int32),
        "kind": np.full(len(days), kind) if isinstance(kind, str) else kind,
        "customer": np.arange(len(days)),
        "task": np.full(len(days), "stake"),
        "quantity": np.ones(len(days), np.int64),
    }
    return events.table(base | columns)


def part(log, model=MODEL):
    found = adaptation.measured(open_log(log, model))
    for figure in found.figures:
        assert all(x is None or math.isfinite(x) for x in (figure.value, figure.low, figure.high))
        assert figure.basis != "not identified" or figure.needs
        assert figure.basis != "estimate" or figure.low <= figure.value <= figure.high
    for each in found.tables.values():
        assert not each.isna().any().any()
    return {(figure.name, figure.of): figure for figure in found.figures}


def ruled(*, before=20, after=20, harm_weeks=0, effect=True, seed=1):
    """Weeks around the first amendment: 30 shares a stake ``harm_weeks`` long, then 10."""
    rng = np.random.default_rng(seed)
    week = np.repeat(np.arange(-before, after), rng.poisson(40, before + after))
    days = day(RULE) + 7 * week + rng.integers(0, 7, len(week))
    large = (week < 0) & (week >= -harm_weeks) if effect else np.zeros(len(week), bool)
    quantity = rng.poisson(np.where(large, 30, 10)) + 1
    refused = rng.random(len(week)) < np.where(effect & (week >= 0), 0.3, 0.05)
    order = np.argsort(days, kind="stable")
    kind = np.where(refused, "refused", "done")[order]
    return table(days[order], kind=kind, quantity=quantity[order])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_worlds_truth_lies_in_the_interval_or_just_beside_it(known, seed):
    for world in known.WORLDS:
        found = world.measure(seed)
        for name, truth in world.truth.items():
            width = found[name].high - found[name].low
            # What is not identified claims nothing.
            assert not found[name].low - width > truth, (world, name)
            assert not found[name].high + width < truth, (world, name)


def test_a_rule_that_refuses_and_cuts_stakes_is_seen_at_once():
    found = part(ruled(harm_weeks=20))
    refused = found["refused_share_level_change", RULE]
    assert refused.low - 0.05 < 0.25 < refused.high + 0.05
    assert refused.low > 0
    assert found["quantity_per_act_level_change", RULE].high < -15
    assert refused.n == 40


def test_a_rule_that_changes_nothing_is_not_said_to():
    found = part(ruled(effect=False))
    for name in ("done_per_week", "refused_share", "quantity_per_act"):
        for kind in ("level", "trend"):
            figure = found[f"{name}_{kind}_change", RULE]
            assert figure.low < 0 < figure.high, figure
    assert found["detection_lag", RULE].basis == "not identified"


def test_the_weeks_that_a_harm_lasted_before_its_rule_are_counted():
    found = part(ruled(before=24, harm_weeks=9))["detection_lag", RULE]
    assert found.low <= 9 <= found.high
    assert found.value == 9
    assert "assumption" in found.estimand


def test_changes_too_near_to_each_other_are_told_together():
    days = np.repeat(np.arange(day("2008-06-01"), day("2009-12-01")), 5)
    found = part(table(days))
    assert ("done_per_week_level_change", LATER) in found
    assert not any(of in ("2009-04-06", "2009-05-05") for _, of in found)


def test_too_short_a_log_says_how_many_weeks_it_has():
    needs = part(ruled(before=20, after=5))["done_per_week_level_change", RULE].needs
    assert "20 weeks before and 5 after" in needs


def test_terms_that_the_model_does_not_declare_are_a_change_too():
    days = np.repeat(np.arange(day("2008-06-01"), day("2009-03-01")), 3)
    terms = np.where(days < day("2008-10-01"), "aaaa", "bbbb")
    assert ("done_per_week_level_change", "2008-10-01") in part(table(days, model=terms))


def costly(ratio, weeks=60, seed=2):
    """Staff time an act falls to ``ratio`` with each doubling of all acts."""
    rng = np.random.default_rng(seed)
    acts = rng.poisson(30, weeks) + 1
    week = np.repeat(np.arange(weeks), acts)
    far = np.arange(1, len(week) + 1)
    staff_s = 3600 * far ** math.log2(ratio) * rng.lognormal(0, 0.3, len(week)) + 1
    return table(day("2008-01-01") + 7 * week, staff_seconds=staff_s.astype(np.int64))


def test_the_progress_ratio_of_a_known_firm_is_found():
    found = part(costly(0.81))["progress_ratio", "stake"]
    assert found.low - 0.01 < 0.81 < found.high + 0.01
    assert found.n == 60


def test_a_firm_that_does_not_learn_has_a_ratio_of_one():
    found = part(costly(1.0))["progress_ratio", "stake"]
    assert found.low < 1 < found.high


def test_eleven_weeks_give_no_progress_ratio():
    assert "12 are needed" in part(costly(0.81, weeks=11))["progress_ratio", "stake"].needs


@pytest.mark.parametrize(
    "log",
    [
        table([14_000]),
        table([day(RULE) - 1, day(RULE)]),
        table([14_000] * 3, kind="refused"),
        table([14_000] * 3, task=[None] * 3),
        table([14_000, 14_700], staff_seconds=[0, 5]),
        table(np.arange(14_000, 14_700), kind="seen"),
    ],
    ids=["one act", "one act a side", "all refused", "no task", "a gap", "nothing done"],
)
def test_poor_logs_give_reasons(log):
    found = part(log)
    assert {name for name, _ in found} == {"progress_ratio", *(about.name for about in adaptation._abouts())}
    assert all(figure.basis == "not identified" for figure in found.values())
