"""Money that customers have promised to send: found, and confirmed when it is there."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from uuid import uuid4

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from comaker.host.access import Access, allow
from comaker.host.firm import in_force, stake_of
from comaker.host.models import Account, Project, Reservation
from comaker.host.pages.answers import SeeOther
from comaker.host.staff.asking import key_of
from comaker.host.staff.log import Did, log
from comaker.host.wording import money_text
from comaker.host.writer import Act, Answer, Request, write

PAGE = 50
MOST_AT_ONCE = 50
SOON_US = 2 * 86_400 * 1_000_000
"""How long before its end a reservation is called urgent."""

_REFERENCE = re.compile(r"(?:[Rr]-?)?([0-9]{1,18})")


@allow(Access.STAFF)
def money(request: HttpRequest) -> HttpResponse:
    """Reservations that wait for their money, those first whose time is over first."""
    if request.method == "POST":
        return _confirm(request)
    find = request.GET.get("find", "").strip()[:80]
    page = Paginator(_waiting(find), PAGE).get_page(request.GET.get("page"))
    now_us = time.time_ns() // 1_000
    for each in with_names(page):
        each.is_over, each.is_soon = each.lapses_us <= now_us, each.lapses_us <= now_us + SOON_US
    context = {
        "page": page,
        "find": find,
        "key": uuid4(),
        "done": with_names(_became(request.GET.get("done", ""))),
        "room": "money",
        "stake_task": next(iter(stake_of(in_force()) or ("",))),
    }
    return render(request, "comaker/desk/money.html", context)


def with_names(reservations: Iterable[Reservation]) -> list[Reservation]:
    """Reservations, each with its project (``named``) and its customer (``person``)."""
    found = list(reservations)
    projects = Project.objects.in_bulk({each.project for each in found})
    people = Account.objects.in_bulk({each.customer for each in found})
    for each in found:
        each.named, each.person = projects.get(each.project), people.get(each.customer)
    return found


def _waiting(find: str) -> QuerySet[Reservation]:
    waiting = Reservation.objects.filter(state=Reservation.State.WAITING).order_by("lapses_us", "event")
    if not find:
        return waiting
    reference = _REFERENCE.fullmatch(find)
    if reference and find[0] in "Rr":
        return waiting.filter(event=int(reference[1]))
    people = Account.objects.filter(Q(name__icontains=find) | Q(email__icontains=find)).values("pk")
    projects = Project.objects.filter(name__icontains=find).values("pk")
    named = Q(customer__in=people) | Q(project__in=projects)
    return waiting.filter(named | Q(event=int(reference[1])) if reference else named)


def _became(numbers: str) -> list[Reservation]:
    """What has become of the reservations that were just confirmed."""
    wanted = [int(each) for each in numbers.split(",")[:MOST_AT_ONCE] if _REFERENCE.fullmatch(each)]
    return list(Reservation.objects.filter(pk__in=wanted).order_by("event")) if wanted else []


def _confirm(request: HttpRequest) -> HttpResponse:
    """Confirm every reservation that was ticked, in one batch; each is answered for itself."""
    chosen = [
        match[1] for each in request.POST.getlist("reservation") if (match := _REFERENCE.fullmatch(each))
    ]
    numbers = sorted({int(each) for each in chosen})[:MOST_AT_ONCE]
    key = key_of(request)
    here = reverse("desk_money")
    if not numbers or not key:
        messages.error(request, _("Please tick the reservations whose money is there."))
        return SeeOther(here)
    projects = dict(Reservation.objects.filter(pk__in=numbers).values_list("event", "project"))
    asked = [
        Request(
            Act.CONFIRM,
            project=projects[each],
            staff=request.user.pk,
            reference=each,
            key=f"{key}-{each}",
        )
        for each in numbers
        if each in projects
    ]
    _tell(request, asked, write(asked))
    return SeeOther(f"{here}?done={','.join(map(str, numbers))}")


def _tell(request: HttpRequest, asked: list[Request], answers: list[Answer]) -> None:
    done, firm = 0, in_force()
    for each, answer in zip(asked, answers, strict=True):
        reference = f"R-{each.reference}"
        if answer.is_done:
            done += 1
            log(request, Did.CONFIRMED, reference, money_text(answer.money_minor, firm))
        else:
            messages.error(request, f"{reference}: {answer.sentence}")
            log(request, Did.REFUSED, reference, answer.sentence)
    if done:
        text = ngettext("%(n)s reservation is confirmed.", "%(n)s reservations are confirmed.", done)
        messages.success(request, text % {"n": done})
