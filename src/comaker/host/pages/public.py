"""Pages for anybody."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from comaker.host.access import Access, allow
from comaker.host.models import Project, Publication


@allow(Access.ANYONE)
def home(request: HttpRequest) -> HttpResponse:
    """The home page."""
    return render(request, "comaker/public/home.html")


@allow(Access.ANYONE)
def projects(request: HttpRequest) -> HttpResponse:
    """All projects."""
    return render(request, "comaker/public/projects.html")


@allow(Access.ANYONE)
def project(request: HttpRequest, slug: str) -> HttpResponse:
    """A project's page."""
    found = get_object_or_404(Project, slug=slug, published_at__isnull=False)
    return render(request, "comaker/public/project.html", {"project": found})


@allow(Access.ANYONE)
def rules(request: HttpRequest) -> HttpResponse:
    """The terms, in all their versions."""
    return render(request, "comaker/public/rules.html")


@allow(Access.ANYONE)
def rules_file(request: HttpRequest) -> HttpResponse:
    """The model file itself."""
    text = Publication.objects.latest("id").text
    headers = {"Content-Disposition": 'attachment; filename="model.toml"'}
    return HttpResponse(text, content_type="application/toml; charset=utf-8", headers=headers)
