"""Link 6, organizational learning (F4.6): the firm gets cheaper with practice, and changes its rules.

Weekly series are averaged over the runs of a simulation, which are independent of each other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from comaker.events import Kind
from comaker.measure.accounts import hourly_rate_minor
from comaker.measure.estimators import serial
from comaker.measure.estimators.intervals import UNKNOWN, Interval
from comaker.measure.figures import About, Figure
from comaker.measure.links.part import Part
from comaker.measure.log import Log

FEWEST_WEEKS = 8
"""A rule's effect needs so many weeks on either side; changes nearer to each other are told together."""

MOST_WEEKS = 78
"""Weeks further from a change say little about it."""

FEWEST_BINS = 12
"""A progress ratio needs so many weeks, or months, with a cost and acts done."""

_WEEK_DAYS = 7
_HOUR_S = 3600
_EPOCH = dt.date(1970, 1, 1)

_PROGRESS = About(
    "progress_ratio",
    "Cost of an act done after each doubling of all acts done since the log begins, as a share of before; "
    "practice and time passing are not told apart.",
    "ratio",
    "weeks or months",
    "F4.6; Dutton & Thomas 1984",
)


class _Outcome(NamedTuple):
    """Something of each week that a rule may change."""

    name: str
    words: str
    unit: str

    def level(self) -> About:
        return About(
            f"{self.name}_level_change",
            f"By how much {self.words} changed at once when the new terms came into force, beside the trend.",
            self.unit,
            "weeks before and after",
            _SERIES,
        )

    def trend(self) -> About:
        return About(
            f"{self.name}_trend_change",
            f"By how much the weekly trend of {self.words} changed when the new terms came into force.",
            f"{self.unit} a week",
            "weeks before and after",
            _SERIES,
        )


_SERIES = "F4.6; interrupted time series: Wagner et al. 2002; errors: Prais & Winsten 1954"
_OUTCOMES = (
    _Outcome("done_per_week", "the number of acts done a week", "acts a week"),
    _Outcome("refused_share", "the share of acts that are refused", "difference of shares"),
    _Outcome("quantity_per_act", "the mean quantity (shares, copies) of an act done", "units"),
)
_LAG = About(
    "detection_lag",
    "Weeks from the last change of level before an amendment, in the outcome where it shows most, to the "
    "day in force; that this change is the harm which the amendment answers is an assumption.",
    "weeks",
    "weeks before",
    "F4.6; Andrews 1993",
)


_NO_CHANGE = "no amendment came into force during the log, and its rows (column model) show no other terms"


class _Change(NamedTuple):
    """New terms: when they came into force, and why.

    ``first_day``, ``last_day``: days since 1970, apart where several changes are told together.
    """

    first_day: int
    last_day: int
    why: str
    tasks: frozenset[str]

    @property
    def label(self) -> str:
        return " to ".join(dict.fromkeys((_date(self.first_day), _date(self.last_day))))


def measured(log: Log) -> Part:
    """How unit cost falls with practice, and what each change of the terms did and how late it came."""
    changes = _together(_changes(log))
    figures = list(_progress(log))
    rows = []
    if not changes:
        figures += [about.missing(_NO_CHANGE) for about in _abouts()]
    for number, change in enumerate(changes):
        weeks = _weeks(log, change, changes[number - 1] if number else None, (*changes, None)[number + 1])
        found, answered = _lag(weeks, change.label)
        figures += [*_effects(weeks, change.label), found]
        rows.append(
            {
                "change": change.label,
                "why": change.why,
                "weeks_before": int((weeks.week < 0).sum()),
                "weeks_after": int((weeks.week >= 0).sum()),
                "answers": answered,
            }
        )
    columns = ["change", "why", "weeks_before", "weeks_after", "answers"]
    tables = {"changes of the terms": pd.DataFrame(rows, columns=columns), "weeks": _table(log)}
    return Part(figures, tables, _remarks(changes))


def _abouts() -> Iterator[About]:
    for outcome in _OUTCOMES:
        yield outcome.level()
        yield outcome.trend()
    yield _LAG


def _date(day: int) -> str:
    return (_EPOCH + dt.timedelta(days=day)).isoformat()


# --- Unit cost and practice


