"""Who stakes: how many producers a project has and how concentrated their stakes are (E5, E6)."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from comaker.charts import look, palette
from comaker.charts.amounts import Money, interval, number, with_unit
from comaker.charts.look import Arms, Figure

LARGEST = 10
"""How many of the largest holders are shown one by one."""


def producers(arms: Arms, money: Money, width: int) -> Figure:
    """How many customers it takes to fund a project: one histogram an arm, on one axis."""
    projects = arms.frame("projects")
    funded = projects[projects["status"] == "funded"]
    edges = np.histogram_bin_edges(funded["producers"] if len(funded) else [0, 1], bins=28)
    rows = []
    for arm in arms.names:
        counts, _ = np.histogram(funded.loc[funded["arm"] == arm, "producers"], bins=edges)
        share = 100 * counts / max(counts.sum(), 1)
        rows.append(pd.DataFrame({"arm": arm, "from": edges[:-1], "to": edges[1:], "share": share}))
    bins = pd.concat(rows)
    panels = [_histogram(bins, funded, arm, width=width, last=arm == arms.names[-1]) for arm in arms.names]
    chart = alt.vconcat(*panels, spacing=16).resolve_scale(x="shared", y="shared")
    said = "; ".join(f"{arm}: {_five(funded.loc[funded['arm'] == arm, 'producers'])}" for arm in arms.names)
    description = f"Producers of a funded project, {said}."
    return Figure(
        "producers",
        "Producers per funded project",
        f"{arms.provenance}, {len(funded):,} funded projects; the line is the median",
        description,
        look.finish(chart, description=description),
    )


def _five(counts: pd.Series[float]) -> str:
    if counts.empty:
        return "no project was funded"
    low, median, high = counts.quantile([0.025, 0.5, 0.975])
    spread = interval(float(round(low)), float(round(high)))
    return f"median {number(float(round(median)))}, 95 % of projects {spread}"


def _histogram(
    bins: pd.DataFrame, funded: pd.DataFrame, arm: str, *, width: int, last: bool
) -> alt.LayerChart | alt.FacetChart:
    line = funded[funded["arm"] == arm].groupby("arm")["producers"].median().reset_index(name="median")
    line["text"] = [f"{arm}: {number(float(round(median)))}" for median in line["median"]]
    x = alt.X(
        "from:Q",
        axis=alt.Axis(title="producers" if last else None, labels=last, ticks=last, format=",d", tickCount=6),
        scale=alt.Scale(nice=True, zero=False),
    )
    y = alt.Y("share:Q", axis=alt.Axis(title="% of projects", tickCount=3, format="d"))
    colour = look.arm_colour([arm])
    bars = alt.Chart(bins[bins["arm"] == arm]).mark_rect(opacity=0.85, stroke=palette.PAPER, strokeWidth=1)
    rule = alt.Chart(line).mark_rule(color=palette.INK, strokeWidth=1.6).encode(x="median:Q")
    text = (
        alt.Chart(line)
        .mark_text(align="center", baseline="bottom", fontSize=14, fontWeight="bold", color=palette.INK)
        .encode(x="median:Q", y=alt.value(-4), text="text:N")
    )
    drawn = bars.encode(x=x, x2="to:Q", y=y, y2=alt.Y2Datum(0), color=colour)
    return alt.layer(drawn, rule, text, width=width - 80, height=130)


def concentration(arms: Arms, money: Money, width: int) -> Figure:
    """How unequal the stakes in a project are: the Lorenz curve and the largest holders."""
    stakes = arms.frame("stakes")
    projects = arms.frame("projects")
    gini = projects[projects["status"] == "funded"].groupby("arm")["gini"].mean()
    side = width - 90 if width < 500 else (width - 170) // 2
    lorenz = _lorenz(stakes, gini, arms, side)
    largest, top = _largest(stakes, arms, money, side)
    beside = width >= 500
    pair = alt.hconcat(lorenz, largest, spacing=46) if beside else alt.vconcat(lorenz, largest, spacing=30)
    said = "; ".join(
        f"{arm}: Gini {number(float(gini.get(arm, np.nan)))}, largest stake {top.get(arm, 'not identified')}"
        for arm in arms.names
    )
    description = f"Concentration of stakes in funded projects, {said}."
    return Figure(
        "concentration",
        "Concentration of stakes",
        f"{arms.provenance}; mean Lorenz curve of a funded project, medians of its {LARGEST} largest stakes",
        description,
        look.finish(pair, description=description),
    )


def lorenz_curve(stakes_minor: np.ndarray, points: int = 41) -> np.ndarray:
    """The share of the money held by the smallest holders, at evenly spaced shares of holders in [0, 1].

    ``stakes_minor``: one number a holder, any order. Linear between holders (Lorenz 1905).
    """
    ordered = np.sort(np.asarray(stakes_minor, dtype=float))
    held = np.concatenate([[0.0], np.cumsum(ordered)])
    curve: np.ndarray = np.interp(
        np.linspace(0, 1, points), np.linspace(0, 1, len(held)), held / max(held[-1], 1)
    )
    return curve


def _lorenz(
    stakes: pd.DataFrame, gini: pd.Series[float], arms: Arms, side: int
) -> alt.LayerChart | alt.FacetChart:
    grid = 100 * np.linspace(0, 1, 41)
    frames = []
    for arm in arms.names:
        mine = stakes[stakes["arm"] == arm].groupby(["run", "project"])["stake_minor"]
        curves = [lorenz_curve(group.to_numpy()) for _, group in mine]
        if curves:
            held = 100 * np.mean(curves, axis=0)
            frames.append(pd.DataFrame({"arm": arm, "holders": grid, "held": held}))
    data = pd.concat(frames) if frames else pd.DataFrame({"arm": [], "holders": [], "held": []})
    equal = alt.Chart(pd.DataFrame({"holders": [0, 100], "held": [0, 100]}))
    percent = alt.Scale(domain=[0, 100], nice=False)
    x = alt.X("holders:Q", title="% of holders, smallest first", scale=percent)
    y = alt.Y("held:Q", title="% of the money", scale=percent)
    layers = [
        equal.mark_line(color=palette.NEUTRAL, strokeDash=[4, 4], strokeWidth=1.2).encode(x=x, y=y),
        alt.Chart(data).mark_line(strokeWidth=2.6).encode(x=x, y=y, color=look.arm_colour(arms.names)),
    ]
    for place, arm in enumerate(arms.names):
        label = pd.DataFrame({"arm": [arm], "text": [f"{arm}: Gini {number(float(gini.get(arm, np.nan)))}"]})
        text = alt.Chart(label).mark_text(align="left", baseline="top", fontSize=14, fontWeight="bold", dx=8)
        layers.append(
            text.encode(
                x=alt.value(0), y=alt.value(6 + 20 * place), text="text:N", color=look.arm_colour(arms.names)
            )
        )
    return alt.layer(*layers, width=side, height=side)


def _largest(
    stakes: pd.DataFrame, arms: Arms, money: Money, side: int
) -> tuple[alt.LayerChart | alt.FacetChart, dict[str, str]]:
    first = stakes[stakes["rank"] <= LARGEST]
    data = first.groupby(["arm", "rank"])["stake_minor"].median().reset_index()
    scale, unit = money.scale(float(data["stake_minor"].max()) if len(data) else 0.0)
    data["stake"] = data["stake_minor"] / scale
    top = data[data["rank"] == 1].set_index("arm")["stake"]
    x = alt.X("rank:O", title="holder, largest first", axis=alt.Axis(labelAngle=0))
    y = alt.Y("stake:Q", title=f"stake, {unit}", scale=alt.Scale(zero=True), axis=alt.Axis(format=",~f"))
    base = alt.Chart(data).encode(x=x, y=y, color=look.arm_colour(arms.names))
    points = base.mark_point(filled=True, size=70, opacity=1)
    marks = alt.layer(base.mark_line(strokeWidth=1.4), points, width=side, height=side)
    said = {str(arm): with_unit(float(stake), unit) for arm, stake in top.items()}
    return marks, said
