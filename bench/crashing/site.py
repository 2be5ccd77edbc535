"""The site that crashes: a project, customers, and what a crash did to them."""

from __future__ import annotations

import os
import random
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

CUSTOMERS = 20


def start_django(folder: Path, database: str = "") -> None:
    """Start Django on a database; SQLite in the folder without another."""
    os.environ.update(COMAKER_DATA=str(folder), COMAKER_DATABASE=database, COMAKER_SECRET_KEY="bench " * 12)
    os.environ["DJANGO_SETTINGS_MODULE"] = "comaker.host.settings"
    import django

    django.setup()


def use(database: str) -> None:
    """Make another database that of this process."""
    from django.db import connections

    from comaker.host.environment import database_of

    connections["default"].close()
    described = {**connections["default"].settings_dict, **database_of(database, Path())}
    connections.databases["default"] = connections.settings["default"] = described
    del connections["default"]


class People(NamedTuple):
    """Who acts on the site: a project, customers with the secrets of their tokens, and staff."""

    project: int
    customers: list[int]
    secrets: list[str]
    staff: int


def populate() -> People:
    """Tables, terms with a goal that is never reached, customers with tokens, one project."""
    from django.core.management import call_command

    from comaker.host.api.stakes import digest_of
    from comaker.host.firm import model_of
    from comaker.host.models import Account, Project, Publication, Token
    from comaker.host.writer import Act, Request, write
    from comaker.model import gallery_text

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    text = gallery_text("my-major-company")
    text = text[: text.index("[[amendment]]")] + text[text.index("[assumption.") :]
    text = text.replace('goal = "70000.00"', 'goal = "70000000.00"')
    text = text.replace('cap = "7000.00" ', 'cap = "7000000.00" ')
    Publication.objects.create(text=text, hash=model_of(text).hash)
    staff = Account.objects.create(email="staff@example.org", is_staff=True)
    customers, secrets = [], [f"secret-{number}" for number in range(CUSTOMERS)]
    for secret in secrets:
        customer = Account.objects.create(email=f"{secret}@example.org")
        customers.append(customer.pk)
        Token.objects.create(
            account=customer, label="bench", digest=digest_of(secret), scopes="stake", expires_us=2**62
        )
    project = Project.objects.create(slug="grace", name="Grace", line="-", story="-", created_by=staff)
    assert write([Request(Act.OPEN, project=project.pk, staff=staff.pk, key="open")])[0].is_done
    return People(project.pk, customers, secrets, staff.pk)


def closed_file(path: Path) -> None:
    """Bring everything into the one file, so that it can be copied."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    assert path.exists()


@dataclass
class Damage:
    """What crashes did: answers given, of them lost or given otherwise later; what audits found wrong."""

    answered: int = 0
    lost: int = 0
    changed: int = 0
    wrong: list[str] = field(default_factory=list)
    reopened_s: list[float] = field(default_factory=list)
    crashes: int = 0
    crashes_with_loss: int = 0


def new_key(luck: random.Random) -> str:
    return uuid.UUID(int=luck.getrandbits(128)).hex
