"""Link 1: how far customers take part because they see that others do."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest

from comaker import events
from comaker.measure.estimators.shown_base import Looks, forms, per_doubling
from comaker.measure.links import installed_base
from comaker.measure.measuring import open_log
from comaker.model import load

BENCH = Path(__file__).resolve().parents[2] / "bench"
WEEK_US = 7 * 86_400_000_000
START_US = 1_200_000_000_000_000
MODEL = load("my-major-company")


@pytest.fixture(scope="module")
def known():
    sys.path.insert(0, str(BENCH))
    try:
        import worlds.installed_base

        yield worlds.installed_base
    finally:
        sys.path.remove(str(BENCH))


def table(looks, shown, arm=None, customer=None):
    """A row of kind seen for each look, and one of kind done after it where it converted."""
    count = len(looks.base)
    done = looks.converted > 0
    at_us = START_US + looks.week * WEEK_US + np.arange(count) * 1000
    which = np.concatenate([np.arange(count), np.flatnonzero(done)])
    customer = np.arange(count) if customer is None else customer
    columns = {
        "event_id": np.arange(len(which)),
        "at": (at_us[which] + (np.arange(len(which)) >= count)).astype("datetime64[us]"),
        "run": np.zeros(len(which), np.int32),
        "kind": np.where(np.arange(len(which)) < count, "seen", "done"),
        "customer": customer[which],
        "subject": looks.project[which],
        "task": np.full(len(which), "stake"),
        "shown": np.array(shown, object)[which].tolist(),
    }
    return events.table(columns | ({} if arm is None else {"arm": np.asarray(arm)[which]}))


def shown_of(looks, name="producers"):
    goal = round(looks.base.max() * 1.5 + 1)
    return [
        json.dumps({"collected": int(base * 2), "goal": 2 * goal, name: int(base)}) for base in looks.base
    ]


def part(log):
    found = installed_base.measured(open_log(log, MODEL))
    for figure in found.figures:
        assert all(x is None or math.isfinite(x) for x in (figure.value, figure.low, figure.high))
        assert figure.basis != "not identified" or figure.needs
        assert figure.basis != "estimate" or figure.low <= figure.value <= figure.high
    assert not any(frame.isna().any(axis=None) for frame in found.tables.values())
    return found


def figure(found, name, of=""):
    return next(each for each in found.figures if (each.name, each.of) == (name, of))


@pytest.mark.parametrize("name", ["installed base, absent", "installed base", "installed base, goal near"])
def test_a_known_world_is_recovered(known, name):
    world = next(each for each in known.WORLDS if each.estimator == name)
    found = [world.measure(seed)["per_doubling"] for seed in range(1, 13)]
    truth = world.truth["per_doubling"]
    assert sum(one.low <= truth <= one.high for one in found) >= 10


def test_appeal_alone_is_no_effect_of_the_base(known):
    looks = known.looks(2, 0.0)
    between = np.polyfit(np.log2(1 + looks.base), looks.converted, 1)[0]
    found = per_doubling(looks)
    assert between > 0.015
    assert found.low <= 0 <= found.high


def test_the_form_that_made_the_looks_is_not_rejected(known):
    found = {form.name: form for form in forms(known.looks(1, 0.03, projects=40, per_project=400))}
    assert not found["log2(1 + n)"].reject
    assert found["none"].reject
    assert found["n squared"].worse_by > found["log2(1 + n)"].worse_by
    assert sum(form.weight for form in found.values()) == pytest.approx(1)


@pytest.mark.parametrize("name", ["producers", "holders", "customers"])
def test_a_log_says_what_the_estimator_says(known, name):
    looks = known.looks(3, 0.03)
    found = part(table(looks, shown_of(looks, name)))
    effect, direct = figure(found, "installed_base_effect"), per_doubling(looks)
    assert effect.value == pytest.approx(100 * direct.value, abs=0.05)
    assert effect.n == len(looks.base)
    conversion = figure(found, "look_conversion")
    assert conversion.value == pytest.approx(looks.converted.mean())
    bands = found.tables["installed_base_looks"]
    assert bands.looks.sum() == len(looks.base)
    assert bands.ended_in_act.sum() == looks.converted.sum()


def test_only_the_first_look_of_a_customer_at_a_project_counts(known):
    looks = known.looks(4, 0.0, projects=6, per_project=50)
    found = part(table(looks, shown_of(looks), customer=np.arange(300) // 2))
    assert figure(found, "look_conversion").n == 150


def drawn_world(seed, effect):
    """Half of the customers see no number; those who do act more often by ``effect``."""
    draws = np.random.default_rng(seed)
    count = 4000
    sees = draws.random(count) < 0.5
    acted = draws.random(count) < 0.2 + effect * sees
    base = draws.integers(0, 100, count).astype(float)
    project = np.sort(draws.integers(0, 10, count))
    looks = Looks(project, draws.integers(0, 8, count), base, acted.astype(float))
    shown = [
        json.dumps({"producers": int(n)} if see else {"cap": 5}) for n, see in zip(base, sees, strict=True)
    ]
    return table(looks, shown, arm=np.where(sees, "count: on", "count: hidden"))


def test_a_draw_tells_the_effect_of_showing():
    found = figure(part(drawn_world(1, 0.08)), "installed_base_randomised", "count")
    assert found.low < 8 < found.high
    assert found.low > 0


def test_a_draw_without_effect_tells_none():
    held = [figure(part(drawn_world(seed, 0.0)), "installed_base_randomised", "count") for seed in (2, 3, 4)]
    assert sum(one.low <= 0 <= one.high for one in held) >= 2


def test_an_experiment_about_something_else_is_not_taken(known):
    looks = known.looks(5, 0.0, projects=6, per_project=50)
    arm = np.where(np.arange(300) % 2, "faq: on", "faq: off")
    found = part(table(looks, shown_of(looks), arm=arm))
    assert "hidden" in figure(found, "installed_base_randomised").needs


def a_few(base, converted, projects=1):
    count = len(base)
    project = np.sort(np.arange(count) % projects)
    looks = Looks(project, np.arange(count) % 3, np.asarray(base, float), np.asarray(converted, float))
    return table(looks, shown_of(looks))


@pytest.mark.parametrize(
    ("log", "word"),
    [
        pytest.param(lambda: a_few(np.arange(60), np.arange(60) % 2), "projects", id="one project"),
        pytest.param(
            lambda: a_few(np.full(60, 7), np.arange(60) % 2, 6), "varies", id="always the same base"
        ),
        pytest.param(lambda: a_few(np.arange(60), np.zeros(60), 6), "act", id="nobody acts"),
        pytest.param(lambda: a_few(np.arange(60), np.ones(60), 6), "act", id="all act"),
        pytest.param(lambda: a_few([3], [1]), "act", id="one look"),
    ],
)
def test_what_the_looks_do_not_identify_is_said(log, word):
    assert word in figure(part(log()), "installed_base_effect").needs


def test_a_site_that_records_acts_alone_is_told_what_is_missing():
    rows = {"event_id": [1], "at": np.array([START_US]).astype("datetime64[us]"), "run": [0]}
    log = events.table(rows | {"kind": ["done"], "customer": [1], "subject": [1], "task": ["stake"]})
    found = part(log)
    assert {each.basis for each in found.figures} == {"not identified"}
    assert "rows of kind seen" in figure(found, "installed_base_effect").needs


def test_looks_that_show_no_number_are_told_apart():
    looks = Looks(np.zeros(4, np.int64), np.zeros(4, np.int64), np.zeros(4), np.array([0, 1, 0, 1.0]))
    found = part(table(looks, ['{"wording": "a"}', "not JSON", '{"holders": null}', ""]))
    assert "column shown" in figure(found, "installed_base_effect").needs
