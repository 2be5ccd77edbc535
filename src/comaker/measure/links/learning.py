"""Link 4, customer learning (F4.4): customers fit in better each time.

Everything is said of changes within customers: an average over whoever is still there at the tenth attempt is
nobody's curve, and its customers are not those who began.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from comaker.events import Kind
from comaker.measure import tables
from comaker.measure.estimators import learning_curve, practice, within
from comaker.measure.estimators.intervals import proportion
from comaker.measure.figures import About, Figure
from comaker.measure.links.part import Part
from comaker.measure.log import Log

FITTED = 300
"""So many customers a task are enough for the curves of a population; n says how many were taken."""

TASKS = 3
"""Tasks that are looked at: those with the most attempts."""

DRAWN_CURVES = 60
"""So many customers' own curves of a task are in the table: more lines cannot be told apart."""

RETURN_DAYS = 28
"""Coming back means another day with an attempt within so many days."""

LISTED = 20
"""The table of errors goes to this attempt."""

_SPEED_UP = About(
    "speed_up",
    "How much less time the tenth attempt at the task takes the median customer than her first, as a "
    "share of the first, along her own curve.",
    "share",
    "customers timed at least twice",
    "F4.4; Heathcote, Brown & Mewhort 2000",
)
_RATE = About(
    "learning_rate",
    "How fast the median customer learns: each attempt takes this part (in logarithms) off what she still "
    "has to gain.",
    "per attempt",
    "customers timed at least twice",
    "F4.4; Heathcote, Brown & Mewhort 2000",
)
_EXPONENTIAL = About(
    "exponential_share",
    "Share of customers whose own times follow an exponential curve rather than a power curve or a level.",
    "share",
    f"customers timed at least {learning_curve.FEWEST_TIMES} times",
    "F4.4; Heathcote, Brown & Mewhort 2000",
)
_LEAD = About(
    "exponential_lead",
    "By how much log-likelihood a customer's exponential curve fits her times better than a power curve "
    "does, mean over customers.",
    "log-likelihood",
    f"customers timed at least {learning_curve.FEWEST_TIMES} times",
    "F4.4; Murre & Chessa 2011",
)
_STOPPED = About(
    "stopped_before_tenth",
    "Share of customers who made fewer than ten attempts at the task before the log ends.",
    "share",
    "customers",
    "F4.4",
)
_ERRORS = About(
    "error_odds_change",
    "Change in the odds that an attempt is refused or abandoned when the same customer has twice the "
    "attempts behind her, as a share of those odds.",
    "share",
    "customers who attempted the task",
    "F4.4; conditional logit: Chamberlain 1980",
)
_RETURN = About(
    "return_change",
    f"Change in the chance that a customer comes back to the task within {RETURN_DAYS} days when she has "
    "twice the days of experience: among those who are still there, whom experience kept as well as made.",
    "difference of shares",
    "customers who attempted the task",
    "F4.4; discrete hazard, cluster-robust by customer",
)
_TIMED = (_SPEED_UP, _RATE, _EXPONENTIAL, _LEAD)
_ALL = (*_TIMED, _STOPPED, _ERRORS, _RETURN)

_NO_ATTEMPTS = (
    "no customer attempted a task: rows of kind done, refused or abandoned with customer and task are needed"
)
_NO_SECONDS = "no act done says how long it took the customer: record the column seconds"
_SAME_SECONDS = (
    "no customer's times differ from one act to the next: record in the column seconds what each took"
)
_NO_ERRORS = (
    "fewer than five customers both failed and succeeded before their last attempt; rows of kind refused and "
    "abandoned would tell"
)


def measured(log: Log) -> Part:
    """How customers change with each attempt: quicker, with fewer errors, coming back more often."""
    tried = log.attempts
    if tried.empty:
        return Part(
            [about.missing(_NO_ATTEMPTS) for about in _ALL], {"errors by attempt": _by_attempt(tried)}, []
        )
    tried = tried.assign(who=tried.groupby(["run", "customer"]).ngroup())
    figures: list[Figure] = []
    most = tried.groupby("task").size().sort_values(ascending=False, kind="stable").index[:TASKS]
    for task in sorted(most):
        own = tried[tried.task == task]
        figures += [*_curves(own, task), *_habits(log, own, task)]
    remarks = [
        "Learning is told within customers only: an average over those still there mixes learning with who "
        "stays. Customers who stop early take part in the curves as far as they went, which is right as long "
        "as what made them stop is in their record."
    ]
    found = {"errors by attempt": _by_attempt(tried), "learning_curves": _own_times(tried)}
    return Part(figures, found, remarks)


def _curves(own: pd.DataFrame, task: str) -> Iterator[Figure]:
    done = own[(own.kind == Kind.DONE) & own.seconds.notna() & (own.seconds.fillna(0) > 0)]
    if done.empty:
        yield from (about.missing(_NO_SECONDS, of=task) for about in _TIMED)
        return
    own_seconds = done.groupby("who").seconds
    if (own_seconds.size() > 1).any() and not (own_seconds.nunique() > 1).any():
        yield from (about.missing(_SAME_SECONDS, n=done.who.nunique(), of=task) for about in _TIMED)
        return
    found = learning_curve.times(done.who, done.attempt, done.seconds)
    twice = np.flatnonzero(found.known.sum(1) >= 2)
    few = f"{len(twice)} customers were timed at least twice; five are needed"
    drawn = np.sort(np.random.default_rng(0).permutation(twice)[:FITTED])
    learnt = learning_curve.learning(learning_curve.Times(found.seconds[drawn], found.known[drawn]))
    if learnt is None:
        yield _SPEED_UP.missing(few, n=len(twice), of=task)
        yield _RATE.missing(few, n=len(twice), of=task)
    else:
        yield _SPEED_UP.estimate(*learnt.speed_up, n=len(drawn), of=task)
        if learnt.speed_up.low <= 0 <= learnt.speed_up.high:
            needs = "no change with practice can be told from chance, so it has no pace: more timed attempts"
            yield _RATE.missing(needs, n=len(drawn), of=task)
        else:
            yield _RATE.estimate(*learnt.rate, n=len(drawn), of=task)
    yield from _told_apart(learning_curve.shapes(found), task)


