"""Link 1, customers as offer (F4.1): how far customers take part because they see that others do."""

from __future__ import annotations

from typing import NamedTuple

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from comaker.events import Kind
from comaker.measure.estimators import shown_base
from comaker.measure.estimators.clustered import Occasions, gap_of_means, share
from comaker.measure.estimators.intervals import Interval
from comaker.measure.estimators.shown_base import FEWEST_PROJECTS, Looks
from comaker.measure.figures import About, Figure
from comaker.measure.links.part import Part
from comaker.measure.log import Log
from comaker.measure.tables import DAY_US

WEEK_US = 7 * DAY_US

CONTROLS = frozenset({"off", "control", "none", "hidden"})
"""Arms of an experiment whose customers are shown nothing."""

EQUAL_PROGRESS = "at equal progress"

_CONVERSION = About(
    "look_conversion",
    "share of looks at a project after which the same customer's next step there is the act done, not "
    "another look",
    "share",
    "looks",
    "F4.1",
)
_EFFECT = About(
    "installed_base_effect",
    "percentage points by which conversion of a first look differs for each doubling of the customers "
    "shown to take part, between looks at the same project, each week having its own level; causal only if "
    "nothing else that raises conversion grows with a project's base",
    "percentage points a doubling",
    "looks",
    "F4.1; Arellano & Bover 1995",
)
_RANDOMISED = About(
    "installed_base_randomised",
    "percentage points by which conversion of a look is higher for customers drawn to be shown how many "
    "take part than for those drawn not to be (intention to treat)",
    "percentage points",
    "looks",
    "F4.1",
)
_NO_LOOKS = (
    "no look at a project is recorded, so looks that ended in nothing are unknown: it would take rows of "
    "kind seen with customer, subject and shown"
)
_NOT_SHOWN = (
    "no look says how many customers were shown to take part: record producers, holders or customers in the "
    "column shown of rows of kind seen"
)
_NO_ACT = "no look, or every look, ended in an act: both are needed (rows of kind seen and done)"
_FIXED = (
    f"the number shown varies within fewer than {FEWEST_PROJECTS} projects, or not apart from the weeks: "
    "looks at more projects whose bases grow at different times would tell, or an experiment that hides the "
    "number (column arm)"
)
_NO_PROGRESS = (
    "the looks do not say how far a project was from its goal, or it moves with the base in step: record "
    "collected and goal in the column shown"
)
_NOT_DRAWN = (
    "no experiment drew to whom the number is shown: give some customers an arm called hidden (column arm) "
    "and show them no number"
)


class _Seen(NamedTuple):
    """Looks in order of project and time; ``base`` and ``progress`` are NaN where they were not shown."""

    project: npt.NDArray[np.int64]
    week: npt.NDArray[np.int64]
    customer: npt.NDArray[np.int64]
    arm: npt.NDArray[np.object_]
    converted: npt.NDArray[np.float64]
    base: npt.NDArray[np.float64]
    progress: npt.NDArray[np.float64]


def measured(log: Log) -> Part:
    """How conversion differs with the base that was shown, and by draw where showing it was drawn.

    From rows of kind seen with ``customer``, ``subject`` and ``shown``: "producers", "holders" or "customers"
    (how many take part), "collected" and "goal" (or "collected_shares", "goal_shares"). From very long logs
    a sample of customers is taken.
    """
    looked = log.count(Kind.SEEN.value)
    seen = _seen(_steps(log.sampled)) if looked else None
    if seen is None or not len(seen.base):
        return Part([about.missing(_NO_LOOKS) for about in (_CONVERSION, _EFFECT, _RANDOMISED)], {}, [])
    figures = [_conversion(seen), *_effects(seen), *_randomised(seen)]
    forms = _forms(seen)
    tables = {"installed_base_forms": forms, "installed_base_looks": _bands(seen)}
    return Part(figures, tables, _remarks(seen, forms, is_sample=log.draws.is_long))


def _steps(events: ir.Table) -> pa.Table:
    """Looks of customers at projects, with the kind of what the customer did next there."""
    kinds = (Kind.SEEN.value, Kind.DONE.value)
    own = events.filter(events.customer.notnull(), events.subject.notnull(), events.kind.isin(kinds))
    own = own.mutate(task=own.task.fill_null(""))
    hers = ibis.window(group_by=["run", "customer", "subject", "task"], order_by=["at_us", "event_id"])
    steps = own.mutate(following=own.kind.lead().over(hers), look=ibis.row_number().over(hers))
    looks = steps.filter(steps.kind == Kind.SEEN.value, steps.look == 0)
    return looks.select(
        "run", "customer", "subject", "task", "at_us", "event_id", "arm", "shown", "following"
    ).to_pyarrow()


