"""What every page is given, and the firm that pages and their filters speak for."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from django.core.signals import request_finished
from django.http import HttpRequest
from django.utils import timezone

from comaker.host.firm import in_force, published
from comaker.host.models import Publication
from comaker.model import Model

_speaking: ContextVar[Model | None] = ContextVar("firm", default=None)


def terms_of(request: HttpRequest) -> tuple[Model | None, Model | None]:
    """The model in force and the whole of it with its versions; read once a request, None before any was
    published."""
    known: tuple[Model | None, Model | None] | None = getattr(request, "_terms", None)
    if known is None:
        try:
            whole = published()
            known = (whole.at(timezone.now()), whole)
        except (Publication.DoesNotExist, ValueError):
            known = (None, None)
        request._terms = known
    return known


def firm(request: HttpRequest) -> dict[str, Any]:
    """``firm``: the model whose terms are in force; ``model``: all of it with its versions."""
    now, whole = terms_of(request)
    _speaking.set(now)
    return {"firm": now, "model": whole}


def speaking() -> Model:
    """The model in force, for filters: that of the page being made, or else read from the database."""
    return _speaking.get() or in_force()


def _forget(**_: object) -> None:
    # Threads serve one request after another: what a page spoke for must not outlive it.
    _speaking.set(None)


request_finished.connect(_forget, dispatch_uid="comaker.host.context")
