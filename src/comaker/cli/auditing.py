"""``comaker audit``: the site's books and rules, recomputed from its log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from comaker.cli.options import Json
from comaker.cli.output import print_json, progress, refusals
from comaker.cli.sites import Data, Database, open_site

if TYPE_CHECKING:
    from comaker.host.audit import Audited


def audit(database: Database = None, data: Data = None, as_json: Json = False) -> None:
    """Recompute every posting, balance, holding and limit from the log of a site; name what is wrong.

    \b
    It reads one state of the database, also while the site runs. Exit status 0: everything is as the
    log tells. 1: the first wrong row of each kind is named, with what it says and what is right.

    \b
    Example:
      comaker audit --data comaker-data
    """
    with refusals():
        open_site(data, database)
        from comaker.host.audit import examine
        from comaker.host.preparing import clear_messages

        with clear_messages(), progress("Auditing") as tell:
            found = examine(tell)
    if as_json:
        print_json(_plain(found))
    elif found.findings:
        for each in found.findings:
            typer.echo(each.line)
    else:
        typer.echo(_summary(found))
    if found.findings:
        raise typer.Exit(1)


def _summary(found: Audited) -> str:
    counted = f"{found.events:,} events, {found.postings:,} postings, {found.projects:,} projects"
    return f"Everything is as the log tells: {counted}, {found.seconds:.1f} s"


def _plain(found: Audited) -> dict[str, object]:
    return {
        "right": not found.findings,
        "findings": [{**each._asdict(), "line": each.line} for each in found.findings],
        "events": found.events,
        "postings": found.postings,
        "projects": found.projects,
        "seconds": round(found.seconds, 3),
    }
