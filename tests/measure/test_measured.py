"""What measuring gives back: figures and tables for pandas, Arrow, Polars and JSON, without NaN."""

from __future__ import annotations

import json

import polars as pl
import pyarrow as pa
import pytest
from tests.measure.logs import log_of

from comaker import measure
from comaker.measure.figures import FIELDS, About
from comaker.measure.measured import Measured

ABOUT = About("share", "a share of something", "share", "things", "F20")


@pytest.fixture(scope="module")
def found() -> Measured:
    rows = [
        {"kind": kind, "task": "stake", "customer": customer, "role": "producer", "subject": 1, "quantity": 1}
        for customer in range(40)
        for kind in ("seen", "done")
    ]
    return measure(log_of(rows), "my-major-company")


def test_every_figure_is_a_row_with_its_section(found: Measured) -> None:
    figures = found.figures
    assert list(figures.columns) == ["section", *FIELDS]
    assert list(dict.fromkeys(figures.section)) == list(found.sections)
    assert next(iter(found.sections)) == "rcov"
    assert list(found.sections)[-1] == "replay"
    assert set(figures.basis) <= {"record", "estimate", "mechanical", "not identified"}


def test_a_figure_has_an_interval_or_says_what_it_needs(found: Measured) -> None:
    for figure in found.figures.to_dict("records"):
        assert figure["estimand"], figure
        if figure["basis"] == "estimate":
            assert figure["low"] <= figure["value"] <= figure["high"], figure
            assert figure["n"] > 0, figure
        if figure["basis"] == "not identified":
            assert figure["needs"], figure


def test_it_is_written_as_json_without_nan(found: Measured) -> None:
    text = json.dumps(found.as_dict(), allow_nan=False)
    assert json.loads(text)["label"] == "measured"


def test_tables_are_the_same_in_pandas_arrow_and_polars(found: Measured) -> None:
    table = found.table("inputs", "inputs")
    arrow, polars = found.arrow("inputs", "inputs"), found.polars("inputs", "inputs")
    assert isinstance(arrow, pa.Table)
    assert isinstance(polars, pl.DataFrame)
    assert arrow.to_pylist() == polars.to_dicts() == table.to_dict("records")


def test_an_unknown_figure_or_table_is_named(found: Measured) -> None:
    with pytest.raises(KeyError, match="no figure 'nonsense'"):
        found.figure("inputs", "nonsense")
    with pytest.raises(KeyError):
        found.table("inputs", "nonsense")


def test_an_estimate_that_is_no_number_is_not_identified() -> None:
    assert ABOUT.estimate(float("nan"), 0, 1, n=3).basis == "not identified"
    assert ABOUT.record(float("inf"), n=3).basis == "not identified"
    assert ABOUT.estimate(0.5, 0.4, 0.6, n=3).as_dict()["low"] == 0.4