def _told_apart(shapes: learning_curve.Shapes, task: str) -> Iterator[Figure]:
    if shapes.customers < 2:
        least = learning_curve.FEWEST_TIMES
        needs = f"{shapes.customers} customers were timed {least} times or more; two are needed"
        yield _EXPONENTIAL.missing(needs, n=shapes.customers, of=task)
        yield _LEAD.missing(needs, n=shapes.customers, of=task)
        return
    yield _EXPONENTIAL.estimate(
        *proportion(shapes.exponential, shapes.customers), n=shapes.customers, of=task
    )
    yield _LEAD.estimate(*shapes.lead, n=shapes.customers, of=task)


def _habits(log: Log, own: pd.DataFrame, task: str) -> Iterator[Figure]:
    """Who stops early, errors, and coming back."""
    attempts = own.groupby("who").size()
    yield _STOPPED.record(float((attempts < learning_curve.COMPARED).mean()), n=len(attempts), of=task)
    factor = practice.odds_by_doubling(own.who, own.attempt, own.kind != Kind.DONE)
    if np.isfinite(factor).all():
        yield _ERRORS.estimate(*(each - 1 for each in factor), n=len(attempts), of=task)
    else:
        yield _ERRORS.missing(_NO_ERRORS, n=len(attempts), of=task)
    back = _returning(log, own)
    changed = (
        within.slope(
            back.came_back, np.log2(back.occasion), group=np.zeros(len(back), np.int64), customer=back.who
        )
        if len(back)
        else None
    )
    if changed is None or not np.isfinite(changed).all():
        needs = (
            f"too few customers have attempted the task on two days or more, {RETURN_DAYS} days before "
            "the log ends: a longer log would tell"
        )
        yield _RETURN.missing(needs, n=len(attempts), of=task)
    else:
        yield _RETURN.estimate(*changed, n=int(back.who.nunique()), of=task)


def _returning(log: Log, own: pd.DataFrame) -> pd.DataFrame:
    """Days with an attempt: who, occasion (from 1), whether she came back in time; days too late to tell are
    out."""
    # Attempts come by customer and in order of time.
    who, day = own.who.to_numpy(np.int64), own.at_us.to_numpy(np.int64) // tables.DAY_US
    is_new = np.ones(len(who), np.bool_)
    is_new[1:] = (np.diff(who) != 0) | (np.diff(day) != 0)
    who, day = who[is_new], day[is_new]
    waited_days = np.full(len(who), np.inf)
    waited_days[:-1] = np.where(np.diff(who) == 0, np.diff(day), np.inf)
    _, firsts, many = np.unique(who, return_index=True, return_counts=True)
    occasion = np.arange(len(who)) - np.repeat(firsts, many) + 1
    came_back = (waited_days <= RETURN_DAYS).astype(np.float64)
    occasions = pd.DataFrame({"who": who, "occasion": occasion, "came_back": came_back})
    return occasions[day <= log.cleaned.until_us // tables.DAY_US - RETURN_DAYS]


def _by_attempt(tried: pd.DataFrame) -> pd.DataFrame:
    """Attempts by their number; among those who got so far, so it is no customer's curve."""
    early = tried[tried.attempt <= LISTED]
    counts: Any = early.groupby(["task", "attempt"])
    kinds = {kind.value: (early.kind == kind.value) for kind in (Kind.DONE, Kind.REFUSED, Kind.ABANDONED)}
    table = counts.size().rename("attempts").to_frame()
    for name, is_kind in kinds.items():
        table[name] = is_kind.groupby([early.task, early.attempt]).sum().astype("int64")
    table["refused_share"] = table.refused / table.attempts
    table["abandoned_share"] = table.abandoned / table.attempts
    return table.reset_index()


def _own_times(tried: pd.DataFrame) -> pd.DataFrame:
    """Times of some customers drawn by lot, each for herself: task, customer (a number), attempt, seconds."""
    timed = tried[(tried.kind == Kind.DONE) & (tried.seconds.fillna(0) > 0)]
    times = timed.groupby(["task", "who"]).seconds.transform("size")
    several = timed[times >= learning_curve.FEWEST_TIMES]
    owners = several[["task", "who"]].drop_duplicates()
    drawn = owners.groupby("task", group_keys=False).sample(frac=1, random_state=0)
    drawn = drawn[drawn.groupby("task").cumcount() < DRAWN_CURVES]
    own = several.merge(drawn, on=["task", "who"]).sort_values(["task", "who", "attempt"])
    own = own[["task", "who", "attempt", "seconds"]].rename(columns={"who": "customer"})
    return own.reset_index(drop=True)
