"""``comaker import``: any platform's contribution log becomes an event table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from comaker.cli.options import Json
from comaker.cli.output import print_json, print_table, progress, refusals


def import_(
    csv: Annotated[Path, typer.Argument(metavar="CSV", help="The log, plain or gzip.")],
    map_: Annotated[
        Path,
        typer.Option("--map", metavar="MAP.toml", help="Which of its columns become which events."),
    ],
    out: Annotated[Path, typer.Option(metavar="FILE.parquet", help="The event table to write.")],
    as_json: Json = False,
) -> None:
    """Import a contribution log as an event table; nothing of its format is guessed, the map declares it.

    \b
    Example:
      comaker import gifts.csv --map docs/maps/justgiving.toml --out gifts.parquet
    """
    with refusals():
        from comaker.ingest import import_log

        with progress(f"Importing {csv.name}") as bar:
            done = import_log(csv, map=map_, out=out, progress=bar)
        if as_json:
            print_json(done.as_dict())
            return
        typer.echo(f"{done.path}: {done.rows_written:,} events from {done.rows_read:,} rows.")
        if done.left_out:
            typer.echo("")
            left_out = [[why, f"{rows:,}"] for why, rows in done.left_out.items()]
            print_table(["left out because", "rows"], left_out)
        for name, path in done.key_tables.items():
            typer.echo(f"Which number stands for which {name}: {path}. It may name people: keep it apart.")
