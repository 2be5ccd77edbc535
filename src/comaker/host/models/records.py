"""What is only ever added: events, postings, and answers to requests. Written by the writer alone."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Event(models.Model):
    """One row of the event table (``comaker.events.COLUMNS``; ``id`` is event_id, ``at_us`` is at)."""

    id = models.BigAutoField(primary_key=True)
    at_us = models.BigIntegerField()
    model = models.CharField(max_length=16)
    kind = models.CharField(max_length=12)
    customer = models.BigIntegerField(null=True)
    role = models.CharField(max_length=40, null=True)
    task = models.CharField(max_length=40, null=True)
    stage = models.CharField(max_length=20, null=True)
    performer = models.CharField(max_length=12, null=True)
    subject = models.BigIntegerField(null=True)
    refusal = models.CharField(max_length=24, null=True)
    quantity = models.BigIntegerField(null=True)
    money_minor = models.BigIntegerField(null=True)
    seconds = models.BigIntegerField(null=True)
    items = models.IntegerField(null=True)
    effort = models.IntegerField(null=True)
    affect = models.SmallIntegerField(null=True)
    conduct = models.SmallIntegerField(null=True)
    encounter = models.IntegerField(null=True)
    staff_seconds = models.BigIntegerField(null=True)
    saved_seconds = models.BigIntegerField(null=True)
    referrer = models.BigIntegerField(null=True)
    arm = models.CharField(max_length=40, null=True)
    shown = models.TextField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["subject", "kind"], name="event_subject_kind"),
            # The live feed: without it, a million refusals after the last stake would be read for it.
            models.Index(fields=["task", "-id"], name="event_latest_done", condition=models.Q(kind="done")),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.kind}"


class Posting(models.Model):
    """Money moved by an event from one account of the ledger to another: two lines that must sum to zero.

    ``hash`` is SHA-256 over the hash before it in the same chain and the row itself; each project has a
    chain, what concerns no project is in chain 0. ``number`` counts the rows of a chain from 1.
    """

    id = models.BigAutoField(primary_key=True)
    event_id = models.BigIntegerField()
    chain = models.BigIntegerField()
    number = models.BigIntegerField()
    source = models.CharField(max_length=60)
    target = models.CharField(max_length=60)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    rule = models.CharField(max_length=20)
    version = models.CharField(max_length=16)
    hash = models.BinaryField(max_length=32)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["chain", "number"], name="posting_chain_number"),
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="posting_amount_above_zero"),
            models.CheckConstraint(
                condition=~models.Q(source=models.F("target")), name="posting_between_two_accounts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.chain}/{self.number}"


class Contribution(models.Model):
    """A request with an idempotency key and the answer it was given; the same key gets the same answer.

    ``body`` is a digest of what was asked. ``status`` is the HTTP status, ``answer`` the rest as JSON.
    """

    id = models.BigAutoField(primary_key=True)
    account = models.BigIntegerField()
    route = models.CharField(max_length=40)
    key = models.CharField(max_length=255)
    body = models.BinaryField(max_length=16)
    event_id = models.BigIntegerField(null=True)
    status = models.SmallIntegerField()
    answer = models.TextField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["account", "key", "route"], name="contribution_once"),
        ]

    def __str__(self) -> str:
        return f"{self.route} {self.key}"
