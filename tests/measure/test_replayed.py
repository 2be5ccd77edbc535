"""Recorded decisions made again: none differs under the rules of the record, other terms are labelled."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from tests.measure.logs import log_of

from comaker import MeasureError, load, measure, simulate
from comaker.measure import replayed
from comaker.measure.measuring import open_log
from comaker.model import ModelError


@pytest.fixture(scope="module")
def simulated() -> pa.Table:
    found = simulate("my-major-company", customers=4_000, weeks=60, runs=2, seed=3, events=True)
    assert found.events is not None
    return found.events


def test_a_simulated_log_replays_without_a_difference(simulated: pa.Table) -> None:
    section = replayed.section(open_log(simulated, load("my-major-company")), None)
    assert section.figure("replay_differences", "stake").value == 0
    assert section.figure("replay_closing_differences", "stake").value == 0
    assert section.figure("replay_differences", "stake").n > 500
    assert section.figure("refused_share", "stake / changed").value is None


def test_a_changed_record_is_noticed_and_told() -> None:
    model = load("my-major-company", amendments=False)
    opened: dict[str, Any] = {"kind": "opened", "subject": 1, "money_minor": 7_000_000}
    stake = {"kind": "done", "task": "stake", "customer": 1, "subject": 1}
    too_much = {**stake, "quantity": 701, "money_minor": 701_000}
    section = replayed.section(open_log(log_of([opened, too_much]), model), None)
    assert section.figure("replay_differences", "stake").value == 1
    assert "recorded as none, the rules say over_cap (701 shares asked, 0 accepted)" in section.remarks[-1]


def test_what_if_is_mechanical_and_says_so(simulated: pa.Table) -> None:
    found = measure(simulated, "my-major-company", changes=["task.stake.terms.cap=100.00"])
    now, changed = (
        found.figure("replay", "refused_share", f"stake / {arm}") for arm in ("as declared", "changed")
    )
    assert now.value is not None
    assert changed.value is not None
    assert changed.value > now.value
    assert changed.basis == "mechanical"
    assert any("behaviour would change too" in remark for remark in found.sections["replay"].remarks)
    assert found.label == "simulated"


def test_a_wrong_change_is_refused_before_anything_is_measured() -> None:
    with pytest.raises(ModelError, match="cap"):
        measure("there/is/none.parquet", "my-major-company", changes=["task.stake.terms.cup=1.00"])


def test_changes_need_a_models_name() -> None:
    with pytest.raises(MeasureError, match="name or path"):
        measure("none.parquet", load("my-major-company"), changes=["task.stake.terms.cap=1.00"])


def test_a_log_without_requests_says_so() -> None:
    row = {"kind": "seen", "task": "stake", "customer": 1}
    section = replayed.section(open_log(log_of([row]), load("my-major-company")), None)
    figure = section.figure("replay_differences", "stake")
    assert figure.value is None
    assert "no request to stake" in figure.needs
