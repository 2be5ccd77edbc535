"""How numbers of things, last days and references are written in sentences for customers."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import ngettext

from comaker.host.wording import instant, number_text, when_text


def shares_text(number: int) -> str:
    """So many shares: ``1 share``, ``1,234 shares``."""
    return ngettext("%(number)s share", "%(number)s shares", number) % {"number": number_text(number)}


def copies_text(number: int) -> str:
    """So many copies: ``1 copy``, ``12 copies``."""
    return ngettext("%(number)s copy", "%(number)s copies", number) % {"number": number_text(number)}


def day_text(at_us: int) -> str:
    """The day of an instant (µs since 1970): ``23 November 2026``."""
    at = instant(at_us)
    return when_text(at.date() if isinstance(at, dt.datetime) else at)


def reference_of(event: int | None) -> str:
    """What a customer writes on her transfer, so that staff know what it is for."""
    return f"R-{event}"
