"""Pages for anybody: home, the live feed, the rules, and whether the site is well."""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from comaker.host.access import Access, allow
from comaker.host.context import terms_of
from comaker.host.models import Publication
from comaker.host.pages import reading, terms
from comaker.model import Model

ON_HOME = 6
"""How many open projects the home page shows."""


def firm_of(request: HttpRequest) -> Model:
    """The model in force; 404 before one is published or launched."""
    firm = terms_of(request)[0]
    if firm is None:
        raise Http404
    return firm


@allow(Access.ANYONE)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What the firm is, how it works, what is happening, who is behind it, and what people ask."""
    firm = firm_of(request)
    chosen = list(reading.standings("open")[:ON_HOME]) or list(reading.standings()[:ON_HOME])
    page = {
        "cards": reading.cards_of(chosen, firm),
        "latest": reading.latest_stakes(firm),
        "lead": terms.written(firm, "lead"),
        "how": terms.steps_of(firm),
        "behind": terms.numbered(firm, "behind#_title", "behind#_text"),
        "questions": terms.questions_of(firm),
        "facts": terms.facts_of(firm),
        "flows": terms.shares_of(firm),
        "since": terms.in_force_since(terms_of(request)[1] or firm, firm),
    }
    return render(request, "comaker/public/home.html", page)


@allow(Access.ANYONE)
@require_safe
@never_cache
def feed(request: HttpRequest) -> HttpResponse:
    """The latest stakes: a fragment for the home page, or a page of its own."""
    page = {"latest": reading.latest_stakes(firm_of(request))}
    is_part = bool(getattr(request, "htmx", False))
    return render(request, "comaker/public/feed_part.html" if is_part else "comaker/public/feed.html", page)


@allow(Access.ANYONE)
@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """The terms in all their versions: when, why, what changed, when it was announced, what was assumed."""
    firm = firm_of(request)
    page = {
        "chapters": terms.chapters_of(terms_of(request)[1] or firm, timezone.now().date()),
        "facts": terms.facts_of(firm),
        "caps": terms.caps_of(firm),
        "flows": terms.shares_of(firm),
    }
    return render(request, "comaker/public/rules.html", page)


@allow(Access.ANYONE)
@require_safe
def rules_file(request: HttpRequest) -> HttpResponse:
    """The model file itself, as it was published last."""
    firm_of(request)
    text = Publication.objects.latest("id").text
    headers = {"Content-Disposition": 'attachment; filename="model.toml"'}
    return HttpResponse(text, content_type="application/toml; charset=utf-8", headers=headers)


@allow(Access.ANYONE)
@require_safe
@never_cache
def health(_: HttpRequest) -> HttpResponse:
    """Whether the database answers: 200 or 503, for whoever watches the site."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return HttpResponse("the database does not answer\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")
