"""Reads the tables in the order in which an audit needs them, a few rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Value
from django.db.models.functions import Coalesce

from comaker.host.models import Event, Holding, Posting, Publication, Reservation, Standing
from comaker.host.writer.terms import Terms, versions_of

CHUNK = 5_000
"""Rows fetched at once."""


class EventRow(NamedTuple):
    """What an audit reads of an event; columns of ``comaker.host.models.Event``."""

    id: int
    project: int
    at_us: int
    model: str
    kind: str
    customer: int | None
    role: str | None
    task: str | None
    stage: str | None
    subject: int | None
    refusal: str | None
    quantity: int | None
    money_minor: int | None


class PostingRow(NamedTuple):
    """A posting; columns of ``comaker.host.models.Posting``."""

    id: int
    event_id: int
    chain: int
    number: int
    source: str
    target: str
    currency: str
    amount_minor: int
    rule: str
    version: str
    hash: bytes


def _digest(value: Any) -> bytes:
    """A hash as the database gives it; SQLite gives whatever was put there."""
    return value.encode() if isinstance(value, str) else bytes(value)


@contextmanager
def snapshot() -> Iterator[None]:
    """One state of the database for all that is read, while others go on writing."""
    with connection.cursor() as cursor:
        # Not atomic(): on SQLite that would keep every writer out.
        cursor.execute(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
            if connection.vendor == "postgresql"
            else "BEGIN DEFERRED"
        )
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def events() -> Iterator[EventRow]:
    """Every event, project by project (0: of none), in the order in which they were written."""
    names = [name for name in EventRow._fields if name != "project"]
    rows = (
        Event.objects.annotate(project=Coalesce("subject", Value(0)))
        .order_by("project", "id")
        .values_list("id", "project", *names[1:])
    )
    return map(EventRow._make, rows.iterator(CHUNK))


def postings() -> Iterator[PostingRow]:
    """Every posting, chain by chain, in the order of their numbers."""
    rows = Posting.objects.order_by("chain", "number", "id").values_list(*PostingRow._fields)
    for row in rows.iterator(CHUNK):
        yield PostingRow._make((*row[:-1], _digest(row[-1])))


def standings() -> dict[int, dict[str, Any]]:
    """The standing of every project."""
    return {
        row["project"]: {**row, "head": _digest(row["head"])}
        for row in Standing.objects.values().iterator(CHUNK)
    }


def holdings_of(project: int) -> Iterator[tuple[int, int, int, int]]:
    """Customer, shares, reserved shares and money paid of each holding of a project."""
    rows = Holding.objects.filter(project=project).order_by("customer")
    names = ("customer", "shares", "reserved_shares", "paid_minor")
    return iter(rows.values_list(*names).iterator(CHUNK))


def reservations_of(project: int) -> dict[int, dict[str, Any]]:
    """The reservations of a project by their number."""
    rows = Reservation.objects.filter(project=project).order_by("event").values()
    return {row["event"]: row for row in rows.iterator(CHUNK)}


def published_terms() -> dict[str, Terms]:
    """All terms that were ever published, by their hash."""
    found: dict[str, Terms] = {}
    for text in Publication.objects.order_by("id").values_list("text", flat=True).iterator(CHUNK):
        found |= {terms.hash: terms for terms in versions_of(text).terms}
    return found


def projects_with_rows() -> set[int]:
    """Projects that holdings or reservations name."""
    return {
        project
        for table in (Holding, Reservation)
        for project in table.objects.values_list("project", flat=True).distinct().iterator(CHUNK)
    }
