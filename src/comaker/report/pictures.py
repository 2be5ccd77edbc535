"""Which pictures a measurement has: each where its table or its figures are there, and only then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import groupby
from typing import Any

import pandas as pd

from comaker.charts.amounts import Money, label, number, with_unit
from comaker.charts.bars import Bar, bars
from comaker.charts.canvas import Drawn
from comaker.charts.cohorts import Cohort, cohorts
from comaker.charts.intervals import Row, intervals
from comaker.charts.practice import practice
from comaker.charts.rcov import Account, Arrow, rcov
from comaker.charts.rcov import Measured as Model
from comaker.measure.economics.lines import COMPONENTS
from comaker.measure.figures import Figure, Section
from comaker.measure.measured import Measured
from comaker.report.drawing import Picture, hand_drawn
from comaker.report.wording import axis, written
from comaker.words import Component, Link

WIDE, NARROW = 780, 330
_ON_ONE_AXIS = ("share", "difference of shares")
_COMPARED = {"links", "socialization", "limitations"}
_MOST_ROWS = 18
_FEWEST = 3
_MOST_CURVES = 60
_LINKS = {link.value: link for link in Link}
_STEPS = {
    "reached": "Reached",
    "saw": "Saw it",
    "began": "Started",
    "let": "Not refused",
    "did": "Did it",
    "returned": "Came back",
}
"""How the steps of the funnel are called on its picture."""

_LONGEST = 30
"""Attempts that a learning curve is drawn to."""


def pictures(measured: Measured, section: Section, components: dict[Component, str]) -> list[Picture]:
    """The pictures of a section. ``components``: what each of the three is in this firm, in words."""
    money = Money(measured.currency, measured.minor_digits)
    said = f"{label(measured.label)}, {number(measured.customers)} customers"
    found = [_rcov(section, components, money, said)]
    found += [make(section, money, said) for make in _MAKERS]
    return [each for each in found if each is not None]


def _both(words: tuple[str, str, str, str], draw: Callable[[float], bytes]) -> Picture:
    """A picture in both widths; ``words``: its name, title, subtitle and description."""
    return hand_drawn(Drawn(*words, draw(WIDE)), Drawn(*words, draw(NARROW)))


def _rows(section: Section, table: str, *columns: str) -> list[dict[str, Any]]:
    """Rows of a table that has all these columns; none where there is no such table."""
    found = section.tables.get(table)
    if found is None or not set(columns) <= set(found.columns):
        return []
    return [{str(name): value for name, value in row.items()} for row in found.to_dict("records")]


def _known(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def _rcov(section: Section, components: dict[Component, str], money: Money, said: str) -> Picture | None:
    links = _rows(section, "links", "link", "text", "strength")
    if section.key != "rcov" or not links:
        return None
    arrows = {_LINKS[row["link"]]: _arrow(row["text"], _known(row["strength"])) for row in links}
    accounts: dict[tuple[str, str, bool], Account] = {}
    for row in _rows(section, "accounts", "side", "cause", "amount_minor"):
        amount = _known(row["amount_minor"])
        key = (row["side"], row["cause"], amount is None)
        before = accounts[key].amount_minor if key in accounts else None
        total = None if amount is None else amount + (before or 0.0)
        accounts[key] = Account(row["side"], row["cause"], total)
    margin = next((each.value for each in section.figures if each.name == "margin"), None)
    model = Model(components, arrows, list(accounts.values()), margin, money)
    words = f"{said}; an arrow is the wider the stronger its link is, dashed where nothing identifies it"
    return hand_drawn(rcov(model, words), rcov(model, words, narrow=True))


def _arrow(text: str, strength: float | None) -> Arrow:
    return Arrow("", None) if strength is None else Arrow(text, strength)


def _funnel(section: Section, money: Money, said: str) -> Picture | None:
    rows = _rows(section, "funnel", "task", "step", "customers")
    if not rows or not any(row["customers"] for row in rows):
        return None
    steps: list[Bar] = []
    for task, found in groupby(rows, key=lambda row: row["task"]):
        # Who was reached is the same for every task: it is drawn for any task alone.
        mine = [row for row in found if row["customers"] and (row["step"] != "reached" or task == "any")]
        if len(steps) + len(mine) <= _MOST_ROWS:
            steps += _steps(_task(str(task)), mine)
    told = "; ".join(f"{step.heading}, {step.name.lower()}: {step.text}" for step in steps)
    words = ("funnel", "How far customers get", f"{said}; per cent of those at the first step", f"{told}.")
    return _both(words, lambda width: bars(steps, width))


def _steps(heading: str, rows: list[dict[str, Any]]) -> list[Bar]:
    steps: list[Bar] = []
    for row in rows:
        share = 100 * row["customers"] / rows[0]["customers"]
        beside = f" ({share:.0f} %)" if steps else ""
        name = _STEPS.get(row["step"], label(row["step"]))
        steps.append(Bar(name, share, f"{number(float(row['customers']))}{beside}", heading))
    return steps


def _task(name: str) -> str:
    return "Any task" if name in ("", "any") else label(name)


def _intervals(section: Section, money: Money, said: str) -> Picture | None:
    """Estimates of one unit, where a section has several that no other picture shows."""
    by_unit = [_few([each for each in section.figures if _has_ends(each, unit)]) for unit in _ON_ONE_AXIS]
    figures = max(by_unit, key=len)
    if len(figures) < _FEWEST or section.key not in _COMPARED:
        return None
    factor, unit = axis(figures[0].unit, 1.0, money)
    rows = [_row(each, factor, money) for each in figures]
    told = "; ".join(f"{row.name}: {row.text}" for row in rows)
    words = (
        f"{section.key}-intervals",
        "Estimates side by side",
        f"{said}; dots are estimates, lines their 95 % intervals",
        f"{told}.",
    )
    return _both(words, lambda width: intervals(rows, unit, width))


def _has_ends(figure: Figure, unit: str) -> bool:
    return figure.basis == "estimate" and figure.unit == unit


def _few(figures: list[Figure]) -> list[Figure]:
    """Whole figures, or the breakdowns of one where there are few of those."""
    whole = [each for each in figures if not each.of]
    if len(whole) >= _FEWEST or not figures:
        return whole[:_MOST_ROWS]
    by_name = [[each for each in figures if each.name == name] for name in {each.name: 0 for each in figures}]
    return max(by_name, key=len)[:_MOST_ROWS]


def _row(figure: Figure, factor: float, money: Money) -> Row:
    name = label(figure.name) + (f": {figure.of}" if figure.of else "")
    words = written(figure, money)
    value, low, high = (factor * (end or 0.0) for end in (figure.value, figure.low, figure.high))
    return Row(name, value, low, high, f"{words.value} ({words.interval})")


def _retention(section: Section, money: Money, said: str) -> Picture | None:
    rows = _rows(section, "retention", "cohort", "period", "customers", "kept_share")
    if not rows:
        return None
    names = sorted({row["cohort"] for row in rows})
    # Too many for a page: every second or third, so that the first and the late ones can be compared.
    names = names[:: -(-len(names) // _MOST_ROWS)]
    periods = min(max(int(row["period"]) for row in rows) + 1, 13)
    drawn = []
    for cohort in names:
        mine = {int(row["period"]): row for row in rows if row["cohort"] == cohort}
        kept = [_known(mine[each]["kept_share"]) if each in mine else None for each in range(periods)]
        drawn.append(Cohort(str(cohort), int(max(row["customers"] for row in mine.values())), kept))
    told = "; ".join(
        f"{row.name}: {', '.join(f'{100 * share:.0f} %' for share in row.kept if share is not None)}"
        for row in drawn
    )
    words = (
        "retention",
        "Who comes back",
        f"{said}; per cent of those who joined in a month, by their months since",
        f"{told}.",
    )
    return _both(words, lambda width: cohorts(drawn, "Months", width))


def _learning(section: Section, money: Money, said: str) -> Picture | None:
    """Customers' own curves at the task of which there are most."""
    by_owner: dict[tuple[str, Any], list[float]] = {}
    for row in _rows(section, "learning_curves", "task", "customer", "attempt", "seconds"):
        by_owner.setdefault((row["task"], row["customer"]), []).append(float(row["seconds"]))
    counts = Counter(task for task, _ in by_owner)
    if not counts:
        return None
    task = counts.most_common(1)[0][0]
    curves = [times[:_LONGEST] for (name, _), times in by_owner.items() if name == task][:_MOST_CURVES]
    first, last = [curve[0] for curve in curves], [curve[-1] for curve in curves]
    told = (
        f"{len(curves)} customers at {task}; seconds of the first attempt {number(min(first))} to "
        f"{number(max(first))}, of the last {number(min(last))} to {number(max(last))}."
    )
    drawn = f"{label(task).lower()}, a line a customer, {len(curves)} drawn by lot: an average would mislead"
    words = ("learning", "Customers learn, each for herself", f"{said}; {drawn}", told)
    return _both(words, lambda width: practice(curves, "seconds", width))


