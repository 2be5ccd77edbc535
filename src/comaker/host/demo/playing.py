"""Asks the writer for a history in order of time, and holds every answer to what was simulated."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count
from typing import Any, NamedTuple

from comaker.host.preparing import HostError
from comaker.host.writer import Act, Answer, Request, write
from comaker.refusals import Refusal

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
LATER_US = 20 * HOUR_US
"""What follows from an answer is asked at least so much later: a batch spans less than that."""

_BATCH = 500


class Wish(NamedTuple):
    """What a request must come to: so many shares or copies (None: as it may be), or a refusal; ``follow`` is
    called with the answer."""

    accepted: int | None = None
    refusal: Refusal = Refusal.NONE
    follow: Callable[[Request, Answer], None] | None = None


ANYTHING = Wish()
"""Accepted, whatever it comes to."""

Deed = Callable[[int], object]
"""Something done at an instant (µs since 1970 UTC) beside the writer, after all before it is written."""


class Play:
    """Requests and deeds by time, until an instant; ``answered`` and ``refused`` count the answers."""

    def __init__(self, until_us: int) -> None:
        self.until_us = until_us
        self.answered = self.refused = 0
        self._waiting: list[tuple[int, int, tuple[Request, Wish] | Deed]] = []
        self._number = count()

    def ask(self, at_us: int, act: Act, wish: Wish = ANYTHING, **fields: Any) -> None:
        """Ask the writer at an instant, unless that is still to come."""
        if at_us <= self.until_us:
            number = next(self._number)
            request = Request(act, at_us=at_us, **{"key": f"history {number}", **fields})
            heapq.heappush(self._waiting, (at_us, number, (request, wish)))

    def do(self, at_us: int, deed: Deed) -> None:
        """Do something at an instant, unless that is still to come."""
        if at_us <= self.until_us:
            heapq.heappush(self._waiting, (at_us, next(self._number), deed))

    def run(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Ask for everything in order of time; ``HostError`` for an answer that is not what was simulated."""
        while self._waiting:
            batch, deed = self._next()
            if batch:
                self._write(batch)
            if deed is not None:
                deed[1](deed[0])
            if progress is not None:
                progress(self.answered, self.answered + len(self._waiting))

    def _next(self) -> tuple[list[tuple[Request, Wish]], tuple[int, Deed] | None]:
        batch: list[tuple[Request, Wish]] = []
        horizon_us = self._waiting[0][0] + LATER_US
        while self._waiting and self._waiting[0][0] < horizon_us and len(batch) < _BATCH:
            at_us, _, what = heapq.heappop(self._waiting)
            if not isinstance(what, tuple):
                return batch, (at_us, what)
            batch.append(what)
        return batch, None

    def _write(self, batch: list[tuple[Request, Wish]]) -> None:
        answers = write([request for request, _ in batch], now_us=batch[-1][0].at_us)
        for (request, wish), answer in zip(batch, answers, strict=True):
            is_right = wish.refusal == answer.refusal and answer.status < 400
            if not is_right or wish.accepted not in (None, answer.accepted):
                raise HostError(
                    f"the site decided otherwise than the simulation: {request} came to {answer}, not to "
                    f"{wish.accepted} {wish.refusal.name.lower()}"
                )
            self.answered += 1
            self.refused += bool(answer.refusal)
            if wish.follow is not None:
                wish.follow(request, answer)
