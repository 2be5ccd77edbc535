"""What a measurement says first: the most telling of what it identified, in one sentence."""

from __future__ import annotations

from comaker.charts.amounts import NOT_IDENTIFIED, Money, with_unit
from comaker.measure.measured import Measured

_NUMBERS = ("none", "one", "two", "three", "four", "five", "six")


def headline(measured: Measured, money: Money) -> str:
    """The margin, links and limitations that were seen; how much is known where there is nothing else."""
    parts = [each for each in (_margin(measured, money), _links(measured), _limitations(measured)) if each]
    whole = "; ".join(parts) if parts else identified(measured)
    return f"{whole[:1].upper()}{whole[1:]}."


def identified(measured: Measured) -> str:
    """How much of what was asked is known."""
    figures = [figure for section in measured.sections.values() for figure in section.figures]
    known = sum(figure.value is not None for figure in figures)
    return f"{known:,} of {len(figures):,} figures are identified"


def _margin(measured: Measured, money: Money) -> str:
    """What is left of the revenues, or of those parts of it that are known."""
    figures = [each for section in measured.sections.values() for each in section.figures]
    for name, ahead in (("margin", ""), ("recorded_margin", "as far as recorded, ")):
        value = next((each.value for each in figures if each.name == name), None)
        if value is not None:
            scale, unit = money.scale(value)
            over = "costs exceed revenues" if value < 0 else "revenues exceed costs"
            return f"{ahead}{over} by {with_unit(abs(value) / scale, unit)}"
    return ""


def _links(measured: Measured) -> str:
    """How many of the six links were measured, and the strongest of them."""
    section = measured.sections.get("rcov")
    if section is None or "links" not in section.tables:
        return ""
    rows = section.tables["links"].dropna(subset=["strength"])
    rows = rows[rows["text"] != NOT_IDENTIFIED]
    if rows.empty:
        return "none of the six links is identified"
    strongest = rows.sort_values("strength", ascending=False, kind="stable").iloc[0]
    said = f"{_NUMBERS[len(rows)]} of the six links {'is' if len(rows) == 1 else 'are'} measured"
    if not strongest["strength"]:
        chance = "but it cannot be told from chance" if len(rows) == 1 else "none of them told from chance"
        return f"{said}, {chance}"
    named = f"{strongest['link']} ({strongest['text']})"
    return f"{said}: {named}" if len(rows) == 1 else f"{said}, the clearest {named}"


def _limitations(measured: Measured) -> str:
    """Which of the five limitations were seen; "" where none was."""
    section = measured.sections.get("limitations")
    table = None if section is None else section.tables.get("verdicts")
    if table is None or not {"limitation", "verdict"} <= set(table.columns):
        return ""
    seen = [str(name) for name in table.loc[table["verdict"] == "seen", "limitation"]]
    if not seen:
        return ""
    is_one = len(seen) == 1
    return f"{_NUMBERS[len(seen)]} limitation{' is' if is_one else 's are'} seen ({', '.join(seen)})"
