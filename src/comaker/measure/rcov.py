"""The business model in one picture: components, links, revenues, costs, margin (F1 to F4, F7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from comaker.measure.accounts import Entry, accounts, frame
from comaker.measure.figures import About, Figure, Section
from comaker.measure.links.installed_base import EQUAL_PROGRESS
from comaker.measure.log import Log
from comaker.model.integration import completeness, participation_tasks, uses
from comaker.words import Completeness, Component, Link

_CUSTOMERS, _WORK, _OFFER = Component.RESOURCES, Component.ORGANIZATION, Component.VALUE_PROPOSITION


class Arrow(NamedTuple):
    """Where a link leads, and the figure that speaks for it: section, name, and how to write it in words.

    ``none``: the figure where there is no link; ``whole``: how far from it the arrow has its full width;
    ``first``: the breakdown that speaks before all others where it is identified.
    """

    start: Component
    end: Component
    section: str
    name: str
    words: str
    whole: float
    none: float = 0.0
    first: str = ""


_REVENUES = About("revenues", "all that came in, as far as recorded", "minor units", "events", "F2")
_COSTS = About("costs", "all that was spent, as far as recorded or declared", "minor units", "events", "F2")
_MARGIN = About("margin", "revenues less costs: whether the model lasts", "minor units", "events", "F2")
_RECORDED = About(
    "recorded_margin",
    "revenues less costs, of those that are identified; what is not identified counts as nothing",
    "minor units",
    "events",
    "F2",
)

ARROWS: dict[Link, Arrow] = {
    Link.CUSTOMERS_AS_OFFER: Arrow(
        _CUSTOMERS,
        _OFFER,
        "links",
        "installed_base_effect",
        "{value:+.1f} points of conversion for twice the customers shown",
        10.0,
        first=EQUAL_PROGRESS,
    ),
    Link.ACQUISITION: Arrow(
        _OFFER, _CUSTOMERS, "links", "joins_caused_by_joins", "{value:.0%} of joins follow from joins", 1.0
    ),
    Link.SOCIALIZATION: Arrow(
        _WORK,
        _CUSTOMERS,
        "links",
        "intention_to_treat",
        "{points:+.1f} points take part when offered to learn how",
        0.2,
    ),
    Link.CUSTOMER_LEARNING: Arrow(
        _CUSTOMERS, _WORK, "links", "speed_up", "{value:.0%} quicker by the tenth time", 0.5
    ),
    Link.COPRODUCTION: Arrow(
        _WORK, _OFFER, "links", "customer_labour_share", "{value:.0%} of the time is the customers'", 1.0
    ),
    Link.ORGANIZATIONAL_LEARNING: Arrow(
        _OFFER,
        _WORK,
        "links",
        "progress_ratio",
        "unit cost goes to {value:.0%} with each doubling",
        0.3,
        1.0,
    ),
}
"""The six links (F4): where each leads, and which figure of another section speaks for it."""


def section(log: Log, others: Mapping[str, Section]) -> Section:
    """The picture of the whole model, drawn from the other sections' figures."""
    entries = accounts(log)
    return Section(
        key="rcov",
        title="The business model in one picture",
        question="How do resources, organization and offer drive one another, and what is left of it?",
        figures=_totals(log, entries),
        tables={"links": _links(others), "accounts": frame(entries)},
        remarks=[_integration(log), _type(log)],
    )


def _totals(log: Log, entries: list[Entry]) -> list[Figure]:
    events = int(log.days.events.sum())
    known = {side: [e for e in entries if e.side == side and e.amount_minor is not None] for side in _SIDES}
    revenue_minor, cost_minor = (sum(e.amount_minor or 0 for e in known[side]) for side in _SIDES)
    unknown = [entry for entry in entries if entry.amount_minor is None]
    figures = []
    for about, side, total_minor in ((_REVENUES, "revenue", revenue_minor), (_COSTS, "cost", cost_minor)):
        needs = "; ".join(f"{entry.cause}: {entry.rests_on}" for entry in entries if entry.side == side)
        figures.append(about.record(total_minor, n=events) if known[side] else about.missing(needs))
    if unknown:
        needs = "; ".join(f"{entry.cause}: {entry.rests_on}" for entry in unknown)
        figures.append(_MARGIN.missing(needs))
    else:
        figures.append(_MARGIN.record(revenue_minor - cost_minor, n=events))
    if not all(known.values()):
        return [*figures, _RECORDED.missing("revenues and costs are not both recorded: see there")]
    return [*figures, _RECORDED.record(revenue_minor - cost_minor, n=events)]


_SIDES = ("revenue", "cost")


def _links(others: Mapping[str, Section]) -> pd.DataFrame:
    """A row a link: link, from, to, section, figure, text, strength (0 to 1, or None)."""
    rows = []
    for link, arrow in ARROWS.items():
        found = _figure(others, arrow)
        text, strength = _told(arrow, found)
        rows.append(
            {
                "link": link.value,
                "from": arrow.start.value,
                "to": arrow.end.value,
                "section": arrow.section,
                "figure": arrow.name,
                "text": text,
                "strength": strength,
            }
        )
    return pd.DataFrame(rows)


def _told(arrow: Arrow, found: Figure | None) -> tuple[str, float | None]:
    """A link in words, and its strength: 0 where its interval holds the figure of no link at all."""
    if found is None or found.value is None:
        return "not identified", None
    words = _spaced(arrow.words.format(value=found.value, points=100 * found.value).replace("-", "−"))
    if found.low is not None and found.high is not None and found.low <= arrow.none <= found.high:
        return f"none to be told from chance ({words})", 0.0
    return words, min(abs(found.value - arrow.none) / arrow.whole, 1.0)


def _spaced(words: str) -> str:
    """Per cent as everywhere in the report: with a space that does not break."""
    return words.replace("%", "\N{NO-BREAK SPACE}%")


def _figure(others: Mapping[str, Section], arrow: Arrow) -> Figure | None:
    """The figure that speaks for a link: of its identified breakdowns the first or that of the largest n."""
    if arrow.section not in others:
        return None
    named = [each for each in others[arrow.section].figures if each.name == arrow.name]
    return max(named, key=lambda each: (each.value is not None, each.of == arrow.first, each.n), default=None)


def _integration(log: Log) -> str:
    found = completeness(log.model)
    tasks = participation_tasks(log.model)
    done = [task for task in tasks if log.count("done", task=task)]
    words = {
        Completeness.FULL: "A full customer-integrated business model",
        Completeness.PARTIAL: "A partial customer-integrated business model",
        Completeness.NONE: "No customer-integrated business model",
    }[found]
    if not tasks:
        return f"{words}: {found.meaning}."
    seen = f"the log shows customers at {len(done)} of its {len(tasks)} tasks of participation"
    return f"{words}: {found.meaning}; {seen}{f' ({", ".join(done)})' if done else ''}."


def _type(log: Log) -> str:
    """The type of the model (F7): what customers are used as, and how much of the work is theirs."""
    declared = uses(log.model)
    used = (
        f"Customers are used as {', '.join(declared)}" if declared else "The model names no use of customers"
    )
    acts = log.days[(log.days.kind == "done") & (log.days.performer != "")]
    by = acts.groupby("performer").events.sum().sort_values(ascending=False)
    parts = [_spaced(f"{events / by.sum():.0%} {performer} production") for performer, events in by.items()]
    return f"{used}; of the acts done {', '.join(parts)}." if parts else f"{used}."
