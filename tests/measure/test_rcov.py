"""The whole model in one picture: accounts, six arrows, how far customers are integrated."""

from __future__ import annotations

from typing import Any

import pytest
from tests.measure.logs import log_of

from comaker import load
from comaker.measure import rcov
from comaker.measure.figures import About, Section
from comaker.measure.measuring import SECTIONS, open_log
from comaker.model.integration import completeness, participation_tasks
from comaker.words import Completeness, Link

MODEL = load("my-major-company")
ROWS: list[dict[str, Any]] = [
    {"kind": "done", "task": "stake", "customer": 1, "performer": "customer", "staff_seconds": 3600},
    {"kind": "funded", "subject": 1, "money_minor": 7_000_000},
    {"kind": "income", "subject": 1, "money_minor": 500_000},
    {"kind": "cost", "subject": 1, "money_minor": 200_000},
    {"kind": "paid", "subject": 1, "customer": 1, "role": "producer", "money_minor": 100_000},
]  # fmt: skip


def measured(rows: list[dict[str, Any]], others: dict[str, Section] | None = None) -> Section:
    return rcov.section(open_log(log_of(rows), MODEL), others or {})


def test_the_accounts_are_those_of_the_log_and_the_declared_rates() -> None:
    section = measured(ROWS)
    accounts = section.tables["accounts"].set_index(["cause", "rests_on"]).amount_minor
    assert accounts["turnover"].sum() == 500_000
    assert accounts["handed-over assets"].sum() == 7_000_000
    assert accounts["production"].sum() == 200_000
    assert accounts["incentives"].sum() == 100_000
    assert accounts["staff"].sum() == 3_071, "an hour at the mean of three at 25.00 and four at 35.00"
    margin, revenues, costs = (section.figure(name).value for name in ("margin", "revenues", "costs"))
    assert revenues is not None
    assert costs is not None
    assert margin == revenues - costs


def test_a_margin_without_all_its_parts_is_not_identified() -> None:
    section = measured([row for row in ROWS if row["kind"] != "cost"])
    assert section.figure("margin").value is None
    assert "production: no row of kind cost" in section.figure("margin").needs
    assert section.figure("recorded_margin").value is not None


def test_an_arrow_without_a_figure_is_not_identified() -> None:
    links = measured(ROWS).tables["links"]
    assert list(links.link) == [link.value for link in Link]
    assert set(links.text) == {"not identified"}
    assert links.strength.isna().all()


def test_an_arrow_is_as_wide_as_its_figure_and_never_wider_than_one() -> None:
    arrow = rcov.ARROWS[Link.ACQUISITION]
    about = About(arrow.name, "share of joins that joins caused", "share", "joins", "F4.2")
    for value, width in ((0.25, 0.25 / arrow.whole), (9.0, 1.0)):
        others = Section(
            key=arrow.section, title="", question="", figures=[about.estimate(value, 0.1, 9, n=5)]
        )
        links = measured(ROWS, {arrow.section: others}).tables["links"].set_index("link")
        assert links.strength[Link.ACQUISITION.value] == pytest.approx(min(width, 1.0))


def test_an_interval_that_holds_no_link_at_all_is_told_as_none() -> None:
    arrow = rcov.ARROWS[Link.ORGANIZATIONAL_LEARNING]
    about = About(arrow.name, "unit cost after a doubling", "ratio", "weeks", "F4.6")
    for low, text, width in (
        (0.8, "unit cost goes to 90\N{NO-BREAK SPACE}%", 1 / 3),
        (0.7, "none to be told from chance", 0),
    ):
        figure = about.estimate(0.9, low, 0.95 if width else 1.1, n=9)
        others = {arrow.section: Section(key=arrow.section, title="", question="", figures=[figure])}
        links = measured(ROWS, others).tables["links"].set_index("link")
        assert links.text[Link.ORGANIZATIONAL_LEARNING.value].startswith(text)
        assert links.strength[Link.ORGANIZATIONAL_LEARNING.value] == pytest.approx(width)


def test_every_arrow_is_spoken_for_by_a_figure_that_there_is() -> None:
    log = open_log(log_of(ROWS), MODEL)
    others = {section.key: section for section in (make(log) for make in SECTIONS)}
    for arrow in rcov.ARROWS.values():
        if arrow.name != "intention_to_treat":  # one an experiment, and the log has none
            assert arrow.name in {each.name for each in others[arrow.section].figures}


def test_it_says_how_far_the_model_integrates_its_customers() -> None:
    section = measured(ROWS)
    assert section.remarks[0].startswith("A full customer-integrated business model")
    assert "customers at 1 of its 3 tasks of participation (stake)" in section.remarks[0]
    assert "100\N{NO-BREAK SPACE}% customer production" in section.remarks[1]


def test_a_model_is_full_partial_or_none() -> None:
    assert completeness(MODEL) is Completeness.FULL
    assert participation_tasks(MODEL) == ("stake", "choose", "promote")
    sold = MODEL.model_copy(update={"offer": {"part": MODEL.offer["part"].model_copy(update={"tasks": ()})}})
    assert completeness(sold) is Completeness.PARTIAL
    bare = sold.model_copy(update={"offer": {"part": sold.offer["part"].model_copy(update={"based_on": ()})}})
    assert completeness(bare) is Completeness.NONE
