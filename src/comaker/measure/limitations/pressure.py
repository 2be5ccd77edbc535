"""Limitation 3, excessive pressure: what a threat gets a customer (F21.3, F41)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np

from comaker.events import Kind
from comaker.measure import tables
from comaker.measure.estimators.clustered import Occasions, gap_of_shares, share
from comaker.measure.estimators.intervals import ratio
from comaker.measure.figures import About, Figure
from comaker.measure.limitations.finding import Finding, Sign
from comaker.measure.limitations.patterns import WHO, patterns, total
from comaker.measure.limitations.projects import Projects
from comaker.measure.log import Log
from comaker.measure.moves import flag, shows
from comaker.words import Limitation

GAIN_LIMITS = (0.0, 0.1)
"""A threat gets nothing, or a concession in ten cases more than without: ours, no source states them."""

ROUGH = 2
"""Conduct up to this, judged by staff, counts as a threat."""

_CASE = "A case is a customer and a subject, or all her rows without a subject"
AFTER = About(
    "concessions_after_a_threat",
    f"Share of cases with a threat in which the customer was paid a concession after it. {_CASE}",
    "share",
    "cases with a threat",
    "F21.3; Wilson 1927 at the effective number, Korn & Graubard 1998",
)
WITHOUT = About(
    "concessions_without_a_threat",
    f"Share of cases without a threat in which the customer was paid a concession. {_CASE}",
    "share",
    "cases without a threat",
    AFTER.source,
)
GAIN = About(
    "concession_gap",
    "Share of cases with a concession after a threat, less that without: an association, as customers with "
    "better reasons may threaten more",
    "share",
    "cases",
    "F21.3; Newcombe 1998, Zou & Donner 2008, clustered by customer",
)
COST = About(
    "cost_of_concessions",
    "All concessions paid to customers",
    "minor units",
    "concessions",
    "F21.3",
)
EACH = About(
    "cost_of_a_threat",
    "Concessions paid in cases with a threat, after it, for each such case",
    "minor units",
    "customers who threatened",
    "F21.3; ratio estimator, Cochran 1977 section 6.4",
)
CHANGE = About(
    "concessions_after_a_threat_since_an_amendment",
    "Share of cases with a threat that got a concession under amended terms, less that under those before",
    "share",
    "cases with a threat",
    "F21.3, F4.6; Newcombe 1998, Zou & Donner 2008",
)
_NEEDS = (
    'rows that tell of a threat (conduct of 2 or less, or shown with {"threat": true}) and payments to '
    'customers that are concessions (kind paid, shown with {"concession": true}) are needed'
)


def pressure(projects: Projects) -> Finding:
    """Whether a threat gets a customer what others do not get.

    A threat is a row with conduct of 2 or less, or one whose ``shown`` has {"threat": true}; a concession is
    a row of kind paid to a customer whose ``shown`` has {"concession": true}. Cases are those of customers
    drawn by number where there are many events; what concessions cost is summed over all.
    """
    log = projects.log
    paid = _paid(log)
    # Without a concession in the whole log, nobody knows whether it would note one.
    if paid.value is None:
        return _nobody(paid)
    cases = log.engine.keep(_cases(log, _marked(log)))
    rates = _rates(log, cases)
    if not rates[0].n:
        return _nobody(paid)
    return _finding([*rates, paid, _each(log, cases), *_changes(log, cases)], rates[2])


def _paid(log: Log) -> Figure:
    """What all concessions of the log came to."""
    if not log.has_concessions:
        return COST.missing(_NEEDS)
    rows = log.moves.filter(log.moves.concession == 1)
    found = log.frame(rows.aggregate(n=rows.count(), cost=rows.money_minor.sum())).fillna(0).iloc[0]
    return COST.record(int(found.cost), n=int(found.n)) if found.n else COST.missing(_NEEDS)


def _nobody(paid: Figure) -> Finding:
    others = [about.missing(_NEEDS) for about in (AFTER, WITHOUT, GAIN, EACH, CHANGE)]
    return _finding([*others, paid], others[2])


def _finding(figures: Sequence[Figure], gain: Figure) -> Finding:
    return Finding(limitation=Limitation.PRESSURE, figures=figures, signs=[Sign(gain, *GAIN_LIMITS)])


def _marked(log: Log) -> ir.Table:
    """Rows of customers' encounters: the case, whether there was a ``threat``, whether a ``concession``."""
    events = log.sampled
    # What she only looked at, or how she came and went, is no encounter.
    distant = [Kind.SEEN.value, Kind.JOINED.value, Kind.LEFT.value]
    rows = events.filter(events.customer.notnull(), events.kind.notin(distant))
    paid = rows.kind == Kind.PAID.value
    return rows.select(
        "run",
        "customer",
        "at_us",
        "money_minor",
        case=rows.subject.fill_null(-1),
        is_paid=flag(paid),
        threat=flag((rows.conduct <= ROUGH).fill_null(False) | shows(rows, "threat")),
        concession=flag(paid & shows(rows, "concession")),
    )


