"""What commands print: JSON alone, or tables for people; refusals and progress go to standard error."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from comaker.model import Model

Progress = Callable[[int, int], None]

_EXTRAS = {
    "simulate": {"altair", "jinja2", "markupsafe", "numba", "pandas", "scipy", "vl_convert"},
    "measure": {"ibis"},
    "spark": {"pyspark"},
    "host": {
        *("a2wsgi", "allauth", "asgiref", "django", "django_htmx", "granian", "ninja", "PIL", "psycopg"),
        "whitenoise",
    },
}
_PLAIN_WIDTH = 180
_GAP = 3
"""Columns of a terminal between two of a table."""


def print_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object and nothing else; what is not a number (NaN) becomes null."""
    typer.echo(json.dumps(without_nan(value), ensure_ascii=False, allow_nan=False, indent=2))


def without_nan(value: Any) -> Any:
    """The same plain value with null where a number is not identified."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(key): without_nan(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(each) for each in value]
    return value


def console() -> Console:
    """Where tables go: as wide as the terminal; wide enough for every table where there is none."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else _PLAIN_WIDTH
    return Console(width=width, highlight=False, markup=False, soft_wrap=False)


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1) -> None:
    """Print a plain table; the first ``left`` columns hold words, the others numbers.

    Where a terminal is too narrow for the longest words and the numbers, each row is a list of its own.
    """
    from rich import box
    from rich.table import Table

    terminal = console()
    widths = _widths([headings, *rows], left, terminal.width - _GAP * (len(headings) - 1))
    if widths is None:
        for first, *others in rows:
            terminal.print(first)
            for heading, cell in zip(headings[1:], others, strict=True):
                terminal.print(f"  {heading}: {'; '.join(cell.splitlines())}")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for place, (heading, width) in enumerate(zip(headings, widths, strict=True)):
        table.add_column(heading, justify="left" if place < left else "right", width=width)
    for row in rows:
        table.add_row(*row)
    terminal.print(table)


def _widths(rows: Sequence[Sequence[str]], left: int, room: int) -> list[int] | None:
    """The width of each column, words wrapped where needed; None where the longest words have no room."""
    from rich.cells import cell_len

    columns = list(zip(*rows, strict=True))
    whole = [max(cell_len(line) for cell in cells for line in cell.split("\n")) for cells in columns]
    least = [max(cell_len(word) for cell in cells for word in cell.split() or [""]) for cells in columns]
    widths = least[:left] + whole[left:]
    spare = room - sum(widths)
    if spare < 0:
        return None
    for place in range(left):
        more = min(spare, whole[place] - widths[place])
        widths[place] += more
        spare -= more
    return widths


def refuse(message: str) -> NoReturn:
    """Say on standard error why the input is refused, and leave with exit status 1."""
    typer.echo(message, err=True)
    raise typer.Exit(1)


def say_amended(model: Model, changes: Sequence[str]) -> None:
    """Say on standard error which changes end early, because an amendment sets the same key again."""
    from comaker.model import amended_on

    for change in changes:
        key = change.partition("=")[0].strip()
        if day := amended_on(model, key):
            said = f"the change holds until {day}, when an amendment sets another value"
            typer.echo(f"{key}: {said}; with --without-amendments it holds throughout", err=True)


def check_file(path: Path, *, read: str = "") -> None:
    """Refuse a place where no file can be written, or the file that is ``read``: before a run, not after."""
    if path.exists() and os.path.exists(read) and path.samefile(read):
        refuse(f"{path}: this file is read and would be lost: name another one to write")
    if path.is_dir():
        refuse(f"{path}: this is a folder: name a file")
    if not path.parent.is_dir():
        refuse(f"{path}: the folder {path.parent} does not exist: make it first")
    if not os.access(path.parent, os.W_OK):
        refuse(f"{path}: nothing may be written in {path.parent}: choose another folder")


@contextmanager
def refusals(extra: str = "") -> Iterator[None]:
    """Turn what this package refuses, what the disk refuses and a missing extra into one clear message.

    Every exception that the package itself defines carries such a message; any other is a mistake in
    the program and is not hidden. ``extra``: the one that holds all a command needs.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        holding = [name for name, modules in _EXTRAS.items() if _top(error) in modules]
        if not holding:
            raise
        # Several extras hold pandas: what is missing most likely is the one that this command is in.
        wanted = extra if extra and "spark" not in holding else holding[0]
        refuse(f"this needs {_top(error)}, which is not installed: pip install 'comaker[{wanted}]'")
    except MemoryError:
        refuse("there is not enough memory for this many customers and runs: ask for fewer")
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        refuse(f"{error.filename or 'the system'}: {error.strerror or error}")
    except Exception as error:
        if not type(error).__module__.startswith("comaker."):
            raise
        refuse(str(error))


def _top(error: ModuleNotFoundError) -> str:
    return (error.name or "").partition(".")[0]


def compiling(what: str) -> str:
    """What is done, with a word of warning where the first simulation has to compile the rules."""
    from comaker.simulate.cache import is_compiled, keep_compiled_code_apart

    keep_compiled_code_apart()
    return what if is_compiled() else f"{what} (the first time it compiles, about a minute)"


@contextmanager
def progress(what: str) -> Iterator[Progress | None]:
    """A progress bar on standard error while something runs; nothing where that is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bars

    with Bars(console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task(what, total=None)
        yield lambda done, total: bars.update(bar, completed=done, total=total)
