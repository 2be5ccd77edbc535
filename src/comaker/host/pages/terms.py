"""The terms in words: what is in force, and what an amendment changed."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from pydantic import BaseModel

from comaker.host.firm import model_of
from comaker.host.models import Publication
from comaker.host.wording import number_text, round_money_text, word_of
from comaker.model import Model, is_money
from comaker.model.paths import locate, parse_path, value_at
from comaker.model.schema.tasks import StakeTask
from comaker.rules.sharing import WHOLE_PPM

_BLANK = re.compile(r"\{([a-z_]+)\}")
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


class Fact(NamedTuple):
    """One of the terms in words."""

    label: str
    value: str


class Share(NamedTuple):
    """Who gets how much of what is divided."""

    role: str
    text: str
    ppm: int


class Change(NamedTuple):
    """What an amendment changed: the key in words and as it stands in the file, and its two values."""

    label: str
    key: str
    before: list[str]
    after: list[str]


class Chapter(NamedTuple):
    """A version of the terms: from when, why, when people were told, what changed, what was assumed."""

    in_force: dt.date
    why: str
    announced: dt.date | None
    changes: list[Change]
    assumed: list[str]
    hash: str
    is_in_force: bool
    is_to_come: bool


def stake_of(firm: Model) -> tuple[str, StakeTask] | None:
    """The task by which customers stake, with its name; None where the firm has none."""
    return next(((name, task) for name, task in firm.task.items() if isinstance(task, StakeTask)), None)


def facts_of(firm: Model) -> list[Fact]:
    """The terms of staking, one line each."""
    found = stake_of(firm)
    if found is None:
        return []
    terms = found[1].terms
    facts = [
        Fact(_("One share costs"), round_money_text(terms.share_price_minor, firm)),
        Fact(
            _("Goal of each %(project)s") % {"project": word_of("project", firm)},
            round_money_text(terms.goal_minor, firm),
        ),
    ]
    if terms.open_seconds:
        facts.append(Fact(_("Open for"), duration_text(terms.open_seconds)))
    if terms.reserved_seconds:
        facts.append(Fact(_("A stake waits for its money for"), duration_text(terms.reserved_seconds)))
    return facts


def in_force_since(whole: Model, firm: Model) -> dt.date:
    """The day from which the terms in force have been so."""
    return next(each.in_force for each in reversed(whole.versions) if each.model is firm)


def caps_of(firm: Model) -> list[tuple[str, str]]:
    """From how much collected one person may hold at most how much, step by step."""
    found = stake_of(firm)
    steps = found[1].terms.cap if found else ()
    return [
        (round_money_text(step.from_minor, firm), round_money_text(step.cap_minor, firm)) for step in steps
    ]


def shares_of(firm: Model) -> list[tuple[str, list[Share]]]:
    """What is divided, and each party's share of it, the firm's own among them."""
    flows: list[tuple[str, list[Share]]] = []
    for flow in firm.sharing.values():
        parties = [(role, ppm) for role, ppm in flow.to.items() if role != "firm"]
        shares = [Share(word_of(role, firm), percent_text(ppm), ppm) for role, ppm in parties]
        flows.append((flow.of, [*shares, Share(firm.name, percent_text(flow.firm_ppm), flow.firm_ppm)]))
    return flows


def blanks_of(firm: Model) -> dict[str, str]:
    """What may stand in the firm's own texts in braces, such as ``{goal}``: so no text outlives its terms."""
    blanks = {"firm": firm.name, "project": word_of("project", firm), "projects": word_of("projects", firm)}
    if found := stake_of(firm):
        terms = found[1].terms
        caps = [step.cap_minor for step in terms.cap] or [terms.goal_minor]
        blanks |= {
            "share_price": round_money_text(terms.share_price_minor, firm),
            "goal": round_money_text(terms.goal_minor, firm),
            "goal_shares": number_text(terms.goal_minor // terms.share_price_minor),
            "cap_first": round_money_text(caps[0], firm),
            "cap_last": round_money_text(caps[-1], firm),
            "reserved_for": duration_text(terms.reserved_seconds),
        }
    for flow in firm.sharing.values():
        blanks |= {f"{role}_part": percent_text(ppm) for role, ppm in flow.to.items()}
        blanks["firm_part"] = percent_text(flow.firm_ppm)
    return blanks


def filled(text: str, blanks: Mapping[str, str]) -> str:
    """A text with its blanks filled in; what is no blank stays as it is written."""
    return _BLANK.sub(lambda match: blanks.get(match[1], match[0]), text)


def numbered(firm: Model, *keys: str) -> list[tuple[str, ...]]:
    """Texts that the firm wrote under numbers (``faq1_question``, ``faq1_answer``, ``faq2_question`` …)."""
    blanks = blanks_of(firm)
    found: list[tuple[str, ...]] = []
    for number in range(1, 100):
        names = [key.replace("#", str(number)) for key in keys]
        texts = [word_of(name, firm) for name in names]
        if texts[0] == names[0]:
            break
        found.append(
            tuple(
                "" if text == name else filled(text, blanks) for text, name in zip(texts, names, strict=True)
            )
        )
    return found


def written(firm: Model, key: str) -> str:
    """A text that the firm wrote, its blanks filled in; empty where it wrote none."""
    text = word_of(key, firm)
    return "" if text == key else filled(text, blanks_of(firm))


def steps_of(firm: Model) -> list[tuple[str, ...]]:
    """How it works in three steps: in the firm's own words, or without any in those of its tasks' guides."""
    guided = [(name, task.guide) for name, task in firm.task.items() if task.guide]
    return numbered(firm, "how#_title", "how#_text") or [
        (word_of(name, firm).capitalize(), guide.what) for name, guide in guided[:3]
    ]


def questions_of(firm: Model) -> list[tuple[str, ...]]:
    """Questions and answers: the firm's own, or without any those that its tasks' guides answer."""
    if own := numbered(firm, "faq#_question", "faq#_answer"):
        return own
    guides = [task.guide for task in firm.task.values() if task.guide]
    return [
        pair
        for guide in guides[:1]
        for pair in (
            (_("What would I do?"), guide.what),
            (_("How is it done?"), guide.how),
            (_("What do I gain?"), guide.why),
            (_("How do I stop?"), guide.stop),
        )
    ]


def chapters_of(whole: Model, now: dt.date) -> list[Chapter]:
    """Every version of the terms, latest first."""
    told = _first_told()
    versions = whole.versions
    current = whole.at(now).terms_hash if now >= whole.launched else ""
    chapters = []
    for number, version in enumerate(versions):
        amendment = _amendment(whole, version.in_force) if number else None
        changes = (
            list(_changes(versions[number - 1].model, version.model, amendment.set)) if amendment else []
        )
        chapters.append(
            Chapter(
                in_force=version.in_force,
                why=version.why if number else _("The terms at the launch"),
                announced=(amendment.announced if amendment else None) or told.get(version.hash),
                changes=changes,
                assumed=list(amendment.assumes) if amendment else _assumed_at_launch(version.model),
                hash=version.hash,
                is_in_force=version.hash == current and version.in_force <= now,
                is_to_come=version.in_force > now,
            )
        )
    return chapters[::-1]


def _first_told() -> dict[str, dt.date]:
    """The day on which each version was first published here, by its hash."""
    told: dict[str, dt.date] = {}
    for text, announced_at in Publication.objects.order_by("id").values_list("text", "announced_at"):
        for version in model_of(text).versions:
            told.setdefault(version.hash, announced_at)
    return told


def _amendment(whole: Model, in_force: dt.date) -> Any:
    return next((each for each in whole.amendment if each.in_force == in_force), None)


def _assumed_at_launch(model: Model) -> list[str]:
    tables = [*model.task.values(), *model.sharing.values(), *model.offer.values()]
    return [gap for table in tables for gap in table.assumes]


def _changes(before: Model, after: Model, keys: Mapping[str, Any]) -> Iterator[Change]:
    dumps = [model.model_dump(mode="json", by_alias=True) for model in (before, after)]
    for key in keys:
        path = parse_path(key)
        old, new = (value_at(dump, locate(dump, path)) for dump in dumps)
        yield Change(
            label=_label(after, path) or key,
            key=key,
            before=list(_in_words(old, before, key)),
            after=list(_in_words(new, after, key)),
        )


def _label(model: Model, path: tuple[str | int, ...]) -> str:
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
            here = here.get(part) if isinstance(here, dict) else None
    return label.partition(":")[0].rstrip(".")


def _in_words(value: Any, model: Model, key: str) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _in_words(each, model, key)
    elif isinstance(value, dict) and value.keys() == {"from", "cap"}:
        amounts = {
            "from": round_money_text(value["from"], model),
            "cap": round_money_text(value["cap"], model),
        }
        yield (
            _("%(cap)s from %(from)s collected") if value["from"] else _("%(cap)s from the start")
        ) % amounts
    elif isinstance(value, dict):
        yield ", ".join(
            f"{name}: {percent_text(each) if type(each) is int else each}" for name, each in value.items()
        )
    elif value is None or value == "":
        yield _("nothing")
    elif type(value) is int and is_money(model, key):
        yield round_money_text(value, model)
    else:
        yield str(value)


def percent_text(ppm: int) -> str:
    """A share in parts per million as a percentage: ``30%``, ``12.5%``."""
    return f"{ppm * 100 / WHOLE_PPM:g}%"


def duration_text(seconds: int) -> str:
    """A length of time in its largest whole unit: ``14 days``."""
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds % size == 0), _UNITS[-1])
    count = seconds // size
    words = {
        "day": ngettext("%d day", "%d days", count),
        "hour": ngettext("%d hour", "%d hours", count),
        "minute": ngettext("%d minute", "%d minutes", count),
        "second": ngettext("%d second", "%d seconds", count),
    }
    return words[unit] % count
