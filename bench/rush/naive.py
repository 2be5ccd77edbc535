"""The peer: the same stake as most people would write it in Django, one transaction a request.

Same tables, same rules, same answer; a log-in by Django's session, rows by the ORM. On PostgreSQL the project
is locked with ``select_for_update``, on SQLite every transaction is IMMEDIATE.
"""

from __future__ import annotations

import json
import time
import uuid

import django
from django.conf import settings

django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402  (Django's settings come first)
from django.db import transaction  # noqa: E402
from django.http import HttpRequest, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402

from comaker.events import Event as Row  # noqa: E402
from comaker.events import Kind  # noqa: E402
from comaker.host.firm import in_force  # noqa: E402
from comaker.host.models import (  # noqa: E402
    Contribution,
    Event,
    Holding,
    Posting,
    Project,
    Reservation,
    Standing,
)
from comaker.host.writer.chain import link  # noqa: E402
from comaker.ledger import postings_of  # noqa: E402
from comaker.model import stake_terms  # noqa: E402
from comaker.rules.stake import ProjectState, decide_stake  # noqa: E402

DAY_US = 86_400_000_000


@csrf_exempt
def stake(request: HttpRequest) -> JsonResponse:
    if not request.user.is_authenticated:
        return JsonResponse({"detail": "Please log in."}, status=401)
    asked = json.loads(request.body)
    key = request.headers["Idempotency-Key"]
    model = in_force()
    terms = stake_terms(model)
    now_us = time.time_ns() // 1_000
    with transaction.atomic():
        project = Project.objects.get(slug=asked["project"])
        standing = Standing.objects.select_for_update().get(pk=project.pk)
        before = Contribution.objects.filter(account=request.user.pk, key=key, route="stake").first()
        if before is not None:
            return JsonResponse(json.loads(before.answer), status=before.status)
        holding, _ = Holding.objects.get_or_create(
            project=project.pk, customer=request.user.pk, defaults={"shares": 0}
        )
        state = ProjectState(
            standing.status, standing.collected_shares, standing.goal_shares, standing.opened_us // 1_000_000
        )
        accepted, refusal = decide_stake(asked["shares"], holding.shares, state, terms, now_us // 1_000_000)
        event = Event.objects.create(
            at_us=now_us,
            model=model.terms_hash,
            kind="refused" if refusal else "done",
            customer=request.user.pk,
            role="customer",
            task="stake",
            subject=project.pk,
            refusal=refusal.name.lower() if refusal else None,
            quantity=accepted,
            money_minor=accepted * terms.share_price_minor,
        )
        if accepted:
            holding.shares += accepted
            holding.reserved_shares += accepted
            holding.save()
            Reservation.objects.create(
                event=event.pk,
                project=project.pk,
                customer=request.user.pk,
                task="stake",
                quantity=accepted,
                money_minor=event.money_minor,
                lapses_us=now_us + 14 * DAY_US,
            )
            post(event, standing, model)
            standing.collected_shares += accepted
            standing.reserved_shares += accepted
            standing.save()
        answer = {"accepted": accepted, "event": event.pk, "held_shares": holding.shares}
        Contribution.objects.create(
            account=request.user.pk,
            route="stake",
            key=key,
            body=uuid.uuid5(uuid.NAMESPACE_OID, repr(asked)).bytes,
            event_id=event.pk,
            status=201 if accepted else 200,
            answer=json.dumps(answer),
        )
    return JsonResponse(answer, status=201 if accepted else 200)


def post(event: Event, standing: Standing, model: object) -> None:
    row = Row(
        event.pk,
        event.at_us,
        Kind(event.kind),
        model=event.model,
        customer=event.customer,
        task=event.task,
        subject=event.subject,
        money_minor=event.money_minor,
    )
    kinds = {name: task.kind for name, task in model.task.items()}
    given, taken = postings_of(row, currency=model.currency, kinds=kinds)
    standing.entries += 1
    values = (
        event.pk,
        standing.project,
        standing.entries,
        given.account,
        taken.account,
        taken.currency,
        taken.amount_minor,
        taken.rule,
        taken.version,
    )
    standing.head = link(bytes(standing.head), values)
    names = "event_id chain number source target currency amount_minor rule version".split()
    Posting.objects.create(**dict(zip(names, values, strict=True)), hash=standing.head)


urlpatterns = [path("api/v1/stakes", stake)]
settings.ROOT_URLCONF = __name__
settings.MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
application = get_wsgi_application()
