"""The command line: one file a command; exit status 0 done, 1 refused input, 2 usage."""

from __future__ import annotations

from typing import Annotated

import typer

from comaker.cli import (
    auditing,
    backing,
    checking,
    comparing,
    counting,
    demo,
    exporting,
    galleries,
    hosting,
    importing,
    measuring,
    replaying,
    schemas,
    simulating,
)

app = typer.Typer(
    name="comaker",
    help="""Declare, simulate and measure business models in which customers do part of the work.

\b
Try a rule change before it ships:
  comaker compare my-major-company \\
    --change task.stake.terms.cap=1000.00 --without-amendments

\b
Measure what participation does, from a log:
  comaker measure events.parquet --model my-major-company --out report

Every command takes --help, with an example, and --json for machines.""",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _name, _command, _short in (
    ("check", checking.check, "Check a model file; name every mistake."),
    ("schema", schemas.schema, "Print the JSON Schema of model files."),
    ("simulate", simulating.simulate, "Simulate a model."),
    ("compare", comparing.compare, "Compare a model with itself changed."),
    ("import", importing.import_, "Import a contribution log as an event table."),
    ("count", counting.count, "Count votes on how to spend a budget."),
    ("measure", measuring.measure, "Measure what customer participation does."),
    ("replay", replaying.replay, "Replay recorded requests under another rule."),
    ("host", hosting.host, "Run a model as a site."),
    ("demo", demo.demo, "Open a site after a simulated year."),
    ("backup", backing.backup, "Write a whole site to one file."),
    ("restore", backing.restore, "Bring back a site from a backup."),
    ("audit", auditing.audit, "Recompute a site's books from its log."),
    ("export", exporting.export, "Export a site's event table."),
):
    app.command(_name, short_help=_short)(_command)
app.add_typer(hosting.staff, name="staff", short_help="Give people a log-in who work for the firm.")
app.add_typer(galleries.app, name="gallery", short_help="List, show or copy the models that come along.")


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"comaker {version('comaker')}")
        raise typer.Exit


@app.callback()
def _comaker(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and stop."),
    ] = False,
) -> None: ...


def main() -> None:
    """Run the command line and leave with its exit status."""
    app()
