"""Charts of what was simulated or replayed: one look, every chart says what its numbers are.

``draw`` gives one chart; ``figures`` all of a result with their titles and descriptions in words.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from comaker.charts.amounts import UNKNOWN, Money

if TYPE_CHECKING:
    import altair
    import pandas as pd

    from comaker.charts.look import Figure, Results

NAMES = ("fan", "producers", "concentration", "accounts", "cash")
"""The charts of a simulation and of a comparison; a comparison has "difference" too."""

WIDE = 680
"""Width in pixels for a page or a slide."""

NARROW = 330
"""Width in pixels for a phone."""


def figure(
    name: str,
    now: Results,
    changed: Results | None = None,
    *,
    metrics: pd.DataFrame | None = None,
    money: Money = UNKNOWN,
    width: int = WIDE,
) -> Figure:
    """One chart with its title, subtitle and description, of a simulation or of two side by side.

    ``name``: one of ``NAMES``, or "difference", which needs ``metrics``, a comparison's table.
    Raises ``ValueError`` for another name.
    """
    # Altair takes most of a second to import: only who draws pays for it.
    from comaker.charts import difference, projects, weekly
    from comaker.charts import money as accounts
    from comaker.charts.look import Arms

    arms = Arms(now, changed)
    if name == "difference" and metrics is not None:
        return difference.difference(metrics, arms.provenance, width)
    drawn = {
        "fan": weekly.fan,
        "producers": projects.producers,
        "concentration": projects.concentration,
        "accounts": accounts.accounts,
        "cash": weekly.cash,
    }
    if name not in drawn:
        raise ValueError(f"no chart {name!r}: one of {', '.join(NAMES)}, and for a comparison difference")
    return drawn[name](arms, money, width)


def replay_figure(outcomes: pd.DataFrame, *, money: Money = UNKNOWN, width: int = WIDE) -> Figure:
    """What each rule would have refused: one row of ``outcomes`` a rule (column ``arm``) and ``refusal``,
    with ``requests`` and ``money_minor``.
    """
    from comaker.charts.replayed import replayed

    return replayed(outcomes, money, width)


def draw(
    name: str,
    now: Results,
    changed: Results | None = None,
    *,
    metrics: pd.DataFrame | None = None,
    money: Money = UNKNOWN,
    width: int = WIDE,
) -> altair.TopLevelMixin:
    """One chart with its title inside, to show or save; parameters as for ``figure``."""
    return figure(name, now, changed, metrics=metrics, money=money, width=width).titled()


def save(chart: altair.TopLevelMixin, path: str | os.PathLike[str]) -> None:
    """Write a chart as ``.svg`` or ``.png`` (at twice the size, for sharp screens); no browser is needed.

    Raises ``ValueError`` for another suffix. The file is written whole or not at all.
    """
    target = Path(path)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.unfinished")
    try:
        unfinished.write_bytes(rendered(chart, target.suffix))
        os.replace(unfinished, target)
    finally:
        unfinished.unlink(missing_ok=True)


def rendered(chart: altair.TopLevelMixin, suffix: str) -> bytes:
    """The chart as the bytes of an ".svg" or ".png" file."""
    if suffix not in (".svg", ".png"):
        raise ValueError(f"charts are saved as .svg or .png, not {suffix!r}")
    import vl_convert

    svg = str(vl_convert.vegalite_to_svg(chart.to_json(validate=False))).encode()
    return svg if suffix == ".svg" else png(svg)


def png(svg: bytes) -> bytes:
    """A chart drawn as SVG, as the bytes of a PNG file at twice the size."""
    import vl_convert

    return bytes(vl_convert.svg_to_png(svg.decode(), scale=2))
