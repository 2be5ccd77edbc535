"""The log of what staff do: one line an act, in the request that did it; the database only lets it grow."""

from __future__ import annotations

from enum import StrEnum

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from comaker.host.access import Access, allow
from comaker.host.models import Account, StaffAct

PAGE = 50
_LONGEST = {"subject": 80, "detail": 2_000}


class Did(StrEnum):
    """What staff did."""

    DRAFTED = "drafted"
    EDITED = "edited"
    PUBLISHED = "published"
    UPLOADED = "uploaded"
    REARRANGED = "rearranged"
    REMOVED = "removed"
    NEWS = "wrote news"
    PRODUCED = "set in production"
    RELEASED = "released"
    CONFIRMED = "confirmed money"
    INCOME = "recorded income"
    COST = "recorded a cost"
    PROPOSED = "proposed a payout"
    APPROVED = "approved a payout"
    DROPPED = "dropped a payout"
    AMENDED = "amended the terms"
    REFUSED = "was refused"
    ADMIN = "changed a row"


def log(request: HttpRequest, act: Did, subject: str = "", detail: str = "") -> StaffAct:
    """Note what the person who is logged in did, to what; too long a text is cut."""
    return note(request.user.pk, act, subject, detail)


def note(account: int, act: Did, subject: str = "", detail: str = "") -> StaffAct:
    """Note what an account of the staff did, where a program did it in its name."""
    return StaffAct.objects.create(
        account=account,
        act=act.value,
        subject=subject[: _LONGEST["subject"]],
        detail=detail[: _LONGEST["detail"]],
    )


@allow(Access.STAFF)
def acts(request: HttpRequest) -> HttpResponse:
    """Everything that staff did, latest first; ``act`` and ``by`` narrow it."""
    found = StaffAct.objects.all()
    act, by = request.GET.get("act", ""), request.GET.get("by", "")
    if act in list(Did):
        found = found.filter(act=act)
    if by.isascii() and by.isdecimal() and len(by) < 18:
        found = found.filter(account=int(by))
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    people = Account.objects.in_bulk({each.account for each in page})
    for each in page:
        each.person = people.get(each.account)
    context = {
        "page": page,
        "acts": [each.value for each in Did],
        "act": act,
        "by": by,
        "staff": Account.objects.filter(is_staff=True).order_by("name", "pk"),
        "room": "log",
    }
    return render(request, "comaker/desk/log.html", context)
