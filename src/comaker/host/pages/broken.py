"""What a page that could not be made says instead: to come back soon, or that something broke."""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.defaults import server_error

AGAIN_S = 5
"""Seconds after which to ask again."""


def broken(request: HttpRequest) -> HttpResponse:
    """503 while the database is away or too busy, else 500; made without the database."""
    # Django calls this while the error is being handled, and does not hand it over.
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": str(AGAIN_S)})
    return server_error(request)
