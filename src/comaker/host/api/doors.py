"""Who may call an operation: a program with a token of the right scope, or the session of a browser."""

from __future__ import annotations

import time
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest
from ninja.errors import AuthenticationError, AuthorizationError, HttpError, Throttled
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from comaker.host.access import Access, lacks_second_factor
from comaker.host.api.limits import address_of, limits
from comaker.host.api.stakes import read_bearer
from comaker.host.models import Account, Token


class Caller(NamedTuple):
    """Who calls: an account, or None for anybody."""

    account: Account | None


class _Door(AuthBase):
    """Lets in whom ``access`` lets in, and a token only with ``scope``; counts every call."""

    def __init__(self, scope: str, access: Access) -> None:
        self.scope = scope
        self.access = access
        super().__init__()

    def _let_in(self, request: HttpRequest, account: Account) -> Caller:
        may = {
            Access.ANYONE: True,
            Access.ACCOUNT: True,
            Access.CUSTOMER: not account.is_staff,
            Access.STAFF: account.is_staff,
        }[self.access]
        if not may:
            raise AuthorizationError(message="This log-in may not do that.")
        if self.access is Access.STAFF and lacks_second_factor(account):
            raise AuthorizationError(message="Set up a second factor first: the desk opens only with one.")
        _count(request, _kind(request), f"account-{account.pk}")
        return Caller(account)


class TokenDoor(_Door):
    """``Authorization: Bearer <token>``; a header that is wrong is refused, even where none is needed."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __call__(self, request: HttpRequest) -> Caller | None:
        _count(request, "address", address_of(request))
        header = request.headers.get("Authorization")
        if header is None:
            return None
        digest = read_bearer(header)
        now_us = time.time_ns() // 1_000
        token = (
            Token.objects.select_related("account")
            .filter(digest=digest, revoked=False, expires_us__gt=now_us, account__is_active=True)
            .first()
            if digest
            else None
        )
        if token is None:
            _count(request, "failed", address_of(request))
            raise AuthenticationError(message="This token is unknown, revoked or over.")
        if self.scope not in token.scopes.split():
            raise AuthorizationError(message=f"This token lacks the scope {self.scope}.")
        return self._let_in(request, token.account)


class SessionDoor(_Door):
    """The cookie of a log-in; what changes something needs the header ``X-CSRFToken`` too."""

    openapi_type = "apiKey"
    openapi_in = "cookie"
    openapi_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> Caller | None:
        account = request.user
        if not account.is_authenticated:
            return None
        if check_csrf(request):
            raise HttpError(403, "The header X-CSRFToken is missing or wrong.")
        return self._let_in(request, account)


def _anybody(request: HttpRequest) -> Caller:
    _count(request, _kind(request), address_of(request))
    return Caller(None)


def door(scope: str, access: Access) -> list[AuthBase]:
    """The doors of an operation that asks for a log-in."""
    return [TokenDoor(scope, access), SessionDoor(scope, access)]


def open_door() -> list[object]:
    """The doors of an operation that anybody may call; it knows who calls where somebody is logged in."""
    return [*door("read", Access.ANYONE), _anybody]


def _kind(request: HttpRequest) -> str:
    return "read" if request.method in ("GET", "HEAD") else "write"


def _count(request: HttpRequest, kind: str, caller: str) -> None:
    if wait_s := limits.take(kind, caller):
        raise Throttled(wait=wait_s)
