"""What an amendment changes, in words: each value before and after."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import BaseModel

from comaker.host.wording import duration_text, percent_text, round_money_text
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
    """One value that differs: its key path in the model file, its name, and it before and after, in words,
    line by line."""

    key: str
    label: str
    before: list[str]
    after: list[str]


def changes_between(before: Model, after: Model) -> list[Change]:
    """Every value of the terms that differs, in the order of the model file; lists count as one value."""
    old, new = (dict(_leaves(each.model_dump(mode="json", by_alias=True))) for each in (before, after))
    keys = [path for path in {**old, **new} if old.get(path) != new.get(path)]
    return [
        Change(_dotted(path), _label(after, path), _lines(before, path, old), _lines(after, path, new))
        for path in keys
        if path[0] != "amendment"
    ]


def in_words(model: Model, path: tuple[str, ...]) -> str:
    """The value at a key path in words."""
    return "; ".join(_lines(model, path, dict(_leaves(model.model_dump(mode="json", by_alias=True)))))


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    else:
        yield path, value


def _dotted(path: tuple[str, ...]) -> str:
    return ".".join(f'"{part}"' if "." in part else part for part in path)


def _label(model: Model, path: tuple[str, ...]) -> str:
    if path[-2:-1] == ("to",):
        return f"{_LABELS['to']}: {path[-1]}"
    return str(_LABELS.get(path[-1]) or _documented(model, path) or path[-1].replace("_", " "))


def _documented(model: Model, path: tuple[str, ...]) -> str:
    """What the model file's own documentation says that a key means."""
    here: Any = model
    label = ""
    for part in path:
        if isinstance(here, BaseModel):
            fields = type(here).model_fields
            name = next((each for each, field in fields.items() if part in (field.alias, each)), "")
            label = (fields[name].description or "") if name else ""
            here = getattr(here, name, None)
        else:
            label, here = "", here.get(part) if isinstance(here, dict) else None
    return label.partition(":")[0].rstrip(".")


def _lines(model: Model, path: tuple[str, ...], leaves: dict[tuple[str, ...], Any]) -> list[str]:
    value = leaves.get(path)
    if value is None or value in ([], {}, ""):
        return [_("nothing")]
    if isinstance(value, list) and all(
        isinstance(step, dict) and {"from", "cap"} == {*step} for step in value
    ):
        return [_cap_text(step, model) for step in value]
    if isinstance(value, bool):
        return [_("yes") if value else _("no")]
    if isinstance(value, int) and is_money(model, _dotted(path)):
        return [round_money_text(value, model)]
    if isinstance(value, int) and path[-1] in _DURATIONS:
        return [duration_text(value) if value else _("no limit")]
    if isinstance(value, int) and path[-2:-1] == ("to",):
        return [percent_text(value)]
    return [", ".join(map(str, value)) if isinstance(value, list) else str(value)]


def _cap_text(step: dict[str, int], model: Model) -> str:
    amounts = {name: round_money_text(amount, model) for name, amount in step.items()}
    text = _("%(cap)s from %(from)s collected") if step["from"] else _("%(cap)s from the start")
    return text % amounts
