"""The options that several commands share, each said once."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

ModelName = Annotated[
    str, typer.Argument(metavar="MODEL", help="A model of the gallery by name, or a model file.")
]
Changes = Annotated[
    list[str],
    typer.Option(
        "--change",
        metavar="KEY=VALUE",
        help="A value of the model to override, by its key path; may be repeated.",
    ),
]
WithoutAmendments = Annotated[
    bool,
    typer.Option("--without-amendments", help="Keep the terms of the launch throughout."),
]
# What these may be is for comaker.simulate to say, in one place.
Customers = Annotated[int, typer.Option(help="How many customers a run has.")]
Weeks = Annotated[int, typer.Option(help="How many weeks a run lasts.")]
Runs = Annotated[int, typer.Option(help="How many runs, each with luck of its own.")]
Seed = Annotated[int, typer.Option(help="Same seed, same numbers.")]
Threads = Annotated[
    int | None,
    typer.Option(min=1, max=1024, help="Threads to use; the numbers do not depend on it."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON only, on standard output.")]
Out = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Write a report there: one HTML page, charts, numbers."),
]


class Size(NamedTuple):
    """How much is simulated."""

    customers: int
    weeks: int
    runs: int
    seed: int

    def options(self) -> list[str]:
        """As they are written on the command line."""
        return [part for name, value in self._asdict().items() for part in (f"--{name}", str(value))]


def model_options(changes: Sequence[str], *, without_amendments: bool) -> list[str]:
    """What is changed of a model, as it is written on the command line."""
    written = [part for change in changes for part in ("--change", change)]
    return [*written, "--without-amendments"] if without_amendments else written


def again(*parts: str) -> str:
    """The command that does the same again, ready to paste into a shell."""
    return shlex.join(["comaker", *parts])