def _progress(log: Log) -> Iterator[Figure]:
    days = log.days
    costly = days[(days.task != "") & ((days.kind == Kind.COST) | (days.staffed > 0))]
    tasks = sorted(set(costly.task) & set(days[days.kind == Kind.DONE].task))
    if not tasks:
        yield _PROGRESS.missing(
            "no task has both acts done and a cost: record staff_seconds with acts, or rows of kind cost "
            "with the task"
        )
    for task in tasks:
        found, bins = _ratio(log, task)
        if np.isfinite(found).all():
            yield _PROGRESS.estimate(*(float(2**each) for each in found), n=bins, of=task)
        else:
            needs = f"{bins} weeks or months have a cost and acts done; {FEWEST_BINS} are needed"
            yield _PROGRESS.missing(needs, n=bins, of=task)


def _ratio(log: Log, task: str) -> tuple[Interval, int]:
    """The slope of log unit cost on log cumulative acts, and the number of bins: weeks, else months."""
    days = log.days[log.days.task == task]
    is_done, is_cost = days.kind == Kind.DONE, days.kind == Kind.COST
    rate_minor = hourly_rate_minor(log, task)
    if rate_minor is None:
        # Seconds without a price cannot be added to money; alone, they are as good a cost.
        rate_minor = 0.0 if (is_cost & (days.money_minor > 0)).any() else float(_HOUR_S)
    cost = days.staff_seconds.where(~is_cost, 0) * rate_minor / _HOUR_S + days.money_minor.where(is_cost, 0)
    acts = days.events.where(is_done, 0) / log.cleaned.runs
    most = 0
    for wide in (_WEEK_DAYS, 4 * _WEEK_DAYS):
        bins = pd.DataFrame({"cost": cost / log.cleaned.runs, "acts": acts}).groupby(days.day // wide).sum()
        before = bins.acts.cumsum() - bins.acts / 2
        usable = (bins.cost > 0) & (bins.acts > 0)
        most = max(most, int(usable.sum()))
        if usable.sum() >= FEWEST_BINS and usable.mean() >= 0.8:
            causes = np.stack([np.ones(usable.sum()), np.log(before[usable])], axis=1)
            return serial.regression(np.log(bins.cost / bins.acts)[usable], causes)[1], int(usable.sum())
    return UNKNOWN, most


# --- Changes of the terms


def _changes(log: Log) -> list[_Change]:
    """Amendments in force from a day of the log on, and terms of its rows that the model does not declare."""
    first, last = int(log.days.day.min()), int(log.days.day.max())
    found: dict[int, _Change] = {}
    for amendment in log.model.amendment:
        day = (amendment.in_force - _EPOCH).days
        named = [key.split(".") for key in amendment.set]
        tasks = frozenset(path[1] for path in named if path[0] == "task" and len(path) > 1)
        whole = found.get(day, _Change(day, day, amendment.why, frozenset()))
        found[day] = whole._replace(tasks=whole.tasks | tasks)
    declared = {version.hash for version in log.model.versions}
    begins = log.days[log.days.model != ""].groupby("model").day.min().sort_values()
    for terms, day in list(begins.items())[1:]:
        if terms not in declared and not any(abs(int(day) - known) <= 1 for known in found):
            found[int(day)] = _Change(
                int(day), int(day), f"the log's rows are of the terms {terms}", frozenset()
            )
    return [found[day] for day in sorted(found) if first < day <= last]


def _together(changes: list[_Change]) -> list[_Change]:
    """Changes nearer to each other than ``FEWEST_WEEKS`` as one, because nobody could tell them apart."""
    joined: list[_Change] = []
    for change in changes:
        if joined and change.first_day - joined[-1].last_day < FEWEST_WEEKS * _WEEK_DAYS:
            before = joined[-1]
            why, tasks = f"{before.why}; {change.why}", before.tasks | change.tasks
            joined[-1] = before._replace(last_day=change.last_day, why=why, tasks=tasks)
        else:
            joined.append(change)
    return joined


def _weeks(log: Log, change: _Change, before: _Change | None, after: _Change | None) -> pd.DataFrame:
    """Whole weeks around a change, no further than its neighbours: ``week`` is -1 for the last before it, 0
    for the first after; the outcomes by name, NaN where a week has none."""
    days = log.days
    begin = before.last_day if before else int(days.day.min())
    end = after.first_day if after else int(days.day.max()) + 1
    earlier = min((change.first_day - begin) // _WEEK_DAYS, MOST_WEEKS)
    later = min((end - change.last_day) // _WEEK_DAYS, MOST_WEEKS)
    own = days[days.task.isin(change.tasks) if change.tasks else days.task != ""]
    week = np.where(
        own.day < change.first_day,
        (own.day - change.first_day) // _WEEK_DAYS,
        (own.day - change.last_day) // _WEEK_DAYS,
    )
    between = (own.day >= change.first_day) & (own.day < change.last_day)
    return _outcomes(own[~between], week[~between], range(-earlier, later), log.cleaned.runs)


def _outcomes(own: pd.DataFrame, week: np.ndarray, weeks: range, runs: int) -> pd.DataFrame:
    done, refused = own.kind == Kind.DONE, own.kind == Kind.REFUSED
    sums = pd.DataFrame(
        {
            "done": own.events.where(done, 0),
            "refused": own.events.where(refused, 0),
            "quantity": own.quantity.where(done, 0),
        }
    )
    sums = sums.groupby(week).sum().reindex(weeks, fill_value=0)
    acts = sums.done.where(sums.done > 0)
    return pd.DataFrame(
        {
            "week": sums.index.to_numpy(),
            "done_per_week": sums.done.to_numpy() / runs,
            "refused_share": (
                sums.refused / (sums.done + sums.refused).where(lambda each: each > 0)
            ).to_numpy(),
            "quantity_per_act": (sums.quantity / acts).to_numpy(),
        }
    )


def _effects(weeks: pd.DataFrame, label: str) -> Iterator[Figure]:
    """Level and trend of each outcome at a change of the terms."""
    for outcome in _OUTCOMES:
        known = weeks[weeks[outcome.name].notna()]
        before, after = int((known.week < 0).sum()), int((known.week >= 0).sum())
        abouts = (outcome.level(), outcome.trend())
        if min(before, after) < FEWEST_WEEKS:
            needs = (
                f"{before} weeks before and {after} after have acts, and {FEWEST_WEEKS} of each are needed: "
                "a longer log, or changes further apart"
            )
            yield from (about.missing(needs, n=len(known), of=label) for about in abouts)
            continue
        if np.ptp(known[outcome.name]) == 0:
            needs = f"{outcome.words} is the same in every week"
            yield from (about.missing(needs, n=len(known), of=label) for about in abouts)
            continue
        since = known.week.to_numpy() + 0.5
        later = (since > 0).astype(float)
        causes = np.stack([np.ones(len(since)), since, later, since * later], axis=1)
        found = serial.regression(known[outcome.name], causes)
        for about, interval in zip(abouts, found[2:], strict=True):
            yield about.estimate(*interval, n=len(known), of=label)


def _lag(weeks: pd.DataFrame, label: str) -> tuple[Figure, str]:
    """How long before a change the outcome that it answers had changed, and which outcome that is."""
    before = weeks[weeks.week < 0]
    best: serial.Step | None = None
    answered, counted = "", 0
    for outcome in _OUTCOMES:
        known = before[before[outcome.name].notna()]
        found = serial.step(known[outcome.name])
        counted = max(counted, len(known))
        if found and found.is_sure and (best is None or found.lead > best.lead):
            at = [-float(known.week.iloc[min(int(each), len(known) - 1)]) for each in found.at]
            best = found._replace(at=Interval(at[0], at[2], at[1]))
            answered = f"{outcome.words} changed by {found.change:+.3g}"
    if best is None:
        needs = (
            f"in {counted} weeks before it no outcome changed its level beyond what chance and a trend "
            "do: the day on which the firm saw the harm would tell, or a longer log"
        )
        return _LAG.missing(needs, n=counted, of=label), ""
    return _LAG.estimate(*best.at, n=counted, of=label), answered


def _table(log: Log) -> pd.DataFrame:
    """Every whole week of the log with acts done: its first day, and the outcomes over all tasks."""
    own = log.days[log.days.task != ""]
    first, last = int(log.days.day.min()), int(log.days.day.max())
    weeks = range((last + 1 - first) // _WEEK_DAYS)
    table = _outcomes(own, ((own.day - first) // _WEEK_DAYS).to_numpy(), weeks, log.cleaned.runs)
    begins = [_date(first + _WEEK_DAYS * week) for week in weeks]
    table.insert(0, "from_day", begins)
    return table[table.done_per_week > 0].drop(columns="week").reset_index(drop=True)


def _remarks(changes: list[_Change]) -> list[str]:
    joined = [change.label for change in changes if change.first_day != change.last_day]
    if not joined:
        return []
    which = ", ".join(joined)
    return [
        f"Changes of the terms less than {FEWEST_WEEKS} weeks apart are told together ({which}): "
        "before the first, after the last."
    ]
