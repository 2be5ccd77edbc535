"""Projects at the desk: list, draft, edit, publish, milestones."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from comaker.host.access import Access, allow
from comaker.host.context import terms_of
from comaker.host.models import Project, Standing
from comaker.host.pages.answers import SeeOther
from comaker.host.pages.reading import Card, portraits_of, price_of
from comaker.host.staff.asking import ask, key_of
from comaker.host.staff.forms import ProjectForm, free_slug
from comaker.host.staff.log import Did, log
from comaker.host.writer import Act, Request
from comaker.rules.stake import EXPIRED, FUNDED, OPEN

PAGE = 30
STATES = ("draft", "open", "funded", "produced", "released", "expired")
_IN_STATE = {
    "open": Q(status=OPEN),
    "funded": Q(status=FUNDED, produced_us=None),
    "produced": Q(produced_us__isnull=False, released_us=None),
    "released": Q(released_us__isnull=False),
    "expired": Q(status=EXPIRED),
}


@allow(Access.STAFF)
def projects(request: HttpRequest) -> HttpResponse:
    """Every project, drafts first; ``state`` and ``find`` narrow the list."""
    state, find = request.GET.get("state", ""), request.GET.get("find", "").strip()[:80]
    found = Project.objects.order_by("-created_at", "-pk")
    if state == "draft":
        found = found.filter(published_at=None)
    elif state in _IN_STATE:
        found = found.filter(pk__in=Standing.objects.filter(_IN_STATE[state]).values("project"))
    if find:
        found = found.filter(Q(name__icontains=find) | Q(slug__icontains=find))
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    numbers = [each.pk for each in page]
    standings, pictures = Standing.objects.in_bulk(numbers), portraits_of(numbers)
    firm = terms_of(request)[0]
    price = price_of(firm) if firm else 0
    cards = [Card(each, standings.get(each.pk), pictures.get(each.pk), price) for each in page]
    context = {
        "cards": cards,
        "page": page,
        "states": STATES,
        "state": state,
        "find": find,
        "room": "projects",
    }
    return render(request, "comaker/desk/projects.html", context)


@allow(Access.STAFF)
def new(request: HttpRequest) -> HttpResponse:
    """Write a draft."""
    form = ProjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        project = form.save(commit=False)
        project.slug, project.created_by = free_slug(project.name), request.user
        project.save()
        log(request, Did.DRAFTED, project.slug, project.name)
        messages.success(request, _("The draft is saved. Nobody else sees it until you publish it."))
        return SeeOther("desk_project", project.slug)
    return render(request, "comaker/desk/new.html", {"form": form, "room": "projects"})


@allow(Access.STAFF)
def project(request: HttpRequest, slug: str) -> HttpResponse:
    """How far a project is, what can be done now, and its texts."""
    found = get_object_or_404(Project, slug=slug)
    form = ProjectForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        form.save()
        log(request, Did.EDITED, slug, ", ".join(form.changed_data))
        messages.success(request, _("Saved."))
        return SeeOther("desk_project", slug)
    # As it is stored: a form that is wrong has changed the one in memory.
    found.refresh_from_db()
    context = project_context(request, found, "overview") | {"form": form, "key": uuid4()}
    return render(request, "comaker/desk/project.html", context)


def project_context(request: HttpRequest, found: Project, tab: str) -> dict[str, Any]:
    """What every page of a project at the desk is given."""
    standing = Standing.objects.filter(project=found.pk).first()
    firm = terms_of(request)[0]
    card = Card(found, standing, None, price_of(firm) if firm else 0)
    return {"project": found, "card": card, "standing": standing, "tab": tab, "room": "projects"}


@allow(Access.STAFF)
@require_POST
def publish(request: HttpRequest, slug: str) -> HttpResponse:
    """Publish a draft: staking begins."""
    found = get_object_or_404(Project, slug=slug)
    answer = ask(request, Request(Act.OPEN, project=found.pk, key=key_of(request)))
    if answer.is_done:
        log(request, Did.PUBLISHED, slug)
        messages.success(request, _("%(name)s is published: everybody can stake now.") % {"name": found.name})
    return SeeOther("desk_project", slug)


_MILESTONES = {
    "produced": (Act.PRODUCE, Did.PRODUCED),
    "released": (Act.RELEASE, Did.RELEASED),
}


@allow(Access.STAFF)
@require_POST
def milestone(request: HttpRequest, slug: str) -> HttpResponse:
    """A funded project is in production, or what was produced is out."""
    found = get_object_or_404(Project, slug=slug)
    reached = request.POST.get("milestone", "")
    if reached not in _MILESTONES:
        messages.error(request, _("Please choose what has been reached."))
        return SeeOther("desk_project", slug)
    act, did = _MILESTONES[reached]
    answer = ask(request, Request(act, project=found.pk, key=key_of(request)))
    if answer.is_done:
        log(request, did, slug)
        messages.success(request, _("Noted. The page of %(name)s says so now.") % {"name": found.name})
    return SeeOther("desk_project", slug)
