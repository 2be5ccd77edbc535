"""The desk: what waits for somebody of the staff, and how things stand."""

from __future__ import annotations

import time

from django.db.models import Count, Exists, F, Min, OuterRef, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from comaker.host.access import Access, allow
from comaker.host.context import terms_of
from comaker.host.models import Account, Project, Reservation, Settlement, Standing
from comaker.host.pages.reading import price_of
from comaker.host.staff.money import SOON_US
from comaker.host.writer.chain import NO_PROJECT
from comaker.rules.stake import FUNDED, OPEN

MOST_SHOWN = 8
"""How many of each kind are named; a list has the rest."""


@allow(Access.STAFF)
def desk(request: HttpRequest) -> HttpResponse:
    """What waits, most urgent first, and key figures."""
    reservations = Reservation.objects.filter(state=Reservation.State.WAITING).aggregate(
        count=Count("pk"),
        money_minor=Sum("money_minor"),
        soonest_us=Min("lapses_us"),
        soon=Count("pk", filter=Q(lapses_us__lte=time.time_ns() // 1_000 + SOON_US)),
    )
    standings = Standing.objects.exclude(project=NO_PROJECT).aggregate(
        open=Count("pk", filter=Q(status=OPEN)),
        to_produce=Count("pk", filter=_TO_PRODUCE),
        to_release=Count("pk", filter=_TO_RELEASE),
        shares=Sum("collected_shares"),
    )
    proposed = list(
        Settlement.objects.filter(state=Settlement.State.PROPOSED).select_related("proposed_by")[:MOST_SHOWN]
    )
    steps, firm = _steps(), terms_of(request)[0]
    projects = Project.objects.in_bulk([each.project for each in (*proposed, *steps)])
    for each in (*proposed, *steps):
        each.named = projects.get(each.project)
    context = {
        "reservations": reservations,
        "standings": standings,
        "staked_minor": (standings["shares"] or 0) * (price_of(firm) if firm else 0),
        "proposed": proposed,
        "steps": steps,
        "drafts": Project.objects.filter(published_at=None).order_by("-created_at")[:MOST_SHOWN],
        "customers": Account.objects.filter(is_staff=False).count(),
        "room": "desk",
    }
    return render(request, "comaker/desk/desk.html", context)


_TO_PRODUCE = Q(status=FUNDED, produced_us=None)
_TO_RELEASE = Q(produced_us__isnull=False, released_us=None)


def _steps() -> list[Standing]:
    """Projects that wait for their next step: production, release, or a payout of what they earned."""
    settled = Settlement.objects.filter(
        project=OuterRef("project"), earned_minor=OuterRef("earned_minor")
    ).exclude(state=Settlement.State.DROPPED)
    has_earned = Q(released_us__isnull=False, earned_minor__gt=0, is_settled=False)
    waiting = Standing.objects.exclude(project=NO_PROJECT).annotate(is_settled=Exists(settled))
    waiting = waiting.filter(_TO_PRODUCE | _TO_RELEASE | has_earned)
    return list(waiting.order_by(F("released_us").asc(nulls_first=True), "closed_us")[:MOST_SHOWN])
