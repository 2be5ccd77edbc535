"""``comaker compare``: a model as it is now against the same model changed."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from comaker.cli.options import (
    Changes,
    Customers,
    Json,
    ModelName,
    Out,
    Runs,
    Seed,
    Size,
    Threads,
    Weeks,
    WithoutAmendments,
    again,
    model_options,
)
from comaker.cli.output import compiling, console, print_json, print_table, progress, refusals, say_amended

if TYPE_CHECKING:
    from comaker.model import Model
    from comaker.simulate.results import Comparison

_WIDE = 170
"""Columns a terminal needs for a median and its range side by side."""


def compare(
    model: ModelName,
    *,
    change: Changes = [],
    without_amendments: WithoutAmendments = False,
    customers: Customers = 20_000,
    weeks: Weeks = 104,
    runs: Runs = 16,
    seed: Seed = 1,
    threads: Threads = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Compare a model with itself changed, on the same customers with the same luck.

    \b
    Example, the cap of 22 May 2008 against that of the launch:
      comaker compare my-major-company \\
        --change task.stake.terms.cap=1000.00 --without-amendments
    """
    if not change:
        raise typer.BadParameter("say what to change: --change KEY=VALUE", param_hint="'--change'")
    size = Size(customers, weeks, runs, seed)
    amendments = not without_amendments
    with refusals():
        from comaker import report
        from comaker.model import load
        from comaker.simulate import compare as run

        declared = load(model, amendments=amendments)
        if out:
            report.check(out)
        with progress(compiling(f"Comparing {declared.name}")) as bar:
            found = run(model, change, amendments=amendments, **size._asdict(), threads=threads, progress=bar)
        say_amended(declared, change)
        if out:
            changed = model_options(change, without_amendments=without_amendments)
            _report(out, declared, found, again("compare", model, *changed, *size.options()))
        if as_json:
            print_json(found.as_dict())
        else:
            _say(declared, found, out)


def _report(out: Path, model: Model, found: Comparison, command: str) -> None:
    from comaker import report

    report.write_simulated(
        out,
        model=model,
        now=found.now,
        changed=found.changed,
        comparison=found.metrics,
        changes=found.changes,
        result=found.as_dict(),
        command=command,
    )


def _say(model: Model, found: Comparison, out: Path | None) -> None:
    from comaker.report import summary

    now, rows = found.now, found.metrics.to_dict("records")
    typer.echo(summary.comparison_headline(rows, summary.change_words(model, found.changes)))
    typer.echo(
        f"Simulated: {now.runs:,} paired runs of {now.customers:,} customers "
        f"over {now.weeks:,} weeks, seed {now.seed}.\n"
    )
    _print_rows(rows)
    if out:
        typer.echo(f"\nThe report: {out / 'index.html'}")


def _print_rows(rows: list[dict[Any, Any]]) -> None:
    from comaker.charts.amounts import interval, label, number
    from comaker.report.summary import difference_missing

    between = " (", ")"
    if console().width < _WIDE:
        between = "\n", ""

    def cell(row: dict[Any, Any], arm: str, middle: str, *, signed: bool) -> str:
        value, low, high = (row[f"{arm}_{part}"] for part in (middle, "low", "high"))
        if math.isnan(value):
            return difference_missing(row) if arm == "difference" else number(value)
        return (
            between[0].join([number(value, signed=signed), interval(low, high, signed=signed)]) + between[1]
        )

    print_table(
        ["metric", "unit", "pairs", "now (95 % of runs)", "changed", "difference (95 % interval)"],
        [
            [
                label(row["name"]),
                row["unit"],
                number(row["n"]),
                cell(row, "now", "median", signed=False),
                cell(row, "changed", "median", signed=False),
                cell(row, "difference", "mean", signed=True),
            ]
            for row in rows
        ],
        left=2,
    )
