"""How amounts, times and people are written for people."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import format_currency, format_decimal
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import ngettext

from comaker.model import Model
from comaker.rules.sharing import WHOLE_PPM

MICROSECONDS = 1_000_000
_INVISIBLE = re.compile("[\u115f\u1160\u2800\u3164\uffa0]")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def language() -> str:
    """The language that pages are written in now, as babel names it."""
    return (translation.get_language() or "en").replace("-", "_")


def money_text(amount_minor: int, firm: Model) -> str:
    """An amount in minor units in the firm's currency: ``€1,234.50``."""
    return _money_text(amount_minor, firm.minor_digits, firm.currency, language())


def round_money_text(amount_minor: int, firm: Model) -> str:
    """An amount without decimals where it has none: ``€100,000``; any other is written in full."""
    has_part = amount_minor % 10**firm.minor_digits
    return _money_text(amount_minor, firm.minor_digits, firm.currency, language(), bool(has_part))


# Formatting takes a tenth of a millisecond, and books repeat the same amounts.
@lru_cache(maxsize=8_192)
def _money_text(amount_minor: int, digits: int, currency: str, tongue: str, shows_part: bool = True) -> str:
    amount = Decimal(amount_minor).scaleb(-digits)
    if shows_part:
        text = format_currency(amount, currency, locale=tongue)
    else:
        pattern = Locale.parse(tongue).currency_formats["standard"].pattern.replace(".00", "")
        text = format_currency(amount, currency, pattern, tongue, currency_digits=False)
    # Locales differ in which of the two they use.
    return str(text).replace("-", "\N{MINUS SIGN}")


def number_text(number: int) -> str:
    """A whole number with its thousands parted: ``1,234``."""
    return str(format_decimal(number, locale=language()))


def clean_name(text: str) -> str:
    """A name without what cannot be seen: control, zero-width and direction letters; never more than that.

    Such letters make two names look alike, or turn the words around a name.
    """
    seen = "".join(letter for letter in text if unicodedata.category(letter) not in _UNSEEN)
    return " ".join(_INVISIBLE.sub("", seen).split())


def word_of(key: str, firm: Model) -> str:
    """The firm's word for something, such as ``artist`` for ``project``; without one, the word itself."""
    tongue = translation.get_language() or "en"
    for wording in (tongue, tongue.split("-")[0], "en"):
        if written := firm.text.get(wording, {}).get(key):
            return written
    return key


def instant(value: int | dt.date) -> dt.date:
    """A day or instant, in the zone of the site; whole numbers are microseconds since 1970."""
    if isinstance(value, int):
        value = _EPOCH + dt.timedelta(microseconds=value)
    return timezone.localtime(value) if isinstance(value, dt.datetime) else value


def when_text(value: int | dt.date) -> str:
    """A day, or an instant to the minute: ``23 November 2026, 14:03``."""
    at = instant(value)
    return date_format(at, "j F Y, H:i" if isinstance(at, dt.datetime) else "j F Y", use_l10n=False)


def percent_text(ppm: int) -> str:
    """A share in parts per million as a percentage: ``30%``, ``12.5%``."""
    return f"{ppm * 100 / WHOLE_PPM:g}%"


def duration_text(seconds: int) -> str:
    """A length of time in its largest whole unit: ``14 days``."""
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds % size == 0), _UNITS[-1])
    count = seconds // size
    words = {
        "day": ngettext("%d day", "%d days", count),
        "hour": ngettext("%d hour", "%d hours", count),
        "minute": ngettext("%d minute", "%d minutes", count),
        "second": ngettext("%d second", "%d seconds", count),
    }
    return words[unit] % count
