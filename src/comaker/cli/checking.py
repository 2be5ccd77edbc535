"""``comaker check``: whether a model file is right, with every mistake at its place."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from comaker.cli.options import Changes, Json, WithoutAmendments
from comaker.cli.output import print_json, print_table, refusals


def check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A model file, or a gallery model by name.")],
    change: Changes = [],
    without_amendments: WithoutAmendments = False,
    as_json: Json = False,
) -> None:
    """Check a model file; every mistake is named with its file, line, key, value and what would be right.

    \b
    Example:
      comaker gallery copy my-major-company
      comaker check my-major-company.toml
    """
    with refusals():
        from comaker.model import ModelError, load

        try:
            model = load(file, changes=change, amendments=not without_amendments)
        except ModelError as error:
            problems = [problem._asdict() for problem in error.problems]
            if as_json:
                print_json({"file": file, "valid": False, "problems": problems})
                raise typer.Exit(1) from None
            raise
        versions = [
            {"in_force": str(each.in_force), "why": each.why, "hash": each.hash} for each in model.versions
        ]
        facts: dict[str, Any] = {"name": model.name, "hash": model.hash, "versions": versions}
        if as_json:
            print_json({"file": file, "valid": True, "problems": [], "model": facts})
            return
        typer.echo(f"{file}: {model.name} is a valid model ({model.hash}).")
        print_table(
            ["in force", "terms", "why"], [[v["in_force"], v["hash"], v["why"]] for v in versions], left=3
        )
