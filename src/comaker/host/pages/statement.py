"""A customer's statement: her events in a project in order, with what each moved by the books."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Q
from django.utils.translation import gettext as _

from comaker.events import Kind
from comaker.host.models import Event, Posting, Reservation
from comaker.host.pages.words import copies_text, reference_of, shares_text
from comaker.ledger.postings import customer_account
from comaker.refusals import Refusal

_SIGNS = {Kind.DONE: 1, Kind.WITHDRAWN: -1, Kind.LAPSED: -1}
_SENTENCES = {refusal.name.lower(): refusal.sentence for refusal in Refusal}


class Line(NamedTuple):
    """One line: when (µs), what happened, shares more or fewer, held after it; money given and got.

    ``balance_minor`` is all she got less all she gave, up to this line. ``waits_us``: until when its money
    is waited for; ``moved`` is False for what changed nothing.
    """

    at_us: int
    text: str
    shares: int
    held_shares: int
    given_minor: int
    got_minor: int
    balance_minor: int
    reference: str
    waits_us: int | None

    @property
    def moved(self) -> bool:
        """Whether shares or money changed hands."""
        return bool(self.shares or self.given_minor or self.got_minor)


def lines_of(project: int, customer: int, stake_task: str) -> list[Line]:
    """A customer's lines in a project, oldest first."""
    events = Event.objects.filter(subject=project, customer=customer).order_by("id")
    moved = _moved(project, customer)
    waiting = {
        each.event: each
        for each in Reservation.objects.filter(Reservation.of(customer), state=Reservation.State.WAITING)
    }
    lines, held, balance = [], 0, 0
    for event in events:
        is_stake = event.task == stake_task
        shares = _SIGNS.get(Kind(event.kind), 0) * (event.quantity or 0) if is_stake else 0
        given, got = moved.get(event.id, (0, 0))
        held, balance = held + shares, balance + got - given
        order = waiting.get(event.id)
        lines.append(
            Line(
                at_us=event.at_us,
                text=_text(event, is_stake),
                shares=shares,
                held_shares=held,
                given_minor=given,
                got_minor=got,
                balance_minor=balance,
                reference=reference_of(event.id) if order else "",
                waits_us=order.lapses_us if order else None,
            )
        )
    return lines


def _moved(project: int, customer: int) -> dict[int, tuple[int, int]]:
    """What each event took from the customer and gave her, by the postings of the project."""
    account = customer_account(customer)
    found: dict[int, tuple[int, int]] = {}
    postings = Posting.objects.filter(Q(source=account) | Q(target=account), chain=project)
    for event, target, amount in postings.values_list("event_id", "target", "amount_minor"):
        given, got = found.get(event, (0, 0))
        found[event] = (given, got + amount) if target == account else (given + amount, got)
    return found


def _text(event: Event, is_stake: bool) -> str:
    number = abs(event.quantity or 0)
    things = shares_text(number) if is_stake else copies_text(number)
    words = {"things": things, "reason": _SENTENCES.get(event.refusal or "", "")}
    kind = Kind(event.kind)
    if kind is Kind.REFUSED and is_stake and (event.quantity or 0) < 0:
        return _("You asked for %(things)s back, which was refused: %(reason)s") % words
    if kind is Kind.REFUSED:
        return _("You asked for %(things)s, which was refused: %(reason)s") % words
    texts = {
        (Kind.STARTED, True): _("You looked at what %(things)s would come to"),
        (Kind.DONE, True): _("You took %(things)s"),
        (Kind.CONFIRMED, True): _("Your money for %(things)s arrived"),
        (Kind.WITHDRAWN, True): _("You gave %(things)s back"),
        (Kind.LAPSED, True): _("%(things)s went back, because the money did not arrive in time"),
        (Kind.STARTED, False): _("You ordered %(things)s"),
        (Kind.DONE, False): _("Your order of %(things)s is complete"),
        (Kind.INCOME, False): _("You paid for %(things)s"),
        (Kind.ABANDONED, False): _("The order of %(things)s was dropped: the money did not arrive in time"),
        (Kind.PAID, False): _("Your part of the income"),
    }
    return texts.get((kind, is_stake), kind.value) % words
