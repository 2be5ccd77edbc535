"""How many of each cohort come back: a row a cohort, a column a period since its first act."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from comaker.charts.canvas import Canvas
from comaker.charts.palette import INK, MUTED, NOW

_STRONGEST = 0.6
"""Ink of the fullest square: words on it stay legible on light and on dark paper."""


class Cohort(NamedTuple):
    """Customers who began together: ``kept`` are shares in [0, 1] by period, None where nobody knows yet."""

    name: str
    customers: int
    kept: Sequence[float | None]


def cohorts(rows: Sequence[Cohort], period: str, width: float) -> bytes:
    """Squares the fuller the more of a cohort came back, with their per cent, as an SVG document."""
    columns = max(len(row.kept) for row in rows)
    left = 150 if width >= 500 else 92
    side = min((width - left) / columns, 64)
    tall = 28
    canvas = Canvas(width, 44 + tall * len(rows))
    canvas.text(left, 14, f"{period} since joining", size=12.5, colour=MUTED)
    for column in range(columns):
        canvas.text(
            left + (column + 0.5) * side, 34, str(column), size=12.5, colour=MUTED, text_anchor="middle"
        )
    size = 12.5 if side >= 34 else 10
    most = max((share or 0.0 for row in rows for share in row.kept), default=0.0) or 1.0
    for place, row in enumerate(rows):
        y = 42 + place * tall
        canvas.text(0, y + 18, row.name, size=12.5)
        canvas.text(left - 10, y + 18, f"{row.customers:,}", size=12.5, colour=MUTED, text_anchor="end")
        for column, share in enumerate(row.kept):
            if share is None:
                continue
            x = left + column * side
            shade = f"{_STRONGEST * max(share, 0.0) / most:.3f}"
            canvas.box(x + 1, y, side - 2, tall - 2, fill=NOW, fill_opacity=shade, rx=2)
            if side >= 24:
                words = f"{100 * share:.0f}"
                canvas.text(x + side / 2, y + 18, words, size=size, colour=INK, text_anchor="middle")
    return canvas.drawn()
