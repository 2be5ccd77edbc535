"""Estimates with their 95 % intervals on one axis (a forest plot)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from comaker.charts.amounts import number
from comaker.charts.canvas import Canvas, shortened
from comaker.charts.palette import GRID, INK, MUTED, NEUTRAL, NOW, wrap

ROW = 40
_LETTERS = 0.53 * 13


class Row(NamedTuple):
    """An estimate in the unit of the axis, with the ends of its interval."""

    name: str
    value: float
    low: float
    high: float
    text: str


def intervals(rows: Sequence[Row], unit: str, width: float) -> bytes:
    """A dot and a line for each estimate, zero marked where it is in sight, as an SVG document."""
    beside = width >= 500
    left, right = (0.38 * width if beside else 8.0), width - (0.26 * width if beside else 8.0)
    tall = ROW if beside else ROW + 22
    canvas = Canvas(width, tall * len(rows) + 44)
    ticks = _ticks(min(row.low for row in rows), max(row.high for row in rows), 6 if beside else 4)
    span = (ticks[-1] - ticks[0]) or 1.0

    def place(value: float) -> float:
        return left + (value - ticks[0]) / span * (right - left)

    bottom = tall * len(rows)
    for tick in ticks:
        zero = tick == 0
        for each in range(len(rows)):
            # On a phone the words stand above the dots: no line crosses them.
            top = each * tall + (0 if beside else tall - 24)
            canvas.line(place(tick), top, place(tick), (each + 1) * tall, colour=NEUTRAL if zero else GRID)
        canvas.text(place(tick), bottom + 18, number(tick), size=12.5, colour=MUTED, text_anchor="middle")
    canvas.text((left + right) / 2, bottom + 37, unit, size=12.5, colour=MUTED, text_anchor="middle")
    for each, row in enumerate(rows):
        top = each * tall
        middle = top + (tall / 2 if beside else tall - 13)
        canvas.line(place(row.low), middle, place(row.high), middle, colour=NOW, stroke_width=3.5)
        canvas.dot(place(row.value), middle, 5.5, fill=NOW)
        _names(canvas, row, (left, right, top), beside=beside)
    return canvas.drawn()


def _names(canvas: Canvas, row: Row, edges: tuple[float, float, float], *, beside: bool) -> None:
    left, right, top = edges
    if not beside:
        canvas.text(0, top + 17, shortened(row.name, right), size=13, colour=INK)
        canvas.text(0, top + 34, row.text, size=12.5, colour=MUTED)
        return
    lines = wrap(row.name, int((left - 20) / _LETTERS))[:2]
    for each, line in enumerate(lines):
        canvas.text(0, top + ROW / 2 + 5 + 15 * (each - (len(lines) - 1) / 2), line, size=13, colour=INK)
    canvas.text(right + 16, top + ROW / 2 + 5, row.text, size=13, colour=MUTED)


def _ticks(low: float, high: float, about: int) -> list[float]:
    """Round numbers that enclose both ends, with zero among them where it lies between."""
    low, high = (min(low, 0.0), high) if low < 0.6 * high else (low, high)
    span = (high - low) or abs(high) or 1.0
    raw = span / about
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= raw)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(each * step, 12) for each in range(first, max(last, first + 1) + 1)]
