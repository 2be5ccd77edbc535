"""``comaker gallery``: the models that come with the package."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from comaker.cli.options import Json
from comaker.cli.output import check_file, print_json, print_table, refusals, refuse

app = typer.Typer(rich_markup_mode=None, invoke_without_command=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A model's name, as gallery list gives it.")]


@app.callback()
def _gallery(context: typer.Context, as_json: Json = False) -> None:
    """List the models that come with Comaker, show one, or copy one to change it.

    \b
    Example:
      comaker gallery
      comaker gallery copy my-major-company
    """
    if context.invoked_subcommand is None:
        list_models(as_json)
    elif as_json:
        said = f"write --json behind {context.invoked_subcommand}"
        raise typer.BadParameter(said, param_hint="'--json'")


@app.command("list")
def list_models(as_json: Json = False) -> None:
    """List the models of the gallery.

    \b
    Example:
      comaker gallery list
    """
    with refusals():
        from comaker.model import gallery

        entries = gallery()
        if as_json:
            print_json({"models": [entry._asdict() for entry in entries]})
        else:
            print_table(["model", "firm", "slogan"], [[e.key, e.name, e.slogan] for e in entries], left=3)


@app.command("show")
def show(name: Name, as_json: Json = False) -> None:
    """Print a model's file, comments included.

    \b
    Example:
      comaker gallery show my-major-company
    """
    text = _text(name)
    with refusals():
        if as_json:
            print_json({"key": name, "text": text})
        else:
            typer.echo(text, nl=False)


@app.command("copy")
def copy(
    name: Name,
    to: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="Where to; NAME.toml in this folder unless given."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Copy a model's file, to change it; a file that exists is left alone.

    \b
    Example:
      comaker gallery copy my-major-company mine.toml
    """
    text = _text(name)
    target = to or Path(f"{name}.toml")
    check_file(target)
    with refusals():
        _write_new(target, text)
    if as_json:
        print_json({"path": str(target)})
    else:
        typer.echo(f"{target}: copied. Check your changes with: comaker check {target}")


def _text(name: str) -> str:
    with refusals():
        from comaker.model import gallery_names, gallery_text
        from comaker.model.problems import did_you_mean

        if name not in gallery_names():
            refuse(f"{name}: not in the gallery; {did_you_mean(name, gallery_names())}")
        return gallery_text(name)


def _write_new(target: Path, text: str) -> None:
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.unfinished")
    try:
        unfinished.write_text(text, encoding="utf-8")
        # A link refuses to replace a file, where a rename would not.
        os.link(unfinished, target)
    except FileExistsError:
        refuse(f"{target}: this file exists and was left alone: name another one")
    finally:
        unfinished.unlink(missing_ok=True)
