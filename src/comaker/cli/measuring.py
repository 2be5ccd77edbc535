"""``comaker measure``: what customer participation does to cost, revenue and growth, from a log alone."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from comaker.cli.options import Changes, Json, Out, Threads, again
from comaker.cli.output import print_json, print_table, progress, refusals

if TYPE_CHECKING:
    from comaker.charts.amounts import Money
    from comaker.measure.figures import Section
    from comaker.measure.measured import Measured


class EngineName(StrEnum):
    """Where the heavy tables are worked out."""

    DUCKDB = "duckdb"
    SPARK = "spark"


Events = Annotated[
    str,
    typer.Argument(
        metavar="EVENTS",
        help="An event table (Parquet) or a folder of them, as import and export write it; "
        "for Spark also an address.",
    ),
]
ModelOption = Annotated[
    str, typer.Option("--model", metavar="MODEL", help="A model of the gallery by name, or a model file.")
]
Engine = Annotated[
    EngineName, typer.Option(help="duckdb on this machine, or spark; the figures are the same.")
]
Memory = Annotated[
    str | None,
    typer.Option(metavar="SIZE", help="What DuckDB may use, such as 4GB; the rest goes to disk."),
]


def measure(
    events: Events,
    model: ModelOption,
    *,
    change: Changes = [],
    out: Out = None,
    as_json: Json = False,
    engine: Engine = EngineName.DUCKDB,
    threads: Threads = None,
    memory: Memory = None,
) -> None:
    """Measure an event table: what participation does to cost, revenue and growth.

    Every figure has its unit, n and 95 % interval, or says which data would identify it. With --change, also
    what the changed terms would have refused of what was recorded (mechanical: nobody reacts).

    \b
    Example:
      comaker simulate my-major-company --runs 2 --events events.parquet
      comaker measure events.parquet --model my-major-company --out report
    """
    with refusals("measure"):
        from comaker import report
        from comaker.measure import measure as run
        from comaker.model import load

        if out:
            report.check(out)
        declared = load(model)
        with progress(f"Measuring {Path(events).name}") as bar:
            measured = run(
                events,
                model if change else declared,
                changes=change,
                engine=engine.value,
                threads=threads,
                memory=memory,
                progress=bar,
            )
        if out:
            changed = [part for each in change for part in ("--change", each)]
            bounds = ["--engine", engine.value] if engine is not EngineName.DUCKDB else []
            command = again("measure", events, "--model", model, *changed, *bounds, "--out", str(out))
            report.write_measured(
                out, measured=measured, model=declared, events=Path(events).name, command=command
            )
        if as_json:
            print_json(measured.as_dict())
        else:
            _say(measured, out)


def _say(measured: Measured, out: Path | None) -> None:
    from comaker.charts.amounts import Money, number
    from comaker.report.telling import headline, identified

    money = Money(measured.currency, measured.minor_digits)
    if measured.label == "simulated":
        typer.echo(f"Simulated: {number(measured.runs)} runs; no record of what real customers did.")
    typer.echo(f"{headline(measured, money)}\n")
    typer.echo(f"{number(measured.rows)} events of {number(measured.customers)} customers were measured.")
    for reason, rows in measured.dropped.items():
        typer.echo(f"Left out: {number(rows)} rows: {reason}")
    if measured.backwards:
        typer.echo(
            f"Out of order: {number(measured.backwards)} rows are earlier than the row above: times count"
        )
    typer.echo(f"{identified(measured)}.")
    for section in measured.sections.values():
        typer.echo(f"\n{section.title}: {section.question}")
        _say_section(section, money)
    said = f"The report: {out / 'index.html'}" if out else "With --out DIR: a report with pictures."
    typer.echo(f"\n{said}")


def _say_section(section: Section, money: Money) -> None:
    from comaker.charts.amounts import label
    from comaker.report.wording import written

    known = [figure for figure in section.figures if figure.value is not None]
    rows = []
    for figure in known:
        words = written(figure, money)
        name = label(figure.name) + (f": {figure.of}" if figure.of else "")
        rows.append([name, words.basis, words.value, words.interval, f"{words.n} {words.counted}".strip()])
    if rows:
        print_table(["figure", "known as", "value", "95 % interval", "rests on"], rows, left=2)
    missing = dict.fromkeys(label(each.name).lower() for each in section.figures if each.value is None)
    if missing:
        typer.echo(f"Not identified: {', '.join(missing)}.")
