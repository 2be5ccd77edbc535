"""What customers and staff put in: exact sums, clustered means, and what a log does not say."""

from __future__ import annotations

import numpy as np
import pytest
from tests.measure.logs import log_of

from comaker import load
from comaker.measure import inputs
from comaker.measure.estimators.intervals import Moments, ratio, ratio_of
from comaker.measure.measuring import open_log

MODEL = load("my-major-company")


def done(customer: int, **columns: int) -> dict[str, object]:
    return {"kind": "done", "task": "stake", "customer": customer, "role": "producer", **columns}


def test_inputs_are_summed_exactly() -> None:
    section = inputs.section(
        open_log(log_of([done(1, items=3, money_minor=1000), done(2, items=4, money_minor=2000)]), MODEL)
    )
    assert section.figure("mental_input").value == 7
    assert section.figure("financial_input").value == 3000
    assert section.figure("financial_input").basis == "record"


def test_an_input_that_the_log_does_not_tell_is_not_identified_and_says_what_is_needed() -> None:
    section = inputs.section(open_log(log_of([done(1), done(2)]), MODEL))
    for name in ("physical_input", "emotional_input", "behavioral_input", "customer_hours", "staff_hours"):
        figure = section.figure(name)
        assert figure.value is None
        assert "column" in figure.needs or "record" in figure.needs


def test_the_labour_share_is_the_customers_part_of_all_time() -> None:
    rows = [done(customer, seconds=300, staff_seconds=100) for customer in range(30)]
    figure = inputs.section(open_log(log_of(rows), MODEL)).figure("customer_labour_share", "stake")
    assert figure.value == pytest.approx(0.75)
    assert (figure.low, figure.high) == (pytest.approx(0.75), pytest.approx(0.75))
    assert figure.n == 30


def test_a_customer_is_one_witness_however_often_she_comes() -> None:
    others = [done(customer, affect=-3) for customer in range(2, 32)]
    figure = inputs.section(open_log(log_of([done(1, affect=3), *others]), MODEL)).figure("emotional_input")
    assert (figure.n, figure.basis) == (31, "estimate")
    often = [done(1, affect=3)] * 500 + others
    figure = inputs.section(open_log(log_of(often), MODEL)).figure("emotional_input")
    assert (figure.n, figure.basis) == (31, "not identified"), "500 answers of one customer say little of all"


def test_one_customer_gives_no_interval() -> None:
    figure = inputs.section(open_log(log_of([done(1, affect=3)]), MODEL)).figure("emotional_input")
    assert figure.value is None


def test_it_remarks_what_the_model_asks_and_the_log_lacks() -> None:
    section = inputs.section(open_log(log_of([done(1, effort=1)]), MODEL))
    assert "Customers put physical input into stake; the model does not ask for it." in section.remarks
    assert any("mental input at stake; the log has none" in remark for remark in section.remarks)


def test_moments_give_the_interval_of_the_values_themselves() -> None:
    chance = np.random.default_rng(1)
    up, down = chance.poisson(5, 200).astype(float), 1.0 + chance.poisson(2, 200)
    sums = Moments(200, up.sum(), down.sum(), (up * up).sum(), (down * down).sum(), (up * down).sum())
    assert ratio_of(sums) == pytest.approx(ratio(up, down))
