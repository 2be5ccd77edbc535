"""The chain of postings: each hash covers its row and the hash before, so that nothing can be changed or
removed in the middle without every later hash telling."""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

BEGINNING = bytes(32)
"""What stands before the first row of a chain."""

NO_PROJECT = 0
"""The chain of what concerns no project."""


class Link(NamedTuple):
    """What the hash of a posting covers, in this order (columns of ``comaker.host.models.Posting``)."""

    event_id: int
    chain: int
    number: int
    source: str
    target: str
    currency: str
    amount_minor: int
    rule: str
    version: str


def link(previous: bytes, row: tuple[object, ...]) -> bytes:
    """The hash of a row (``Link``) that follows another: SHA-256 of the hash before and the row as text."""
    return sha256(previous + repr(tuple(row)).encode()).digest()
