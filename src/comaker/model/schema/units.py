"""How quantities are written in a model file: money, percentages, durations, dates, numbers.

All are read exactly. Money becomes integer minor units of the model's currency, percentages parts per
million, durations seconds. What is ambiguous is refused with what would be right, never guessed.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Annotated, Any

from babel.numbers import get_currency_precision, list_currencies
from pydantic import BeforeValidator, StringConstraints, ValidationInfo, WithJsonSchema

MAX_MONEY_MINOR = 10**12
"""The most one amount in a model file may be, in minor units."""

MAX_SECONDS = 100 * 366 * 86_400
"""The longest duration: a hundred years."""

MAX_COUNT = 10**9
"""The most one count in a model file may be."""

WHOLE_PPM = 1_000_000
"""100 % in parts per million."""

_CURRENCIES = list_currencies()

_PLAIN = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?")
_PERCENT = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?%")
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]+)")
_UNITS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1),
    **dict.fromkeys(("min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hour", "hours"), 3_600),
    **dict.fromkeys(("day", "days"), 86_400),
    **dict.fromkeys(("week", "weeks"), 604_800),
}


class Given(str):
    """Text of an override, whose type only the schema knows: ``0.01`` may be money or a number."""

    __slots__ = ()


def minor_digits(currency: str) -> int:
    """Decimals of a currency's minor unit: 0, 2 or 3 (Unicode CLDR)."""
    return get_currency_precision(currency)


def money_text(amount_minor: int, digits: int) -> str:
    """An amount in minor units as it is written in a model file."""
    whole, part = divmod(amount_minor, 10**digits)
    return f"{whole}.{part:0{digits}d}" if digits else str(whole)


def read_money(value: Any, digits: int) -> int:
    """Minor units of money written as text, such as ``"10.00"``; ValueError says what would be right."""
    if not isinstance(value, str):
        raise ValueError(f'money is written as text in quotes, such as "{money_text(1000, digits)}"')
    match = _PLAIN.fullmatch(value)
    if not match:
        raise ValueError(_plain_money(value, digits))
    sign, whole, part = match.group(1), match.group(2), match.group(3) or ""
    if sign:
        raise ValueError("money must not be negative")
    if len(part) > digits:
        raise ValueError(f"this currency has {digits} decimals, not {len(part)}")
    if len(whole) > 15 or int(whole + part.ljust(digits, "0")) > MAX_MONEY_MINOR:
        raise ValueError(f"too large: at most {money_text(MAX_MONEY_MINOR, digits)}")
    return int(whole + part.ljust(digits, "0"))


def _plain_money(value: str, digits: int) -> str:
    rule = "write digits, and a point before the decimals, without currency or thousands separators"
    bare = re.sub(r"[^0-9.,]", "", value)
    if len(bare) > 24 or not any(letter.isdigit() for letter in bare):
        return f'{rule}: "{money_text(1000, digits)}"'
    head, mark, tail = bare.rpartition("," if bare.rfind(",") > bare.rfind(".") else ".")
    if mark and len(tail) <= digits and len(tail) != 3:
        return f'{rule}: "{re.sub("[.,]", "", head) or "0"}.{tail or "0"}"'
    return f'{rule}: "{re.sub("[.,]", "", bare)}"'


def read_percent(value: Any) -> int:
    """Parts per million of a share written as text, such as ``"30%"``, from 0 % to 100 %."""
    match = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise ValueError('a share is written as text with a percent sign, such as "30%"')
    ppm = Decimal(match.group(1)) * 10_000
    if ppm != ppm.to_integral_value():
        raise ValueError("at most 4 decimals of a percent")
    if ppm > WHOLE_PPM:
        raise ValueError("a share is at most 100%")
    return int(ppm)


