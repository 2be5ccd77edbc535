"""Organizational socialization (F16): which technique speaks to which determinant, and who meets it.

What techniques there are and what they address is declared in the model; who met one is a row of kind seen
whose ``shown`` has {"technique": "faq"}. Their effect is link 3's: ``comaker.measure.links.socializing``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pandas as pd

from comaker.measure.estimators.intervals import proportion
from comaker.measure.figures import About, Figure, Section
from comaker.measure.log import Log
from comaker.model import Model
from comaker.model.schema.parts import AddressKey
from comaker.words import Determinant

_ADDRESSED = About(
    "items_that_address_it",
    "Items of the techniques in use that speak to the determinant, as declared; one may speak to several.",
    "items",
    "items of techniques in use",
    "F16, E9",
)
_SHARE = About(
    "share_of_items_that_address_it",
    "Of the items of the techniques in use, the share that speak to the determinant, as declared.",
    "share",
    "items of techniques in use",
    "F16, E9",
)
_IN_USE = About(
    "techniques_in_use", "Techniques that the model declares and has switched on.", "", "techniques", "F16"
)
_OFF = About(
    "techniques_switched_off",
    "Techniques that the model declares and has switched off.",
    "",
    "techniques",
    "F16",
)
_NOBODY = About(
    "determinants_not_addressed",
    "Determinants of participation that no technique in use speaks to.",
    "of 4",
    "techniques in use",
    "F15, F16",
)
_COST = About(
    "declared_cost_a_week",
    "What running the techniques in use costs a week, as declared.",
    "minor units a week",
    "techniques in use",
    "F16, F20",
)
_MET = About(
    "customers_who_met_it",
    "Share of all customers who met the technique at least once.",
    "share",
    "customers",
    "F16; interval: Wilson 1927",
)


def section(log: Log) -> Section:
    """Section "socialization" (F16, E9): the coverage matrix, techniques on and off, and who met them.

    Everything declared is taken from the terms in force when the log ends.
    """
    coverage = coverage_of(in_force(log))
    met, meetings, remarks = _met(log, coverage)
    return Section(
        key="socialization",
        title="Organizational socialization",
        question="Which determinant does the firm work on, by which technique, and whom does it reach?",
        figures=[*_declared(coverage), *met],
        tables={"coverage": coverage, "meetings": meetings},
        remarks=[*_gaps(coverage), *remarks],
    )


def in_force(log: Log) -> Model:
    """The terms in force when the log ends; those of the launch where it ends before."""
    last = dt.datetime.fromtimestamp(log.cleaned.until_us / 1_000_000, dt.UTC).date()
    return log.model.at(max(last, log.model.launched))


def coverage_of(model: Model) -> pd.DataFrame:
    """The coverage matrix: one row a technique, how many of its items speak to each determinant.

    Columns: ``technique``, ``kind``, ``process``, ``in_use``, ``items``, ``codes`` (over all determinants; an
    item may have several), one of each determinant, ``cost_per_week_minor``, ``cost_per_encounter_minor``.
    Where only sides of a determinant are coded ("awareness.need", "awareness.gain"), it is addressed by at
    least as many items as its most frequent side, which is what is counted.
    """
    rows = []
    for name, technique in model.technique.items():
        addressed = technique.addresses
        rows.append(
            {
                "technique": name,
                "kind": str(technique.kind),
                "process": str(technique.process or ""),
                "in_use": technique.on,
                "items": technique.items,
                "codes": sum(addressed.values()),
                **{str(each): _items(addressed, each) for each in Determinant},
                "cost_per_week_minor": technique.cost_per_week_minor,
                "cost_per_encounter_minor": technique.cost_per_encounter_minor,
            }
        )
    names = ("technique", "kind", "process", "in_use", "items", "codes", *map(str, Determinant))
    return pd.DataFrame(rows, columns=[*names, "cost_per_week_minor", "cost_per_encounter_minor"])


def _items(addressed: Mapping[AddressKey, int], determinant: Determinant) -> int:
    return max((count for key, count in addressed.items() if key.split(".")[0] == determinant), default=0)


def _declared(coverage: pd.DataFrame) -> list[Figure]:
    used = coverage[coverage.in_use.astype(bool)]
    figures = [
        _IN_USE.record(len(used), n=len(coverage)),
        _OFF.record(len(coverage) - len(used), n=len(coverage)),
        _NOBODY.record(sum(int(used[each].sum()) == 0 for each in Determinant), n=len(used)),
        _COST.record(int(used.cost_per_week_minor.sum()), n=len(used)),
    ]
    for determinant in Determinant:
        figures += _addressed(used, determinant, str(determinant))
    # A technique of one item says no more of itself than the table does.
    for name, rows in used[used["items"] > 1].groupby("technique", sort=False):
        for determinant in Determinant:
            figures += _addressed(rows, determinant, f"{name} / {determinant}")
    return figures


def _addressed(rows: pd.DataFrame, determinant: Determinant, of: str) -> list[Figure]:
    items, addressing = int(rows["items"].sum()), int(rows[determinant].sum())
    if not items:
        missing = "the model declares no technique in use: a table [technique.…] with items and addresses"
        return [about.missing(missing, of=of) for about in (_ADDRESSED, _SHARE)]
    return [_ADDRESSED.record(addressing, n=items, of=of), _SHARE.record(addressing / items, n=items, of=of)]


def _gaps(coverage: pd.DataFrame) -> list[str]:
    """What the techniques leave out: determinants not addressed, also by a text of many items."""
    used = coverage[coverage.in_use.astype(bool)]
    remarks = [
        f"No technique in use addresses {each}: all four determinants must hold for a customer to take part."
        for each in Determinant
        if len(used) and not int(used[each].sum())
    ]
    for row in used[used["items"] > 1].to_dict("records"):
        if passed := [str(each) for each in Determinant if not row[str(each)]]:
            whole = f"None of the {row['items']} items of {row['technique']}"
            remarks.append(f"{whole} addresses {', '.join(passed)}.")
    return remarks


def _met(log: Log, coverage: pd.DataFrame) -> tuple[list[Figure], pd.DataFrame, list[str]]:
    """Who met which technique, and techniques met that the model does not declare."""
    meetings = log.meetings
    by_technique = meetings.group_by("technique").aggregate(
        customers=meetings.count(), meetings=meetings.times.sum()
    )
    found = log.frame(by_technique).sort_values("technique", ignore_index=True)
    counted: dict[str, Any] = dict(zip(found.technique, found.customers, strict=True))
    figures = []
    if not counted:
        whose = " of sampled customers" if log.draws.is_long else ""
        needs = f'no meeting{whose} is recorded: rows of kind seen whose shown has {{"technique": "…"}}'
        return [_MET.missing(needs)], found, []
    for name in coverage.technique:
        if name in counted:
            share = proportion(int(counted[name]), log.customer_count)
            figures.append(_MET.estimate(*share, n=log.customer_count, of=name))
        else:
            needs = 'nobody is recorded to have met it: rows of kind seen whose shown has {"technique": "%s"}'
            figures.append(_MET.missing(needs % name, of=name))
    remarks = []
    if unknown := sorted(set(counted) - set(coverage.technique)):
        remarks.append(f"Customers met techniques that the model does not declare: {', '.join(unknown)}.")
    return figures, found, remarks
