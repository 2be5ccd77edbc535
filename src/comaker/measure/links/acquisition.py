"""Link 2, acquisition (F4.2): how far customers bring customers, and how the market fills."""

from __future__ import annotations

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd

from comaker.events import Kind
from comaker.measure.estimators import bass
from comaker.measure.estimators.bass import Market
from comaker.measure.estimators.hawkes import CELLS, FEWEST, Contagion, Times, contagion
from comaker.measure.estimators.intervals import Interval, Moments, ratio_of
from comaker.measure.figures import About, Figure
from comaker.measure.links.part import Part
from comaker.measure.log import Log
from comaker.measure.tables import DAY_US

HOUR_US = 3_600_000_000
HOURS_A_WEEK = 168

STEPS = 150
"""A market's curve is fitted to the joins of about so many steps of time."""

_CAUSED = About(
    "joins_caused_by_joins",
    "share of joins that joins of the weeks before brought about (branching ratio); an upper bound where a "
    "cause that is not in the log, such as a broadcast, makes joins come and go within weeks",
    "share",
    "joins",
    "F4.2; Hawkes 1971",
)
_REFERRED = About(
    "joins_with_referrer",
    "share of joins that name the customer who brought them",
    "share",
    "joins",
    "F4.2, F12",
)
_BROUGHT = About(
    "joins_brought_per_customer",
    "mean number of joins recorded as brought by one customer until the end of the log (1: the base "
    "renews itself)",
    "joins a customer",
    "customers",
    "F4.2, F12",
)
_INNOVATION = About(
    "market_innovation",
    "chance a year that one who is left in the market joins by herself (p of Bass)",
    "a year",
    "joins",
    "F4.2; Bass 1969",
)
_IMITATION = About(
    "market_imitation",
    "what is added to that chance when all others have joined (q of Bass); 0: nobody follows others",
    "a year",
    "joins",
    "F4.2; Bass 1969",
)
_SIZE = About(
    "market_size", "customers who will ever join, a run (m of Bass)", "customers", "joins", "F4.2; Bass 1969"
)
_PEAK = About(
    "market_peak",
    "days from the beginning of the log to the day on which most join: ln(q / p) / (p + q)",
    "days",
    "joins",
    "F4.2; Bass 1969",
)
_NO_JOINS = "nobody joined in this log: it would take rows of kind joined"
_NO_REFERRER = "no join names who brought it: record the column referrer with the row of kind joined"
_FEW = (
    "fewer than {} joins, or too few instants, are recorded: the times of more joins (column at) would tell"
)
_NO_END = (
    "the joins do not yet slow down as those of a market that fills, or did not begin with the log: a log "
    "from the first customer to well past the peak would tell"
)
_NO_FOLLOWING = "none is seen: the curve fits best with nobody following others; more joins would bound it"
_NO_PEAK = "joins are not seen to rise to a peak by imitation: a log from the first customer on would tell"


