"""What anybody may read: projects, rules, books."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Router

from comaker.events import Kind
from comaker.host.api.answering import FOR_ANYBODY, READS, project_number
from comaker.host.api.doors import open_door
from comaker.host.api.schemas import (
    PAGE,
    After,
    BooksOut,
    Limit,
    Offset,
    PayoutsOut,
    ProjectsOut,
    RulesOut,
    Slug,
    StoryOut,
)
from comaker.host.api.stakes import instant
from comaker.host.firm import in_force, published
from comaker.host.models import Event, Holding, Posting, Project, Publication, Standing
from comaker.host.writer.terms import Terms, versions_of
from comaker.rules.stake import EXPIRED, FUNDED, OPEN, ProjectState, cap_at, stake_room

router = Router(tags=["read"], auth=open_door())
STATUSES = {OPEN: "open", FUNDED: "funded", EXPIRED: "expired"}


@router.get("/projects", response={200: ProjectsOut, **READS}, openapi_extra=FOR_ANYBODY)
def projects(
    request: HttpRequest,
    status: Literal["open", "funded", "expired"] | None = None,
    limit: Limit = 20,
    offset: Offset = 0,
) -> Any:
    """Published projects, the latest first."""
    found = Project.objects.filter(published_at__isnull=False)
    if status is not None:
        codes = {word: code for code, word in STATUSES.items()}
        found = found.filter(pk__in=Standing.objects.filter(status=codes[status]).values("project"))
    page = list(found[offset : offset + limit])
    return {"count": found.count(), "items": _described(page, _caller(request))}


@router.get("/projects/{slug}", response={200: StoryOut, **READS}, openapi_extra=FOR_ANYBODY)
def project(request: HttpRequest, slug: Slug) -> Any:
    """One project: its texts, where it stands, and what the caller could still stake now."""
    found = Project.objects.get(pk=project_number(slug))
    (described,) = _described([found], _caller(request))
    return {**described, "story": found.story, "opinion": found.opinion}


@router.get("/projects/{slug}/books", response={200: BooksOut, **READS}, openapi_extra=FOR_ANYBODY)
def books(request: HttpRequest, slug: Slug, after: After = 0, limit: Limit = PAGE) -> Any:
    """The open books: every movement of money of a project, in order, chained by hashes."""
    lines = Posting.objects.filter(chain=project_number(slug), number__gt=after).order_by("number")
    items = [
        {
            "number": line.number,
            "event": line.event_id,
            "source": line.source,
            "target": line.target,
            "currency": line.currency,
            "amount_minor": line.amount_minor,
            "rule": line.rule,
            "version": line.version,
            "hash": bytes(line.hash).hex(),
        }
        for line in lines[:limit]
    ]
    return {"items": items, "next_after": items[-1]["number"] if len(items) == limit else None}


@router.get("/projects/{slug}/payouts", response={200: PayoutsOut, **READS}, openapi_extra=FOR_ANYBODY)
def payouts(request: HttpRequest, slug: Slug, after: After = 0, limit: Limit = PAGE) -> Any:
    """Every payment that was made out of a project's income."""
    paid: QuerySet[Event] = Event.objects.filter(
        subject=project_number(slug), kind=Kind.PAID.value, id__gt=after
    ).order_by("id")
    items = [
        {
            "event": event.id,
            "at": instant(event.at_us),
            "role": event.role,
            "customer": event.customer,
            "money_minor": event.money_minor,
        }
        for event in paid[:limit]
    ]
    return {"items": items, "next_after": items[-1]["event"] if len(items) == limit else None}


@router.get("/rules", response={200: RulesOut, **READS}, openapi_extra=FOR_ANYBODY)
def rules(request: HttpRequest) -> Any:
    """Every version of the terms; the whole of them is the file ``/rules/model.toml``."""
    model = published()
    terms = versions_of(Publication.objects.latest("id").text).terms
    items = [
        {
            "in_force": version.in_force,
            "why": version.why,
            "hash": version.hash,
            "share_price_minor": each.stake.share_price_minor,
            "goal_shares": each.stake.goal_shares,
            "reserved_seconds": each.reserved_us // 1_000_000,
            "closes_at_goal": bool(each.stake.closes_at_goal),
        }
        for version, each in zip(model.versions, terms, strict=True)
    ]
    return {
        "name": model.name,
        "currency": model.currency,
        "in_force": in_force().terms_hash,
        "versions": items,
    }


def _caller(request: HttpRequest) -> int | None:
    """The customer who calls; None for staff, who may not take part, and for anybody."""
    account = request.auth.account
    return None if account is None or account.is_staff else account.pk


def _described(found: Iterable[Project], customer: int | None) -> list[dict[str, Any]]:
    found = list(found)
    numbers = [each.pk for each in found]
    standings = Standing.objects.in_bulk(numbers)
    held: dict[int, int] = {}
    if customer is not None:
        mine = Holding.objects.filter(customer=customer, project__in=numbers)
        held = dict(mine.values_list("project", "shares"))
    terms = versions_of(Publication.objects.latest("id").text).at(time.time_ns() // 1_000)
    return [
        _one(each, standings[each.pk], terms, None if customer is None else held.get(each.pk, 0))
        for each in found
    ]


def _one(each: Project, standing: Standing, terms: Terms, held_shares: int | None) -> dict[str, Any]:
    state = ProjectState(
        standing.status, standing.collected_shares, standing.goal_shares, standing.opened_us // 1_000_000
    )
    is_open = standing.status == OPEN
    room = stake_room(held_shares, state, terms.stake) if held_shares is not None and is_open else 0
    return {
        "project": each.pk,
        "slug": each.slug,
        "name": each.name,
        "line": each.line,
        "status": STATUSES[standing.status],
        "currency": terms.currency,
        "share_price_minor": terms.stake.share_price_minor,
        "goal_shares": standing.goal_shares,
        "collected_shares": standing.collected_shares,
        "reserved_shares": standing.reserved_shares,
        "holders": standing.holders,
        "cap_shares": cap_at(standing.collected_shares, terms.stake),
        "room_shares": None if held_shares is None else room,
        "opened_at": instant(standing.opened_us),
        "closed_at": instant(standing.closed_us),
        "produced_at": instant(standing.produced_us),
        "released_at": instant(standing.released_us),
    }
