"""What is asked of the writer, and what it answers."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import NamedTuple

from comaker.refusals import Refusal
from comaker.words import Stage

PRODUCTION = Stage.PRODUCTION.value
"""The stage whose costs are paid out of the stakes."""


class Act(StrEnum):
    """What somebody wants done."""

    JOIN = "join"
    """A customer's address is verified."""
    SEE = "see"
    """A customer opened a project's page."""
    START = "start"
    """A customer was shown what her stake would come to."""
    STAKE = "stake"
    WITHDRAW = "withdraw"
    BUY = "buy"
    OPEN = "open"
    """Staff publish a project: staking begins."""
    CONFIRM = "confirm"
    """Staff confirm that the money of a reservation came in."""
    LAPSE = "lapse"
    """The clock: reservations whose time is over give their places back."""
    CLOSE = "close"
    """The clock: a project whose time is over is closed, its stakes given back if it was not funded."""
    PRODUCE = "produce"
    RELEASE = "release"
    INCOME = "income"
    COST = "cost"
    SETTLE = "settle"
    """A second person of the staff approves a settlement: it is computed again, and booked."""


class Request(NamedTuple):
    """One thing asked of the writer.

    ``customer``: account number of whom it is about; ``staff``: of who acts for the firm. ``quantity``:
    shares or copies; ``money_minor``: income or cost. ``key``: idempotency key, bound to whoever asks and to
    the act; empty only where the site itself asks. ``reference``: the reservation's or settlement's number.
    ``stage``: of a cost, ``production`` is paid out of the stakes, any other counts against the income.
    ``shown``: what the customer saw, as JSON. ``session`` and ``token``: a log-in that the writer checks
    itself, in the transaction, instead of ``customer``. ``at_us``: when it was asked (µs since 1970 UTC), if
    not now: history that is written afterwards, in order of time.
    """

    act: Act
    project: int | None = None
    customer: int | None = None
    staff: int | None = None
    quantity: int = 0
    money_minor: int = 0
    key: str = ""
    reference: int | None = None
    stage: str | None = None
    shown: str | None = None
    session: str | None = None
    token: bytes | None = None
    at_us: int | None = None


class Answer(NamedTuple):
    """What became of a request. ``status`` is the HTTP status that says the same:

    201 done; 200 refused by a rule (``refusal`` says which; nothing was changed but the log); 401 no valid
    log-in; 403 the token lacks the scope; 404 no such project, reservation or settlement; 409 the same key is
    being worked on (the gateway says so, the writer never: it waits); 422 the same key came with another
    request before; 503 the database was away or too busy: ask again with the same key, which does it once,
    even if it was done and the word of it was lost.
    ``accepted``: shares or copies; ``money_minor``: what they cost, or what was paid out in all;
    ``held_shares`` and ``collected_shares``: after it; ``lapses_us``: until when the money must be there.
    """

    status: int
    refusal: Refusal = Refusal.NONE
    event_id: int | None = None
    accepted: int = 0
    money_minor: int = 0
    held_shares: int = 0
    collected_shares: int = 0
    lapses_us: int | None = None

    @property
    def is_done(self) -> bool:
        """Whether it was done as asked."""
        return self.status == 201

    def text(self) -> str:
        """All but the status, as JSON."""
        lapses = "null" if self.lapses_us is None else self.lapses_us
        event = "null" if self.event_id is None else self.event_id
        return (
            f"[{self.refusal._value_},{event},{self.accepted},{self.money_minor},"
            f"{self.held_shares},{self.collected_shares},{lapses}]"
        )

    @staticmethod
    def read(status: int, text: str) -> Answer:
        """The answer that was kept as text."""
        refusal, *rest = json.loads(text)
        return Answer(status, Refusal(refusal), *rest)

    @property
    def sentence(self) -> str:
        """What to tell whoever asked, where it was not done."""
        return _SENTENCES.get(self.status) or self.refusal.sentence


_SENTENCES = {
    401: "Please log in.",
    403: "This log-in may not do that.",
    404: "There is no such thing here.",
    409: "This request is being worked on already.",
    422: "This request was sent before with other contents.",
    503: "The site is too busy to answer. Please try again: what is sent again counts only once.",
}
