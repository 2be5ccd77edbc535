"""Who leaves over how benefits are shared: by fairness said in surveys, by what stakes paid back (F21.5)."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from comaker.events import Kind
from comaker.measure import tables
from comaker.measure.estimators.leaving import FEWEST, hazard_ratio
from comaker.measure.figures import About, Figure
from comaker.measure.limitations.patterns import WHO, flag, shows
from comaker.measure.limitations.projects import Projects
from comaker.measure.log import Log

STEPS = 6
"""A scale of seven points has so many steps: a survey of another length is brought to it."""

FEWEST_PROJECTS = 20
"""Who was paid by the same project was paid alike, so fewer projects say nothing of what a payback does."""

MOST_CUSTOMERS = 1_500
"""So many customers at most are followed: the model takes time that grows with their square."""

UNFAIR = About(
    "leaving of who finds it unfair",
    "Hazard of leaving of a customer whose first answer on fairness was one step of seven points lower, "
    "over that of another",
    "",
    "customers",
    "F21.5; Cox 1972",
)
DISAPPOINTED = About(
    "leaving of who was paid less",
    "Hazard of leaving of a holder whose first payout gave back less by the whole of her stake, over that of "
    "another",
    "",
    "customers",
    "F21.5; Cox 1972, clustered by project, Lin & Wei 1989",
)


def leaving(projects: Projects) -> list[Figure]:
    """Hazard ratios of leaving: an association, as who means to leave may also judge otherwise."""
    return [_unfair(projects), _disappointed(projects)]


def _unfair(projects: Projects) -> Figure:
    log, notes = projects.log, projects.notes
    needs = (
        "answers on fairness (kind surveyed, shown with the scale fairness) that differ, of customers of "
        f"whom {FEWEST} left (kind left) later, are needed"
    )
    if not log.count(Kind.SURVEYED.value) or not log.count(Kind.LEFT.value):
        return UNFAIR.missing(needs)
    asked = notes.filter(
        notes.kind == Kind.SURVEYED.value,
        notes.customer.notnull(),
        notes.quantity.notnull(),
        notes.shown.contains('"fairness"').fill_null(False),
    )
    answers = asked.select(
        *WHO,
        "at_us",
        "quantity",
        lowest=_whole(asked.shown, "lowest"),
        highest=_whole(asked.shown, "highest"),
        turned=flag(shows(asked, "reversed")),
    )
    answers = answers.filter(answers.highest > answers.lowest)
    place = (answers.quantity - answers.lowest) / (answers.highest - answers.lowest)
    unfair = (answers.turned == 1).ifelse(place, 1 - place)
    order = ibis.window(group_by=WHO, order_by="at_us")
    ranked = answers.mutate(unfair=unfair, turn=ibis.rank().over(order))
    first = ranked.filter(ranked.turn == 0)
    per_customer = first.group_by(WHO).aggregate(
        cause=STEPS * first.unfair.mean(), since_us=first.at_us.min()
    )
    known = _followed(log, per_customer)
    found = hazard_ratio(known.cause, known.days, known.left, known.run)
    if not np.isfinite(found).all():
        return UNFAIR.missing(needs, n=len(known))
    return UNFAIR.estimate(*found, n=len(known))


def _whole(shown: Any, name: str) -> Any:
    """A whole number of the item shown, such as the lowest answer that it allows."""
    return shown.re_extract(rf'"{name}"\s*:\s*(-?[0-9]+)', 1).nullif("").cast("int64")


def _disappointed(projects: Projects) -> Figure:
    log = projects.log
    needs = (
        f"first payouts (kind paid) of {FEWEST_PROJECTS} projects to customers with stakes in them, of whom "
        f"{FEWEST} left (kind left) later, are needed"
    )
    if not log.count(Kind.PAID.value) or not log.count(Kind.LEFT.value):
        return DISAPPOINTED.missing(needs)
    notes, held = projects.notes, projects.holdings
    paid = notes.filter(notes.kind == Kind.PAID.value, notes.customer.notnull(), notes.subject.notnull())
    at_once = paid.group_by([*WHO, "subject", "at_us"]).aggregate(minor=paid.money_minor.sum())
    keys = [*WHO, "subject", ("at_us", "first_paid_us")]
    stakes = held.filter(held.stake_minor > 0).select(*WHO, "subject", "stake_minor", "first_paid_us")
    firsts = at_once.join(stakes, keys)
    payback = firsts.minor.cast("float64") / firsts.stake_minor
    order = ibis.window(group_by=WHO, order_by=["at_us", "subject"])
    ranked = firsts.mutate(cause=-payback, since_us=firsts.at_us, turn=ibis.row_number().over(order))
    known = _followed(log, ranked.filter(ranked.turn == 0).select(*WHO, "subject", "cause", "since_us"))
    project = known.groupby(["run", "subject"]).ngroup()
    if project.nunique() < FEWEST_PROJECTS:
        return DISAPPOINTED.missing(needs, n=len(known))
    found = hazard_ratio(known.cause, known.days, known.left, known.run, project)
    if not np.isfinite(found).all():
        return DISAPPOINTED.missing(needs, n=len(known))
    return DISAPPOINTED.estimate(*found, n=len(known))


def _followed(log: Log, since: ir.Table) -> pd.DataFrame:
    """Customers from ``since_us`` on: ``days`` until they left or the log ends, and whether they ``left``."""
    count = int(log.frame(since.aggregate(n=since.count())).n.iloc[0])
    if count > MOST_CUSTOMERS:
        since = since.filter(since.customer % -(-count // MOST_CUSTOMERS) == 0)
    ends = log.customers.select(*WHO, "left_us")
    rows = since.left_join(ends, WHO).drop("run_right", "customer_right")
    found = log.frame(rows.filter(rows.left_us.isnull() | (rows.left_us > rows.since_us)))
    found = found.sort_values(WHO, ignore_index=True)
    until = found.left_us.astype("float64").fillna(log.cleaned.until_us)
    days = (until - found.since_us) / tables.DAY_US
    return found.assign(days=days, left=found.left_us.notna())[days > 0]
