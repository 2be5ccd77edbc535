"""How often a caller may ask: counted by the minute in each process, and told to the others now and then.

A count in the shared cache for each request would cost a write each. So a process counts by itself and
shares what it counted every ``TOLD_EVERY`` requests of a caller: with n processes at most
n x ``TOLD_EVERY`` requests a minute pass beyond the limit.
"""

from __future__ import annotations

import threading
import time
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError
from django.http import HttpRequest

WINDOW_S = 60
PER_MINUTE = {"read": 600, "write": 240, "address": 1_800, "failed": 30}
"""Requests a minute: reading and writing by account (by address without a log-in), all of one address, and
log-ins of one address that failed."""

TOLD_EVERY = 10
MOST_CALLERS = 50_000


class Limits:
    """Counts of the present minute; ``take`` may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        """Begin to count anew."""
        self._minute = 0
        self._own: dict[str, int] = {}
        self._others: dict[str, int] = {}

    def take(self, kind: str, caller: str, *, now_s: float | None = None) -> int:
        """Count one request; returns 0 where it may go on, else the seconds to wait."""
        now_s = time.time() if now_s is None else now_s
        minute, name = int(now_s // WINDOW_S), f"{kind}-{caller}"
        with self._lock:
            if minute != self._minute or len(self._own) > MOST_CALLERS:
                self.forget()
                self._minute = minute
            own = self._own[name] = self._own.get(name, 0) + 1
        if own % TOLD_EVERY == 0:
            self._others[name] = _tell(f"api-{minute}-{name}") - own
        if own + self._others.get(name, 0) <= PER_MINUTE[kind]:
            return 0
        return int((minute + 1) * WINDOW_S - now_s) + 1


def _tell(name: str) -> int:
    """Add to what all processes counted; returns their sum so far."""
    try:
        cache.add(name, 0, 2 * WINDOW_S)
        return int(cache.incr(name, TOLD_EVERY))
    except (DatabaseError, ValueError):  # a busy database, or the minute is over: each counts for itself
        return 0


limits = Limits()


def address_of(request: HttpRequest) -> str:
    """Whence a request comes: an address, of IPv6 the network of one household.

    What ``X-Forwarded-For`` says counts only behind our own proxy, which writes the last entry.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY_SSL_HEADER:
        address = request.META.get("HTTP_X_FORWARDED_FOR", address).rpartition(",")[2].strip()
    try:
        seen = ip_address(address)
    except ValueError:
        return "unknown"
    return str(seen) if seen.version == 4 else str(ip_network(f"{seen}/64", strict=False))
