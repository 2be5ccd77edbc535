"""Writes a report: the page, its charts as files, the numbers for people and for machines."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from comaker import charts
from comaker.charts.amounts import Money
from comaker.charts.look import Arms, Results
from comaker.charts.money import COMPONENTS, account_means
from comaker.model import Model, amended_on
from comaker.report import folder, summary
from comaker.report.drawing import Picture, picture
from comaker.report.page import render
from comaker.simulate.metrics import METRICS


class Simulated(Results, Protocol):
    """What a report reads of a simulation beyond its charts."""

    @property
    def hash(self) -> str:
        """The hash of the model that was run."""

    @property
    def seed(self) -> int:
        """The seed of all its luck."""

    def summary(self) -> pd.DataFrame:
        """One row a metric: name, unit, median, low, high, n."""


def write_simulated(
    out: str | os.PathLike[str],
    *,
    model: Model,
    now: Simulated,
    changed: Simulated | None = None,
    comparison: pd.DataFrame | None = None,
    changes: Mapping[str, object] | None = None,
    result: Mapping[str, Any],
    command: str,
) -> Path:
    """Write the report of a simulation, or of a comparison when ``changed`` and its table are given.

    ``model`` is the model as it is now; ``comparison`` a comparison's table of metrics; ``result`` what
    ``--json`` would print; ``command`` what to type to do it again. Returns the page's path. Raises
    ``ReportError`` where ``out`` is not a place for a report; nothing half-written is left behind.
    """
    target = folder.check(out)
    money = Money(model.currency, model.minor_digits)
    pictures = _pictures(now, changed, comparison, money)
    changes = changes or {}
    said = summary.change_words(model, changes)
    if comparison is None:
        rows = now.summary().to_dict("records")
        headline = summary.simulation_headline(rows, weeks=now.weeks, customers=now.customers)
    else:
        rows = comparison.to_dict("records")
        headline = summary.comparison_headline(rows, said)
    page = render(
        "simulated.html.j2",
        title=f"{model.name}: {said or 'simulated'}",
        headline=headline,
        model=model,
        run=now,
        compared=comparison is not None,
        changes=[(key, value, amended_on(model, key)) for key, value in changes.items()],
        rows=rows,
        meanings={metric.name: metric.meaning for metric in METRICS},
        pictures=pictures,
        accounts=_account_rows(Arms(now, changed), money),
        money=money,
        command=command,
    )
    _write(target, page, pictures, table=pd.DataFrame(rows), result=result)
    return target / "index.html"


def _pictures(
    now: Simulated, changed: Simulated | None, comparison: pd.DataFrame | None, money: Money
) -> list[Picture]:
    names = charts.NAMES if comparison is None else ("difference", *charts.NAMES)
    return [
        picture(
            *(
                charts.figure(name, now, changed, metrics=comparison, money=money, width=width)
                for width in (charts.WIDE, charts.NARROW)
            )
        )
        for name in names
    ]


def _account_rows(arms: Arms, money: Money) -> list[dict[str, Any]]:
    """A row a cause in the currency's own unit: means of the runs, costs negative, and the margin last."""
    means = account_means(arms)
    table = (
        means.pivot_table(
            index=["component", "side", "cause"], columns="arm", values="mean", aggfunc="sum", fill_value=0.0
        )
        / 10.0**money.minor_digits
    )
    rows = []
    for key, component in COMPONENTS.items():
        mine = table[table.index.get_level_values("component") == key].reset_index()
        rows += [
            {"component": component, "cause": row["cause"], **{arm: float(row[arm]) for arm in arms.names}}
            for row in mine.to_dict("records")
        ]
    total = {arm: sum(row[arm] for row in rows) for arm in arms.names}
    return [*rows, {"component": "", "cause": "margin", **total}]


def write_replay(
    out: str | os.PathLike[str],
    *,
    model: Model,
    outcomes: pd.DataFrame,
    figures: pd.DataFrame,
    facts: Mapping[str, str],
    result: Mapping[str, Any],
    command: str,
) -> Path:
    """Write the report of a replay: what each rule would have refused of what was really asked.

    ``outcomes``: one row a rule and refusal, as ``charts.replay_figure`` takes it; ``figures``: name, unit
    and a column an arm; ``facts``: what was replayed, in words. Otherwise as ``write_simulated``.
    """
    target = folder.check(out)
    money = Money(model.currency, model.minor_digits)
    wide, narrow = (
        charts.replay_figure(outcomes, money=money, width=width) for width in (charts.WIDE, charts.NARROW)
    )
    drawn = picture(wide, narrow)
    page = render(
        "replay.html.j2",
        title=f"{model.name}: replay",
        headline=wide.description,
        model=model,
        facts=facts,
        outcomes=outcomes.to_dict("records"),
        figures=figures.to_dict("records"),
        arms=[arm for arm in ("now", "changed") if arm in figures],
        pictures=[drawn],
        money=money,
        command=command,
    )
    _write(target, page, [drawn], table=figures, result=result)
    return target / "index.html"


def _write(
    target: Path, page: str, pictures: Sequence[Picture], *, table: pd.DataFrame, result: Mapping[str, Any]
) -> None:
    with folder.whole(target) as unfinished:
        (unfinished / "index.html").write_text(page, encoding="utf-8")
        table.to_csv(unfinished / "metrics.csv", index=False)
        (unfinished / folder.MARK).write_text(folder.marked(result), encoding="utf-8")
        for each in pictures:
            (unfinished / f"{each.figure.name}.svg").write_bytes(each.alone)
            (unfinished / f"{each.figure.name}.png").write_bytes(charts.png(each.alone))
