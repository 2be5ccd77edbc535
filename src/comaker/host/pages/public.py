"""Pages for anybody."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from comaker.host.access import Access, allow


@allow(Access.ANYONE)
def home(request: HttpRequest) -> HttpResponse:
    """The home page."""
    return render(request, "comaker/home.html")
