"""What the firm announced and approved: published model files, settlements, and the log of staff acts."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from comaker.host.models.accounts import Account


class Publication(models.Model):
    """A whole model file, as announced; the latest governs, its amendments from their days on."""

    text = models.TextField()
    hash = models.CharField(max_length=16)
    announced_at = models.DateTimeField(auto_now_add=True)
    announced_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.hash} of {self.announced_at:%Y-%m-%d}"


class Settlement(models.Model):
    """A payout proposed by one of the staff and approved by another; booked once, by the writer.

    ``earned_minor`` is the base it was computed on; where that has changed since, it must be proposed anew.
    """

    class State(models.TextChoices):
        """How far it is."""

        PROPOSED = "proposed"
        BOOKED = "booked"
        DROPPED = "dropped"

    project = models.BigIntegerField(db_index=True)
    earned_minor = models.BigIntegerField()
    total_minor = models.BigIntegerField()
    proposed_by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(auto_now_add=True)
    approved_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    booked_event = models.BigIntegerField(null=True)
    state = models.CharField(max_length=8, choices=State, default=State.PROPOSED)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["project"],
                condition=models.Q(state="proposed"),
                name="settlement_one_proposed",
            ),
        ]

    def __str__(self) -> str:
        return f"settlement {self.pk} of project {self.project}"


class StaffAct(models.Model):
    """The log of what staff did: only ever added to; the database refuses changes."""

    at = models.DateTimeField(auto_now_add=True)
    account = models.BigIntegerField()
    act = models.CharField(max_length=40)
    subject = models.CharField(max_length=80, blank=True)
    detail = models.TextField(blank=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.act} {self.subject}"
