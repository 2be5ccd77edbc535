"""Looks: that a customer opened a project's page, and what it told her, becomes an event.

Without those who looked and did nothing nobody can tell what the numbers on the page do (F4.1). The page
does not wait for it: looks gather for a moment and are written together. One that is lost in a crash was
promised to nobody. Her first look at a project on a day counts; its key keeps later ones out.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping

from django.db import connections
from django.http import HttpRequest

from comaker.host.pages.shown import canonical
from comaker.host.writer import Act, Request, write
from comaker.host.writer.terms import SECOND_US

PAUSE_S = 0.2
"""Seconds in which looks gather: less than anybody needs from a look to a stake."""

MOST_WAITING = 5_000
"""Looks that may wait; in a greater rush the rest go unrecorded."""

_DAY_US = 86_400 * SECOND_US

_log = logging.getLogger(__name__)


class Looks:
    """The looks of this process that are still to be written."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: dict[str, Request] = {}

    def add(self, customer: int, project: int, facts: Mapping[str, int | str | None]) -> None:
        """Note a look; it is written within a moment."""
        day = time.time_ns() // 1_000 // _DAY_US
        key = f"{project} {day}"
        look = Request(Act.SEE, project=project, customer=customer, key=key, shown=canonical(facts))
        with self._guard:
            if len(self._waiting) >= MOST_WAITING:
                return
            is_first = not self._waiting
            self._waiting.setdefault(f"{customer} {key}", look)
        if is_first:
            self._write_soon()

    def write(self) -> None:
        """Write what waits, in the order in which it came."""
        with self._guard:
            looks, self._waiting = [*self._waiting.values()], {}
        write(looks)

    def _write_soon(self) -> None:
        # Not a daemon: a process that is told to stop writes its looks first.
        threading.Timer(PAUSE_S, self._write_and_close).start()

    def _write_and_close(self) -> None:
        try:
            self.write()
        except Exception:
            _log.exception("looks could not be recorded")
        finally:
            connections.close_all()


looks = Looks()


def is_look(request: HttpRequest) -> bool:
    """Whether a customer asks for a page herself: not the firm's own people, and no browser on its own."""
    is_asked = request.method == "GET" and "prefetch" not in request.headers.get("Sec-Purpose", "")
    return is_asked and request.user.is_authenticated and not request.user.is_staff
