from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comaker.model.schema.units import (
    MAX_MONEY_MINOR,
    minor_digits,
    money_text,
    read_count,
    read_duration,
    read_money,
    read_number,
    read_percent,
)


@given(st.integers(0, MAX_MONEY_MINOR), st.sampled_from([0, 2, 3]))
def test_money_that_is_written_is_read_back_exactly(amount_minor: int, digits: int) -> None:
    assert read_money(money_text(amount_minor, digits), digits) == amount_minor


@pytest.mark.parametrize(("currency", "digits"), [("JPY", 0), ("EUR", 2), ("GBP", 2), ("KWD", 3), ("TND", 3)])
def test_it_knows_the_decimals_of_a_currency(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits


def test_money_may_leave_its_decimals_out() -> None:
    assert read_money("7000", 2) == 700_000
    assert read_money("0.5", 2) == 50


@pytest.mark.parametrize(
    ("written", "digits", "right"),
    [
        ("1.234,50", 2, '"1234.50"'),
        ("1,234.50", 2, '"1234.50"'),
        ("1'234.50", 2, '"1234.50"'),
        ("10,00", 2, '"10.00"'),
        ("1,234", 2, '"1234"'),
        ("€ 10.00", 2, '"10.00"'),
        ("ten", 2, '"10.00"'),
        ("", 2, '"10.00"'),
        ("1e3", 2, "write digits"),
        ("١٠", 2, "write digits"),
        ("10.000", 2, "2 decimals, not 3"),
        ("10.0", 0, "0 decimals, not 1"),
        ("-10.00", 2, "not be negative"),
        ("99999999999999.00", 2, "too large"),
        ("9" * 400, 2, "too large"),
        (10.0, 2, 'in quotes, such as "10.00"'),
        (10, 0, 'in quotes, such as "1000"'),
        (True, 2, "in quotes"),
    ],
)
def test_it_says_how_money_is_written(written: Any, digits: int, right: str) -> None:
    with pytest.raises(ValueError, match=r"money|write|decimals|large") as refused:
        read_money(written, digits)
    assert right in str(refused.value)


@pytest.mark.parametrize(
    ("written", "ppm"), [("30%", 300_000), ("0 %", 0), ("100%", 1_000_000), ("33.3333%", 333_333)]
)
def test_it_reads_a_share_exactly(written: str, ppm: int) -> None:
    assert read_percent(written) == ppm


@pytest.mark.parametrize("written", ["30", 0.3, "-1%", "101%", "33.33333%", "30,5%", True, "%"])
def test_it_refuses_what_is_no_share(written: Any) -> None:
    with pytest.raises(ValueError, match=r"%|decimals"):
        read_percent(written)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("90 s", 90), ("30 min", 1800), ("1.5 h", 5400), ("90 days", 7_776_000), ("1week", 604_800)],
)
def test_it_reads_a_duration_as_whole_seconds(written: str, seconds: int) -> None:
    assert read_duration(written) == seconds


@pytest.mark.parametrize("written", ["1 month", "2 years", "30", 30, "min", "0.3 s", "-1 day", "99999 weeks"])
def test_it_refuses_an_unclear_duration(written: Any) -> None:
    with pytest.raises(ValueError, match=r"days|duration"):
        read_duration(written)


@pytest.mark.parametrize("written", [True, "0.1", float("nan"), float("inf"), 10**400, None])
def test_it_refuses_what_is_no_finite_number(written: Any) -> None:
    with pytest.raises(ValueError, match="number"):
        read_number(written)


@pytest.mark.parametrize("written", [True, 1.0, -1, 10**10, "3"])
def test_it_refuses_what_is_no_count(written: Any) -> None:
    with pytest.raises(ValueError, match=r"whole number|count"):
        read_count(written)
