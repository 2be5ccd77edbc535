"""Lifetime value with and without participation: an association, or where arms were drawn, an effect
(F20)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from comaker.measure.economics.lifetime import NO_MONEY, Terms, lifetime_value, newcomer_value
from comaker.measure.economics.returns import ONLY_BOUGHT, TOOK_PART, Group, fitted
from comaker.measure.estimators.intervals import UNKNOWN, Interval
from comaker.measure.figures import About, Figure

_CONTROLS = ("off", "control", "none", "hidden")

_ASSOCIATION = About(
    "lifetime_value_difference",
    "difference in lifetime value between customers who took part in a task beyond buying and those who "
    "only bought: an association, not an effect, since customers chose for themselves, and who stays longer "
    "also has more time to take part",
    "minor units",
    "customers",
    "F20; Fader, Hardie and Lee 2005; Fader and Hardie 2013",
)
_EFFECT = About(
    "effect_on_lifetime_value",
    "difference in lifetime value between customers drawn into an arm and those drawn into its control, "
    "whether they took it up or not (intention to treat), among those who ever came",
    "minor units",
    "customers",
    "F20; Fader, Hardie and Lee 2005; Fader and Hardie 2013",
)


def by_part(found: pd.DataFrame, whole: Group, terms: Terms) -> tuple[list[Figure], dict[str, Group]]:
    """Lifetime value of those who took part, of those who only bought, and the difference; and both groups.

    ``found``: ``by_customer``; ``whole``: the fit of all.
    """
    groups = {}
    for name in (TOOK_PART, ONLY_BOUGHT):
        own = found[found.part == name]
        groups[name] = whole if len(own) == len(found) else fitted(own, near=whole)
    worth = lifetime_value(terms)
    figures = [_figure(worth, group, _value(group, terms), name) for name, group in groups.items()]
    took_part, only_bought = groups.values()
    n = took_part.customers + only_bought.customers
    gap = difference(_value(took_part, terms), _value(only_bought, terms))
    if np.isfinite(gap).all():
        figures.append(_ASSOCIATION.estimate(*gap, n=n))
    else:
        figures.append(_ASSOCIATION.missing(_why(took_part, only_bought), n=n))
    return figures, groups


def _why(took_part: Group, only_bought: Group) -> str:
    for name, group in ((TOOK_PART, took_part), (ONLY_BOUGHT, only_bought)):
        if not group.customers:
            return f"no customer with an occasion {name}: rows of kind done by both sorts would identify it"
    return f"of one of the two sorts {NO_MONEY}"


def by_arm(found: pd.DataFrame, whole: Group, terms: Terms) -> list[Figure]:
    """The effect of each arm that customers were drawn into, against its control."""
    arms = [arm for arm in sorted(found.arm.unique()) if ": " in arm]
    pairs = [(arm, control) for arm in arms if (control := _control(arm, arms))]
    if not pairs:
        return [
            _EFFECT.missing(
                "no customers were drawn into arms: rows with arm (such as 'faq: on' and 'faq: off') from a "
                "randomised experiment would identify it"
            )
        ]
    groups = {arm: fitted(found[found.arm == arm], near=whole) for arm in sorted({*sum(pairs, ())})}
    values = {arm: _value(group, terms) for arm, group in groups.items()}
    return [
        _figure(
            _EFFECT,
            groups[arm],
            difference(values[arm], values[control]),
            arm,
            n=groups[arm].customers + groups[control].customers,
        )
        for arm, control in pairs
    ]


def _control(arm: str, arms: list[str]) -> str | None:
    experiment, name = arm.split(": ", 1)
    if name in _CONTROLS:
        return None
    return next((f"{experiment}: {each}" for each in _CONTROLS if f"{experiment}: {each}" in arms), None)


def _figure(about: About, group: Group, value: Interval, of: str, n: int | None = None) -> Figure:
    counted = group.customers if n is None else n
    if not group.customers:
        return about.missing(f"no customer with an occasion {of}", of=of)
    if group.both is None:
        return about.missing(NO_MONEY, n=counted, of=of)
    return about.estimate(*value, n=counted, of=of)


def _value(group: Group, terms: Terms) -> Interval:
    """Lifetime value with an interval that is symmetric, so that two can be subtracted."""
    both = group.both
    return UNKNOWN if both is None else both.symmetric(lambda now: newcomer_value(now, terms))


def difference(one: Interval, other: Interval) -> Interval:
    """The difference of two independent estimates with symmetric intervals, ``one`` less ``other``."""
    half = np.hypot(one.high - one.value, other.high - other.value)
    gap = one.value - other.value
    return Interval(gap, gap - half, gap + half)
