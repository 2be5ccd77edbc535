"""The RCOV picture: three components, six links as wide as what was measured, and the money (F1 to F4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from comaker.charts.amounts import NOT_IDENTIFIED, Money, with_unit
from comaker.charts.canvas import LETTER, LINE, Canvas, Drawn
from comaker.charts.palette import CHANGED, INK, MUTED, NEUTRAL, NOW, WASH, wrap
from comaker.words import Component, Link

WIDE = 780
NARROW = 330

_NAMES = {
    Component.RESOURCES: "Resources and competences",
    Component.ORGANIZATION: "Organization",
    Component.VALUE_PROPOSITION: "Value proposition",
}
_SIZE = 13
_WRITTEN_OUT = 20_000
"""Smaller amounts, in the currency's own unit, are written without thousands or millions."""
_UP, _DOWN, _LEFT, _RIGHT = (0, -1), (0, 1), (-1, 0), (1, 0)


class Arrow(NamedTuple):
    """A link as it was measured: ``text`` is its figure in words, "" where none is identified.

    ``strength``: from 0 to 1, how strong it is among links; None where that is not known.
    """

    text: str
    strength: float | None


class Account(NamedTuple):
    """A revenue or a cost by its cause; ``amount_minor`` is None where it is not identified."""

    side: str
    cause: str
    amount_minor: float | None


class Measured(NamedTuple):
    """All that the picture shows: what the components are in this firm, the links, and the money.

    ``margin_minor`` is None where revenues and costs do not identify it.
    """

    components: Mapping[Component, str]
    links: Mapping[Link, Arrow]
    accounts: Sequence[Account]
    margin_minor: float | None
    money: Money


def rcov(measured: Measured, subtitle: str, *, narrow: bool = False) -> Drawn:
    """The picture for a page, or with ``narrow`` for a phone: the components one below the other."""
    canvas = _stacked(measured) if narrow else _side_by_side(measured)
    title = "The business model as measured"
    return Drawn("rcov", title, subtitle, _described(measured), canvas.drawn())


def _described(measured: Measured) -> str:
    parts = [
        f"{link.value} ({link.meaning.partition(':')[0]}): {_known(measured, link).text or NOT_IDENTIFIED}"
        for link in Link
    ]
    money = "; ".join(f"{name}: {text}" for name, _, text, _ in _money_rows(measured))
    return f"The six links. {'; '.join(parts)}. {money}."


def _known(measured: Measured, link: Link) -> Arrow:
    return measured.links.get(link, Arrow("", None))


def _side_by_side(measured: Measured) -> Canvas:
    canvas = Canvas(WIDE, 438 + _money_height(measured, WIDE))
    _box(canvas, measured, Component.RESOURCES, (0.5, 0.5, 231, 151))
    _box(canvas, measured, Component.ORGANIZATION, (548.5, 0.5, 231, 151))
    _box(canvas, measured, Component.VALUE_PROPOSITION, (0.5, 326.5, 779, 77))
    socialization, learning = (
        _known(measured, each) for each in (Link.SOCIALIZATION, Link.CUSTOMER_LEARNING)
    )
    _arrow(canvas, socialization, (540, 62), (240, 62))
    _label(canvas, Link.SOCIALIZATION, socialization, (390, 22), width=280, anchor="middle")
    _arrow(canvas, learning, (240, 92), (540, 92))
    _label(canvas, Link.CUSTOMER_LEARNING, learning, (390, 122), width=280, anchor="middle")
    for link, x, way in (
        (Link.ACQUISITION, 22, _UP),
        (Link.CUSTOMERS_AS_OFFER, 206, _DOWN),
        (Link.COPRODUCTION, 574, _DOWN),
        (Link.ORGANIZATIONAL_LEARNING, 758, _UP),
    ):
        known = _known(measured, link)
        ends = ((x, 159.0), (x, 319.0))
        _arrow(canvas, known, *(ends if way == _DOWN else ends[::-1]))
        beside = (x + 20, "start") if x < 390 else (x - 20, "end")
        _label(canvas, link, known, (beside[0], 198), width=148, anchor=beside[1])
    _money(canvas, measured, 438)
    return canvas


def _stacked(measured: Measured) -> Canvas:
    """The loop from top to bottom: the resources stand at both ends, so that no arrow crosses a box."""
    order = [Component.RESOURCES, Component.ORGANIZATION, Component.VALUE_PROPOSITION, Component.RESOURCES]
    between = [
        (Link.CUSTOMER_LEARNING, Link.SOCIALIZATION),
        (Link.COPRODUCTION, Link.ORGANIZATIONAL_LEARNING),
        (Link.ACQUISITION, Link.CUSTOMERS_AS_OFFER),
    ]
    words = [measured.components.get(each, "") for each in order]
    tall, gap = 46 + 18 * max(len(_lines(each, NARROW - 1)) for each in words), 152
    top = len(order) * tall + len(between) * gap + 30
    canvas = Canvas(NARROW, top + _money_height(measured, NARROW))
    for place, component in enumerate(order):
        y = place * (tall + gap)
        _box(canvas, measured, component, (0.5, y + 0.5, NARROW - 1, tall - 1))
        if place == len(between):
            break
        for x, link, way in zip((16, 184), between[place], (_DOWN, _UP), strict=True):
            known = _known(measured, link)
            ends = ((float(x), y + tall + 7.0), (float(x), y + tall + gap - 7.0))
            _arrow(canvas, known, *(ends if way == _DOWN else ends[::-1]))
            _label(canvas, link, known, (x + 17, y + tall + 32), width=128, anchor="start")
    _money(canvas, measured, top)
    return canvas


