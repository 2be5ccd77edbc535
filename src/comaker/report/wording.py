"""How a measured figure and a table behind it are written for people."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import pandas as pd

from comaker.charts.amounts import NOT_IDENTIFIED, Money, interval, label, number, with_unit
from comaker.measure.figures import Basis, Figure

BASES: dict[Basis, str] = {
    "record": "exact",
    "estimate": "estimated",
    "mechanical": "mechanical",
    "not identified": NOT_IDENTIFIED,
}
"""How a figure is known, in a word."""

_MONEY = "minor units"
_SHARE = "share"
_POINTS = "difference of shares"
_PERCENT = "\N{NO-BREAK SPACE}%"
_TIMES = ((7200.0, 3600.0, "h"), (180.0, 60.0, "min"))
_PLAIN = {"run", "customer", "subject", "event_id", "year", "week", "cohort"}
"""Columns whose numbers name something: without separators."""


class Written(NamedTuple):
    """A figure in words: value with unit, interval, how many of what it rests on, how it is known.

    "" stands for an interval or a number that there is none of.
    """

    value: str
    interval: str
    n: str
    counted: str
    basis: str


def written(figure: Figure, money: Money) -> Written:
    """A figure for reading: money in the currency's own unit, shares in per cent, long times in hours."""
    rests_on = (number(figure.n), figure.counted) if figure.n else ("", "")
    if figure.value is None:
        return Written(NOT_IDENTIFIED, "", *rests_on, BASES[figure.basis])
    ends = [each for each in (figure.low, figure.high) if each is not None]
    factor, unit = _scale(figure.unit, max(map(abs, (figure.value, *ends))), money)
    between = interval(*(factor * each for each in ends)) if len(ends) == 2 else ""
    return Written(
        _with(factor * figure.value, unit),
        f"{between}{_PERCENT}" if between and unit[:1] == "%" else between,
        *rests_on,
        BASES[figure.basis],
    )


def _scale(unit: str, largest: float, money: Money) -> tuple[float, str]:
    """What to multiply a value by, and the unit this gives."""
    if unit.startswith(_MONEY):
        return 10.0**-money.minor_digits, money.unit + unit.removeprefix(_MONEY)
    if unit == _SHARE or unit.startswith(f"{_SHARE} "):
        return 100.0, "%" + unit.removeprefix(_SHARE)
    if unit.startswith(_POINTS):
        return 100.0, "points" + unit.removeprefix(_POINTS)
    if unit == "s":
        for least, size, word in _TIMES:
            if largest >= least:
                return 1 / size, word
    return 1.0, "" if unit == "ratio" else unit


def _with(value: float, unit: str) -> str:
    return f"{number(value)}\N{NO-BREAK SPACE}{unit}" if unit[:1] == "%" else with_unit(value, unit)


def axis(unit: str, largest: float, money: Money) -> tuple[float, str]:
    """The same for an axis: what to multiply values by, and what to write below it."""
    factor, name = _scale(unit, largest, money)
    return factor, {"%": "per cent", "points": "percentage points"}.get(name, name)


def day(at_us: int) -> str:
    """The UTC day of µs since 1970, as "1 December 2007"."""
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)
    return f"{at.day} {at:%B %Y}"


class Shown(NamedTuple):
    """A table's first rows in words: headings, whether a column holds numbers, cells, and rows in all."""

    headings: list[str]
    numeric: list[bool]
    rows: list[list[str]]
    total: int


def shown(table: pd.DataFrame, money: Money, *, rows: int) -> Shown:
    """The first rows of a table, its columns' units in the headings."""
    names = [str(name) for name in table.columns]
    first = table.head(rows)
    units = _of_interval(names)
    columns = [first.iloc[:, place] for place in range(len(names))]
    cells = [
        [_cell(value, units.get(name, name), money) for value in column]
        for name, column in zip(names, columns, strict=True)
    ]
    numeric = [pd.api.types.is_numeric_dtype(column.dtype) for column in columns]
    return Shown(
        [_heading(name, money) if name not in units else label(name) for name in names],
        numeric,
        [list(row) for row in zip(*cells, strict=True)],
        len(table),
    )


def _of_interval(names: list[str]) -> dict[str, str]:
    """Which column the ends of an interval have their unit from: the one that stands before them."""
    if "low" not in names or not names.index("low"):
        return {}
    return dict.fromkeys(("low", "high"), names[names.index("low") - 1])


def _heading(name: str, money: Money) -> str:
    for ending, unit in (("_minor", f", {money.unit}"), ("_share", ", %"), ("_us", ", UTC"), ("_s", ", s")):
        if name.endswith(ending) and name != ending:
            return label(name.removesuffix(ending)) + unit
    return f"{label(name)}, %" if name == _SHARE else label(name)


def _cell(value: Any, name: str, money: Money) -> str:
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, bool) or str(type(value).__name__) == "bool_":
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, date):
        return value.isoformat()[:16].replace("T", " ")
    if isinstance(value, int | float) or hasattr(value, "dtype"):
        return _numeric_cell(float(value), name, money)
    return str(value)


def _numeric_cell(value: float, name: str, money: Money) -> str:
    if name == "day" or name.endswith("_day"):
        return (date(1970, 1, 1) + timedelta(days=int(value))).isoformat()
    if name.endswith("_us"):
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(value))
        return f"{at:%Y-%m-%d %H:%M}"
    if name.endswith("_minor"):
        return number(money.major(value))
    if name == _SHARE or name.endswith("_share"):
        return number(100 * value)
    return f"{value:.0f}" if name in _PLAIN and value.is_integer() else number(value)
