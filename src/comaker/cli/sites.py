"""What the commands of a site share: where its data and its database are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="The site's folder: database, uploads, mail. Else: $COMAKER_DATA, or comaker-data here.",
    ),
]
Database = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="postgresql://name:password@host/database, or sqlite:///path. Else: $COMAKER_DATABASE, "
        "or SQLite in the site's folder.",
    ),
]


def data_folder(given: Path | None, beside: Path | None = None) -> Path:
    """The site's folder: as given, by ``COMAKER_DATA``, or ``comaker-data`` here or beside a model file."""
    if given is not None:
        return given
    if named := os.environ.get("COMAKER_DATA"):
        return Path(named)
    return (beside or Path()) / "comaker-data"


def open_site(data: Path | None, database: str | None) -> None:
    """Start Django on a site that exists; ``HostError`` where there is none, or it cannot be opened."""
    from comaker.host.preparing import open_existing

    open_existing(data_folder(data), database or "")
