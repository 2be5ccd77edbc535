"""Socialization: what the firm's techniques address, whom they reach, and what an offer by lot does."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest

from comaker import events
from comaker.measure import socialization
from comaker.measure.estimators import encouragement
from comaker.measure.estimators.encouragement import Arm
from comaker.measure.links import socializing
from comaker.measure.measuring import open_log
from comaker.model import load
from comaker.words import Determinant

BENCH = Path(__file__).resolve().parents[2] / "bench"
HOUR_US = 3_600_000_000
START_US = 14_000 * 24 * HOUR_US
MODEL = load("my-major-company")


@pytest.fixture(scope="module")
def known():
    sys.path.insert(0, str(BENCH))
    try:
        import worlds.socialization

        yield worlds.socialization.WORLDS
    finally:
        sys.path.remove(str(BENCH))


def log(rows, model=MODEL):
    """A log of rows (hour, kind, customer, task, arm, technique met or "")."""
    hours, kinds, customers, tasks, arms, met = zip(*rows, strict=True)
    at = (START_US + np.array(hours) * HOUR_US).astype("datetime64[us]")
    table = events.table(
        {
            "event_id": np.arange(len(rows)),
            "at": at,
            "run": np.zeros(len(rows), np.int32),
            "kind": list(kinds),
            "customer": list(customers),
            "task": list(tasks),
            "arm": list(arms),
            "shown": [json.dumps({"technique": name}) if name else None for name in met],
        }
    )
    return open_log(table, model)


def link(rows):
    found = socializing.measured(log(rows))
    for figure in found.figures:
        assert all(x is None or math.isfinite(x) for x in (figure.value, figure.low, figure.high))
        assert figure.basis != "not identified" or figure.needs
        assert figure.basis != "estimate" or figure.low <= figure.value <= figure.high
    return found


def figure(part, name, of="faq"):
    return next(each for each in part.figures if (each.name, each.of) == (name, of))


def experiment(customers=900, gain=0.3, seed=4, comply=0.6, name="faq"):
    """Customers drawn to be offered the FAQ or not; of those offered so many read it, and gain by it."""
    rng = np.random.default_rng(seed)
    rows = []
    for customer in range(customers):
        offered = rng.random() < 0.5
        arm = f"{name}: {'on' if offered else 'off'}"
        joined = rng.uniform(0, 100)
        rows.append((joined, "joined", customer, None, arm, ""))
        met = offered and rng.random() < comply
        if met:
            rows.append((joined + 0.1, "seen", customer, "stake", arm, name))
        if rng.random() < 0.3 + gain * met:
            rows.append((joined + rng.exponential(20), "done", customer, "stake", arm, ""))
    return rows


def test_the_published_coding_of_the_faq_comes_out_exactly():
    found = socialization.section(log(experiment(4)))
    coverage = found.tables["coverage"].set_index("technique").loc["faq"]
    assert (coverage["items"], coverage["codes"]) == (16, 25)
    expected = {"ability": 4, "willingness": 13, "clarity": 8, "awareness": 0}
    for determinant, items in expected.items():
        assert coverage[determinant] == items
        assert found.figure("items_that_address_it", f"faq / {determinant}").value == items
        assert found.figure("share_of_items_that_address_it", f"faq / {determinant}").value == items / 16
    assert "None of the 16 items of faq addresses awareness." in found.remarks


def test_the_coverage_matrix_counts_items_once_whichever_sides_they_address():
    coverage = socialization.coverage_of(MODEL).set_index("technique")
    assert coverage.loc["home-page", "awareness"] == 1
    assert coverage.loc["home-page", "codes"] == 3
    assert (coverage[[str(each) for each in Determinant]].max(axis=1) <= coverage["items"]).all()


def test_a_determinant_that_nothing_addresses_is_named():
    off = [name for name in MODEL.technique if name != "faq"]
    model = load("my-major-company", changes=[f"technique.{name}.on=false" for name in off])
    found = socialization.section(log(experiment(4), model))
    assert found.figure("determinants_not_addressed").value == 1
    assert found.figure("techniques_in_use").value == 1
    assert found.figure("techniques_switched_off").value == len(off)
    assert found.figure("declared_cost_a_week").value == MODEL.technique["faq"].cost_per_week_minor
    assert any("No technique in use addresses awareness" in remark for remark in found.remarks)


def test_customers_who_met_a_technique_are_a_share_with_an_interval():
    rows = [(hour, "seen", customer, "stake", None, "faq") for hour in (1, 2) for customer in range(10)]
    rows += [(3, "done", customer, "stake", None, "") for customer in range(40)]
    rows.append((4, "seen", 1, "stake", None, "tarot"))
    found = socialization.section(log(rows))
    met = found.figure("customers_who_met_it", "faq")
    assert (met.value, met.n) == (0.25, 40)
    assert met.low < 0.25 < met.high
    assert found.figure("customers_who_met_it", "guide").basis == "not identified"
    assert any("tarot" in remark for remark in found.remarks)


def test_without_rows_of_meetings_nobody_is_said_to_have_met_anything():
    found = socialization.section(log([(1, "done", 1, "stake", None, "")]))
    assert "kind seen" in found.figure("customers_who_met_it").needs


def test_an_offer_by_lot_shows_its_effect():
    part = link(experiment())
    offered, met = figure(part, "intention_to_treat"), figure(part, "complier_effect")
    assert offered.low < 0.3 * 0.6 < offered.high
    assert offered.low > 0
    assert met.low < 0.3 < met.high
    assert figure(part, "take_up").value == pytest.approx(0.6, abs=0.06)
    assert figure(part, "hazard_ratio").low > 1
    assert not part.remarks
    arms = part.tables["arms"]
    assert arms.customers.sum() == offered.n == 900


def test_a_technique_without_effect_is_reported_as_none():
    part = link(experiment(gain=0.0))
    for name, none in (
        ("intention_to_treat", 0),
        ("complier_effect", 0),
        ("hazard_ratio", 1),
    ):
        found = figure(part, name)
        assert found.low < none < found.high


def test_without_a_lot_the_effect_is_not_identified_though_readers_do_better():
    rows = [(hour, kind, who, task, None, met) for hour, kind, who, task, _, met in experiment()]
    part = link(rows)
    for name in ("intention_to_treat", "complier_effect", "take_up", "hazard_ratio"):
        found = figure(part, name, "")
        assert found.basis == "not identified"
        assert "who chooses to" in found.needs


def test_an_offer_that_nobody_takes_up_has_no_effect_on_those_who_met_it():
    found = figure(link(experiment(comply=0.0)), "complier_effect")
    assert found.basis == "not identified"
    assert "kind seen" in found.needs


def test_an_offer_that_moves_too_few_says_how_few():
    found = figure(link(experiment(200, comply=0.01, seed=9)), "complier_effect")
    assert found.basis == "not identified"
    assert "F is" in found.needs


def test_arms_of_unlike_size_are_warned_of():
    lost = [row for row in experiment() if row[4] == "faq: on" or row[2] % 2]
    part = link(lost)
    assert any("sample ratio mismatch" in remark for remark in part.remarks)
    share = figure(part, "share_drawn_into_the_arm", "faq: on")
    assert share.low > 0.5


def test_customers_in_both_arms_and_customers_of_old_do_not_count():
    rows = experiment(60)
    rows += [(500, "seen", who, "stake", f"faq: {arm}", "") for who in (1,) for arm in ("on", "off")]
    rows.append((-10, "done", 2, "stake", None, ""))
    part = link(rows)
    assert figure(part, "take_up").n == 58
    assert any("several arms of faq" in remark and remark.endswith(": 1.") for remark in part.remarks)


def test_only_contributions_at_the_tasks_of_the_technique_count():
    rows = [(*row[:3], row[3] and "choose", *row[4:]) for row in experiment(60, name="rules-page")]
    assert MODEL.technique["rules-page"].tasks == ("stake",)
    assert figure(link(rows), "first_contribution_share", "rules-page: on").value == 0


def test_an_experiment_on_something_else_is_none_of_this_link():
    part = link(experiment(50, name="price"))
    assert figure(part, "take_up", "").basis == "not identified"
    assert any('"price" is on no technique' in remark for remark in part.remarks)


def test_an_experiment_without_a_control_arm_has_no_effect():
    rows = [(*row[:4], row[4].replace("off", "short"), row[5]) for row in experiment(60)]
    found = figure(link(rows), "intention_to_treat")
    assert "called off" in found.needs


def test_several_arms_are_each_held_against_the_control():
    rows = [(*row[:4], "faq: long" if row[2] % 3 == 0 else row[4], row[5]) for row in experiment()]
    part = link(rows)
    assert {each.of for each in part.figures if each.name == "take_up"} == {"faq: long", "faq: on"}


@pytest.mark.parametrize("arms", [["faq: on"], ["faq: on", "faq: off"], ["nonsense"]])
def test_the_smallest_experiments_are_measured_as_far_as_they_go(arms):
    assert link([(1, "done", number, "stake", arm, "") for number, arm in enumerate(arms)]).figures


def _customers(seed=1, customers=1500):
    rng = np.random.default_rng(seed)
    offered = rng.random(customers) < 0.5
    keen = rng.random(customers)
    met = keen < 0.2 + 0.5 * offered
    return offered, met, rng.random(customers) < 0.3 + 0.2 * met + 0.2 * (keen < 0.2)


def test_the_complier_effect_is_that_of_two_stage_least_squares():
    from linearmodels.iv import IV2SLS

    offered, met, did = _customers()
    arms = [
        Arm(int(who.sum()), int(met[who].sum()), int(did[who].sum()), int((met & did)[who].sum()))
        for who in (offered, ~offered)
    ]
    fitted = IV2SLS(did.astype(float), np.ones(len(did)), met.astype(float), offered.astype(float)).fit(
        cov_type="robust"
    )
    found = encouragement.complied(*arms)
    assert found.value == pytest.approx(fitted.params["endog"], abs=1e-9)
    assert found[1:] == pytest.approx(tuple(fitted.conf_int().loc["endog"]), abs=0.002)
    assert encouragement.strength(*arms) == pytest.approx(
        fitted.first_stage.diagnostics["f.stat"]["endog"], rel=1e-6
    )


def test_the_hazard_ratio_is_that_of_the_library():
    regression = pytest.importorskip("statsmodels.duration.hazard_regression")
    rng = np.random.default_rng(5)
    treated = rng.random(800) < 0.5
    waits = np.ceil(rng.exponential(10 / np.where(treated, 1.5, 1.0)))
    ends = np.ceil(rng.uniform(0, 20, 800))
    done, time = waits <= ends, np.minimum(waits, ends)
    fitted = regression.PHReg(time, treated[:, None].astype(float), status=done, ties="efron").fit()
    found = encouragement.hazard_ratio(time, treated, ended=np.ones(800), done=done)
    assert found.value == pytest.approx(np.exp(fitted.params[0]), rel=1e-6)
    assert found[1:] == pytest.approx(tuple(np.exp(fitted.conf_int()[0])), rel=1e-6)


def test_known_worlds_are_recovered(known):
    for world in known:
        found = [world.measure(seed) for seed in range(60)]
        for name, truth in world.truth.items():
            intervals = [each[name] for each in found if math.isfinite(each[name].low)]
            held = sum(one.low <= truth <= one.high for one in intervals)
            # Of 60 intervals of 95 %, 51 or fewer hold the truth once in 700 times.
            assert held >= len(intervals) - 8, (world.estimator, name)
