"""How numbers, money and intervals are written for people: in tables, charts and sentences alike."""

from __future__ import annotations

import math
from typing import NamedTuple

from babel.numbers import format_decimal

NOT_IDENTIFIED = "not identified"
"""What is written for a value that the runs do not determine (NaN): never a number that looks like one."""

_LOCALE = "en"
_MINUS = "\N{MINUS SIGN}"


class Money(NamedTuple):
    """The currency of a model: its ISO 4217 code and how many digits its minor unit has."""

    currency: str = ""
    minor_digits: int = 2

    def major(self, amount_minor: float) -> float:
        """Minor units in the currency's own unit, for showing only: sums are made before."""
        return amount_minor / 10.0**self.minor_digits

    def scale(self, largest_minor: float) -> tuple[float, str]:
        """What to divide minor units by so that the largest is easy to read, and the unit this gives."""
        largest = abs(self.major(largest_minor))
        for size, word in ((5e6, " million"), (2e4, " thousand")):
            if largest >= size:
                return 10.0**self.minor_digits * (1e6 if word == " million" else 1e3), self.unit + word
        return 10.0**self.minor_digits, self.unit

    @property
    def unit(self) -> str:
        """The currency's code, or plain words where the model's is not known."""
        return self.currency or "money"


UNKNOWN = Money()
"""Money of a currency that nobody named."""


def number(value: float, *, signed: bool = False) -> str:
    """A number with thousands separators and about three figures; NaN is "not identified".

    ``signed`` writes a plus before gains, for differences.
    """
    if math.isnan(value):
        return NOT_IDENTIFIED
    if math.isinf(value):
        return ("+" if signed and value > 0 else _MINUS if value < 0 else "") + "∞"
    text = str(format_decimal(abs(value), format=_pattern(abs(value)), locale=_LOCALE))
    if not any(digit in text for digit in "123456789"):
        return text
    return (_MINUS if value < 0 else "+" if signed else "") + text


def _pattern(size: float) -> str:
    if float(size).is_integer() or size >= 100:
        return "#,##0"
    if size >= 10:
        return "#,##0.0"
    if size >= 1:
        return "#,##0.00"
    # Below a hundredth two figures are kept: 0.0005 must not become 0.001.
    return "0.000" if size >= 0.01 or size < 1e-6 else "0.000" + "#" * (-math.floor(math.log10(size)) - 2)


def interval(low: float, high: float, *, signed: bool = False) -> str:
    """An interval as "148 to 312"; "not identified" where one end is."""
    if math.isnan(low) or math.isnan(high):
        return NOT_IDENTIFIED
    return f"{number(low, signed=signed)} to {number(high, signed=signed)}"


def with_unit(value: float, unit: str, *, signed: bool = False) -> str:
    """A number and its unit: "347 producers"; a currency stands before it: "EUR 70 thousand"."""
    written = number(value, signed=signed)
    # "0 to 1" or "share" behind a number would confuse more than it says.
    if math.isnan(value) or not unit[:1].isalpha() or unit == "share":
        return written
    currency, _, size = unit.partition(" ")
    if len(currency) == 3 and currency.isupper():
        sign = written[0] if written[0] in f"+{_MINUS}" else ""
        amount = f"{sign}{currency}\N{NO-BREAK SPACE}{written.removeprefix(sign)}"
        return f"{amount}\N{NO-BREAK SPACE}{size}" if size else amount
    return f"{written}\N{NO-BREAK SPACE}{unit}"


def label(name: str) -> str:
    """A metric's or a cause's name for reading: ``producers_per_project`` is "Producers per project"."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]