def _seen(steps: pa.Table) -> _Seen:
    ordered = steps.sort_by([(name, "ascending") for name in ("run", "subject", "task", "at_us", "event_id")])
    frame = ordered.select(["run", "customer", "subject", "task", "at_us", "arm"]).to_pandas()
    collected, goal = (_number(ordered, f"{name}(?:_shares)?") for name in ("collected", "goal"))
    return _Seen(
        frame.groupby(["run", "subject", "task"], sort=False).ngroup().to_numpy(np.int64),
        _codes(frame.run, frame.at_us // WEEK_US),
        _codes(frame.run, frame.customer),
        frame.arm.fillna("").to_numpy(object),
        pc.fill_null(pc.equal(ordered["following"], Kind.DONE.value), False).to_numpy().astype(np.float64),
        _number(ordered, "producers|holders|customers"),
        np.divide(collected, goal, out=np.full(len(goal), np.nan), where=goal > 0),
    )


def _number(steps: pa.Table, names: str) -> npt.NDArray[np.float64]:
    """A number of what was shown, by its name in the JSON; NaN where there is none."""
    shown = steps["shown"].cast(pa.string())
    found = pc.extract_regex(shown, rf'"(?:{names})"\s*:\s*(?P<number>[0-9]{{1,15}})')
    number = pc.struct_field(found, "number").cast(pa.float64())
    return np.asarray(number.to_numpy(), np.float64)


def _codes(*columns: pd.Series) -> npt.NDArray[np.int64]:
    """Numbers from 0 for the combinations of values."""
    grouped = pd.DataFrame(dict(enumerate(columns))).groupby(list(range(len(columns))))
    return np.asarray(grouped.ngroup(), np.int64)


def _conversion(seen: _Seen) -> Figure:
    hits, total = np.bincount(seen.customer, seen.converted), np.bincount(seen.customer)
    return _CONVERSION.estimate(*share(Occasions.of(hits, total)), n=len(seen.base))


def _looks(seen: _Seen, kept: npt.NDArray[np.bool_], *, with_progress: bool = False) -> Looks:
    """Looks of projects with more than one, numbered anew."""
    often = kept & (np.bincount(seen.project, kept)[seen.project] > 1)
    project, week = (np.unique(each[often], return_inverse=True)[1] for each in (seen.project, seen.week))
    progress = seen.progress[often] if with_progress else None
    return Looks(project, week, seen.base[often], seen.converted[often], progress)


def _effects(seen: _Seen) -> list[Figure]:
    shown = np.isfinite(seen.base)
    count = int(shown.sum())
    if not count or np.ptp(seen.converted[shown]) == 0:
        needs = _NO_ACT if count else _NOT_SHOWN
        return [_EFFECT.missing(needs, n=count, of=of) for of in ("", EQUAL_PROGRESS)]
    plain = shown_base.per_doubling(_looks(seen, shown))
    both = shown & np.isfinite(seen.progress)
    held = shown_base.per_doubling(_looks(seen, both, with_progress=True), hold_progress=True)
    return [
        _points(_EFFECT, plain, count, needs=_FIXED),
        _points(_EFFECT, held, int(both.sum()), needs=_NO_PROGRESS, of=EQUAL_PROGRESS),
    ]


def _points(about: About, found: Interval, n: int, *, needs: str, of: str = "") -> Figure:
    """A difference of shares in percentage points."""
    if not np.isfinite(found).all():
        return about.missing(needs, n=n, of=of)
    return about.estimate(*(100 * end for end in found), n=n, of=of)


def _randomised(seen: _Seen) -> list[Figure]:
    """By experiment in which the control arm was shown no base and the others were."""
    codes, arms = pd.factorize(seen.arm)
    parts = [
        (name.strip(), arm.strip().lower()) for name, _, arm in (str(one).rpartition(":") for one in arms)
    ]
    experiment = np.array([name for name, _ in parts], object)[codes]
    is_control = np.array([arm in CONTROLS for _, arm in parts])[codes]
    shown = np.isfinite(seen.base)
    figures = []
    for name in sorted(set(experiment) - {""}):
        own = experiment == name
        treated, control = own & ~is_control, own & is_control
        if not (treated.any() and control.any()) or shown[treated].mean() - shown[control].mean() < 0.5:
            continue
        found = gap_of_means(seen.converted[own], treated[own], seen.customer[own])
        figures.append(_points(_RANDOMISED, found, int(own.sum()), needs=_NO_ACT, of=name))
    return figures or [_RANDOMISED.missing(_NOT_DRAWN, n=len(seen.base))]


def _forms(seen: _Seen) -> pd.DataFrame:
    """Forms in which conversion may rise with the base, and how well they fit; empty where nothing is
    identified.
    """
    shown = np.isfinite(seen.base)
    found = shown_base.forms(_looks(seen, shown)) if shown.any() and np.ptp(seen.converted[shown]) else []
    return pd.DataFrame(found, columns=["form", "worse_by", "weight", "is_rejected"])


def _bands(seen: _Seen) -> pd.DataFrame:
    """Looks and those that ended in the act, by doublings of the base shown; between projects too, so no
    effect.
    """
    shown = np.isfinite(seen.base)
    band = np.floor(np.log2(1 + seen.base[shown])).astype(np.int64)
    looks, done = np.bincount(band), np.bincount(band, seen.converted[shown])
    kept = np.flatnonzero(looks)
    return pd.DataFrame(
        {
            "shown_from": 2**kept - 1,
            "shown_to": 2 ** (kept + 1) - 2,
            "looks": looks[kept],
            "ended_in_act": done[kept].astype(np.int64),
            "conversion_share": done[kept] / looks[kept],
        }
    )


def _remarks(seen: _Seen, forms: pd.DataFrame, *, is_sample: bool) -> list[str]:
    said = []
    if np.isfinite(seen.base).any():
        said.append(
            "What else draws customers may grow with a project's base: fame outside, nearness of its goal "
            "(see the figure at equal progress), other customers who come late. Only an experiment that "
            "hides the number excludes that."
        )
    if len(forms):
        fitting = forms[~forms.is_rejected].form
        said.append(
            "Forms in which conversion may rise with a base of n that the looks do not reject: "
            f"{'; '.join(fitting) or 'none of those tried'}. They do not tell one exponent from another "
            "better than that."
        )
    if is_sample:
        said.append(f"Taken from a sample of customers: {len(seen.base):,} first looks.")
    return said
