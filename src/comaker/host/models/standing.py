"""Where projects and holders stand now: what the writer locks, reads and changes, and nobody else writes."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from comaker.host.models.records import Contribution


class Standing(models.Model):
    """What a project has come to (``comaker.rules.stake.ProjectState``); its row is the lock of the project.

    ``collected_shares`` counts reserved shares too; ``most_shares`` is what the database itself lets it
    collect: the goal where staking ends there. ``head`` and ``entries`` are the end of its chain of postings.
    ``earned_minor`` is income less costs so far, the base of sharing.
    """

    project = models.BigIntegerField(primary_key=True)
    status = models.SmallIntegerField()
    goal_shares = models.BigIntegerField()
    most_shares = models.BigIntegerField()
    collected_shares = models.BigIntegerField(default=0)
    reserved_shares = models.BigIntegerField(default=0)
    holders = models.BigIntegerField(default=0)
    opened_us = models.BigIntegerField()
    closed_us = models.BigIntegerField(null=True)
    produced_us = models.BigIntegerField(null=True)
    released_us = models.BigIntegerField(null=True)
    earned_minor = models.BigIntegerField(default=0)
    entries = models.BigIntegerField(default=0)
    head = models.BinaryField(max_length=32)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(collected_shares__gte=0)
                & models.Q(collected_shares__lte=models.F("most_shares")),
                name="standing_within_goal",
            ),
            models.CheckConstraint(
                condition=models.Q(reserved_shares__gte=0)
                & models.Q(reserved_shares__lte=models.F("collected_shares")),
                name="standing_reserved_within_collected",
            ),
        ]

    def __str__(self) -> str:
        return f"project {self.project}"


class Holding(models.Model):
    """What a customer holds of a project, reserved shares included, and what she was paid for it."""

    id = models.BigAutoField(primary_key=True)
    project = models.BigIntegerField()
    customer = models.BigIntegerField(db_index=True)
    shares = models.BigIntegerField()
    reserved_shares = models.BigIntegerField(default=0)
    paid_minor = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["project", "customer"], name="holding_once"),
            models.CheckConstraint(
                condition=models.Q(reserved_shares__gte=0)
                & models.Q(shares__gte=models.F("reserved_shares")),
                name="holding_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer} in {self.project}"


class Reservation(models.Model):
    """A stake or purchase that waits for its money: confirmed by staff, or lapsed after ``lapses_us``.

    Its number is that of the event by which it was taken. ``quantity`` are shares or copies still waiting.
    There is no index by customer, which a rush would write to at random places: see ``of``.
    """

    class State(models.IntegerChoices):
        """What became of it."""

        WAITING = 0
        CONFIRMED = 1
        LAPSED = 2
        WITHDRAWN = 3

    # Never numbered by itself; but only so is it SQLite's own number of the row, without an index beside it.
    event = models.BigAutoField(primary_key=True)
    project = models.BigIntegerField()
    customer = models.BigIntegerField()
    task = models.CharField(max_length=40)
    quantity = models.BigIntegerField()
    money_minor = models.BigIntegerField()
    lapses_us = models.BigIntegerField()
    state = models.SmallIntegerField(choices=State, default=State.WAITING)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["project", "state", "lapses_us"], name="reservation_waiting"),
        ]

    def __str__(self) -> str:
        return f"reservation {self.event}"

    @staticmethod
    def of(customer: int) -> models.Q:
        """Those of a customer, found by the answers that her requests were given."""
        answered = Contribution.objects.filter(account=customer, event_id__isnull=False)
        return models.Q(event__in=answered.values("event_id"), customer=customer)
