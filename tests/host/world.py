"""A site in which everything exists once, and every address of it: what generated tests walk over."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.contrib.admindocs.views import simplify_regex
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern

from comaker.host.api.stakes import digest_of
from comaker.host.models import Account, Media, News, Project, Settlement, Token
from comaker.host.pages.tokens import SCOPES
from comaker.host.payout import payout_of
from comaker.host.writer import Act, Answer, Request, write
from comaker.model import gallery_text

DAY_US = 86_400 * 1_000_000
STATES = ("draft", "open", "funded", "expired", "released")
CANARY = "canary-of-the-draft"
PRIVATE = "private-canary"
GOAL_SHARES = 5
_PLACE = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>")
_SAMPLES = {"int": "1", "uuid": "1f0e8d7c-6b5a-4c3d-9e8f-7a6b5c4d3e2f"}


class Address(NamedTuple):
    """A pattern of the URL conf: ``route`` with places such as ``<slug:slug>``, and the view behind it."""

    name: str
    route: str
    view: Callable[..., Any]

    @property
    def is_of_a_project(self) -> bool:
        return any(place["name"] in ("slug", "path") for place in _PLACE.finditer(self.route))

    def path(self, **given: str) -> str:
        """The address with its places filled in."""

        def fill(place: re.Match[str]) -> str:
            return given.get(place["name"]) or _SAMPLES.get(place["kind"] or "", "1")

        return "/" + _PLACE.sub(fill, self.route)


def every_address() -> list[Address]:
    """Every pattern of the URL conf, however deep: a new one appears by itself."""
    return list(_walk(get_resolver().url_patterns, "", ""))


def _walk(patterns: list[Any], before: str, names: str) -> Iterator[Address]:
    for each in patterns:
        part = str(each.pattern)
        if isinstance(each.pattern, RegexPattern):
            part = simplify_regex(part).lstrip("/")
        if isinstance(each, URLResolver):
            inner = f"{names}{each.namespace}:" if each.namespace else names
            yield from _walk(each.url_patterns, before + part, inner)
        elif isinstance(each, URLPattern):
            yield Address(f"{names}{each.name or part}", before + part, each.callback)


def small_text() -> str:
    """My Major Company with a goal of five shares, to be reached in thirty days, and no amendments."""
    text = gallery_text("my-major-company")
    start, end = text.index("[[amendment]]"), text.index("[assumption.")
    text = text[:start] + text[end:]
    text = text.replace('goal = "70000.00"', 'goal = "50.00"\nopen_for = "30 days"')
    return text.replace('cap = "7000.00" ', 'cap = "50.00" ')


class World:
    """People and projects, one of each kind. ``owner`` holds shares of all projects that were ever open."""

    def __init__(self, site: Any) -> None:
        self.site = site
        self.staff, self.second = site.staff("Sam"), site.staff("Sue")
        self.owner, self.other = site.customer("Owner"), site.customer("Other")
        self.owner.email = f"{PRIVATE}@example.org"
        self.owner.save()
        self.tokens = {scope: self.token(self.owner, scope) for scope in SCOPES}
        self.desk_token = self.token(self.staff, "desk")
        self.now_us = time.time_ns() // 1_000
        self.projects = {state: self._draft(state) for state in STATES}
        for state in STATES[1:]:
            self._open(state)

    def token(self, account: Account, scopes: str) -> str:
        secret = f"secret-{account.pk}-{scopes}".replace(" ", "-")
        Token.objects.create(
            account=account,
            label=f"{PRIVATE} {scopes}",
            digest=digest_of(secret),
            scopes=scopes,
            expires_us=time.time_ns() // 1_000 + 365 * DAY_US,
        )
        return secret

    def ask(self, act: Act, project: Project, *, at_us: int | None = None, **fields: Any) -> Answer:
        request = Request(act, project=project.pk, key=f"{act} {project.pk} {fields}", **fields)
        answer = write([request], now_us=at_us)[0]
        assert answer.is_done, (act, project, answer)
        return answer

    def _draft(self, state: str) -> Project:
        project = self.site.draft(f"{state}-one")
        words = CANARY if state == "draft" else "plain words"
        for field in ("name", "line", "story", "opinion"):
            setattr(project, field, f"{words} of {state} {field}")
        project.save()
        Media.objects.create(
            project=project,
            kind=Media.Kind.PICTURE,
            file=ContentFile(PIXEL, name=f"{state}.png"),
            text=words,
            added_by=self.staff,
        )
        News.objects.create(project=project, title=words, text=words, written_by=self.staff)
        return project

    def _open(self, state: str) -> None:
        project = self.projects[state]
        opened_us = self.now_us - (40 if state == "expired" else 20) * DAY_US
        self.ask(Act.OPEN, project, at_us=opened_us, staff=self.staff.pk)
        shares = GOAL_SHARES if state in ("funded", "released") else 2
        later_us = opened_us + DAY_US
        staked = self.ask(Act.STAKE, project, at_us=later_us, customer=self.owner.pk, quantity=shares)
        self.ask(Act.CONFIRM, project, at_us=later_us, staff=self.staff.pk, reference=staked.event_id)
        if state == "open":
            self.ask(Act.STAKE, project, customer=self.owner.pk, quantity=1)
        if state == "expired":
            self.ask(Act.CLOSE, project)
        if state == "released":
            self.ask(Act.PRODUCE, project, staff=self.staff.pk)
            self.ask(Act.RELEASE, project, staff=self.staff.pk)
            self.ask(Act.INCOME, project, staff=self.staff.pk, money_minor=10_000)
            due = payout_of(project.pk)
            self.settlement = Settlement.objects.create(
                project=project.pk,
                earned_minor=10_000,
                total_minor=due.total_minor,
                proposed_by=self.staff,
            )
        project.refresh_from_db()

    def given(self, state: str) -> dict[str, str]:
        """What stands in addresses that are about a project of a state."""
        project = self.projects[state]
        return {"slug": project.slug, "path": project.media.get().file.name}

    def client(self, role: str, **options: Any) -> Client:
        """A browser of ``anonymous`` or of somebody named here, or a program with the token of a scope."""
        if role in self.tokens:
            return Client(headers={"Authorization": f"Bearer {self.tokens[role]}"}, **options)
        client = Client(**options)
        if role != "anonymous":
            client.force_login(getattr(self, role))
        return client


def everything_written() -> dict[str, list[tuple[Any, ...]]]:
    """All rows of our own tables, but for when somebody was last here."""
    from django.apps import apps

    rows = {}
    for model in apps.get_app_config("host").get_models():
        columns = [field.column for field in model._meta.concrete_fields if field.name != "last_login"]
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(columns)} FROM {model._meta.db_table} ORDER BY {columns[0]}")
            rows[model._meta.db_table] = cursor.fetchall()
    return rows


PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
