"""What staff may do: publish, confirm money, record income and costs, milestones, settlements."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest
from ninja import Router

from comaker.host.access import Access
from comaker.host.api.answering import READS, WRITES, ask, project_number
from comaker.host.api.customers import waiting
from comaker.host.api.doors import door
from comaker.host.api.schemas import (
    CostIn,
    IncomeIn,
    Key,
    Limit,
    MilestoneIn,
    Number,
    Offset,
    ProjectIn,
    ReservationsOut,
)
from comaker.host.models import Reservation
from comaker.host.writer import Act, Request

router = Router(tags=["desk"], auth=door("desk", Access.STAFF))
MILESTONES = {"produced": Act.PRODUCE, "released": Act.RELEASE}


@router.get("/reservations", response={200: ReservationsOut, **READS})
def desk_reservations(request: HttpRequest, limit: Limit = 20, offset: Offset = 0) -> Any:
    """Stakes and purchases that wait for their money."""
    return waiting(Q(), limit, offset)


@router.post("/reservations/{reservation}/confirm", response=WRITES)
def confirm(request: HttpRequest, reservation: Number, key: Key) -> Any:
    """The money of a reservation came in."""
    project = Reservation.objects.filter(pk=reservation).values_list("project", flat=True).first()
    if project is None:
        raise Http404
    return ask(Request(Act.CONFIRM, project=project, staff=_staff(request), reference=reservation, key=key))


@router.post("/publish", response=WRITES)
def publish(request: HttpRequest, body: ProjectIn, key: Key) -> Any:
    """Publish a draft: staking begins."""
    project = project_number(body.project, drafts=True)
    return ask(Request(Act.OPEN, project=project, staff=_staff(request), key=key))


@router.post("/milestones", response=WRITES)
def milestone(request: HttpRequest, body: MilestoneIn, key: Key) -> Any:
    """A funded project is in production, or released."""
    project = project_number(body.project)
    return ask(Request(MILESTONES[body.milestone], project=project, staff=_staff(request), key=key))


@router.post("/income", response=WRITES)
def income(request: HttpRequest, body: IncomeIn, key: Key) -> Any:
    """Money that a project earned outside of the site."""
    return ask(_record(request, Act.INCOME, body, key))


@router.post("/costs", response=WRITES)
def cost(request: HttpRequest, body: CostIn, key: Key) -> Any:
    """Money that was paid for a project."""
    return ask(_record(request, Act.COST, body, key))


def _record(request: HttpRequest, act: Act, body: IncomeIn | CostIn, key: str) -> Request:
    project = project_number(body.project)
    return Request(
        act, project=project, staff=_staff(request), money_minor=body.money_minor, stage=body.stage, key=key
    )


def _staff(request: HttpRequest) -> int:
    number: int = request.auth.account.pk
    return number
