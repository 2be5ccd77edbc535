"""Bars with their words beside them: funnels, and what participation earns and costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from comaker.charts.canvas import Canvas, room, shortened
from comaker.charts.palette import CHANGED, GRID, INK, MUTED, NEUTRAL, NOW

ROW = 34


class Bar(NamedTuple):
    """One bar: its name, its length (negative to the left), and what is written at its end.

    ``heading``: in which group it stands; it is written once above the group.
    """

    name: str
    value: float
    text: str
    heading: str = ""


def bars(rows: Sequence[Bar], width: float) -> bytes:
    """Horizontal bars on one scale, gains in blue and losses in orange, as an SVG document."""
    headings = {row.heading for row in rows} - {""}
    canvas = Canvas(width, ROW * len(rows) + 30 * len(headings) + 4)
    left, inner = _span(rows, width)
    lowest = min([0.0, *(row.value for row in rows)])
    highest = max([0.0, *(row.value for row in rows)])
    scale = inner / ((highest - lowest) or 1.0)
    zero = left - lowest * scale
    y, heading = 0.0, ""
    for row in rows:
        if row.heading != heading:
            heading = row.heading
            canvas.text(0, y + 20, heading, size=13.5, font_weight="bold")
            y += 30
        if lowest < 0:
            canvas.line(zero, y, zero, y + ROW, colour=NEUTRAL)
        canvas.text(0, y + 20, shortened(row.name, left - 12), size=13, colour=INK)
        start, end = sorted((zero, zero + row.value * scale))
        canvas.box(start, y + 7, end - start, ROW - 14, fill=CHANGED if row.value < 0 else NOW)
        canvas.text(max(end, zero) + 7, y + 21, row.text, size=13, colour=MUTED)
        canvas.line(0, y + ROW - 0.5, width, y + ROW - 0.5, colour=GRID)
        y += ROW
    return canvas.drawn()


def _span(rows: Sequence[Bar], width: float) -> tuple[float, float]:
    """Where bars begin, and how much room they have between the names and the words."""
    names = max((room(row.name, 13) for row in rows), default=0.0)
    words = max((room(row.text, 13) for row in rows), default=0.0)
    left = min(names + 14, 0.42 * width)
    return left, max(width - left - words - 16, 0.2 * width)
