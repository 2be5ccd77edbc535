"""Amending the terms at the desk: drawn up, shown in words, announced with notice."""

from __future__ import annotations

import datetime as dt
import time
from itertools import pairwise

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from comaker.host.access import Access, allow
from comaker.host.changes import changes_between, in_words
from comaker.host.firm import model_of, stake_of
from comaker.host.models import Publication
from comaker.host.pages.answers import SeeOther
from comaker.host.staff.drafting import draw_up
from comaker.host.staff.forms import AmendForm
from comaker.host.staff.log import Did, log
from comaker.host.wording import when_text
from comaker.host.writer.announcing import announce, first_difference, notice_of
from comaker.model import Model, ModelError
from comaker.refusals import Refusal


@allow(Access.STAFF)
def terms(request: HttpRequest) -> HttpResponse:
    """Draw up an amendment, read what it changes, and announce it."""
    base = Publication.objects.latest("id")
    whole = model_of(base.text)
    now = dt.datetime.now(dt.UTC)
    form = _form(request, whole, now)
    context = {
        "form": form,
        "base": base,
        "room": "terms",
        "coming": _coming(whole, now.date()),
        "notice_days": settings.NOTICE_SECONDS // 86_400,
    }
    if request.method == "POST" and form.is_valid():
        drawn = _draw_up(form, base, whole, now.date())
        if drawn is not None:
            text, amended = drawn
            if request.POST.get("do") == "announce" and _announce(request, form, text):
                return SeeOther("desk_terms")
            day = form.cleaned_data["in_force"]
            context |= {
                "changes": changes_between(whole.at(day), amended.at(day)),
                "added": text[len(base.text.rstrip()) :].strip(),
            }
    return render(request, "comaker/desk/terms.html", context)


def _form(request: HttpRequest, whole: Model, now: dt.datetime) -> AmendForm:
    task, _task = stake_of(whole) or ("stake", None)
    current = whole.at(max(now, dt.datetime.combine(whole.launched, dt.time(), dt.UTC)))
    values = {name: in_words(current, ("task", task, "terms", name)) for name in AmendForm.COMMON}
    return AmendForm(request.POST or None, task=task, now=values, earliest=earliest_day(now))


def earliest_day(now: dt.datetime) -> dt.date:
    """The first day from which terms that are announced now may be in force."""
    at = now + dt.timedelta(seconds=settings.NOTICE_SECONDS)
    return at.date() if at.time() == dt.time() else at.date() + dt.timedelta(days=1)


def _coming(whole: Model, today: dt.date) -> list[dict[str, object]]:
    """Terms that were announced and are not in force yet."""
    versions = whole.versions
    return [
        {"in_force": each.in_force, "why": each.why, "changes": changes_between(before.model, each.model)}
        for before, each in pairwise(versions)
        if each.in_force > today
    ]


def _draw_up(form: AmendForm, base: Publication, whole: Model, today: dt.date) -> tuple[str, Model] | None:
    """The amended text and model; None, with every message beside its field, where it is none."""
    given = form.cleaned_data
    if (refusal := notice_of(given["in_force"], time.time_ns() // 1_000)) is not Refusal.NONE:
        form.add_error("in_force", refusal.sentence)
        return None
    if any(version.in_force == given["in_force"] for version in whole.versions):
        form.add_error("in_force", _("Other terms begin on that day already: please choose another day."))
        return None
    try:
        text, amended = draw_up(
            base.text, form.changes, why=given["why"], in_force=given["in_force"], announced=today
        )
    except ModelError as error:
        _blame(form, error)
        return None
    if first_difference(whole, amended) is None:
        form.add_error(None, _("This changes nothing: the terms are so already."))
        return None
    return text, amended


def _blame(form: AmendForm, error: ModelError) -> None:
    """Put each problem beside the field that it is about."""
    places = {form.path_of(name): name for name in form.COMMON}
    if path := form.cleaned_data.get("path"):
        places[path] = "value"
    for problem in error.problems:
        field = next((name for path, name in places.items() if path in problem.key), None)
        if field is None and "in_force" in problem.key:
            field = "in_force"
        message = problem.message[:1].upper() + problem.message[1:]
        form.add_error(
            field if field in form.cleaned_data else None, message if field else f"{problem.key}: {message}"
        )


def _announce(request: HttpRequest, form: AmendForm, text: str) -> bool:
    refusal = announce(text, staff=request.user.pk, base_hash=request.POST.get("base_hash", ""))
    if refusal is Refusal.OUT_OF_DATE:
        form.add_error(
            None,
            _("Others have announced terms meanwhile. Read what your change comes to now, then announce it."),
        )
    elif refusal is not Refusal.NONE:
        form.add_error("in_force", refusal.sentence)
    if refusal is not Refusal.NONE:
        log(request, Did.REFUSED, "terms", refusal.sentence)
        return False
    day = form.cleaned_data["in_force"]
    log(request, Did.AMENDED, f"from {day}", "; ".join(f"{k} = {v}" for k, v in form.changes.items()))
    messages.success(
        request,
        _("Announced. The new terms are in force from %(day)s and stand on the page of the rules.")
        % {"day": when_text(day)},
    )
    return True