def read_duration(value: Any) -> int:
    """Whole seconds of a duration written as text, such as ``"30 min"`` or ``"90 days"``."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    unit = _UNITS.get(match.group(2).lower()) if match else None
    if match and match.group(2).lower() in {"month", "months", "year", "years"}:
        raise ValueError('months and years differ in length: write days or weeks, such as "90 days"')
    if not match or unit is None:
        raise ValueError('a duration is a number and one of s, min, h, days, weeks, such as "30 min"')
    seconds = Decimal(match.group(1)) * unit
    if seconds != seconds.to_integral_value():
        raise ValueError("a duration is a whole number of seconds")
    if seconds > MAX_SECONDS:
        raise ValueError("a duration is at most 36600 days")
    return int(seconds)


def read_date(value: Any) -> dt.date:
    """A calendar date; it begins at midnight UTC."""
    if isinstance(value, Given):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            pass
    if type(value) is not dt.date:
        raise ValueError("a date is written without quotes and without a time, such as 2008-05-22")
    return value


def read_number(value: Any) -> float:
    """A finite number, written without quotes."""
    if isinstance(value, Given):
        try:
            value = float(value)
        except ValueError:
            value = None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("a number is written without quotes, such as 0.15")
    # True also of NaN, and never turns a large integer into a float.
    if not abs(value) <= 1e15:
        raise ValueError("a number must be finite, at most 1e15")
    return float(value)


def read_count(value: Any) -> int:
    """A whole number from 0."""
    if isinstance(value, Given) and re.fullmatch(r"[0-9]{1,12}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("a whole number is written without quotes, such as 12")
    if not 0 <= value <= MAX_COUNT:
        raise ValueError(f"a count lies between 0 and {MAX_COUNT}")
    return value


def read_switch(value: Any) -> bool:
    """``true`` or ``false``."""
    if not isinstance(value, bool):
        raise ValueError("write true or false, without quotes")
    return value


def read_text(value: Any) -> str:
    """Words for people: not empty, at most 10,000 characters."""
    if not isinstance(value, str):
        raise ValueError("text is written in quotes")
    if not value.strip():
        raise ValueError("must say something")
    if len(value) > 10_000:
        raise ValueError("at most 10,000 characters")
    return str(value)


def read_currency(value: Any) -> str:
    """A currency's ISO 4217 code."""
    if not isinstance(value, str) or value not in _CURRENCIES:
        raise ValueError('a currency is written by its three-letter code, such as "EUR"')
    return str(value)


def digits_of(info: ValidationInfo) -> int:
    """Decimals of the currency that is being read; 2 where nobody knows it."""
    known: int | None = (info.context or {}).get("digits")
    return 2 if known is None else known


def _in_currency(value: Any, info: ValidationInfo) -> int:
    if isinstance(value, str) and (info.context or {}).get("digits", 2) is None:
        # The currency's own mistake is reported; a third decimal is not blamed for it.
        value = re.sub(r"(\.[0-9]{2})[0-9]\Z", r"\1", value)
    return read_money(value, digits_of(info))


def _as_written(pattern: str, description: str, example: str) -> WithJsonSchema:
    return WithJsonSchema(
        {"type": "string", "pattern": pattern, "description": description, "examples": [example]}
    )


Money = Annotated[
    int,
    BeforeValidator(_in_currency),
    _as_written(r"^[0-9]+(\.[0-9]+)?$", "Money in the model's currency, as text.", "10.00"),
]
Percent = Annotated[
    int,
    BeforeValidator(read_percent),
    _as_written(r"^[0-9]+(\.[0-9]+)? ?%$", "A share from 0% to 100%, as text.", "30%"),
]
Duration = Annotated[
    int,
    BeforeValidator(read_duration),
    _as_written(r"^[0-9]+(\.[0-9]+)? ?[A-Za-z]+$", "A duration in s, min, h, days or weeks.", "30 min"),
]
Day = Annotated[
    dt.date,
    BeforeValidator(read_date),
    WithJsonSchema({"type": "string", "format": "date", "description": "A TOML date, midnight UTC."}),
]
Number = Annotated[float, BeforeValidator(read_number)]
Count = Annotated[
    int, BeforeValidator(read_count), WithJsonSchema({"type": "integer", "minimum": 0, "maximum": MAX_COUNT})
]
Switch = Annotated[bool, BeforeValidator(read_switch)]
Text = Annotated[str, BeforeValidator(read_text), WithJsonSchema({"type": "string", "minLength": 1})]
Currency = Annotated[
    str,
    BeforeValidator(read_currency),
    WithJsonSchema({"type": "string", "pattern": "^[A-Z]{3}$", "examples": ["EUR"]}),
]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
