"""The numbers of a result, summed up over its runs, and what they say in one sentence."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from comaker.charts.amounts import NOT_IDENTIFIED, interval, label, with_unit
from comaker.model import Model, is_money

Row = Mapping[Any, Any]

FIRST = ("producers_per_project", "projects_funded", "margin")
"""What a headline speaks of first: reach and output are the paper's case, margin decides (F2)."""


NO_PAIR = "no pair"
"""What is written for a difference of a metric that runs identify, but never both of a pair."""

_INTERVAL = "95\N{NO-BREAK SPACE}% interval"


def is_clear(row: Row) -> bool:
    """Whether the interval of the paired difference excludes zero."""
    return bool(row["difference_low"] > 0 or row["difference_high"] < 0)


def change_words(model: Model, changes: Mapping[str, object]) -> str:
    """The changes as a phrase: "the cap at EUR 1,000.00 (task.stake.terms.cap)"; "" without any.

    What is no money stands as it is written: "assumption.reach = 0.002".
    """
    return " and ".join(_changed(model, key, str(value).strip()) for key, value in changes.items())


def _changed(model: Model, key: str, value: str) -> str:
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", value) or not is_money(model, key):
        return f"{key} = {value}"
    name = label(key.rpartition(".")[2]).lower()
    amount = f"{Decimal(value):,.{model.minor_digits}f}"
    return f"the {name} at {model.currency}\N{NO-BREAK SPACE}{amount} ({key})"


def difference_missing(row: Row) -> str:
    """What stands in the place of a difference that is not identified."""
    alone = not (math.isnan(row["now_median"]) and math.isnan(row["changed_median"]))
    return NO_PAIR if alone and not row["n"] else NOT_IDENTIFIED


def comparison_headline(rows: Sequence[Row], changed: str) -> str:
    """What the change does, in one sentence with its intervals; ``changed`` are the change's words."""
    lead = f"With {changed}, " if changed else "With nothing changed, "
    told = _most_told([row for row in rows if not math.isnan(row["difference_mean"])])
    if not told:
        return f"{lead}no metric is identified in these runs."
    clear = [row for row in told if is_clear(row)]
    parts = [_clear_part(row) for row in clear]
    parts += [_unclear_part(row) for row in told if not is_clear(row)]
    return lead + _enumerated(parts) + "."


def _most_told(rows: Sequence[Row]) -> list[Row]:
    """The metrics to speak of: those named first, else the two whose difference stands out most."""
    by_name = {row["name"]: row for row in rows}
    chosen = [by_name[name] for name in FIRST if name in by_name]
    rest = sorted((row for row in rows if row not in chosen and is_clear(row)), key=_stands_out, reverse=True)
    return (chosen if len(chosen) > 1 else (chosen + rest)[:2]) or list(rows[:1])


def _enumerated(parts: Sequence[str]) -> str:
    return ", and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def _stands_out(row: Row) -> float:
    half = (row["difference_high"] - row["difference_low"]) / 2
    return float(abs(row["difference_mean"]) / half) if half else math.inf


def _clear_part(row: Row) -> str:
    verb = "rises" if row["difference_mean"] > 0 else "falls"
    verb = verb[:-1] if _is_plural(row["name"]) else verb
    ends = interval(*sorted((abs(row["difference_low"]), abs(row["difference_high"]))))
    by = _amount(abs(row["difference_mean"]), row)
    return f"{_lower(row['name'])} {verb} by {by} ({_INTERVAL} {ends})"


def _unclear_part(row: Row) -> str:
    if row["difference_low"] == row["difference_high"] == 0:
        return f"{_lower(row['name'])} {'do' if _is_plural(row['name']) else 'does'} not change"
    ends = " to ".join(_amount(row[f"difference_{end}"], row, signed=True) for end in ("low", "high"))
    return f"the effect on {_lower(row['name'])} cannot be told from zero ({_INTERVAL} {ends})"


def _amount(value: float, row: Row, *, signed: bool = False) -> str:
    """A value with its unit, unless the metric's name says it: producers per project, projects funded."""
    counted = "_per_" in row["name"] or row["name"].startswith(row["unit"])
    return with_unit(value, "" if counted else row["unit"], signed=signed)


def _is_plural(name: str) -> bool:
    return name.split("_", 1)[0].endswith("s")


def _lower(name: str) -> str:
    return label(name).lower()


def simulation_headline(rows: Sequence[Row], *, weeks: int, customers: int) -> str:
    """What the runs came to, in one sentence."""
    known = [row for row in rows if not math.isnan(row["median"])]
    by_name = {row["name"]: row for row in known}
    chosen = [by_name[name] for name in FIRST if name in by_name] or known[:2]
    lead = f"Over {weeks:,} weeks, with {customers:,} customers, "
    if not chosen:
        return f"{lead}no metric is identified in these runs."
    verbs = ["are" if _is_plural(row["name"]) else "is" for row in chosen]
    parts = [
        f"{_lower(row['name'])} {verb} {_amount(row['median'], row)} "
        f"(95 % of runs {interval(row['low'], row['high'])})"
        for row, verb in zip(chosen, verbs, strict=True)
    ]
    return lead + _enumerated(parts) + "."
