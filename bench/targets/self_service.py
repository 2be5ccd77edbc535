"""The permit desk (CoSeLoG WABO, receipt phase): applications on the internet against those at the desk.

Applicants chose their channel, and what they applied for differs: every difference is an association, not
what the channel does. Nothing was published on it; the counts by channel are the file's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from comaker.measure.estimators.encouragement import Arm, offered
from comaker.measure.estimators.intervals import Interval, difference, normal

from . import INFORMATION, Row
from .imported import frame_of, table_of

COUNTS = "receipt phase of CoSeLoG WABO (Buijs), 4TU.ResearchData"
ASSOCIATION = "internet less desk, 95 % interval over cases; association: applicants chose their channel"
CHANNELS = {"online": 1_250, "desk": 109, "post": 53, "e-mail": 21, "internal": 1}
DAY_S = 86_400
DRAWS = 2_000


def rows(data: Path) -> Iterator[Row]:
    """Cases by channel; then time, steps as what stands for cost, and rework."""
    table = table_of(data / "service_logs" / "receipt_events.csv.gz", "permits")
    cases = by_case(frame_of(table, "at", "subject", "role", "task"))
    yield Row("permit desk: cases", 1_434, len(cases), 0, COUNTS)
    for channel, published in CHANNELS.items():
        yield Row(f"permit desk: cases, {channel}", published, int((cases.role == channel).sum()), 0, COUNTS)
    online, desk = cases[cases.role == "online"], cases[cases.role == "desk"]
    for name, what in (
        ("days", "days from application to last step"),
        ("steps", "steps a case, standing for its cost"),
        ("different", "different steps a case"),
    ):
        yield _row(f"{what}: mean", difference(online[name], desk[name]))
    gap = gap_of_medians(online.days.to_numpy(), desk.days.to_numpy())
    yield _row("days from application to last step: median", gap)
    yield _row("share of cases with a step done again (rework)", offered(*map(_reworked, (online, desk))))
    yield _row("days, mean, at the same department, group and month", _adjusted(cases, data))
    yield Row(
        "permit desk: staff minutes a case, internet less desk", "", "not identified", INFORMATION, NO_MINUTES
    )


NO_MINUTES = "the log holds one instant a step: it needs when each step began, or minutes booked by staff"


def by_case(log: pd.DataFrame) -> pd.DataFrame:
    """One row a case: its channel (role), the days it took, steps of the town's people, and repeats."""
    steps = log[log.task != "apply"]
    applied = log[log.task == "apply"].set_index("subject")
    found = applied[["role"]].copy()
    last = steps.groupby("subject")["at"].max()
    found["days"] = (last - applied["at"]).dt.total_seconds() / DAY_S
    found["steps"] = steps.groupby("subject").size()
    found["different"] = steps.groupby("subject").task.nunique()
    found["again"] = found.steps > found.different
    return found


def gap_of_medians(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> Interval:
    """The difference of two medians, its interval from ``DRAWS`` bootstrap samples of cases (fixed seed)."""
    luck = np.random.default_rng(20_120_101)
    gaps = [
        np.median(luck.choice(one, len(one))) - np.median(luck.choice(other, len(other)))
        for _ in range(DRAWS)
    ]
    low, high = np.percentile(gaps, [2.5, 97.5])
    return Interval(float(np.median(one) - np.median(other)), float(low), float(high))


def _adjusted(cases: pd.DataFrame, data: Path) -> Interval:
    """The same difference of days among cases alike in department, group and month (least squares, HC3)."""
    import statsmodels.formula.api as smf

    steps = pd.read_csv(data / "service_logs" / "receipt_events.csv.gz")
    first = steps.drop_duplicates("case_id").reset_index(drop=True)
    # Text ids are numbered in order of appearance, so that case n is the n-th that the file names.
    alike = pd.DataFrame(
        {
            "department": first.case_department,
            "group": first.case_group.fillna("none"),
            "month": first.case_startdate.str[:7],
            "channel": first.case_channel,
        }
    ).set_index(first.index + 1)
    assert ((alike.channel == "Internet") == (cases.role.sort_index() == "online")).all()
    both = cases.join(alike)[cases.role.isin(["online", "desk"])].assign(
        online=lambda each: each.role == "online"
    )
    fit = smf.ols("days ~ online + C(department) + C(group) + C(month)", both.astype({"online": float})).fit(
        cov_type="HC3"
    )
    return normal(float(fit.params["online"]), float(fit.bse["online"]))


def _reworked(cases: pd.DataFrame) -> Arm:
    return Arm(len(cases), 0, int(cases.again.sum()), 0)


def _row(target: str, gap: Interval) -> Row:
    return Row(f"permit desk: {target}", "", "{:.3g} [{:.3g}, {:.3g}]".format(*gap), INFORMATION, ASSOCIATION)
