"""Filters and tags for pages: amounts, times, names, the firm's own words, form fields."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import template
from django.forms import BoundField
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from comaker.host import wording
from comaker.host.context import speaking
from comaker.host.models import Publication

register = template.Library()


@register.filter
def money(amount_minor: int | None) -> str:
    """An amount in minor units, in the firm's currency: ``€1,234.50``; nothing where there is none."""
    return "" if amount_minor is None else wording.money_text(amount_minor, speaking())


@register.filter
def round_money(amount_minor: int) -> str:
    """An amount in minor units, without decimals where it has none: ``€100,000``."""
    return wording.round_money_text(amount_minor, speaking())


@register.filter
def shares(number: int | None) -> str:
    """A whole number with its thousands parted: ``1,234``."""
    return "" if number is None else wording.number_text(number)


@register.filter
def percent(part: int | None, total: int | None) -> str:
    """How much of a total a part is, rounded down, so that only the whole is 100 %."""
    return f"{(part or 0) * 100 // total}%" if total else "0%"


@register.filter
def when(value: int | dt.date | None) -> str:
    """A ``<time>``, of a day, an instant, or microseconds since 1970."""
    if value is None:
        return ""
    at = wording.instant(value)
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), wording.when_text(at))


@register.filter
def day(value: int | dt.date | None) -> str:
    """A ``<time>`` that shows the day alone."""
    if value is None:
        return ""
    at = wording.instant(value)
    shown = at.date() if isinstance(at, dt.datetime) else at
    return format_html('<time datetime="{}">{}</time>', shown.isoformat(), wording.when_text(shown))


@register.filter
def moment(value: int | dt.datetime) -> str:
    """A ``<time>`` in few letters, for lists of what just happened: ``23 Nov, 14:03``."""
    at = wording.instant(value)
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), date_format(at, "j M, H:i", False))


@register.filter
def word(key: str) -> str:
    """The firm's word for something: ``artist`` for ``project``."""
    try:
        return wording.word_of(key, speaking())
    except Publication.DoesNotExist:
        return key


@register.filter
def clean(text: object) -> str:
    """A name without letters that cannot be seen; still to be escaped, as templates do."""
    return wording.clean_name(str(text))


@register.filter
def person(account: Any) -> SafeString:
    """The public name of an account, or a name itself, kept from turning the words around it."""
    name = wording.clean_name(str(getattr(account, "shown_name", account)))
    number = getattr(account, "pk", None)
    return format_html("<bdi>{}</bdi>", name or (_("Customer %(number)s") % {"number": number or "–"}))


@register.inclusion_tag("comaker/parts/field.html")
def field(bound: BoundField) -> dict[str, BoundField]:
    """A form's field with its label, help, control and errors, bound together for screen readers."""
    return {"field": bound}
