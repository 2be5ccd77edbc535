"""What a customer may do and see: stake, withdraw, buy, holdings, statements."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from ninja import Router

from comaker.host.access import Access
from comaker.host.api.answering import READS, WRITES, ask, project_number
from comaker.host.api.doors import door
from comaker.host.api.schemas import (
    PAGE,
    AccountOut,
    After,
    HoldingsOut,
    Key,
    Limit,
    Offset,
    PurchaseIn,
    ReservationsOut,
    Slug,
    StakeIn,
    StatementOut,
    WithdrawalIn,
)
from comaker.host.api.stakes import MOST, instant
from comaker.host.models import Event, Holding, Project, Reservation
from comaker.host.pages import shown
from comaker.host.writer import Act, Request

router = Router(tags=["customers"])
# Whether staff may take part is for the rules to decide: the writer refuses them, and logs that they tried.


@router.post("/stakes", response=WRITES, auth=door("stake", Access.ACCOUNT))
def stake(request: HttpRequest, body: StakeIn, key: Key) -> Any:
    """Stake on a project. 201: done, or reserved until ``lapses_at``; 200: refused by a rule of the terms."""
    project = project_number(body.project)
    customer = request.auth.account.pk
    seen = shown.unsign(body.shown)
    return ask(
        Request(Act.STAKE, project=project, customer=customer, quantity=body.shares, key=key, shown=seen)
    )


@router.post("/withdrawals", response=WRITES, auth=door("stake", Access.ACCOUNT))
def withdrawal(request: HttpRequest, body: WithdrawalIn, key: Key) -> Any:
    """Take shares back, as long as the goal is not reached."""
    project = project_number(body.project)
    return ask(
        Request(
            Act.WITHDRAW, project=project, customer=request.auth.account.pk, quantity=body.shares, key=key
        )
    )


@router.post("/purchases", response=WRITES, auth=door("buy", Access.ACCOUNT))
def purchase(request: HttpRequest, body: PurchaseIn, key: Key) -> Any:
    """Buy copies of what a project made, once it is released."""
    project = project_number(body.project)
    return ask(
        Request(Act.BUY, project=project, customer=request.auth.account.pk, quantity=body.copies, key=key)
    )


@router.get("/me", response={200: AccountOut, **READS}, auth=door("read", Access.ACCOUNT))
def me(request: HttpRequest) -> Any:
    """Who calls."""
    account = request.auth.account
    return {"account": account.pk, "name": account.shown_name, "is_staff": account.is_staff}


@router.get("/holdings", response={200: HoldingsOut, **READS}, auth=door("read", Access.CUSTOMER))
def holdings(request: HttpRequest, limit: Limit = 20, offset: Offset = 0) -> Any:
    """What the caller holds."""
    held = Holding.objects.filter(customer=request.auth.account.pk).order_by("id")
    page = list(held[offset : offset + limit])
    projects = Project.objects.in_bulk([each.project for each in page])
    return {"count": held.count(), "items": [_holding(each, projects[each.project]) for each in page]}


@router.get("/holdings/{slug}", response={200: StatementOut, **READS}, auth=door("read", Access.CUSTOMER))
def statement(request: HttpRequest, slug: Slug, before: After = MOST, limit: Limit = PAGE) -> Any:
    """The caller's statement of one project."""
    customer = request.auth.account.pk
    project = Project.objects.get(pk=project_number(slug))
    held = Holding.objects.filter(customer=customer, project=project.pk).first()
    if held is None:
        raise Http404
    lines: QuerySet[Event] = Event.objects.filter(
        customer=customer, subject=project.pk, id__lt=before
    ).order_by("-id")
    items = [
        {
            "event": line.id,
            "at": instant(line.at_us),
            "kind": line.kind,
            "task": line.task,
            "quantity": line.quantity,
            "money_minor": line.money_minor,
            "refusal": line.refusal,
        }
        for line in lines[:limit]
    ]
    return {
        "holding": _holding(held, project),
        "items": items,
        "next_before": items[-1]["event"] if len(items) == limit else None,
    }


@router.get("/reservations", response={200: ReservationsOut, **READS}, auth=door("read", Access.CUSTOMER))
def reservations(request: HttpRequest, limit: Limit = 20, offset: Offset = 0) -> Any:
    """The caller's stakes and purchases that wait for their money."""
    return waiting(Reservation.of(request.auth.account.pk), limit, offset)


def waiting(which: Q, limit: int, offset: int) -> dict[str, Any]:
    """A page of reservations that wait, those that lapse first coming first."""
    found = Reservation.objects.filter(which, state=Reservation.State.WAITING).order_by("lapses_us", "event")
    items = [
        {
            "reservation": each.event,
            "project": each.project,
            "customer": each.customer,
            "task": each.task,
            "quantity": each.quantity,
            "money_minor": each.money_minor,
            "lapses_at": instant(each.lapses_us),
        }
        for each in found[offset : offset + limit]
    ]
    return {"count": found.count(), "items": items}


def _holding(each: Holding, project: Project) -> dict[str, Any]:
    return {
        "project": each.project,
        "slug": project.slug,
        "name": project.name,
        "shares": each.shares,
        "reserved_shares": each.reserved_shares,
        "paid_minor": each.paid_minor,
    }
