"""The API as one application: its operations, and one way to say that something went wrong."""

from __future__ import annotations

import logging
import math
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.operation import Operation
from ninja.parser import Parser

from comaker.host.access import Access, allow
from comaker.host.api import customers, desk, reading
from comaker.host.api.stakes import BODY_BYTES, BadBody, read_json
from comaker.host.writer import Answer
from comaker.ledger import LedgerError

MOST_COMPLAINTS = 5
BUSY_S = 1
_log = logging.getLogger(__name__)


class StrictParser(Parser):
    """Reads bodies as the gateway does."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The value in the body; raises ``BadBody``."""
        return read_json(request.body)


class Api(NinjaAPI):
    """Names its operations as they are named here."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The name of the function."""
        return str(operation.view_func.__name__)


api = Api(
    title="Comaker",
    version="1",
    description="What the pages of this site do, for programs. Money is in minor units, instants are in UTC.",
    urls_namespace="api",
    docs_url=None,  # ninja's page needs a script inside the page, which the site's policy forbids
    docs_decorator=allow(Access.ANYONE),
    parser=StrictParser(),
)
api.add_router("", reading.router)
api.add_router("", customers.router)
api.add_router("/desk", desk.router)


def problem(request: HttpRequest, status: int, detail: str) -> HttpResponse:
    """An answer that says in a sentence why nothing was done."""
    response = api.create_response(request, {"detail": detail}, status=status)
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    if status == 503:
        response["Retry-After"] = str(BUSY_S)
    return response


@api.exception_handler(HttpError)
def on_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """What an operation raised; where the body could not be read, why."""
    cause = error.__cause__
    if isinstance(cause, BadBody):
        return problem(request, cause.status, cause.message)
    if error.status_code == 401 and error.message == "Unauthorized":
        return problem(request, 401, "Please log in, or send a token.")
    response = problem(request, error.status_code, error.message)
    if wait_s := getattr(error, "wait", None):
        response["Retry-After"] = str(math.ceil(wait_s))
    return response


@api.exception_handler(ValidationError)
def on_invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Fields that are missing, unknown or out of range: named, with what would be right, never repeated."""
    said = [f"{_place(each['loc'])}: {each['msg']}" for each in error.errors[:MOST_COMPLAINTS]]
    return problem(request, 400, "; ".join(said))


@api.exception_handler(Http404)
def on_nothing(request: HttpRequest, _: Http404) -> HttpResponse:
    """No such project, reservation, holding or settlement; or one that the caller may not see."""
    return problem(request, 404, "There is no such thing here.")


@api.exception_handler(LedgerError)
def on_books(request: HttpRequest, error: LedgerError) -> HttpResponse:
    """What cannot be booked; nothing was."""
    return problem(request, 409, f"The books refuse this: {error}")


@api.exception_handler(OperationalError)
@api.exception_handler(InterfaceError)
def on_away(request: HttpRequest, error: Exception) -> HttpResponse:
    """The database is away."""
    _log.warning("%s was answered 503: %s", request.path, error)
    return problem(request, 503, Answer(503).sentence)


@api.exception_handler(RequestDataTooBig)
def on_too_much(request: HttpRequest, _: RequestDataTooBig) -> HttpResponse:
    """A body beyond the limit."""
    return problem(request, 413, f"At most {BODY_BYTES:,} bytes are read.")


@api.exception_handler(SuspiciousOperation)
@api.exception_handler(UnreadablePostError)
def on_broken(request: HttpRequest, _: Exception) -> HttpResponse:
    """A request that broke off or cannot be read."""
    return problem(request, 400, "The request cannot be read.")


def _place(location: tuple[object, ...]) -> str:
    """The field's name alone: where it stood (path, query, body) and its type's name tell nobody anything."""
    names = [str(part) for part in location if isinstance(part, str)]
    shown = [name for name in names if name not in ("body", "query", "path", "header")]
    return shown[0] if shown else "body"


@csrf_exempt  # it does nothing, and answers as the API does
@allow(Access.ANYONE)
def nowhere(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Addresses below ``/api/`` that lead nowhere say so as the API does."""
    return problem(request, 404, "There is no such operation; /api/v1/openapi.json lists them.")
