"""The clock: once a minute it asks the writer for what is due because time has passed.

It may tick in any number of processes: the writer looks again under its lock, and does nothing twice.
"""

from __future__ import annotations

import logging
import threading
import time

from django.db import connections
from django.db.models import Q

from comaker.host.firm import in_force, stake_of
from comaker.host.models import Reservation, Standing
from comaker.host.writer import Act, Request, write
from comaker.host.writer.chain import NO_PROJECT
from comaker.rules.stake import EXPIRED, OPEN

TICK_S = 60
"""Seconds between two looks."""

_BATCH = 200
"""Requests in one transaction, so that customers never wait long for the clock."""

_log = logging.getLogger(__name__)


def due(now_us: int) -> list[Request]:
    """What is to be asked of the writer at this instant (µs since 1970 UTC).

    Reservations whose money did not come in time, projects whose time to stake is over, and those of which
    stakes are still to be given back because a customer came before the clock and found them expired;
    whether that is so is for the writer to decide.
    """
    lapsed = Reservation.objects.filter(state=Reservation.State.WAITING, lapses_us__lte=now_us)
    requests = [
        Request(Act.LAPSE, project=project, reference=event)
        for event, project in lapsed.order_by("event").values_list("event", "project")
    ]
    staking = stake_of(in_force())
    open_us = staking[1].terms.open_seconds * 1_000_000 if staking else 0
    over = Q(status=EXPIRED, collected_shares__gt=0)
    if open_us:
        over |= Q(status=OPEN, opened_us__lte=now_us - open_us)
    projects = Standing.objects.filter(over, project__gt=NO_PROJECT).order_by("project")
    requests += [Request(Act.CLOSE, project=each) for each in projects.values_list("project", flat=True)]
    return requests


def tick(now_us: int | None = None) -> int:
    """Ask the writer for everything that is due now (or at an instant); returns how many requests it was.

    One that cannot be written is logged, and keeps none of the others waiting.
    """
    requests = due(time.time_ns() // 1_000 if now_us is None else now_us)
    for start in range(0, len(requests), _BATCH):
        _ask(requests[start : start + _BATCH], now_us)
    return len(requests)


def _ask(requests: list[Request], now_us: int | None) -> None:
    try:
        write(requests, now_us=now_us)
    except Exception:
        if len(requests) == 1:
            one = requests[0]
            _log.exception("the clock could not %s project %s (%s)", one.act, one.project, one.reference)
            return
        _log.warning("the clock asks for %s requests one by one: together they fail", len(requests))
        for each in requests:
            _ask([each], now_us)


class Clock:
    """A thread that ticks until it is stopped; a failure is logged, and the next tick tries again."""

    def __init__(self, every_s: float = TICK_S) -> None:
        self._every_s = every_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)

    def start(self) -> None:
        """Begin to tick, at once and then regularly."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, after the tick that is under way."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(timeout=20)

    def _run(self) -> None:
        while True:
            try:
                tick()
            except Exception:
                _log.exception("the clock could not ask for what is due; it tries again")
            finally:
                connections.close_all()
            if self._stopped.wait(self._every_s):
                return
