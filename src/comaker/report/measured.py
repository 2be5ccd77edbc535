"""Writes the report of a measurement: the page, every figure and table for machines, the pictures."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from comaker.charts.amounts import Money, label, number
from comaker.measure.figures import Figure, Section
from comaker.measure.measured import Measured
from comaker.model import Model
from comaker.report import folder
from comaker.report.drawing import Picture
from comaker.report.page import render
from comaker.report.pictures import pictures
from comaker.report.telling import headline
from comaker.report.wording import Shown, Written, day, shown, written
from comaker.words import Component

TABLE_ROWS = 30
"""Rows of a table that the page shows; its CSV file beside the page has them all."""

BREAKDOWN_ROWS = 16
"""Breakdowns of one figure that the page shows; ``figures.csv`` has them all."""


class Line(NamedTuple):
    """A figure as it stands in its row; ``needs`` says what would identify it, "" where it is identified."""

    name: str
    words: Written
    needs: str


class Group(NamedTuple):
    """Figures of one name: what they stand for, said once, and a row for each breakdown."""

    name: str
    estimand: str
    source: str
    lines: list[Line]
    left_out: int


class Behind(NamedTuple):
    """A table behind the figures: what the page shows of it, and the file that holds all of it."""

    title: str
    file: str
    shown: Shown


class Part(NamedTuple):
    """A section as the page shows it; ``unknown``: the figures of which nothing is identified."""

    section: Section
    groups: list[Group]
    unknown: list[Group]
    tables: list[Behind]
    pictures: list[Picture]


def write_measured(
    out: str | os.PathLike[str], *, measured: Measured, model: Model, events: str, command: str
) -> Path:
    """Write the report of a measurement to a folder: ``index.html``, ``figures.csv``, a CSV file a table,
    the pictures as SVG, and ``result.json`` (what ``measure --json`` prints).

    ``events``: what was measured, as it is called; ``command``: what to type to do it again. Returns the path
    of the page. Raises ``ReportError`` where ``out`` is no place for a report; nothing half-written stays.
    """
    target = folder.check(out)
    money = Money(measured.currency, measured.minor_digits)
    components = _components(measured, model)
    parts = [_part(measured, section, components, money) for section in measured.sections.values()]
    drawn = [each for part in parts for each in part.pictures]
    page = render(
        "measured.html.j2",
        title=f"{measured.model}: measured",
        headline=headline(measured, money),
        model=model,
        measured=measured,
        facts=_facts(measured, events),
        parts=parts,
        pictures=drawn,
        command=command,
    )
    with folder.whole(target) as unfinished:
        (unfinished / "index.html").write_text(page, encoding="utf-8")
        measured.figures.to_csv(unfinished / "figures.csv", index=False)
        (unfinished / folder.MARK).write_text(folder.marked(measured.as_dict()), encoding="utf-8")
        for part in parts:
            for name, behind in zip(part.section.tables, part.tables, strict=True):
                part.section.tables[name].to_csv(unfinished / behind.file, index=False)
        for each in drawn:
            (unfinished / f"{each.figure.name}.svg").write_bytes(each.alone)
    return target / "index.html"


def _part(measured: Measured, section: Section, components: dict[Component, str], money: Money) -> Part:
    tables = [
        Behind(label(name), f"{_file(section.key)}-{_file(name)}.csv", shown(table, money, rows=TABLE_ROWS))
        for name, table in section.tables.items()
    ]
    drawn = pictures(measured, section, components)
    groups = _groups(section.figures, money)
    known = [each for each in groups if not all(line.needs for line in each.lines)]
    unknown = [each for each in groups if each not in known]
    return Part(section, known, unknown, tables, drawn)


def _file(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "table"


def _groups(figures: Sequence[Figure], money: Money) -> list[Group]:
    """Figures of one name together, in the order in which each name comes first."""
    order = list(dict.fromkeys(each.name for each in figures))
    ranked = sorted(figures, key=lambda each: order.index(each.name))
    return [_group(name, list(same), money) for name, same in groupby(ranked, key=lambda each: each.name)]


def _group(name: str, same: list[Figure], money: Money) -> Group:
    first = same[0]
    if len(same) > 1 and all(each.value is None and each.needs == first.needs for each in same):
        # One reason for all of them is said once.
        same = [first]
        lines = [Line("", written(first, money), first.needs)]
    else:
        lines = [Line(each.of, written(each, money), each.needs) for each in same[:BREAKDOWN_ROWS]]
    scale = "" if first.unit[:1].isalpha() or not first.unit else f" (scale {first.unit.replace('-', '−')})"
    return Group(label(name), f"{label(first.estimand)}{scale}", first.source, lines, len(same) - len(lines))


def _facts(measured: Measured, events: str) -> dict[str, str]:
    """What was measured, in words."""
    left_out = sum(measured.dropped.values())
    reasons = "; ".join(f"{number(rows)}: {reason}" for reason, rows in measured.dropped.items())
    facts = {
        "Events": f"{number(measured.rows)} rows of {events}",
        "Left out": f"{number(left_out)} rows that cannot be measured ({reasons})" if left_out else "none",
        "Period": f"{day(measured.from_us)} to {day(measured.until_us)} (UTC)",
        "Customers": number(measured.customers),
    }
    if measured.label == "simulated":
        facts["Runs"] = number(measured.runs)
    return facts


def _components(measured: Measured, model: Model) -> dict[Component, str]:
    """What the three components are in this firm, as its model declares them."""
    roles = ", ".join(label(name).lower() for name in model.role)
    tasks = ", ".join(label(name).lower() for name in model.task)
    offers = ", ".join(label(name).lower() for name in model.offer)
    customers = f"{number(measured.customers)} customers"
    return {
        Component.RESOURCES: _brief(f"{customers}: {roles}" if roles else customers),
        Component.ORGANIZATION: _brief(f"tasks: {tasks}") if tasks else "",
        Component.VALUE_PROPOSITION: _brief(offers),
    }


def _brief(words: str, letters: int = 84) -> str:
    return words if len(words) <= letters else f"{words[:letters].rpartition(',')[0] or words[:letters]}, …"
