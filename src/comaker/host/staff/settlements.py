"""Payouts: computed, proposed by one of the staff, approved by another."""

from __future__ import annotations

from itertools import islice
from uuid import uuid4

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from comaker.host.access import Access, allow
from comaker.host.context import terms_of as firm_of
from comaker.host.firm import in_force
from comaker.host.models import Account, Project, Settlement
from comaker.host.pages.answers import SeeOther
from comaker.host.payout import Basis, division_of, lines_of, payout_of, terms_of
from comaker.host.staff.asking import ask, key_of
from comaker.host.staff.log import Did, log
from comaker.host.staff.projects import project_context
from comaker.host.staff.proposing import propose
from comaker.host.wording import money_text
from comaker.host.writer import Act, Request
from comaker.ledger import LedgerError
from comaker.ledger.postings import exact_sum
from comaker.rules.sharing import pool_of

PAGE = 100


@allow(Access.STAFF)
def all_settlements(request: HttpRequest) -> HttpResponse:
    """Payouts that wait for a second person, then those that were booked or dropped."""
    found = Settlement.objects.select_related("proposed_by", "approved_by").order_by("-state", "-pk")
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    _add_projects(page.object_list)
    return render(request, "comaker/desk/all_settlements.html", {"page": page, "room": "settlements"})


def _add_projects(found: list[Settlement]) -> None:
    projects = Project.objects.in_bulk([each.project for each in found])
    for each in found:
        each.named = projects.get(each.project)


@allow(Access.STAFF)
def settlements(request: HttpRequest, slug: str) -> HttpResponse:
    """What is due now, line by line; propose it, approve what another proposed, or drop it."""
    found = get_object_or_404(Project, slug=slug)
    if request.method == "POST":
        _propose(request, found)
        return SeeOther("desk_settlements", slug)
    context = project_context(request, found, "settlements") | {"key": uuid4()}
    history = list(
        Settlement.objects.filter(project=found.pk)
        .select_related("proposed_by", "approved_by")
        .order_by("-pk")
    )
    context["proposed"] = next((each for each in history if each.state == Settlement.State.PROPOSED), None)
    context["history"] = [each for each in history if each.state != Settlement.State.PROPOSED]
    if context["standing"]:
        try:
            terms = terms_of(found.pk, firm_of(request)[1])
            basis = Basis(division_of(terms), context["standing"].earned_minor)
            context |= _preview(found.pk, basis, request.GET.get("page", "1"))
        except LedgerError as error:
            context["problem"] = str(error)
    return render(request, "comaker/desk/settlements.html", context)


def _preview(project: int, basis: Basis, page: str) -> dict[str, object]:
    """The payout's sums, and one page of its lines."""
    division, base_minor = basis
    due = payout_of(project, basis)
    number = min(int(page), 100_000) if page.isascii() and page.isdecimal() else 1
    start = (max(number, 1) - 1) * PAGE
    lines = list(islice(lines_of(due, basis), start, start + PAGE + 1))
    people = Account.objects.in_bulk({line.customer for line in lines if line.customer is not None})
    return {
        "due": due,
        "base_minor": base_minor,
        "pools": [(role, ppm, pool_of(base_minor, ppm)) for role, ppm in division.shares_ppm.items()],
        "pro_rata": division.pro_rata,
        "total_shares": exact_sum(due.holders.shares),
        "paid_before_minor": due.shared.total_minor - due.total_minor,
        "lines": [(line, people.get(line.customer)) for line in lines[:PAGE]],
        "number": max(number, 1),
        "has_more": len(lines) > PAGE,
        "earlier": max(number - 1, 0),
        "later": max(number, 1) + 1,
    }


def _propose(request: HttpRequest, project: Project) -> None:
    shown = request.POST.get("shown_minor", "")
    seen_minor = int(shown) if shown.isascii() and shown.isdecimal() and len(shown) < 19 else None
    try:
        proposed = propose(project, request.user, seen_minor)
    except LedgerError as error:
        messages.error(request, str(error))
        return
    if proposed.settlement is None:
        messages.error(request, proposed.sentence)
    else:
        messages.success(request, _("Proposed. Somebody else has to approve it before anything is paid."))


@allow(Access.STAFF)
@require_POST
def approve(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Approve what another proposed: it is computed again, and booked."""
    found = get_object_or_404(Project, slug=slug)
    asked = Request(Act.SETTLE, project=found.pk, reference=number, key=key_of(request))
    answer = ask(request, asked)
    if answer.is_done:
        paid = money_text(answer.money_minor, in_force())
        log(request, Did.APPROVED, slug, f"settlement {number}: {paid}")
        messages.success(request, _("Approved and booked: %(amount)s.") % {"amount": paid})
    return SeeOther("desk_settlements", slug)


@allow(Access.STAFF)
@require_POST
def drop(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Drop a proposed payout; nothing is paid."""
    found = get_object_or_404(Project, slug=slug)
    open_one = Settlement.objects.filter(pk=number, project=found.pk, state=Settlement.State.PROPOSED)
    if open_one.update(state=Settlement.State.DROPPED):
        log(request, Did.DROPPED, slug, f"settlement {number}")
        messages.success(request, _("Dropped. Nothing was paid."))
    else:
        messages.error(request, _("This payout is not open any more."))
    return SeeOther("desk_settlements", slug)
