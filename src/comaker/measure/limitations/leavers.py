"""Who leaves over how benefits are shared: by fairness said in surveys, by what stakes paid back (F21.5)."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd

from comaker.events import Kind
from comaker.measure import tables
from comaker.measure.estimators.leaving import FEWEST, hazard_ratio
from comaker.measure.figures import About, Figure
from comaker.measure.limitations.patterns import WHO
from comaker.measure.limitations.projects import Projects
from comaker.measure.log import Log

STEPS = 6
"""A scale of seven points has so many steps: a survey of another length is brought to it."""

FEWEST_PROJECTS = 20
"""Who was paid by the same project was paid alike, so fewer projects say nothing of what a payback does."""

MOST_CUSTOMERS = 1_500
"""About so many customers at most are followed: enough to tell, in no time."""

UNFAIR = About(
    "leaving_when_unfair",
    "Hazard of leaving of a customer whose first answer on fairness was one step of seven points lower, "
    "over that of another",
    "",
    "customers",
    "F21.5; Cox 1972",
)
DISAPPOINTED = About(
    "leaving_when_paid_less",
    "Hazard of leaving of a holder whose first payout gave back less by the whole of her stake, over that of "
    "another",
    "",
    "customers",
    "F21.5; Cox 1972, clustered by project, Lin & Wei 1989",
)


def leaving(projects: Projects) -> list[Figure]:
    """Hazard ratios of leaving: an association, as who means to leave may also judge otherwise.

    Of customers drawn by number where there are many."""
    return [_unfair(projects), _disappointed(projects)]


def _unfair(projects: Projects) -> Figure:
    log = projects.log
    needs = (
        "answers on fairness (kind surveyed, shown with the scale fairness) that differ, of customers of "
        f"whom {FEWEST} left (kind left) later, are needed"
    )
    if not log.count(Kind.SURVEYED.value) or not log.count(Kind.LEFT.value):
        return UNFAIR.missing(needs)
    rows = log.answers
    rows = rows[rows.customer.notna() & rows.quantity.notna() & rows.shown.notna()]
    rows = rows[rows.shown.str.contains('"fairness"', regex=False).astype(bool)]
    lowest, highest = (
        rows.shown.str.extract(rf'"{end}"\s*:\s*(-?[0-9]+)')[0] for end in ("lowest", "highest")
    )
    lowest, highest = lowest.astype("float64"), highest.astype("float64")
    turned = rows.shown.str.contains(r'"reversed"\s*:\s*true', regex=True).astype(bool)
    place = (rows.quantity.astype("float64") - lowest) / (highest - lowest)
    answers = rows[[*WHO, "at_us"]].assign(cause=STEPS * place.where(turned, 1 - place))[highest > lowest]
    if answers.empty:
        return UNFAIR.missing(needs)
    first = answers[answers.at_us == answers.groupby(WHO).at_us.transform("min")]
    per_customer = first.groupby(WHO, as_index=False).agg(cause=("cause", "mean"), since_us=("at_us", "min"))
    known = _followed(log, per_customer)
    found = hazard_ratio(known.cause, known.days, known.left, known.run)
    if not np.isfinite(found).all():
        return UNFAIR.missing(needs, n=len(known))
    return UNFAIR.estimate(*found, n=len(known))


def _disappointed(projects: Projects) -> Figure:
    log = projects.log
    needs = (
        f"first payouts (kind paid) of {FEWEST_PROJECTS} projects to customers with stakes in them, of whom "
        f"{FEWEST} left (kind left) later, are needed"
    )
    if not log.count(Kind.PAID.value) or not log.count(Kind.LEFT.value):
        return DISAPPOINTED.missing(needs)
    rows = log.sampled
    paid = rows.filter(rows.kind == Kind.PAID.value, rows.customer.notnull(), rows.subject.notnull())
    keys = [*WHO, "subject", "at_us"]
    at_once = log.frame(paid.group_by(keys).aggregate(minor=paid.money_minor.sum()), by=keys)
    stakes = projects.own[projects.own.stake_minor > 0].dropna(subset="first_paid_us")
    stakes = stakes.rename(columns={"first_paid_us": "at_us"}).astype({"at_us": "int64"})
    firsts = at_once.merge(stakes[[*keys, "stake_minor"]], on=keys)
    firsts = firsts.assign(cause=-firsts.minor.astype("float64") / firsts.stake_minor, since_us=firsts.at_us)
    first = firsts.sort_values([*WHO, "at_us", "subject"]).drop_duplicates(WHO)
    known = _followed(log, first[[*WHO, "subject", "cause", "since_us"]])
    project = known.groupby(["run", "subject"]).ngroup()
    if project.nunique() < FEWEST_PROJECTS:
        return DISAPPOINTED.missing(needs, n=len(known))
    found = hazard_ratio(known.cause, known.days, known.left, known.run, project)
    if not np.isfinite(found).all():
        return DISAPPOINTED.missing(needs, n=len(known))
    return DISAPPOINTED.estimate(*found, n=len(known))


def _followed(log: Log, since: pd.DataFrame) -> pd.DataFrame:
    """Customers from ``since_us`` on: ``days`` until they left or the log ends, and whether they ``left``."""
    since = since.astype(dict.fromkeys(WHO, "int64")).sort_values(WHO)
    since = since.iloc[:: max(-(-len(since) // MOST_CUSTOMERS), 1)]
    gone = log.left.semi_join(ibis.memtable(since[WHO]), WHO)
    found = since.merge(log.frame(gone), how="left", on=WHO).sort_values(WHO, ignore_index=True)
    found = found[found.left_us.isna() | (found.left_us > found.since_us)]
    until = found.left_us.astype("float64").fillna(log.cleaned.until_us)
    days = (until - found.since_us) / tables.DAY_US
    return found.assign(days=days, left=found.left_us.notna())[days > 0]
