"""What the change does to every metric: paired differences with their 95 % intervals."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from comaker.charts import look, palette
from comaker.charts.amounts import interval, label, with_unit
from comaker.charts.look import Figure

_TICKS = (1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 100_000, 1_000_000)
_LINEAR_TO = 150.0
_VERDICTS = ["interval excludes zero", "cannot be told from zero"]


def difference(metrics: pd.DataFrame, provenance: str, width: int) -> Figure:
    """Every identified metric's paired difference as a percentage of its median now.

    ``metrics`` is a comparison's table. A metric whose median now is zero has no percentage: it is left
    out here and stands in the table.
    """
    data = percentages(metrics)
    reach = float(data[["low", "high"]].abs().to_numpy().max()) if len(data) else 1.0
    chart = _forest(data, _scale(reach), width)
    left_out = len(metrics) - len(data)
    said = "; ".join(f"{row.label}: {row.text}" for row in data.itertuples(index=False))
    description = f"Paired differences, changed less now: {said or 'none is identified'}."
    note = "; metrics that have no percentage stand in the table only" if left_out else ""
    return Figure(
        "difference",
        "What the change does",
        f"{provenance}; difference changed − now as % of the median now, with its 95 % interval{note}",
        description,
        look.finish(chart, description=description),
    )


def percentages(metrics: pd.DataFrame) -> pd.DataFrame:
    """The rows that can be drawn: mean, low and high in % of the median now, and the text beside them."""
    kept = metrics.dropna(subset=["difference_mean", "difference_low", "difference_high", "now_median"])
    kept = kept[kept["now_median"] != 0]
    size = kept["now_median"].abs() / 100
    data = pd.DataFrame({"label": kept["name"].map(label)})
    for end in ("mean", "low", "high"):
        data[end] = kept[f"difference_{end}"] / size
    clear = (data["low"] > 0) | (data["high"] < 0)
    data["clear"] = np.where(clear, *_VERDICTS)
    data["text"] = [
        f"{with_unit(row['difference_mean'], row['unit'], signed=True)}"
        f" ({interval(row['difference_low'], row['difference_high'], signed=True)})"
        for row in kept.to_dict("records")
    ]
    return data.reset_index(drop=True)


def _scale(reach: float) -> tuple[alt.Scale, list[float]]:
    if reach <= _LINEAR_TO:
        step = next(step for step in (1, 2, 5, 10, 20, 25, 50) if reach / step <= 3.2 or step == 50)
        ends = int(np.ceil(reach / step))
        linear = alt.Scale(domain=[-reach, reach], nice=False)
        return linear, [float(k * step) for k in range(-ends, ends + 1)]
    ticks = [tick for tick in _TICKS if 3 < tick <= reach * 1.2]
    scale = alt.Scale(type="symlog", constant=10, domain=[-reach, reach], nice=False)
    return scale, [*(-float(tick) for tick in ticks), 0.0, *map(float, ticks)]


def _forest(data: pd.DataFrame, scaled: tuple[alt.Scale, list[float]], width: int) -> alt.TopLevelMixin:
    scale, ticks = scaled
    narrow = width < 500
    order = data["label"].tolist()
    colour = alt.Color(
        "clear:N",
        scale=alt.Scale(domain=_VERDICTS, range=[palette.CHANGED, palette.NEUTRAL]),
        legend=alt.Legend(
            orient="top", title=None, columns=1 if narrow else 2, labelLimit=300, symbolOpacity=1
        ),
    )
    names = alt.Axis(labelColor=palette.INK, labelLimit=130 if narrow else 220)
    y = alt.Y("label:N", sort=order, title=None, axis=names)
    axis = alt.Axis(
        values=ticks,
        title="% of the median now",
        grid=True,
        labelExpr="datum.value > 0 ? '+' + format(datum.value, ',') : format(datum.value, ',')",
    )
    base = alt.Chart(data).encode(y=y)
    layers = [
        base.mark_rule(strokeWidth=3.5, opacity=0.55).encode(
            x=alt.X("low:Q", scale=scale, axis=axis), x2="high:Q", color=colour
        ),
        base.mark_point(filled=True, size=95, opacity=1).encode(x=alt.X("mean:Q", scale=scale), color=colour),
        alt.Chart(pd.DataFrame({"x": [0]})).mark_rule(color=palette.INK).encode(x=alt.X("x:Q", scale=scale)),
    ]
    # 270 for the texts at the right, 200 for the names: on a phone the table beside it says the numbers.
    plot = alt.layer(*layers, width=width - (150 if narrow else 420), height=alt.Step(30))
    if narrow:
        return plot
    text = (
        alt.Chart(data)
        .mark_text(align="left", fontSize=12.5, color=palette.INK)
        .encode(y=alt.Y("label:N", sort=order, axis=None), x=alt.value(0), text="text:N")
        .properties(width=220, height=alt.Step(30))
    )
    pair: alt.TopLevelMixin = alt.hconcat(plot, text, spacing=4).resolve_scale(y="shared")
    return pair
