"""A report's folder: written whole or not at all, and never over somebody else's files."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MARK = "result.json"
"""The file by which a folder is known as a report; it holds the numbers for machines."""

_KEY = "comaker_report"
_FORMAT = 1


class ReportError(Exception):
    """The report cannot be written there; the message says what would be right."""


def marked(result: Mapping[str, Any]) -> str:
    """The result as JSON text that also marks a folder as a report."""
    return json.dumps({_KEY: _FORMAT, **result}, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def check(out: str | os.PathLike[str]) -> Path:
    """The folder a report may be written to, as an absolute path.

    Raises ``ReportError`` where something else stands there, or its parent is missing or cannot be
    written: said before a long run, not after it.
    """
    target = Path(os.path.abspath(out))
    if target.is_dir() and any(target.iterdir()) and not _is_report(target):
        raise ReportError(
            f"{out}: this folder holds other files than a report, so nothing was written: "
            "name a new folder, or one that holds an earlier report"
        )
    if (target.exists() or target.is_symlink()) and not target.is_dir():
        raise ReportError(f"{out}: this is a file: name a folder for the report")
    if not target.parent.is_dir():
        raise ReportError(f"{out}: the folder {target.parent} does not exist: make it first")
    if not os.access(target.parent, os.W_OK):
        raise ReportError(f"{out}: nothing may be written in {target.parent}: choose another folder")
    return target


def _is_report(folder: Path) -> bool:
    try:
        found = json.loads((folder / MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.get(_KEY) == _FORMAT


@contextmanager
def whole(out: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary folder beside ``out`` to write in; it takes the place of ``out`` when all is well."""
    target = check(out)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".unfinished", dir=target.parent))
    try:
        yield unfinished
        unfinished.chmod(0o755)
        _replace(unfinished, target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _replace(finished: Path, target: Path) -> None:
    if not target.exists():
        finished.rename(target)
        return
    # A folder with files cannot be replaced in one step: the old one steps aside and comes back on failure.
    aside = finished.with_name(finished.name + ".old")
    target.rename(aside)
    try:
        finished.rename(target)
    except OSError:
        aside.rename(target)
        raise
    shutil.rmtree(aside, ignore_errors=True)
