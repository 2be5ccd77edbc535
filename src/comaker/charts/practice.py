"""Learning curves of single customers, never their average: an average of curves has another shape."""

from __future__ import annotations

from collections.abc import Sequence

from comaker.charts.amounts import number
from comaker.charts.canvas import Canvas
from comaker.charts.palette import GRID, MUTED, NOW


def practice(curves: Sequence[Sequence[float]], unit: str, width: float) -> bytes:
    """A thin line a customer over her attempts (from the first), as an SVG document."""
    tall, left, bottom = 260.0, 52.0, 22.0
    canvas = Canvas(width, tall + 44)
    most = max(len(curve) for curve in curves)
    highest = max(max(curve) for curve in curves) or 1.0
    across = (width - left - 8) / max(most - 1, 1)
    down = (tall - bottom) / highest
    for part in range(5):
        value = highest * part / 4
        y = tall - value * down
        canvas.line(left, y, width, y, colour=GRID)
        canvas.text(left - 8, y + 4, number(_rounded(value)), size=12.5, colour=MUTED, text_anchor="end")
    step = max(1, round((most - 1) / 8))
    for attempt in range(0, most, step):
        x = left + attempt * across
        canvas.text(x, tall + 18, str(attempt + 1), size=12.5, colour=MUTED, text_anchor="middle")
    canvas.text((left + width) / 2, tall + 38, "attempt", size=12.5, colour=MUTED, text_anchor="middle")
    canvas.text(0, 12, unit, size=12.5, colour=MUTED)
    opacity = f"{max(0.28, min(0.8, 18 / len(curves))):.2f}"
    for curve in curves:
        points = [(left + place * across, tall - value * down) for place, value in enumerate(curve)]
        if len(points) > 1:
            canvas.curve(points, colour=NOW, stroke_width=1.3, stroke_opacity=opacity)
    return canvas.drawn()


def _rounded(value: float) -> float:
    return float(f"{value:.2g}")
