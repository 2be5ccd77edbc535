"""What becomes of a customer's request on her pages: she is sent on, or told why not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.decorators import rate_limit
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from comaker.host.access import Access, View, allow
from comaker.host.pages.place import Place
from comaker.host.pages.quantities import QuantityForm
from comaker.host.writer import Answer

LATER = frozenset({409, 503})
"""Answers after which the same request, with the same key, is to be sent again."""


class SeeOther(HttpResponseRedirect):
    """After something was done: the page to look at, so that a reload does it no second time."""

    status_code = 303

    def __init__(self, to: str, *args: Any) -> None:
        super().__init__(resolve_url(to, *args))


def own_page(access: Access = Access.CUSTOMER, *, limit: str = "stake") -> Callable[[View], View]:
    """A page about whoever asks: kept by no cache, read or posted, posted only so often a minute."""

    def declare(view: View) -> View:
        limited = rate_limit(action=limit)(view)
        return allow(access)(never_cache(require_http_methods(["GET", "HEAD", "POST"])(limited)))

    return declare


def refused(
    request: HttpRequest, template: str, place: Place, form: QuantityForm, answer: Answer, **context: Any
) -> HttpResponse:
    """The same page again, filled in, with the reason and the numbers behind it.

    Raises ``Http404`` or ``PermissionDenied`` where the answer says so.
    """
    if answer.status == 404:
        raise Http404
    if answer.status in (401, 403):
        raise PermissionDenied
    status = 200 if answer.status == 200 else answer.status
    if answer.status not in LATER:
        form = form.renewed()
    told = {
        "place": place,
        "form": form,
        "sentence": answer.sentence,
        "numbers": place.explain(answer.refusal),
    }
    return render(request, template, {**told, **context}, status=status)
