"""Where a customer stands with a project: what her pages show, and the numbers that explain a refusal."""

from __future__ import annotations

import hashlib
import json
import time
from typing import NamedTuple

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from comaker.host.models import Holding, Project, Publication, Standing
from comaker.host.pages.words import shares_text
from comaker.host.wording import number_text
from comaker.host.writer.terms import SECOND_US, Terms, Versions, versions_of
from comaker.refusals import Refusal
from comaker.rules.purchase import amount_due
from comaker.rules.stake import ProjectState, cap_at, decide_stake, stake_room


class Place(NamedTuple):
    """A project as one customer finds it, by the terms in force: read at ``now_us`` and decided nowhere here.

    ``since_us`` is from when these terms are in force.
    """

    project: Project
    standing: Standing
    holding: Holding
    terms: Terms
    since_us: int
    now_us: int

    @property
    def state(self) -> ProjectState:
        """The project as the rules see it."""
        standing = self.standing
        opened_s = standing.opened_us // SECOND_US
        return ProjectState(standing.status, standing.collected_shares, standing.goal_shares, opened_s)

    @property
    def price_minor(self) -> int:
        """What a share costs."""
        return self.terms.stake.share_price_minor

    @property
    def cap_shares(self) -> int:
        """The most one person may hold at the moment."""
        return cap_at(self.standing.collected_shares, self.terms.stake)

    @property
    def room_shares(self) -> int:
        """The most she could take now."""
        return stake_room(self.holding.shares, self.state, self.terms.stake)

    @property
    def missing_shares(self) -> int:
        """What is still missing to the goal."""
        return max(self.standing.goal_shares - self.standing.collected_shares, 0)

    @property
    def collected_minor(self) -> int:
        """What has been staked, shares included whose money is still on its way."""
        return self.standing.collected_shares * self.price_minor

    @property
    def goal_minor(self) -> int:
        """What it takes."""
        return self.standing.goal_shares * self.price_minor

    @property
    def due_us(self) -> int | None:
        """By when the money of shares that are taken now must be there; None where it comes at once."""
        return self._due_us(self.terms.task)

    @property
    def order_due_us(self) -> int | None:
        """By when the money of copies that are ordered now must be there; None where it comes at once."""
        return self._due_us(self.terms.buying.task) if self.terms.buying else None

    def _due_us(self, task: str) -> int | None:
        if not self.terms.reserved_us:
            return None
        return self.terms.lapses_us(task, self.now_us, self.standing.opened_us)

    def foreseen(self, shares: int) -> tuple[int, Refusal]:
        """What the rule would say now to so many shares."""
        now_s = self.now_us // SECOND_US
        return decide_stake(shares, self.holding.shares, self.state, self.terms.stake, now_s)

    def cost_minor(self, shares: int) -> int:
        """What so many shares cost."""
        return amount_due(shares, self.price_minor)

    def facts(self) -> dict[str, int | str | None]:
        """What a customer saw who saw this: written into the event of what she then did."""
        return {
            "collected": self.standing.collected_shares,
            "goal": self.standing.goal_shares,
            "cap": self.cap_shares,
            "room": self.room_shares,
            "holders": self.standing.holders,
            "wording": _wording_hash(self.terms),
        }

    def explain(self, refusal: Refusal) -> str:
        """The numbers behind a refusal, in a sentence; nothing where they explain nothing."""
        held = self.holding.shares
        if refusal is Refusal.OVER_CAP:
            return _("You hold %(held)s of at most %(cap)s; you may take up to %(room)s more.") % {
                "held": shares_text(held),
                "cap": number_text(self.cap_shares),
                "room": number_text(self.room_shares),
            }
        if refusal in (Refusal.OVER_GOAL, Refusal.GOAL_REACHED):
            return _("%(collected)s of %(goal)s are taken: %(missing)s left.") % {
                "collected": number_text(self.standing.collected_shares),
                "goal": shares_text(self.standing.goal_shares),
                "missing": number_text(self.missing_shares),
            }
        if refusal is Refusal.NOTHING_HELD:
            return _("You hold %(held)s.") % {"held": shares_text(held)}
        if refusal is Refusal.STEP_MISSING:
            return _("It can be bought once it is released.")
        return ""


def current_terms(now_us: int) -> tuple[Terms, Versions]:
    """The terms in force and all versions, as the writer reads them; ``Http404`` before any was published."""
    published = Publication.objects.order_by("-id").values_list("text", flat=True).first()
    if published is None:
        raise Http404
    versions = versions_of(published)
    return versions.at(now_us), versions


def place_of(customer: int, slug: str) -> Place:
    """Where a customer stands with a published project; ``Http404`` where there is none of that name."""
    now_us = time.time_ns() // 1_000
    project = get_object_or_404(Project, slug=slug)
    standing = get_object_or_404(Standing, project=project.pk)
    holding = Holding.objects.filter(project=project.pk, customer=customer).first()
    holding = holding or Holding(project=project.pk, customer=customer, shares=0)
    terms, versions = current_terms(now_us)
    return Place(project, standing, holding, terms, versions.begins_us(terms), now_us)


def _wording_hash(terms: Terms) -> str:
    guide = terms.model.task[terms.task].guide
    words = [terms.model.text, guide.model_dump() if guide else None]
    return hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()[:16]
