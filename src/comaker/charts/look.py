"""The one look of every chart: palette, type, axes, and how it is said what the numbers are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import altair as alt
import pandas as pd

from comaker.charts.palette import (
    CHANGED,
    FONT,
    GRID,
    INK,
    MUTED,
    NEUTRAL,
    NOW,
    PADDING,
    PAPER,
    SUBTITLE_LINE,
    SUBTITLE_SIZE,
    TITLE_SIZE,
    wrap,
)


class Results(Protocol):
    """What a chart reads of a simulation's results; the frames are described in ``docs/command-line.md``."""

    @property
    def model(self) -> str:
        """The model's name."""

    @property
    def customers(self) -> int:
        """How many customers were simulated in a run."""

    @property
    def runs(self) -> int:
        """How many runs."""

    @property
    def weeks(self) -> int:
        """How many weeks in a run."""

    @property
    def weekly(self) -> pd.DataFrame:
        """One row a run and week."""

    @property
    def projects(self) -> pd.DataFrame:
        """One row a run and project."""

    @property
    def stakes(self) -> pd.DataFrame:
        """One row a holder of a funded project, largest first."""

    @property
    def accounts(self) -> pd.DataFrame:
        """One row a run, component, side and cause."""


class Figure(NamedTuple):
    """A chart and the words that belong to it: ``description`` says in numbers what the picture shows."""

    name: str
    title: str
    subtitle: str
    description: str
    chart: alt.TopLevelMixin

    def titled(self) -> alt.TopLevelMixin:
        """The chart with its title and subtitle inside, to stand alone."""
        title = alt.TitleParams(self.title, subtitle=wrap(self.subtitle, 96))
        chart: alt.TopLevelMixin = self.chart.properties(title=title, background=PAPER, padding=18)
        return chart


class Arms(NamedTuple):
    """One or two simulations side by side: the model as it is now, and changed."""

    now: Results
    changed: Results | None = None

    def frame(self, name: str) -> pd.DataFrame:
        """The frame of that name of both arms, told apart by the column ``arm``."""
        named = {"now": self.now, "changed": self.changed}
        parts = [getattr(arm, name).assign(arm=key) for key, arm in named.items() if arm is not None]
        frame: pd.DataFrame = pd.concat(parts, ignore_index=True)
        return frame

    @property
    def names(self) -> list[str]:
        """The arms there are, in the order they are drawn."""
        return ["now"] if self.changed is None else ["now", "changed"]

    @property
    def provenance(self) -> str:
        """What the numbers are and how many: the start of every subtitle."""
        runs = f"{self.now.runs:,} run{'s' if self.now.runs != 1 else ''}"
        paired = " paired" if self.changed is not None else ""
        return f"Simulated, {runs.replace(' run', paired + ' run')} of {self.now.customers:,} customers"


def arm_colour(names: Sequence[str], *, legend: bool = False) -> alt.Color:
    """The colour of an arm; a legend only where nothing is labelled directly."""
    shown = alt.Legend(orient="top", title=None, symbolType="square", symbolOpacity=1, symbolStrokeWidth=0)
    scale = alt.Scale(domain=["now", "changed"], range=[NOW, CHANGED])
    return alt.Color("arm:N", scale=scale, legend=shown if legend and len(names) > 1 else None)


def heading(text: str, *, strong: bool = True) -> alt.TitleParams:
    """The title of one panel of a chart."""
    return alt.TitleParams(
        text,
        fontSize=14 if strong else 13,
        fontWeight="bold" if strong else "normal",
        color=INK if strong else MUTED,
        anchor="start",
        frame="group",
        offset=8,
    )


def finish(chart: alt.TopLevelMixin, *, description: str) -> alt.TopLevelMixin:
    """The chart in the common look, with the description that screen readers read out."""
    config = alt.Config(
        font=FONT,
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(
            labelFontSize=13,
            titleFontSize=13,
            labelColor=MUTED,
            titleColor=MUTED,
            titleFontWeight="normal",
            gridColor=GRID,
            domainColor=NEUTRAL,
            tickColor=NEUTRAL,
            tickSize=4,
            labelPadding=5,
            labelFlush=False,
            titlePadding=9,
        ),
        axisY=alt.AxisConfig(domain=False, ticks=False),
        axisX=alt.AxisConfig(grid=False),
        header=alt.HeaderConfig(labelFontSize=14, labelColor=INK, labelFontWeight="bold", title=None),
        legend=alt.LegendConfig(labelFontSize=13, labelColor=INK, symbolSize=110, columns=3),
        title=alt.TitleConfig(
            anchor="start",
            fontSize=TITLE_SIZE,
            fontWeight="bold",
            color=INK,
            subtitleFontSize=SUBTITLE_SIZE,
            subtitleColor=MUTED,
            subtitlePadding=6,
            subtitleLineHeight=SUBTITLE_LINE,
            offset=16,
            frame="bounds",
        ),
        text=alt.MarkConfig(font=FONT, fill=INK, fontSize=13),
    )
    # Each further call on a chart copies all of it: everything is said in one.
    finished: alt.TopLevelMixin = chart.properties(
        description=description, background="transparent", padding=PADDING, config=config
    )
    return finished
