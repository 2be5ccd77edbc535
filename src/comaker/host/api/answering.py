"""What every operation can answer, and how an answer of the writer becomes one of HTTP."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from ninja import Status
from ninja.errors import HttpError

from comaker.host.api.schemas import Outcome, Problem
from comaker.host.api.stakes import answer_of
from comaker.host.models import Project
from comaker.host.writer import Answer, Request, write

READS: dict[int, Any] = dict.fromkeys((400, 401, 403, 404, 429, 503), Problem)
WRITES: dict[int, Any] = {
    201: Outcome,
    200: Outcome,
    **dict.fromkeys((400, 401, 403, 404, 408, 409, 413, 422, 429, 503), Problem),
}
FOR_ANYBODY: dict[str, Any] = {"security": [{}]}
"""Says in the schema that a log-in is not needed."""


def ask(request: Request) -> Status[Any]:
    """Ask the writer; 201 done, 200 refused by a rule, the rest as ``HttpError``."""
    return answered(write([request])[0])


def answered(answer: Answer) -> Status[Any]:
    """An answer of the writer as one of HTTP."""
    if answer.status not in (200, 201):
        raise HttpError(answer.status, answer.sentence)
    return Status(answer.status, answer_of(answer))


def project_number(named: int | str, *, drafts: bool = False) -> int:
    """The number of a project by number or slug; raises ``Http404`` for none, and for drafts if not meant."""
    found = Project.objects.filter(**({"pk": named} if isinstance(named, int) else {"slug": named}))
    if not drafts:
        found = found.filter(published_at__isnull=False)
    number = found.values_list("pk", flat=True).first()
    if number is None:
        raise Http404
    return int(number)
