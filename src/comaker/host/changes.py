"""What an amendment changes, in words: each value before and after."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from comaker.host.wording import money_text, number_text
from comaker.model import Model, is_money

_LABELS = {
    "cap": gettext_lazy("The most one person may hold"),
    "goal": gettext_lazy("The goal"),
    "reserved_for": gettext_lazy("How long a place is kept until its money is there"),
    "open_for": gettext_lazy("How long it stays open"),
    "closes": gettext_lazy("When it closes"),
    "partial": gettext_lazy("What happens to a stake that is too large"),
    "price": gettext_lazy("The price"),
    "unit_cost": gettext_lazy("The cost of a copy"),
    "to": gettext_lazy("Share of the income"),
}
_DURATIONS = frozenset({"open_for", "reserved_for", "takes", "within", "saves"})


class Change(NamedTuple):
    """One value that differs: its key path in the model file, its name, and it before and after, in words."""

    key: str
    label: str
    before: str
    after: str


def changes_between(before: Model, after: Model) -> list[Change]:
    """Every value of the terms that differs, in the order of the model file; lists count as one value."""
    old, new = (dict(_leaves(each.model_dump(mode="json", by_alias=True))) for each in (before, after))
    keys = [path for path in {**old, **new} if old.get(path) != new.get(path)]
    return [
        Change(_dotted(path), _label(path), _words(before, path, old), _words(after, path, new))
        for path in keys
        if path[0] != "amendment"
    ]


def in_words(model: Model, path: tuple[str, ...]) -> str:
    """The value at a key path in words."""
    return _words(model, path, dict(_leaves(model.model_dump(mode="json", by_alias=True))))


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    else:
        yield path, value


def _dotted(path: tuple[str, ...]) -> str:
    return ".".join(f'"{part}"' if "." in part else part for part in path)


def _label(path: tuple[str, ...]) -> str:
    if path[-2:-1] == ("to",):
        return f"{_LABELS['to']}: {path[-1]}"
    return str(_LABELS.get(path[-1], path[-1].replace("_", " ")))


def _words(model: Model, path: tuple[str, ...], leaves: dict[tuple[str, ...], Any]) -> str:
    value = leaves.get(path)
    if value is None or value in ([], {}, ""):
        return _("nothing")
    if isinstance(value, list) and all(
        isinstance(step, dict) and {"from", "cap"} == {*step} for step in value
    ):
        return _cap_words(value, model)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int) and is_money(model, _dotted(path)):
        return money_text(value, model)
    if isinstance(value, int) and path[-1] in _DURATIONS:
        return _duration(value)
    if isinstance(value, int) and path[-2:-1] == ("to",):
        return f"{value / 10_000:g} %"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


def _cap_words(steps: list[dict[str, int]], model: Model) -> str:
    if len(steps) == 1:
        return money_text(steps[0]["cap"], model)
    return "; ".join(
        _("from %(from)s collected: %(cap)s")
        % {"from": money_text(step["from"], model), "cap": money_text(step["cap"], model)}
        for step in steps
    )


def _duration(seconds: int) -> str:
    if seconds == 0:
        return _("no limit")
    for size, one, many in ((86_400, "%(n)s day", "%(n)s days"), (3_600, "%(n)s hour", "%(n)s hours")):
        if seconds % size == 0:
            return ngettext(one, many, seconds // size) % {"n": number_text(seconds // size)}
    return ngettext("%(n)s second", "%(n)s seconds", seconds) % {"n": number_text(seconds)}
