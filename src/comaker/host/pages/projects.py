"""The list of projects, a project's page, and the cover of one that has no picture."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from comaker.host.access import Access, allow
from comaker.host.firm import sale_of, stake_of
from comaker.host.models import Holding, Media, Project, Standing
from comaker.host.pages import reading
from comaker.host.pages.covers import cover_svg
from comaker.host.pages.looks import is_look, looks
from comaker.host.pages.public import firm_of
from comaker.model import Model, stake_terms
from comaker.rules.stake import OPEN, cap_at

ON_LIST = 12
PRODUCERS = 24
NEWS = 10


class Counted(Paginator):
    """A pager whose total is known beforehand: it is not counted again."""

    def __init__(self, rows: QuerySet[Any], size: int, total: int) -> None:
        super().__init__(rows, size)
        self.count = total  # shadows the property of the same name


def page_of(pager: Paginator, request: HttpRequest) -> Page:
    """The page asked for; the nearest one that there is, whatever was asked."""
    return pager.get_page(request.GET.get("page"))


@allow(Access.ANYONE)
@require_safe
def projects(request: HttpRequest) -> HttpResponse:
    """All published projects, or those that are open, funded or released."""
    firm = firm_of(request)
    chosen = request.GET.get("show", "")
    page = page_of(Paginator(reading.standings(chosen), ON_LIST), request)
    choices = [
        ("", pgettext("projects", "All")),
        ("open", pgettext("projects", "Open")),
        ("funded", pgettext("projects", "In the making")),
        ("released", pgettext("projects", "Released")),
    ]
    shown = {
        "cards": reading.cards_of(page.object_list, firm),
        "page": page,
        "chosen": chosen if chosen in reading.FILTERS else "",
        "choices": choices,
    }
    return render(request, "comaker/public/projects.html", shown)


@allow(Access.ANYONE)
@require_safe
def project(request: HttpRequest, slug: str) -> HttpResponse:
    """A project's page. Staff see drafts too, as they will look."""
    firm = firm_of(request)
    found = get_object_or_404(Project, slug=slug)
    standing = Standing.objects.filter(project=found.pk).first()
    if standing is None and not request.user.is_staff:
        raise Http404
    media = list(found.media.all())
    picture = next((each for each in media if each.kind == Media.Kind.PICTURE), None)
    producers = _producers(found, standing, request)
    names = reading.names_of(holding.customer for holding in producers)
    shown = {
        "card": reading.Card(found, standing, picture, reading.price_of(firm)),
        "project": found,
        "standing": standing,
        "pictures": [each for each in media if each.kind == Media.Kind.PICTURE and each != picture],
        "sounds": [each for each in media if each.kind == Media.Kind.AUDIO],
        "films": [each for each in media if each.kind == Media.Kind.VIDEO],
        "news": list(found.news.all()[:NEWS]),
        "page": producers,
        "producers": [(names[holding.customer], holding.shares) for holding in producers],
        "mine": _mine(request, found),
        **_terms_shown(firm, standing),
    }
    page = render(request, "comaker/public/project.html", shown)
    if standing is not None and "cap_shares" in shown and is_look(request):
        looks.add(request.user.pk, found.pk, _facts(standing, shown["cap_shares"]))
    return page


def _facts(standing: Standing, cap_shares: int) -> dict[str, int | str | None]:
    """What the page says of a project that is open, as ``Place.facts`` says what she sees who stakes."""
    return {
        "collected": standing.collected_shares,
        "goal": standing.goal_shares,
        "cap": cap_shares,
        "holders": standing.holders,
    }


def _producers(found: Project, standing: Standing | None, request: HttpRequest) -> Page:
    # By account number, oldest first, as the index has them: sorting by size would make the page slow
    # where thousands hold, and would praise size, which is not what makes an artist known (E5).
    rows = Holding.objects.filter(project=found.pk, shares__gt=0).order_by("customer")
    return page_of(Counted(rows, PRODUCERS, standing.holders if standing else 0), request)


def _mine(request: HttpRequest, found: Project) -> Holding | None:
    if not request.user.is_authenticated or request.user.is_staff:
        return None
    return Holding.objects.filter(project=found.pk, customer=request.user.pk, shares__gt=0).first()


def _terms_shown(firm: Model, standing: Standing | None) -> dict[str, Any]:
    """The guides of staking and buying, and the most that one person may hold now."""
    stake = stake_of(firm)
    sale = sale_of(firm)
    shown: dict[str, Any] = {
        "guide": stake[1].guide if stake else None,
        "offer": sale.offer if sale else None,
    }
    if stake and standing and standing.status == OPEN:
        shown["cap_shares"] = cap_at(standing.collected_shares, stake_terms(firm, stake[0]))
    return shown


@allow(Access.ANYONE)
@require_safe
def cover(request: HttpRequest, slug: str) -> HttpResponse:
    """A cover drawn from the project's name; as a document of its own it may load nothing."""
    found = Project.objects.only("name", "slug", "published_at").filter(slug=slug).first()
    if found is None or (found.published_at is None and not request.user.is_staff):
        raise Http404
    headers = {
        "Content-Security-Policy": "default-src 'none'; style-src 'none'; frame-ancestors 'none'",
        "Cache-Control": "public, max-age=3600" if found.published_at else "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(cover_svg(found.slug, found.name), content_type="image/svg+xml", headers=headers)
