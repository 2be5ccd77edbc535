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
from comaker.report.telling import headline, identified
from comaker.report.wording import Shown, Written, day, shown, written
from comaker.words import Component

TABLE_ROWS = 30
"""Rows of a table that the page shows; its CSV file beside the page has them all."""

BREAKDOWNS = 18
"""Breakdowns of one figure that the page shows; ``figures.csv`` has them all."""


_VERDICT = ("limitation", "verdict", "evidence", "criterion", "remedy")


class Line(NamedTuple):
    """A figure, or one of its breakdowns, in words; ``needs``: what would identify it, "" where it is."""

    name: str
    words: Written
    needs: str


class Group(NamedTuple):
    """Figures of one name: what they stand for, said once, the whole, and its breakdowns.

    ``gaps``: names of breakdowns that are not identified, with what would identify them.
    """

    name: str
    estimand: str
    source: str
    whole: Line | None
    breakdowns: list[Line]
    gaps: list[tuple[str, str]]
    left_out: int

    @property
    def is_known(self) -> bool:
        """Whether anything of it is identified."""
        return bool(self.breakdowns) or (self.whole is not None and not self.whole.needs)


class Behind(NamedTuple):
    """A table behind the figures: what the page shows of it, and the file that holds all of it."""

    title: str
    file: str
    shown: Shown


class Part(NamedTuple):
    """A section as the page shows it; ``unknown``: the figures of which nothing is identified; ``verdicts``:
    of each limitation (F21) what was seen, by which criterion, and the remedy."""

    section: Section
    verdicts: list[dict[str, str]]
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
    known = [each for each in groups if each.is_known]
    unknown = [each for each in groups if not each.is_known]
    return Part(section, _verdicts(section), known, unknown, tables, drawn)


def _verdicts(section: Section) -> list[dict[str, str]]:
    table = section.tables.get("verdicts")
    if table is None or not set(_VERDICT) <= set(table.columns):
        return []
    return [{name: str(row[name]) for name in _VERDICT} for row in table.to_dict("records")]


def _file(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "table"


def _groups(figures: Sequence[Figure], money: Money) -> list[Group]:
    """Figures of one name together, in the order in which each name comes first."""
    order = list(dict.fromkeys(each.name for each in figures))
    ranked = sorted(figures, key=lambda each: order.index(each.name))
    return [_group(name, list(same), money) for name, same in groupby(ranked, key=lambda each: each.name)]


def _group(name: str, same: list[Figure], money: Money) -> Group:
    lines = [Line(each.of, written(each, money), each.needs) for each in same]
    # A figure of one task alone is a whole by itself.
    whole = lines[0] if len(lines) == 1 else next((line for line in lines if not line.name), None)
    rest = [line for line in lines if line is not whole]
    known = [line for line in rest if not line.needs]
    missing = sorted((line for line in rest if line.needs), key=lambda line: line.needs)
    gaps = [
        (_listed([line.name for line in alike]), needs)
        for needs, alike in groupby(missing, key=lambda line: line.needs)
    ]
    unit = same[0].unit
    scale = "" if unit[:1].isalpha() or not unit else f" (scale {unit.replace('-', '−')})"
    return Group(
        label(name),
        f"{label(same[0].estimand).rstrip('.')}{scale}",
        same[0].source,
        whole,
        known[:BREAKDOWNS],
        gaps,
        max(len(known) - BREAKDOWNS, 0),
    )


def _listed(names: list[str]) -> str:
    return ", ".join(names[:BREAKDOWNS]) + (", …" if len(names) > BREAKDOWNS else "")


def _facts(measured: Measured, events: str) -> dict[str, str]:
    """What was measured, in words."""
    left_out = sum(measured.dropped.values())
    reasons = "; ".join(f"{number(rows)}: {reason}" for reason, rows in measured.dropped.items())
    facts = {
        "Events": f"{number(measured.rows)} rows of {events}",
        "Left out": f"{number(left_out)} rows that cannot be measured ({reasons})" if left_out else "none",
        **_order(measured),
        "Period": f"{day(measured.from_us)} to {day(measured.until_us)} (UTC)",
        "Customers": number(measured.customers),
        "Figures": identified(measured),
    }
    if measured.label == "simulated":
        facts["Runs"] = number(measured.runs)
    return facts


def _order(measured: Measured) -> dict[str, str]:
    """How many rows stand after a later one, where there are any."""
    if not measured.backwards:
        return {}
    return {"Out of order": f"{number(measured.backwards)} rows are earlier than the row above: times count"}


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
