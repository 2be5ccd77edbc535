"""Income and costs of projects: recorded once, put right by an entry the other way."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from comaker.events import Kind
from comaker.host.access import Access, allow
from comaker.host.firm import in_force
from comaker.host.models import Account, Event, Project, StaffAct, Standing
from comaker.host.pages.answers import SeeOther
from comaker.host.staff.asking import ask
from comaker.host.staff.forms import RecordForm
from comaker.host.staff.log import Did, log
from comaker.host.staff.projects import project_context
from comaker.host.writer import Act, Request
from comaker.host.writer.chain import NO_PROJECT
from comaker.rules.stake import FUNDED

PAGE = 50
_NOTED = (Did.INCOME.value, Did.COST.value)


@allow(Access.STAFF)
def all_records(request: HttpRequest) -> HttpResponse:
    """Which project? Those that earn first."""
    find = request.GET.get("find", "").strip()[:80]
    found = Standing.objects.exclude(project=NO_PROJECT).filter(Q(status=FUNDED) | ~Q(earned_minor=0))
    if find:
        found = found.filter(project__in=Project.objects.filter(name__icontains=find).values("pk"))
    page = Paginator(found.order_by("-released_us", "-opened_us"), PAGE).get_page(request.GET.get("page"))
    projects = Project.objects.in_bulk([each.project for each in page])
    rows = [(projects[each.project], each) for each in page if each.project in projects]
    return render(
        request,
        "comaker/desk/all_records.html",
        {"rows": rows, "page": page, "find": find, "room": "records"},
    )


@allow(Access.STAFF)
def records(request: HttpRequest, slug: str) -> HttpResponse:
    """Record an income or a cost; what was recorded so far."""
    found = get_object_or_404(Project, slug=slug)
    firm = in_force()
    form = RecordForm(request.POST or None, digits=firm.minor_digits, currency=firm.currency)
    if request.method == "POST" and form.is_valid() and _record(request, found, form.cleaned_data):
        return SeeOther("desk_records", slug)
    entries = Event.objects.filter(subject=found.pk, kind__in=(Kind.INCOME, Kind.COST)).order_by("-id")
    page = Paginator(entries, PAGE).get_page(request.GET.get("page"))
    _add_notes(page.object_list)
    context = project_context(request, found, "records") | {"form": form, "page": page}
    return render(request, "comaker/desk/records.html", context)


def _record(request: HttpRequest, project: Project, given: dict[str, Any]) -> bool:
    is_income = given["what"] == RecordForm.INCOME
    asked = Request(
        Act.INCOME if is_income else Act.COST,
        project=project.pk,
        money_minor=given["money_minor"],
        stage=None if is_income else given["what"],
        key=given["key"],
    )
    answer = ask(request, asked)
    if not answer.is_done:
        return False
    subject = f"event {answer.event_id}"
    if not StaffAct.objects.filter(subject=subject, act__in=_NOTED).exists():
        log(request, Did.INCOME if is_income else Did.COST, subject, given["note"])
    messages.success(request, _("Recorded."))
    return True


def _add_notes(entries: list[Event]) -> None:
    """Who recorded each entry, and what for; purchases on the site need no note."""
    acts = StaffAct.objects.filter(act__in=_NOTED, subject__in=[f"event {each.pk}" for each in entries])
    notes = {act.subject: act for act in acts}
    people = Account.objects.in_bulk(
        {act.account for act in notes.values()} | {each.customer for each in entries if each.customer}
    )
    for each in entries:
        note = notes.get(f"event {each.pk}")
        each.note = note.detail if note else ""
        each.by = people.get(note.account) if note else None
        each.buyer = people.get(each.customer) if each.customer else None
        each.is_income, each.is_production = each.kind == Kind.INCOME, each.stage == "production"
