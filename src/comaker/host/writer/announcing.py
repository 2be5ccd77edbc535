"""Announces new terms: a new publication and its event, in one transaction."""

from __future__ import annotations

import datetime as dt
import json
import time

from django.conf import settings
from django.db import connection, transaction

from comaker.events import Kind
from comaker.host.firm import model_of
from comaker.host.models import Event, Publication
from comaker.host.writer.store import NUMBERING
from comaker.model import Model
from comaker.refusals import Refusal
from comaker.rules.notice import decide_notice


def announce(text: str, *, staff: int, base_hash: str, now_us: int | None = None) -> Refusal:
    """Publish a model's text in place of the publication with ``base_hash``, which it was drawn up from.

    ``OUT_OF_DATE`` where others announced terms meanwhile; ``TOO_SHORT_NOTICE`` where the first day on which
    the terms would differ comes too soon, or is over. Raises ``ModelError`` where the text is no model, and
    ``ValueError`` where it changes nothing.
    """
    announced = model_of(text)
    with transaction.atomic():
        _hold()
        now_us = time.time_ns() // 1_000 if now_us is None else now_us
        base = Publication.objects.order_by("-id").first()
        if base is None or base.hash != base_hash:
            return Refusal.OUT_OF_DATE
        before = model_of(base.text)
        day = first_difference(before, announced)
        if day is None:
            raise ValueError("this changes nothing in the terms")
        refusal = notice_of(day, now_us)
        if refusal is Refusal.NONE:
            Publication.objects.create(text=text, hash=announced.hash, announced_by_id=staff)
            now = dt.datetime.fromtimestamp(now_us / 1_000_000, dt.UTC)
            told = json.dumps({"hash": announced.hash, "in_force": day.isoformat()})
            Event.objects.create(at_us=now_us, kind=Kind.AMENDED, model=before.at(now).terms_hash, shown=told)
        return refusal


def first_difference(before: Model, after: Model) -> dt.date | None:
    """The first day on which two models' terms are not the same; None where they never differ."""
    one, other = ({(each.in_force, each.hash) for each in model.versions} for model in (before, after))
    return min((day for day, _ in one ^ other), default=None)


def notice_of(day: dt.date, now_us: int) -> Refusal:
    """Whether terms announced now may be in force from a day's beginning on (UTC)."""
    begins = dt.datetime.combine(day, dt.time(), dt.UTC)
    return decide_notice(-(-now_us // 1_000_000), int(begins.timestamp()), settings.NOTICE_SECONDS)


def _hold() -> None:
    # On SQLite the transaction began as the only writer. Events get their numbers under the same lock.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NUMBERING])
