"""Asks the writer in the name of whoever is logged in, and tells her what became of it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from comaker.host.api.stakes import KEY
from comaker.host.staff.log import Did, log
from comaker.host.writer import Answer, Request, write
from comaker.ledger import LedgerError

UNANSWERED = 400
"""The status of an answer to what could not even be asked."""


def key_of(request: HttpRequest) -> str:
    """The idempotency key that came with the form; empty where none did, or none that can be one."""
    given: str = request.POST.get("key", "")[:64]
    return given if KEY.fullmatch(given) else ""


def ask(request: HttpRequest, asked: Request) -> Answer:
    """The writer's answer; where it says no, the page that follows says why, and the log that it did."""
    if not asked.key:
        messages.error(request, _("This form is incomplete. Please load the page again."))
        return Answer(UNANSWERED)
    try:
        answer = write([asked._replace(staff=request.user.pk)])[0]
    except LedgerError as error:
        messages.error(request, _("The books refuse this: %(why)s") % {"why": error})
        return Answer(UNANSWERED)
    if not answer.is_done:
        messages.error(request, answer.sentence)
        log(request, Did.REFUSED, f"{asked.act.value} {asked.project or ''}".strip(), answer.sentence)
    return answer
