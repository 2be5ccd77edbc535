"""``comaker simulate``: a model on synthetic customers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
from comaker.cli.output import check_file, compiling, print_json, print_table, progress, refusals, say_amended

if TYPE_CHECKING:
    from comaker.model import Model
    from comaker.simulate.results import Simulation


def simulate(
    model: ModelName,
    *,
    change: Changes = [],
    without_amendments: WithoutAmendments = False,
    customers: Customers = 20_000,
    weeks: Weeks = 104,
    runs: Runs = 16,
    seed: Seed = 1,
    threads: Threads = None,
    events: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write every event of every run there, as Parquet."),
    ] = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Simulate a model: what its rules lead to, and how much luck matters.

    \b
    Example:
      comaker simulate my-major-company --runs 32 --out report
    """
    size = Size(customers, weeks, runs, seed)
    with refusals():
        from comaker import events as event_table
        from comaker import report
        from comaker.model import load
        from comaker.simulate import simulate as run

        declared = load(model, changes=change, amendments=not without_amendments)
        if events:
            check_file(events, read=model)
        if out:
            report.check(out)
        with progress(compiling(f"Simulating {declared.name}")) as bar:
            found = run(declared, **size._asdict(), events=bool(events), threads=threads, progress=bar)
        say_amended(declared, change)
        if events and found.events is not None:
            event_table.write(events, [found.events])
        if out:
            changed = model_options(change, without_amendments=without_amendments)
            _report(out, declared, found, change, again("simulate", model, *changed, *size.options()))
        if as_json:
            print_json(found.as_dict())
        else:
            _say(found.summary().to_dict("records"), size)
            _say_written(events=events, report=out and out / "index.html")


def _report(out: Path, model: Model, found: Simulation, changes: list[str], command: str) -> None:
    from comaker import report
    from comaker.model.paths import split_change

    report.write_simulated(
        out,
        model=model,
        now=found,
        changes=dict(map(split_change, changes)),
        result=found.as_dict(),
        command=command,
    )


def _say_written(**files: Path | None) -> None:
    for what, path in files.items():
        if path:
            typer.echo(f"\nThe {what}: {path}")


def _say(rows: list[dict[Any, Any]], size: Size) -> None:
    from comaker.charts.amounts import interval, label, number
    from comaker.report import summary

    typer.echo(summary.simulation_headline(rows, weeks=size.weeks, customers=size.customers))
    typer.echo(f"Simulated: {size.runs:,} runs, seed {size.seed}.\n")
    print_table(
        ["metric", "unit", "runs", "median", "95 % of runs"],
        [
            [
                label(row["name"]),
                row["unit"],
                number(row["n"]),
                number(row["median"]),
                interval(row["low"], row["high"]),
            ]
            for row in rows
        ],
        left=2,
    )
