"""Survey scales of the determinants: how high, how reliable, and how they change with experience (F15).

One row of kind surveyed is one item answered: ``quantity`` is the answer, ``shown`` says of which scale and
item, between which ends, and whether it is reversed. Scores run from 0 (least) to 1 (most), whatever the
item's ends, as determinants do in the framework. An item not answered stays missing: nothing is put in its
place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from comaker.measure.estimators import within
from comaker.measure.estimators.intervals import Interval, mean
from comaker.measure.estimators.reliability import LEAST_ITEMS, Matrix, alpha, omega
from comaker.measure.figures import About, Figure
from comaker.measure.log import Log

LEAST_CUSTOMERS = 30
"""With fewer customers a scale is not reported: one odd customer would move it."""

DETERMINANTS = (
    "awareness.need",
    "awareness.practice",
    "awareness.gain",
    "clarity",
    "ability.perceived",
    "willingness",
)
OUTCOMES = ("satisfaction", "fairness")
"""Scales of what participation leads to (F20, F21.5), measured beside the determinants."""

_MEAN = About(
    "scale_mean",
    "Mean score from 0 to 1 of the customers who were asked, each counting once.",
    "0 to 1",
    "customers",
    "F15; Student's interval over customers",
)
_OMEGA = About(
    "omega",
    "Part of the variance of the scale's sum that the one thing its items share makes (McDonald's omega).",
    "share",
    "customers who answered every item",
    "F15; McDonald 1999; interval: Maydeu-Olivares et al. 2007",
)
_ALPHA = About(
    "alpha",
    "Cronbach's alpha of the scale's sum, which is mostly published: at most omega if its items agree.",
    "share",
    "customers who answered every item",
    "F15; Cronbach 1951; interval: Maydeu-Olivares et al. 2007",
)
_CHANGE = About(
    "change_with_experience",
    "Change of a customer's own answer to the same item when her number of encounters doubles.",
    "of 0 to 1, a doubling",
    "customers who answered an item again",
    "F15; fixed effects of customer and item, cluster-robust (Bell & McCaffrey 2002)",
)


class Answers(NamedTuple):
    """``rows``: one an answer that can be read, with run, customer, ``who`` (customers numbered from 0),
    at_us, encounter, scale, item and ``score`` (0 to 1, reversed items turned round); ``unread``: how many
    cannot, by reason."""

    rows: pd.DataFrame
    unread: Mapping[str, int]


def answered(log: Log) -> Answers:
    """The answers to surveys in a log, each scored from 0 to 1."""
    rows = log.answers
    codes, texts = pd.factorize(rows.shown)
    items = pd.DataFrame(
        [_item(text) for text in [*texts, None]], columns=["scale", "item", "lowest", "span"]
    )
    # The code of a row without shown is -1: the last entry, which tells of no item.
    items = items.iloc[codes].set_axis(rows.index)
    score = (pd.to_numeric(rows.quantity).astype(float) - items.lowest) / items.span.abs()
    score = score.where(items.span > 0, 1 - score)
    reason = np.select(
        [rows.customer.isna(), items.scale == "", score.isna(), ~score.between(0, 1)],
        [
            "no customer",
            "shown names no scale, item, lowest and highest",
            "not answered (quantity is empty)",
            "an answer beyond the ends of its item",
        ],
        "",
    )
    kept = rows[["run", "customer", "at_us", "encounter"]].assign(
        scale=items.scale.astype("category"), item=items["item"], score=score
    )
    kept = kept[reason == ""]
    who = kept.groupby(["run", "customer"]).ngroup()
    reasons = pd.Series(reason)[reason != ""].value_counts()
    unread = {str(why): int(count) for why, count in reasons.items()}
    return Answers(kept.assign(who=who.to_numpy()).reset_index(drop=True), unread)


def _item(text: Any) -> tuple[str, str, float, float]:
    """Scale, item, lowest end and span (below 0: reversed); ("", "", 0, 1) where shown tells of no item."""
    try:
        shown = json.loads(text)
        lowest, highest = float(shown["lowest"]), float(shown["highest"])
        scale, item = str(shown["scale"]), str(shown["item"])
        span = highest - lowest
        if not (scale and np.isfinite(span) and span > 0):
            return "", "", 0.0, 1.0
        return scale, item, lowest, -span if shown.get("reversed") else span
    except (TypeError, ValueError, KeyError, AttributeError):
        return "", "", 0.0, 1.0


def scales(answers: Answers) -> tuple[list[Figure], pd.DataFrame, list[str]]:
    """Figures of every scale, a table of those that were asked, and remarks on answers left out."""
    asked = set(answers.rows.scale)
    others = sorted(asked - {*DETERMINANTS, *OUTCOMES})
    figures: list[Figure] = []
    table = []
    for scale in (*DETERMINANTS, *(each for each in OUTCOMES if each in asked), *others):
        rows = answers.rows[answers.rows.scale == scale]
        if rows.empty:
            needs = f"nobody was asked: rows of kind surveyed whose shown names the scale {scale}"
            figures += [about.missing(needs, of=scale) for about in (_MEAN, _CHANGE, _OMEGA, _ALPHA)]
            continue
        complete = _complete(rows)
        figures += [_level(rows, scale), _change(rows, scale)]
        figures += [
            _reliability(_OMEGA, omega, complete, scale),
            _reliability(_ALPHA, alpha, complete, scale),
        ]
        table.append((scale, rows["item"].nunique(), rows.who.nunique(), len(rows), len(complete)))
    columns = ["scale", "items", "customers", "answers", "complete_customers"]
    remarks = [
        f"{count:,} rows of kind surveyed were left out: {why}." for why, count in answers.unread.items()
    ]
    if others:
        remarks.append(
            f"Scales that are none of the framework's, measured as they stand: {', '.join(others)}."
        )
    return figures, pd.DataFrame(table, columns=columns), remarks


def _level(rows: pd.DataFrame, scale: str) -> Figure:
    customers = rows.who.nunique()
    if customers < LEAST_CUSTOMERS:
        return _MEAN.missing(
            f"only {customers} customers answered; {LEAST_CUSTOMERS} are needed", n=customers, of=scale
        )
    return _MEAN.estimate(*mean(rows.groupby("who").score.mean()), n=customers, of=scale)


def _complete(rows: pd.DataFrame) -> Matrix:
    """First answers to each item, of customers who answered all: float64[customers, items]."""
    first = rows.sort_values("at_us", kind="stable").drop_duplicates(["who", "item"])
    return first.pivot(index="who", columns="item", values="score").dropna().to_numpy(np.float64)


def _reliability(
    about: About, estimator: Callable[[Matrix], Interval], complete: Matrix, scale: str
) -> Figure:
    customers, items = complete.shape
    if customers < LEAST_CUSTOMERS:
        needs = f"only {customers} customers answered every item; {LEAST_CUSTOMERS} are needed"
        return about.missing(needs, n=customers, of=scale)
    if items < LEAST_ITEMS:
        return about.missing(
            f"the scale has {items} items; {LEAST_ITEMS} are needed to tell what they share",
            n=customers,
            of=scale,
        )
    found = estimator(complete)
    if not np.isfinite(found.value):
        return about.missing(
            "its items have nothing in common, or too little: no one-factor model fits", n=customers, of=scale
        )
    return about.estimate(*found, n=customers, of=scale)


def _change(rows: pd.DataFrame, scale: str) -> Figure:
    known = rows[rows.encounter.notna() & (rows.encounter >= 1)]
    if known.empty:
        return _CHANGE.missing("the rows do not say after which encounter: column encounter", of=scale)
    known = known.assign(group=known.groupby(["who", "item"]).ngroup().to_numpy())
    spread = known.groupby("group").encounter
    again = known[(spread.transform("min") < spread.transform("max")).astype(bool)]
    customers = again.who.nunique()
    if customers < LEAST_CUSTOMERS:
        few = f"only {customers} customers answered the same item after different encounters"
        return _CHANGE.missing(f"{few}; {LEAST_CUSTOMERS} are needed", n=customers, of=scale)
    found = within.slope(
        again.score, np.log2(again.encounter.astype(float)), group=again.group, customer=again.who
    )
    return _CHANGE.estimate(*found, n=customers, of=scale)
