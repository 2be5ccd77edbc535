"""``comaker backup`` and ``comaker restore``: the whole site as one file, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from comaker.cli.options import Json
from comaker.cli.output import print_json, refusals
from comaker.cli.sites import Data, Database, data_folder, open_site


def backup(
    target: Annotated[
        Path, typer.Argument(metavar="TARGET", help="The file to write, or a folder: then named by the time.")
    ],
    *,
    database: Database = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Write the database and the uploads to one file, checked, while the site runs.

    \b
    Example:
      comaker backup backups/
    """
    with refusals():
        open_site(data, database)
        from comaker.host.backup import backup as make

        made = make(target)
        if as_json:
            print_json(made.as_dict())
            return
        rows, uploads = sum(made.tables.values()), len(made.files) - 1
        typer.echo(f"{made.path}: {rows:,} rows in {len(made.tables)} tables, {uploads:,} uploads.")


def restore(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="A file that comaker backup wrote.")],
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put aside the site that is there, which must be stopped.")
    ] = False,
    database: Database = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Bring back a site from a backup: checked first, whole or not at all.

    A backup that is cut short, changed or made by a newer version is refused, and so is a place that holds
    a site, unless --replace puts it aside.

    \b
    Example, into a folder of its own, to see that backups are good:
      comaker restore backups/comaker-20261123T020000Z.zip --data drill
    """
    with refusals():
        from comaker.host.backup import described
        from comaker.host.backup import restore as bring_back
        from comaker.host.preparing import point_to

        # Before a folder is made for what turns out to be no backup.
        described(source)
        point_to(data_folder(data), database or "")
        found = bring_back(source, is_replacing=replace)
        if as_json:
            print_json(found.as_dict())
            return
        rows, uploads = sum(found.tables.values()), len(found.files) - 1
        counted = f"{rows:,} rows, {uploads:,} uploads; the books are right."
        typer.echo(f"{source}: restored as of {found.made_at}: {counted}")
