"""The terms in words: what is in force, and what an amendment changed."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from comaker.host.changes import Change, changes_between
from comaker.host.firm import model_of, stake_of
from comaker.host.models import Publication
from comaker.host.wording import duration_text, number_text, percent_text, round_money_text, word_of
from comaker.model import Model

_BLANK = re.compile(r"\{([a-z_]+)\}")


class Fact(NamedTuple):
    """One of the terms in words."""

    label: str
    value: str


class Share(NamedTuple):
    """Who gets how much of what is divided."""

    role: str
    text: str
    ppm: int


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
        changes = changes_between(versions[number - 1].model, version.model) if number else []
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
