"""What staff may do: publish, confirm money, record income and costs, milestones, settlements."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest
from ninja import Router, Status
from ninja.errors import HttpError

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
    ProposalIn,
    ReservationsOut,
    SettlementOut,
    SettlementsOut,
)
from comaker.host.models import Contribution, Project, Reservation, Settlement
from comaker.host.staff import proposing
from comaker.host.staff.log import Did, note
from comaker.host.writer import Act, Request

router = Router(tags=["desk"], auth=door("desk", Access.STAFF))
MILESTONES = {"produced": (Act.PRODUCE, Did.PRODUCED), "released": (Act.RELEASE, Did.RELEASED)}
PROPOSES: dict[int, Any] = {201: SettlementOut, **{code: WRITES[code] for code in WRITES if code >= 400}}


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
    asked = Request(Act.CONFIRM, project=project, reference=reservation, key=key)
    return _ask(request, asked, Did.CONFIRMED, f"reservation {reservation}")


@router.post("/publish", response=WRITES)
def publish(request: HttpRequest, body: ProjectIn, key: Key) -> Any:
    """Publish a draft: staking begins."""
    project = project_number(body.project, drafts=True)
    return _ask(request, Request(Act.OPEN, project=project, key=key), Did.PUBLISHED)


@router.post("/milestones", response=WRITES)
def milestone(request: HttpRequest, body: MilestoneIn, key: Key) -> Any:
    """A funded project is in production, or released."""
    act, did = MILESTONES[body.milestone]
    return _ask(request, Request(act, project=project_number(body.project), key=key), did)


@router.post("/income", response=WRITES)
def income(request: HttpRequest, body: IncomeIn, key: Key) -> Any:
    """Money that a project earned outside of the site."""
    return _ask(request, _record(Act.INCOME, body, key), Did.INCOME)


@router.post("/costs", response=WRITES)
def cost(request: HttpRequest, body: CostIn, key: Key) -> Any:
    """Money that was paid for a project."""
    return _ask(request, _record(Act.COST, body, key), Did.COST)


@router.get("/settlements", response={200: SettlementsOut, **READS})
def desk_settlements(request: HttpRequest, limit: Limit = 20, offset: Offset = 0) -> Any:
    """Payouts that were proposed, booked or dropped, the latest first."""
    found = Settlement.objects.order_by("-pk")
    return {"count": found.count(), "items": [_settlement(each) for each in found[offset : offset + limit]]}


@router.post("/settlements", response=PROPOSES)
def propose(request: HttpRequest, body: ProposalIn, key: Key) -> Any:
    """Propose the payout that is due now; somebody else of the staff approves it.

    409: nothing is due, another amount than ``total_minor`` is, or another one is proposed. Sent again, it
    gives the proposal that waits.
    """
    project = Project.objects.get(pk=project_number(body.project))
    proposed = proposing.propose(project, request.auth.account, body.total_minor)
    if proposed.settlement is None:
        raise HttpError(409, proposed.sentence)
    return Status(201, _settlement(proposed.settlement))


@router.post("/settlements/{settlement}/approve", response=WRITES)
def approve(request: HttpRequest, settlement: Number, key: Key) -> Any:
    """Approve what another proposed: it is computed again, and booked."""
    project = Settlement.objects.filter(pk=settlement).values_list("project", flat=True).first()
    if project is None:
        raise Http404
    asked = Request(Act.SETTLE, project=project, reference=settlement, key=key)
    return _ask(request, asked, Did.APPROVED, f"settlement {settlement}")


def _record(act: Act, body: IncomeIn | CostIn, key: str) -> Request:
    project = project_number(body.project)
    return Request(act, project=project, money_minor=body.money_minor, stage=body.stage, key=key)


def _ask(request: HttpRequest, asked: Request, did: Did, subject: str = "") -> Status[Any]:
    """Ask in the name of whoever calls, and note it in the log of staff acts, as their pages do."""
    staff = request.auth.account.pk
    sent_again = Contribution.objects.filter(account=staff, route=asked.act.value, key=asked.key).exists()
    result = ask(asked._replace(staff=staff))
    if not sent_again:
        said, is_done = result.value, result.status_code == 201
        detail = f"{said['money_minor']} minor units" if is_done else said["sentence"]
        what = subject or f"project {asked.project}"
        note(staff, did if is_done else Did.REFUSED, what, f"by a program: {detail}")
    return result


def _settlement(each: Settlement) -> dict[str, Any]:
    return {
        "settlement": each.pk,
        "project": each.project,
        "total_minor": each.total_minor,
        "earned_minor": each.earned_minor,
        "proposed_by": each.proposed_by_id,
        "approved_by": each.approved_by_id,
        "state": each.state,
    }
