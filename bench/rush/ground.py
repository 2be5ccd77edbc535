"""A database ready for a rush: customers with log-ins, one hot project, terms that let everything in."""

from __future__ import annotations

import os
from pathlib import Path

CUSTOMERS = 2_000


def open_site(url: str, data: Path) -> None:
    """Point Django at a database; to be called once in a process, before anything of the site is imported."""
    os.environ["COMAKER_DATABASE"] = url
    os.environ["COMAKER_DATA"] = str(data)
    os.environ["COMAKER_SECRET_KEY"] = "for benchmarks only, " * 4
    os.environ["DJANGO_SETTINGS_MODULE"] = "comaker.host.settings"
    import django

    django.setup()


def prepare(customers: int = CUSTOMERS, *, logged_in: int = CUSTOMERS) -> list[str]:
    """Migrate, publish, open one project and log customers in; returns their session keys."""
    import tomlkit
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command

    from comaker.host.firm import model_of
    from comaker.host.models import Account, Project, Publication
    from comaker.host.writer import Act, Request, write
    from comaker.model import gallery_text

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    text = tomlkit.parse(gallery_text("my-major-company"))
    text.pop("amendment")
    text["task"]["stake"]["terms"].update({"goal": "10000000000.00", "cap": "10000000000.00"})
    published = tomlkit.dumps(text)
    Publication.objects.create(text=published, hash=model_of(published).hash)
    staff = Account.objects.create_user("staff@example.org", None, is_staff=True)
    project = Project.objects.create(slug="hot", name="Hot", line="-", story="-", created_by=staff)
    assert write([Request(Act.OPEN, project=project.pk, staff=staff.pk, key="open")])[0].is_done
    Account.objects.bulk_create(
        Account(email=f"{number}@example.org", name=f"Customer {number}", password="!")
        for number in range(customers)
    )
    sessions = []
    for account in Account.objects.filter(is_staff=False).order_by("id")[:logged_in]:
        session = SessionStore()
        session[SESSION_KEY] = str(account.pk)
        session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
        session[HASH_SESSION_KEY] = account.get_session_auth_hash()
        session.create()
        sessions.append(session.session_key)
    return sessions


def wrong() -> list[str]:
    """What a storm left that is not right: by what is in the database alone."""
    from django.db.models import Count, Sum

    from comaker.host.models import Contribution, Event, Holding, Posting, Project, Standing

    project = Project.objects.get(slug="hot").pk
    standing = Standing.objects.get(pk=project)
    held = Holding.objects.filter(project=project).aggregate(Sum("shares"))["shares__sum"]
    done = Event.objects.filter(kind="done").aggregate(Count("id"), Sum("quantity"), Sum("money_minor"))
    booked = Posting.objects.filter(chain=project).aggregate(Count("id"), Sum("amount_minor"))
    answered = Contribution.objects.filter(route="stake", status=201).count()
    found = []
    if not held == done["quantity__sum"] == standing.collected_shares:
        found.append(f"held {held}, asked {done['quantity__sum']}, collected {standing.collected_shares}")
    if not booked["id__count"] == done["id__count"] == answered == standing.entries:
        found.append(f"{booked} booked, {done} done, {answered} answered, {standing.entries} counted")
    if booked["amount_minor__sum"] != done["money_minor__sum"]:
        found.append(f"{booked} booked, {done} done")
    return found
