"""What pages show of projects: read with few queries, decided nowhere here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from comaker.events import Kind
from comaker.host.firm import stake_of
from comaker.host.models import Account, Event, Media, Project, Standing
from comaker.host.wording import clean_name
from comaker.model import Model
from comaker.rules.stake import EXPIRED, FUNDED, OPEN

FEED_SIZE = 8

FILTERS = {
    "open": Q(status=OPEN),
    "funded": Q(status=FUNDED, released_us=None),
    "released": Q(status=FUNDED, released_us__isnull=False),
}
"""What the list of projects may be narrowed to."""


class Card(NamedTuple):
    """A project as lists and its own page show it; ``standing`` is None for a draft."""

    project: Project
    standing: Standing | None
    picture: Media | None
    price_minor: int

    @property
    def stage(self) -> str:
        """How far it is: draft, open, funded, produced, released or expired."""
        standing = self.standing
        if standing is None:
            return "draft"
        if standing.status == EXPIRED:
            return "expired"
        if standing.released_us is not None:
            return "released"
        if standing.produced_us is not None:
            return "produced"
        return "funded" if standing.status == FUNDED else "open"

    @property
    def stage_text(self) -> str:
        """How far it is, in words."""
        return {
            "draft": _("Draft: not published"),
            "open": pgettext("a project", "Open"),
            "funded": _("Goal reached"),
            "produced": _("In production"),
            "released": _("Released"),
            "expired": _("Closed: goal not reached"),
        }[self.stage]

    @property
    def badge(self) -> str:
        """The class of its badge."""
        return {"open": "", "expired": "quiet", "draft": "quiet"}.get(self.stage, "good")

    @property
    def cover_url(self) -> str:
        """The address of its portrait, or of the cover that is drawn for it."""
        return self.picture.file.url if self.picture else reverse("cover", args=[self.project.slug])

    @property
    def collected_minor(self) -> int:
        """What was staked so far, reserved shares included."""
        return self.standing.collected_shares * self.price_minor if self.standing else 0

    @property
    def goal_minor(self) -> int:
        """What it takes."""
        return self.standing.goal_shares * self.price_minor if self.standing else 0

    @property
    def missing_minor(self) -> int:
        """What is still missing to the goal."""
        return max(self.goal_minor - self.collected_minor, 0)


class Latest(NamedTuple):
    """A stake in the live feed: who, how much, on whom, when (µs)."""

    name: str
    quantity: int
    money_minor: int
    project: Project
    at_us: int


def price_of(firm: Model) -> int:
    """The price of a share in minor units; 0 where the firm sells none."""
    found = stake_of(firm)
    return found[1].terms.share_price_minor if found else 0


def cards_of(standings: Sequence[Standing], firm: Model) -> list[Card]:
    """Cards in the order of the standings: two queries, however many."""
    numbers = [standing.project for standing in standings]
    projects = Project.objects.in_bulk(numbers)
    pictures = portraits_of(numbers)
    price = price_of(firm)
    return [
        Card(projects[standing.project], standing, pictures.get(standing.project), price)
        for standing in standings
        if standing.project in projects
    ]


def portraits_of(projects: Iterable[int]) -> dict[int, Media]:
    """The first picture of each project, by its number."""
    found: dict[int, Media] = {}
    for picture in Media.objects.filter(project__in=list(projects), kind=Media.Kind.PICTURE):
        found.setdefault(picture.project_id, picture)
    return found


def standings(chosen: str = "") -> QuerySet[Standing]:
    """Published projects, those that can still be staked on first."""
    return Standing.objects.filter(FILTERS.get(chosen, Q())).order_by("status", "-opened_us", "project")


def latest_stakes(firm: Model) -> list[Latest]:
    """The latest stakes, in three queries."""
    found = stake_of(firm)
    if found is None:
        return []
    # Written out, not given as a parameter, so that the database sees that its index of them serves. It is
    # a word of our own: nothing that anybody sent.
    is_done = f"kind = '{Kind.DONE}'"
    events = list(
        Event.objects.extra(where=[is_done])  # nosec B610
        .filter(task=found[0], subject__isnull=False)
        .order_by("-id")
        .only("customer", "quantity", "money_minor", "subject", "at_us")[:FEED_SIZE]
    )
    projects = Project.objects.in_bulk({event.subject for event in events})
    names = names_of(event.customer for event in events)
    return [
        Latest(
            names[event.customer],
            event.quantity,
            event.money_minor or 0,
            projects[event.subject],
            event.at_us,
        )
        for event in events
        if event.subject in projects
    ]


def names_of(customers: Iterable[int | None]) -> dict[int | None, str]:
    """The public names of accounts by number, in one query."""
    numbers = {number for number in customers if number is not None}
    accounts = Account.objects.only("name").in_bulk(numbers) if numbers else {}
    return {
        number: (clean_name(accounts[number].name) if number in accounts else "") or _("Customer %d") % number
        for number in numbers
    }
