"""Fans over the weeks: what the runs collect, fund and hold in cash (E8)."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from comaker.charts import look, palette
from comaker.charts.amounts import Money, number, with_unit
from comaker.charts.look import Arms, Figure

_QUANTILES = {0.025: "low", 0.25: "lower", 0.5: "median", 0.75: "upper", 0.975: "high"}
_BANDS = "median line; bands hold the middle 50 % and 95 % of runs"


def fan(arms: Arms, money: Money, width: int) -> Figure:
    """Money collected and projects funded so far, week by week."""
    weekly = arms.frame("weekly").sort_values(["arm", "run", "week"])
    flows = weekly.groupby(["arm", "run"])
    weekly["collected"] = flows["collected_minor"].cumsum()
    weekly["funded"] = flows["funded_projects"].cumsum()
    scale, unit = money.scale(float(weekly["collected"].max()))
    weekly["collected"] = weekly["collected"] / scale
    collected, funded = _spread(weekly, "collected"), _spread(weekly, "funded")
    chart = alt.vconcat(
        _fan(collected, arms, f"{unit} collected so far", width=width, height=250, named=True),
        _fan(funded, arms, "projects funded so far", width=width, height=170, named=False),
        spacing=26,
    )
    said = "; ".join(
        f"{arm}: {with_unit(_last(collected, arm), unit)} collected and "
        f"{number(_last(funded, arm))} projects funded (medians)"
        for arm in arms.names
    )
    description = f"After {arms.now.weeks} weeks, {said}."
    return Figure(
        "fan",
        "Money collected and projects funded",
        f"{arms.provenance}; {_BANDS}",
        description,
        look.finish(chart, description=description),
    )


def cash(arms: Arms, money: Money, width: int) -> Figure:
    """The firm's cash at the end of each week: customers pay before the cost is incurred (E8)."""
    weekly = arms.frame("weekly")
    scale, unit = money.scale(float(weekly["cash_minor"].abs().max()))
    weekly["cash"] = weekly["cash_minor"] / scale
    spread = _spread(weekly, "cash")
    zero = alt.Chart(pd.DataFrame({"y": [0]})).mark_rule(color=palette.NEUTRAL).encode(y="y:Q")
    panel = _fan(spread, arms, f"{unit} in cash", width=width, height=260, named=True)
    chart = alt.vconcat(panel + zero)
    lowest = {arm: spread.loc[spread["arm"] == arm, "median"].min() for arm in arms.names}
    said = "; ".join(
        f"{arm}: median {with_unit(_last(spread, arm), unit)} at the end, "
        f"lowest median on the way {with_unit(lowest[arm], unit)}"
        for arm in arms.names
    )
    description = f"Cash over {arms.now.weeks} weeks, {said}."
    return Figure(
        "cash",
        "Cash over time",
        f"{arms.provenance}; {_BANDS}",
        description,
        look.finish(chart, description=description),
    )


def _spread(weekly: pd.DataFrame, column: str) -> pd.DataFrame:
    quantiles = weekly.groupby(["arm", "week"])[column].quantile(np.array(list(_QUANTILES))).unstack()
    return quantiles.rename(columns=_QUANTILES).reset_index()


def _last(spread: pd.DataFrame, arm: str) -> float:
    mine = spread[spread["arm"] == arm]
    return float(mine.sort_values("week")["median"].iloc[-1])


def _fan(
    spread: pd.DataFrame, arms: Arms, title: str, *, width: int, height: int, named: bool
) -> alt.LayerChart | alt.FacetChart:
    weeks = int(spread["week"].max())
    x = alt.X("week:Q", title="week", scale=alt.Scale(domain=[0, weeks], nice=False), axis=_weeks_axis(weeks))
    y = alt.Axis(title=None, format=",~f", tickCount=5)
    plain, colour = look.arm_colour(arms.names), look.arm_colour(arms.names, legend=named)
    base = alt.Chart(spread)
    layers = [
        base.mark_area(opacity=0.14).encode(x=x, y=alt.Y("low:Q", axis=y), y2="high:Q", color=colour),
        base.mark_area(opacity=0.26).encode(x=x, y=alt.Y("lower:Q", axis=y), y2="upper:Q", color=plain),
        base.mark_line(strokeWidth=2.4).encode(x=x, y=alt.Y("median:Q", axis=y), color=plain),
    ]
    heading = look.heading(title, strong=False)
    return alt.layer(*layers, width=width - 80, height=height, title=heading)


def _weeks_axis(weeks: int) -> alt.Axis:
    step = next((step for step in (1, 2, 4, 8, 13, 26, 52, 104) if weeks / step <= 8), 260)
    return alt.Axis(values=list(range(0, weeks + 1, step)), format="d", title="week")