def _cost(rows: ir.Table) -> Any:
    return (rows.concession * rows.money_minor.fill_null(0)).cast("int64")


def _cases(log: Log, marked: ir.Table) -> ir.Table:
    """One row a case: ``threat_us`` (null: none), whether it ``got`` a concession (after its threat), what
    that cost, and under which terms it was threatened (``period``)."""
    keys = [*WHO, "case"]
    threats = marked.filter(marked.threat == 1)
    first = threats.group_by(keys).aggregate(threat_us=threats.at_us.min())
    rows = marked.left_join(first, keys).drop("run_right", "customer_right", "case_right")
    counts = (rows.concession == 1) & (rows.threat_us.isnull() | (rows.at_us >= rows.threat_us))
    found = rows.group_by(keys).aggregate(
        threat_us=rows.threat_us.min(),
        got=flag(counts).max(),
        cost=(flag(counts) * _cost(rows)).sum().cast("int64"),
        encounters=(1 - rows.is_paid).sum() + flag(counts).sum(),
    )
    # Payouts alone are no encounter in which anybody could threaten.
    found = found.filter(found.encounters > 0)
    return found.mutate(period=_period(log, found.threat_us))


def _period(log: Log, at_us: Any) -> Any:
    starts = [version.in_force.toordinal() - 719_163 for version in log.model.versions[1:]]
    passed: Any = ibis.literal(0)
    for start in starts:
        passed = passed + flag(at_us >= start * tables.DAY_US)
    return passed


def _rates(log: Log, cases: ir.Table) -> list[Figure]:
    threatened = flag(cases.threat_us.notnull())
    per_customer = cases.group_by(WHO).aggregate(
        threats=threatened.sum(),
        got_after=(threatened * cases.got).sum(),
        quiet=(1 - threatened).sum(),
        got_without=((1 - threatened) * cases.got).sum(),
    )
    found = patterns(log, per_customer, ["threats", "got_after", "quiet", "got_without"])
    after = Occasions.of(found.got_after, found.threats, found.customers)
    without = Occasions.of(found.got_without, found.quiet, found.customers)
    threats = total(found, "threats")
    quiet = total(found, "quiet")
    return [
        AFTER.estimate(*share(after), n=threats),
        WITHOUT.estimate(*share(without), n=quiet),
        GAIN.estimate(*gap_of_shares(after, without), n=threats + quiet),
    ]


def _each(log: Log, cases: ir.Table) -> Figure:
    threatened = cases.filter(cases.threat_us.notnull())
    per_customer = threatened.group_by(WHO).aggregate(cost=threatened.cost.sum(), threats=threatened.count())
    found = patterns(log, per_customer, ["cost", "threats"])
    whole = found.loc[found.index.repeat(found.customers.to_numpy(np.int64))]
    return EACH.estimate(*ratio(whole.cost, whole.threats), n=len(whole))


def _changes(log: Log, cases: ir.Table) -> Iterator[Figure]:
    versions = log.model.versions
    threatened = cases.filter(cases.threat_us.notnull())
    found = patterns(log, threatened, ["period", "got"])
    known = set(found.period.tolist())
    changes = [period for period in range(1, len(versions)) if {period - 1, period} <= known]
    if not changes:
        yield CHANGE.missing("threats under two terms in force, one amended from the other, are needed")
    for period in changes:
        since, before = ((found.period == each).astype("int64") for each in (period, period - 1))
        one = Occasions.of(since * found.got, since, found.customers)
        other = Occasions.of(before * found.got, before, found.customers)
        cases_n = total(found.assign(both=since + before), "both")
        yield CHANGE.estimate(*gap_of_shares(one, other), n=cases_n, of=versions[period].in_force.isoformat())