def measured(log: Log) -> Part:
    """How joins come about: caused by earlier joins, with a referrer, and as a market that fills (Bass).

    From rows of kind joined: their time, ``referrer`` and ``run``. Runs are pooled: rates are held to be
    theirs in common, the baseline of joins is each run's own.
    """
    joins = log.days[log.days.kind == Kind.JOINED.value]
    count = int(joins.events.sum())
    if not count:
        abouts = (_CAUSED, _REFERRED, _BROUGHT, _INNOVATION, _IMITATION, _SIZE, _PEAK)
        return Part([about.missing(_NO_JOINS) for about in abouts], {}, [])
    by_day = _by_day(log, joins)
    joined = log.moves.filter(log.moves.kind == Kind.JOINED.value)
    times = _times(log, joined, by_day)
    found = contagion(times)
    figures = [_caused(found, count), *_referrals(log, joined, joins)]
    figures += _market(_filling(by_day, times), count)
    weekly = joins.assign(week=joins.day.astype(int) // 7).groupby(["run", "week"], as_index=False)
    tables = {
        "joins_by_week": weekly[["events", "referred"]].sum().rename(columns={"events": "joins"}),
        "joins_caused": _kernel(found, times, count),
    }
    remarks = _remarks(found, times)
    if joins.referred.sum() > count * found.ratio.high:
        remarks.append(
            "More joins name a referrer than times tell of: customers bring others so long after joining "
            "themselves that it looks like the baseline. Trust the referrers."
        )
    return Part(figures, tables, remarks)


def _by_day(log: Log, joins: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Joins of each run (rows) on each day of the log (columns)."""
    first = log.cleaned.from_us // DAY_US
    days = int(log.cleaned.until_us // DAY_US - first) + 1
    runs, whose = np.unique(joins.run.to_numpy(), return_inverse=True)
    counts = np.zeros((len(runs), days))
    np.add.at(counts, (whose, joins.day.to_numpy(np.int64) - first), joins.events.to_numpy(np.float64))
    return counts


def _times(log: Log, joined: ir.Table, by_day: npt.NDArray[np.float64]) -> Times:
    first_us, last_us = log.cleaned.from_us, log.cleaned.until_us
    first_day = first_us // DAY_US
    versions = log.days[log.days.model != ""].groupby("model").day.min().to_numpy(np.int64)
    cuts = tuple(float(day - first_day) for day in sorted(versions))
    hours, is_dated = _hours(log, joined)
    if is_dated:
        run, day = np.nonzero(by_day)
        step = float(np.gcd.reduce(np.diff(np.unique(day)))) or 1.0
        days = float(np.ceil(by_day.shape[1] / step) * step)
        busy = _weekdays(by_day, first_day)[day] if step == 1 else None
        return Times(day.astype(np.float64), run, by_day[run, day], days, step, True, cuts, busy)
    span_us = max(last_us - first_us, 1)
    step_us = 1 if by_day.sum() <= CELLS else max(span_us * len(by_day) // CELLS, 1)
    placed = joined.mutate(place=(joined.at_us - first_us) // step_us)
    rows = log.frame(placed.group_by(["run", "place"]).aggregate(joins=placed.count()))
    width = 0.0 if step_us == 1 else step_us / DAY_US
    at_days = rows.place.to_numpy(np.float64) * (step_us / DAY_US) + width / 2
    run = np.unique(rows.run.to_numpy(), return_inverse=True)[1]
    busy = _rhythm(hours, first_us / DAY_US + at_days, width) if span_us > 28 * DAY_US else None
    counts = rows.joins.to_numpy(np.float64)
    return Times(at_days, run, counts, span_us / DAY_US, width, False, cuts, busy)


def _hours(log: Log, joined: ir.Table) -> tuple[npt.NDArray[np.float64], bool]:
    """Joins by hour of the week, and whether the record knows dates only.

    Dates have one time of day, or two where their zone has summer time.
    """
    clock = joined.mutate(hour=(joined.at_us // HOUR_US) % HOURS_A_WEEK, clock=joined.at_us % DAY_US)
    grouped = clock.group_by("hour")
    found = log.frame(grouped.aggregate(joins=clock.count(), first=clock.clock.min(), last=clock.clock.max()))
    clocks = np.unique(found[["first", "last"]].to_numpy())
    hours = np.bincount(found.hour.to_numpy(np.int64), found.joins.to_numpy(), HOURS_A_WEEK)
    return hours, len(clocks) <= 2


def _weekdays(by_day: npt.NDArray[np.float64], first_day: int) -> npt.NDArray[np.float64]:
    """How busy each day's weekday is against the mean."""
    weekday = (np.arange(by_day.shape[1]) + first_day) % 7
    return _busy(np.bincount(weekday, by_day.sum(0), 7))[weekday]


def _rhythm(
    hours: npt.NDArray[np.float64], at: npt.NDArray[np.float64], width: float
) -> npt.NDArray[np.float64]:
    """How busy the hour of day and the weekday of each instant are against the mean, over its step of time.

    Else whoever sleeps by night and joins by day would look as if brought by those before.
    """
    joins = hours.reshape(7, 24)
    busy = np.outer(_busy(joins.sum(1)), _busy(joins.sum(0))).ravel()
    hour = at * 24
    if not width:
        return np.asarray(busy[hour.astype(np.int64) % HOURS_A_WEEK])
    edges = np.concatenate([[0.0], np.cumsum(busy)])
    ends = [_summed(edges, hour + side * width * 12) for side in (-1, 1)]
    return np.asarray((ends[1] - ends[0]) / (24 * width))


def _summed(edges: npt.NDArray[np.float64], hour: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    weeks, rest = np.divmod(hour, HOURS_A_WEEK)
    return weeks * edges[-1] + np.interp(rest, np.arange(HOURS_A_WEEK + 1), edges)


def _busy(joins: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Against a mean of 1, drawn towards it by five joins, so that a few joins make no rhythm."""
    drawn = joins + 5.0
    busy: npt.NDArray[np.float64] = drawn / drawn.mean()
    return busy


def _caused(found: Contagion, count: int) -> Figure:
    if not np.isfinite(found.ratio.value):
        return _CAUSED.missing(_FEW.format(FEWEST), n=count)
    return _CAUSED.estimate(*found.ratio, n=count)


def _referrals(log: Log, joined: ir.Table, joins: pd.DataFrame) -> list[Figure]:
    named, count = int(joins.referred.sum()), int(joins.events.sum())
    if not named:
        return [about.missing(_NO_REFERRER, n=count) for about in (_REFERRED, _BROUGHT)]
    rows = joined.filter(joined.referrer.notnull())
    brought = rows.group_by(["run", "referrer"]).aggregate(joins=rows.count())
    squares = (
        brought.aggregate(squares=(brought.joins * brought.joins).sum()).to_pyarrow()["squares"][0].as_py()
    )
    customers = log.customer_count
    mean = ratio_of(Moments(customers, named, customers, float(squares), customers, named))
    return [
        _REFERRED.record(named / count, n=count),
        _BROUGHT.estimate(mean.value, max(mean.low, 0.0), mean.high, n=customers),
    ]


def _filling(by_day: npt.NDArray[np.float64], times: Times) -> Market:
    unit = times.step_days if times.recorded else 1.0
    step = int(np.ceil(by_day.shape[1] / STEPS / unit) * unit)
    whole = by_day.shape[1] // step * step
    counts = by_day[:, :whole].reshape(len(by_day), -1, step).sum(2)
    return bass.market(counts, step_years=step / bass.DAYS_A_YEAR)


def _market(found: Market, count: int) -> list[Figure]:
    def told(about: About, interval: Interval, needs: str) -> Figure:
        known = np.isfinite(interval).all()
        return about.estimate(*interval, n=count) if known else about.missing(needs, n=count)

    return [
        told(_INNOVATION, found.innovation, _NO_END),
        told(_IMITATION, found.imitation, _NO_FOLLOWING if np.isfinite(found.size.value) else _NO_END),
        told(_SIZE, found.size, _NO_END),
        told(_PEAK, found.peak_days, _NO_PEAK),
    ]


def _kernel(found: Contagion, times: Times, count: int) -> pd.DataFrame:
    """What the estimate of joins caused by joins rests on; no row where there is none."""
    row = {
        "joins": count,
        "runs": int(times.run.max()) + 1,
        "mean_lag_days": found.lag_days,
        "gain_in_log_likelihood": found.gain,
        "baseline_pieces": found.pieces,
        "baseline_piece_days": found.piece_days,
        "step_days": times.step_days,
    }
    return pd.DataFrame([row] if found.pieces else [], columns=list(row))


def _remarks(found: Contagion, times: Times) -> list[str]:
    said = []
    if found.pieces:
        said.append(
            f"Joins caused by joins: the rate of joins by themselves may differ every "
            f"{found.piece_days:.0f} days and when the terms change; what comes and goes faster and is "
            "not in the log is counted as caused by joins."
        )
        if found.ratio.low == 0:
            said.append("No join is shown to have caused another: the interval reaches zero.")
    if times.recorded and times.step_days:
        said.append(
            f"Joins are recorded by steps of {times.step_days:.0f} days: none is held to be caused by "
            "one of its own step."
        )
    said.append(
        "The market's curve takes the log to begin with the first customer, and everybody in the market "
        "to be alike."
    )
    return said