def _lines(words: str, width: float) -> list[str]:
    return wrap(words, int((width - 32) / (LETTER * _SIZE)))


def _box(
    canvas: Canvas, measured: Measured, component: Component, place: tuple[float, float, float, float]
) -> None:
    x, y, width, height = place
    canvas.box(x, y, width, height, fill=WASH, rx=8, stroke=NEUTRAL)
    words = measured.components.get(component, "")
    canvas.text(x + 16, y + 30, _NAMES[component], size=15, font_weight="bold")
    for number, line in enumerate(_lines(words, width)):
        canvas.text(x + 16, y + 52 + 17 * number, line, colour=MUTED)


def _arrow(canvas: Canvas, known: Arrow, start: tuple[float, float], end: tuple[float, float]) -> None:
    (x1, y1), (x2, y2) = start, end
    across, down = _sign(x2 - x1), _sign(y2 - y1)
    width = 1.6 + 12 * min(max(known.strength or 0.0, 0.0), 1.0)
    head, half = 9 + width * 0.6, 4.5 + width * 0.75
    colour = NOW if known.text else NEUTRAL
    dash: dict[str, object] = {} if known.text else {"stroke_dasharray": "5 5"}
    neck = (x2 - across * head, y2 - down * head)
    canvas.line(x1, y1, neck[0], neck[1], colour=colour, stroke_width=width, **dash)
    sides = [(neck[0] + side * down * half, neck[1] + side * across * half) for side in (1, -1)]
    canvas.shape([(x2, y2), *sides], fill=colour)


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _label(
    canvas: Canvas, link: Link, known: Arrow, place: tuple[float, float], *, width: float, anchor: str
) -> None:
    x, y = place
    name = link.value[:1].upper() + link.value[1:]
    y = canvas.lines(x, y, name, width=width, size=13.5, font_weight="bold", text_anchor=anchor)
    canvas.lines(
        x,
        y,
        known.text or NOT_IDENTIFIED,
        width=width,
        size=_SIZE,
        colour=INK if known.text else MUTED,
        text_anchor=anchor,
    )


def _money_rows(measured: Measured) -> list[tuple[str, float, str, list[str]]]:
    """Revenues, costs and margin: name, amount in minor units, the amount in words, its causes in words."""
    rows = []
    for side, name in (("revenue", "Revenues"), ("cost", "Costs")):
        mine = [each for each in measured.accounts if each.side == side]
        known = [each for each in mine if each.amount_minor is not None]
        total = sum(each.amount_minor or 0.0 for each in known)
        causes = [f"{each.cause} {_amount(measured, each.amount_minor)}" for each in mine]
        rows.append((name, total, _amount(measured, total if known else None), causes))
    margin = measured.margin_minor
    return [*rows, ("Margin", margin or 0.0, _amount(measured, margin), [])]


def _amount(measured: Measured, amount_minor: float | None) -> str:
    if amount_minor is None:
        return NOT_IDENTIFIED
    if abs(measured.money.major(amount_minor)) < _WRITTEN_OUT:
        return with_unit(round(measured.money.major(amount_minor)), measured.money.unit)
    amounts = [abs(each.amount_minor or 0.0) for each in measured.accounts]
    scale, unit = measured.money.scale(max([abs(amount_minor), *amounts]))
    return with_unit(amount_minor / scale, unit)


def _money_height(measured: Measured, width: float) -> float:
    return _money(Canvas(width, 0), measured, 0)


def _money(canvas: Canvas, measured: Measured, top: float) -> float:
    """Bars of revenues, costs and the margin from ``top`` on; gives how high they are."""
    rows = _money_rows(measured)
    largest = max((abs(amount) for _, amount, _, _ in rows), default=0.0) or 1.0
    left = 84.0
    room = canvas.width - left - 138
    y = top
    for name, amount, text, causes in rows:
        length = abs(amount) / largest * room
        canvas.text(0, y + 16, name, size=14, font_weight="bold")
        canvas.box(left, y + 2, length, 18, fill=CHANGED if name == "Costs" or amount < 0 else NOW)
        canvas.text(left + length + 8, y + 16, text, size=14)
        y += 26
        if causes:
            y = canvas.lines(
                left, y + 10, " · ".join(causes), width=canvas.width - left, size=12.5, colour=MUTED
            )
        y += 10
    return y - top + _SIZE * (LINE - 1)
