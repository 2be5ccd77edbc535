"""Who may open a page: every view declares one rule, and a view without one is refused.

The rule says who may come in; whether a request is granted is for ``comaker.rules`` to decide.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse


class Access(StrEnum):
    """Who may open a page."""

    ANYONE = "anyone"
    CUSTOMER = "customer"
    """Somebody logged in who does not work for the firm."""
    ACCOUNT = "account"
    """Anybody logged in."""
    STAFF = "staff"
    TOKEN = "token"
    """A program; the API checks the token and its scopes itself."""


_DECLARED = "access"
"""The attribute of a view that holds its rule."""

type View = Callable[..., HttpResponse]

LIBRARIES = {
    "allauth.": Access.ANYONE,  # log-in pages look after themselves
    "django.contrib.admin.": Access.STAFF,
    "django.contrib.contenttypes.": Access.STAFF,  # what the admin links to
    "django.views.generic.": Access.STAFF,  # the admin's redirects
    "django.views.i18n": Access.ANYONE,
    "django.views.static": Access.ANYONE,
    "ninja.": Access.TOKEN,
}
"""The rule of views that libraries bring, by the beginning of their module's name."""


def allow(access: Access) -> Callable[[View], View]:
    """Declare who may open a view."""

    def declare(view: View) -> View:
        setattr(view, _DECLARED, access)
        return view

    return declare


def access_of(view: Any) -> Access | None:
    """The declared rule of a view, or that of the library it comes from; None where there is none."""
    seen = view
    while seen is not None:
        declared: Access | None = getattr(seen, _DECLARED, None)
        if declared is not None:
            return declared
        seen = getattr(seen, "__wrapped__", None)
    view = getattr(view, "func", view)  # a library may bind its view to arguments
    module = getattr(getattr(view, "view_class", view), "__module__", "") or ""
    return next((rule for start, rule in LIBRARIES.items() if f"{module}.".startswith(start)), None)


def has_second_factor(account: Any) -> bool:
    """Whether an account has an authenticator app or a passkey; recovery codes alone are none."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return Authenticator.objects.filter(user=account, type__in=kinds).exists()


def lacks_second_factor(account: Any) -> bool:
    """Whether the desk is closed to one of the staff, on its pages and to programs, until a second factor is
    set up."""
    return settings.STAFF_SECOND_FACTOR and not has_second_factor(account)


class AccessMiddleware:
    """Holds every view to its declared rule: default deny. What is not for anybody is kept by no cache."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_open = getattr(request, "access", None) is Access.ANYONE
        # A page for anybody greets whoever is logged in.
        if not is_open or settings.SESSION_COOKIE_NAME in request.COOKIES:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    def process_view(self, request: HttpRequest, view: View, *_: object) -> HttpResponse | None:
        """Lets a request through, sends it to the log-in page, or refuses it (403)."""
        rule = access_of(view)
        request.access = rule
        if rule in (Access.ANYONE, Access.TOKEN):
            return None
        if rule is None:
            raise PermissionDenied
        account = request.user
        if not account.is_authenticated:
            return redirect_to_login(request.get_full_path())
        is_let_in = {
            Access.ACCOUNT: True,
            Access.CUSTOMER: not account.is_staff,
            Access.STAFF: account.is_staff,
        }[rule]
        if not is_let_in:
            raise PermissionDenied
        return None
