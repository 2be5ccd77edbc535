"""The firm's accounts by component of the business model: RCOV (F1, F2)."""

from __future__ import annotations

import altair as alt
import pandas as pd

from comaker.charts import look, palette
from comaker.charts.amounts import Money, label, with_unit
from comaker.charts.look import Arms, Figure

COMPONENTS = {"VP": "Value proposition", "O": "Organization", "RC": "Resources and competences"}
"""The components in the order of the accounts: revenues come first."""


def accounts(arms: Arms, money: Money, width: int) -> Figure:
    """Revenues by source to the right, costs by cause to the left, each component on its own."""
    data = account_means(arms)
    scale, unit = money.scale(float(data["high"].abs().max()) if len(data) else 0.0)
    for column in ("mean", "low", "high"):
        data[column] = data[column] / scale
    data["cause"] = data["cause"].map(label)
    span = alt.Scale(domain=[min(data["low"].min(), 0.0), max(data["high"].max(), 0.0)], nice=True)
    present = [key for key in COMPONENTS if (data["component"] == key).any()]
    panels = [
        _panel(data, key, arms, span, width=width, unit=unit if key == present[-1] else "") for key in present
    ]
    chart = alt.vconcat(*panels, spacing=18).resolve_scale(x="shared")
    margins = data.groupby("arm")["mean"].sum()
    said = "; ".join(f"{arm}: margin {with_unit(float(margins.get(arm, 0.0)), unit)}" for arm in arms.names)
    description = f"Accounts over {arms.now.weeks} weeks, means of the runs, {said}. " + _largest(data, unit)
    return Figure(
        "accounts",
        "Accounts by component",
        f"{arms.provenance}, {arms.now.weeks} weeks; revenues right, costs left; bars are means, "
        "whiskers hold 95 % of runs",
        description,
        look.finish(chart, description=description),
    )


def account_means(arms: Arms) -> pd.DataFrame:
    """A row for each arm, component, side and cause: mean, low and high of the runs, costs negative.

    Minor units. A cause that a run does not have counts as zero in it.
    """
    accounts = arms.frame("accounts")
    keys = ["arm", "component", "side", "cause"]
    table = accounts.pivot_table(
        index=keys, columns="run", values="amount_minor", aggfunc="sum", fill_value=0, observed=True
    )
    signs = table.index.get_level_values("side").map({"revenue": 1.0, "cost": -1.0})
    signed = table.mul(signs, axis=0)
    low, high = signed.quantile(0.025, axis=1), signed.quantile(0.975, axis=1)
    return pd.DataFrame({"mean": signed.mean(axis=1), "low": low, "high": high}).reset_index()


def _largest(data: pd.DataFrame, unit: str) -> str:
    now = data[data["arm"] == "now"].sort_values("mean", key=abs, ascending=False).head(4)
    parts = [f"{row['cause'].lower()} {with_unit(row['mean'], unit)}" for row in now.to_dict("records")]
    return f"Largest now: {', '.join(parts)}."


def _panel(
    data: pd.DataFrame, component: str, arms: Arms, span: alt.Scale, *, width: int, unit: str
) -> alt.LayerChart | alt.FacetChart:
    data = data[data["component"] == component]
    order = data.groupby("cause")["mean"].mean().sort_values(ascending=False).index.tolist()
    names = arms.names
    causes = alt.Y("cause:N", sort=order, title=None, axis=alt.Axis(labelColor=palette.INK, labelLimit=150))
    last = bool(unit)
    axis = alt.Axis(title=unit or None, labels=last, ticks=last, grid=True, format=",~f", tickCount=5)
    colour = look.arm_colour(names, legend=component == "VP")
    base = alt.Chart(data).encode(y=causes, yOffset=alt.YOffset("arm:N", sort=names))
    bars = base.mark_bar(opacity=0.9).encode(x=alt.X("mean:Q", scale=span, axis=axis), color=colour)
    whiskers = base.mark_rule(color=palette.INK, strokeWidth=1.2).encode(x=alt.X("low:Q"), x2="high:Q")
    zero = alt.Chart(pd.DataFrame({"x": [0]})).mark_rule(color=palette.INK).encode(x=alt.X("x:Q", scale=span))
    step = 24 if len(names) == 1 else 36
    heading = look.heading(COMPONENTS[component])
    size = {"width": width - 130, "height": step * len(order)}
    return alt.layer(bars, whiskers, zero, **size, title=heading)
