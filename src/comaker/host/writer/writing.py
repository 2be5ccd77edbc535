"""Writes a batch of requests in one transaction: lock, read, decide, write, commit, answer."""

from __future__ import annotations

from collections.abc import Sequence

from comaker.host.writer.requests import Answer, Request


def write(requests: Sequence[Request], *, now_us: int | None = None) -> list[Answer]:
    """Decide and record requests in order, all in one transaction; returns one answer a request."""
    raise NotImplementedError
