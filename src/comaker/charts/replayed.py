"""What each rule would have refused of what was really asked: a mechanical replay of a recorded log."""

from __future__ import annotations

import altair as alt
import pandas as pd

from comaker.charts import look, palette
from comaker.charts.amounts import Money, label, number, with_unit
from comaker.charts.look import Figure

ACCEPTED = "none"
"""The outcome of a request that is accepted: the refusal that is none."""


def replayed(outcomes: pd.DataFrame, money: Money, width: int) -> Figure:
    """Requests refused, by reason, under each rule.

    ``outcomes``: one row a rule and outcome, with ``arm`` ("now" or "changed"), ``refusal``,
    ``requests`` and ``money_minor``; accepted requests have the refusal "none".
    """
    names = [arm for arm in ("now", "changed") if (outcomes["arm"] == arm).any()]
    totals = outcomes.groupby("arm")[["requests", "money_minor"]].sum()
    refused = outcomes[(outcomes["refusal"] != ACCEPTED) & (outcomes["requests"] > 0)].copy()
    refused["share"] = 100 * refused["requests"] / refused["arm"].map(totals["requests"])
    refused["reason"] = refused["refusal"].map(label)
    refused["text"] = [
        f"{number(row['requests'])}, {with_unit(money.major(row['money_minor']), money.unit)}"
        for row in refused.to_dict("records")
    ]
    requests = int(totals["requests"].max()) if len(totals) else 0
    description = f"Of {requests:,} recorded requests, " + "; ".join(
        _said(refused[refused["arm"] == arm], arm, money) for arm in names
    )
    return Figure(
        "replay",
        "What each rule would have refused",
        f"Recorded, mechanical replay of {requests:,} requests: the same requests, "
        "the other rule; nobody reacts to it",
        description + ".",
        look.finish(_bars(refused, names, width), description=description + "."),
    )


def _said(refused: pd.DataFrame, arm: str, money: Money) -> str:
    rule = "the rule as it is" if arm == "now" else "the changed rule"
    if refused.empty:
        return f"{rule} refuses none"
    amount = with_unit(money.major(float(refused["money_minor"].sum())), money.unit)
    share = f"{number(float(refused['share'].sum()))}\N{NO-BREAK SPACE}%"
    return f"{rule} refuses {number(float(refused['requests'].sum()))} ({share}), worth {amount}"


def _bars(refused: pd.DataFrame, names: list[str], width: int) -> alt.TopLevelMixin:
    order = refused.groupby("reason")["requests"].sum().sort_values(ascending=False).index.tolist()
    reach = float(refused["share"].max()) if len(refused) else 1.0
    # Room to the right of the longest bar for the words beside it.
    span = alt.Scale(domain=[0, reach * (1.5 if width >= 500 else 2.3)], nice=False)
    axis = alt.Axis(title="% of all requests", grid=True, tickCount=4)
    base = alt.Chart(refused).encode(
        y=alt.Y("reason:N", sort=order, title=None, axis=alt.Axis(labelColor=palette.INK, labelLimit=150)),
        yOffset=alt.YOffset("arm:N", sort=names),
    )
    bars = base.mark_bar(opacity=0.9).encode(
        x=alt.X("share:Q", scale=span, axis=axis), color=look.arm_colour(names, legend=True)
    )
    words = base.mark_text(align="left", dx=6, color=palette.INK, fontSize=12.5).encode(
        x=alt.X("share:Q", scale=span), text="text:N"
    )
    height = max(1, len(order)) * (48 if len(names) > 1 else 30)
    return alt.layer(bars, words, width=width - 130, height=height)
