"""``comaker export``: the site's event table as Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from comaker.cli.options import Json
from comaker.cli.output import print_json, refusals
from comaker.cli.sites import Data, Database, open_site


def export(
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the files are: a folder of their own.")],
    *,
    database: Database = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Export the event table as Parquet, to replay it or to study it; each call adds what is new.

    All files of the folder together hold every event once. The site may run meanwhile.

    \b
    Example:
      comaker export --out events
    """
    with refusals():
        open_site(data, database)
        from comaker.host.export import export as write

        done = write(out)
        if as_json:
            print_json({"path": done.path and str(done.path), "rows": done.rows, "last": done.last})
        elif done.path is None:
            typer.echo(f"{out}: nothing new since event {done.last:,}.")
        else:
            typer.echo(f"{done.path}: {done.rows:,} events, up to {done.last:,}.")
