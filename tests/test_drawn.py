"""Pictures drawn by hand: whole, inside their edges, and as wide as what was measured."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from comaker.charts.amounts import Money
from comaker.charts.bars import Bar, bars
from comaker.charts.canvas import Canvas, shortened
from comaker.charts.cohorts import Cohort, cohorts
from comaker.charts.intervals import Row, intervals
from comaker.charts.practice import practice
from comaker.charts.rcov import Account, Arrow, Measured, rcov
from comaker.words import Component, Link

SVG = "{http://www.w3.org/2000/svg}"
WIDTHS = (780, 330)
ACROSS, DOWN = ("x", "x1", "x2", "cx"), ("y", "y1", "y2", "cy")
EVIL = '</text><script>&"'


def inside(svg: bytes) -> ElementTree.Element:
    """The picture, of which every line, box and dot lies within its edges."""
    root = ElementTree.fromstring(svg)
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    assert root.attrib["viewBox"] == f"0 0 {root.attrib['width']} {root.attrib['height']}"
    for shape in root:
        at = {name: float(shape.attrib.get(name, 0)) for name in (*ACROSS, *DOWN, "width", "height")}
        across = [*(at[name] for name in ACROSS), at["x"] + at["width"]]
        down = [*(at[name] for name in DOWN), at["y"] + at["height"]]
        assert -0.5 <= min(across) <= max(across) <= width + 0.5, shape.attrib
        assert -0.5 <= min(down) <= max(down) <= height + 0.5, shape.attrib
    return root


def words(root: ElementTree.Element) -> str:
    return " ".join("".join(text.itertext()) for text in root.iter(f"{SVG}text"))


def model(strengths: dict[Link, float]) -> Measured:
    links = {link: Arrow(f"{strength:.0%} of it", strength) for link, strength in strengths.items()}
    accounts = [Account("revenue", "turnover", 5_000_000.0), Account("cost", "staff", None)]
    components = {each: f"what {each} is {EVIL} " * 3 for each in Component}
    return Measured(components, links, accounts, -100_000.0, Money("EUR", 2))


@pytest.mark.parametrize("narrow", [False, True])
def test_a_stronger_link_has_a_wider_arrow_and_an_unknown_one_is_dashed(narrow: bool) -> None:
    drawn = rcov(model({Link.ACQUISITION: 0.1, Link.COPRODUCTION: 0.9}), "Measured", narrow=narrow)
    root = inside(drawn.svg)
    lines = root.findall(f"{SVG}line")
    assert len(lines) == len(Link)
    widths = sorted(float(line.attrib["stroke-width"]) for line in lines)
    assert widths[-2:] == pytest.approx([2.8, 12.4])
    assert sum("stroke-dasharray" in line.attrib for line in lines) == 4
    assert words(root).count("not identified") == 4 + 2  # four links, all costs, their one cause


def test_the_picture_of_nothing_known_says_so_six_times() -> None:
    root = inside(rcov(Measured({}, {}, [], None, Money("EUR", 2)), "Measured").svg)
    assert words(root).count("not identified") == len(Link) + 3


def test_a_strength_beyond_its_bounds_is_drawn_at_them() -> None:
    root = inside(rcov(model({Link.ACQUISITION: 7.0, Link.SOCIALIZATION: -3.0}), "Measured").svg)
    widths = {float(line.attrib["stroke-width"]) for line in root.findall(f"{SVG}line")}
    assert widths == {1.6, 13.6}


@pytest.mark.parametrize("width", WIDTHS)
def test_bars_begin_at_zero_and_losses_lie_to_its_left(width: int) -> None:
    rows = [Bar("Earned", 300.0, "EUR 300", "Stake"), Bar("Lost" * 30, -100.0, "−EUR 100", "Stake")]
    gain, loss = inside(bars(rows, width)).findall(f"{SVG}rect")
    assert float(loss.attrib["x"]) + float(loss.attrib["width"]) == pytest.approx(
        float(gain.attrib["x"]), abs=0.2
    )
    assert float(gain.attrib["width"]) == pytest.approx(3 * float(loss.attrib["width"]), rel=0.02)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("ends", [(-4.0, 9.0), (95.0, 99.0), (0.0, 0.0), (3e-5, 4e-5), (-8e6, -2e6)])
def test_every_interval_lies_on_its_axis(width: int, ends: tuple[float, float]) -> None:
    low, high = ends
    rows = [
        Row("An estimate with a long name " * 3, (low + high) / 2, low, high, "text"),
        Row("b", low, low, low, "t"),
    ]
    root = inside(intervals(rows, "per cent", width))
    assert len(root.findall(f"{SVG}circle")) == 2


@pytest.mark.parametrize("width", WIDTHS)
def test_a_cohort_has_a_square_for_each_period_that_is_known(width: int) -> None:
    rows = [Cohort("2008-01", 1200, [1.0, 0.5, 0.0]), Cohort("2008-02", 7, [1.0, None, None])]
    squares = inside(cohorts(rows, "Months", width)).findall(f"{SVG}rect")
    assert [float(square.attrib["fill-opacity"]) for square in squares] == [0.6, 0.3, 0.0, 0.6]


@pytest.mark.parametrize("width", WIDTHS)
def test_every_learning_curve_is_a_line_of_its_own(width: int) -> None:
    curves = [[100.0, 50.0, 25.0], [80.0, 80.0], [10.0]]
    lines = inside(practice(curves, "seconds", width)).findall(f"{SVG}polyline")
    assert [len(line.attrib["points"].split()) for line in lines] == [3, 2]


def test_words_are_escaped_and_wrapped() -> None:
    canvas = Canvas(200, 100)
    canvas.lines(0, 20, f"{EVIL} and some more words that need a second line", width=150)
    svg = canvas.drawn()
    assert b"<script" not in svg
    assert len(ElementTree.fromstring(svg).findall(f"{SVG}text")) > 1
    assert shortened("a very long name", 40).endswith("…")