def _benefit(section: Section, money: Money, said: str) -> Picture | None:
    """Cost and benefit by task; what is not identified has no bar."""
    table = section.tables.get("participation")
    if table is None or "of" not in table:
        return None
    parts = [
        _bar(str(row["of"]), name, sign * amount, money)
        for row in table.to_dict("records")
        for name, sign in COMPONENTS.items()
        if (amount := _known(row.get(f"{name.replace(' ', '_')}_minor"))) is not None
    ][:_MOST_ROWS]
    if not any(part.value for part in parts):
        return None
    told = "; ".join(f"{part.heading}, {part.name.lower()}: {part.text}" for part in parts)
    said = f"{said}; costs to the left, nothing where it is not identified"
    words = ("benefit", "What participation earns and costs", said, f"{told}.")
    return _both(words, lambda width: bars(parts, width))


def _bar(of: str, component: str, amount_minor: float, money: Money) -> Bar:
    scale, unit = money.scale(amount_minor)
    return Bar(label(component), amount_minor, with_unit(amount_minor / scale, unit), label(of))


_MAKERS: tuple[Callable[[Section, Money, str], Picture | None], ...] = (
    _funnel,
    _intervals,
    _retention,
    _learning,
    _benefit,
)
"""Every kind of picture but the first."""
