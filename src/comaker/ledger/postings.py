"""Postings: what an event moves, from which account to which.

An account says where money is, in the words of the framework; its balance is what stands there.

========================  =============================================================================
``customer:12``           what customer 12 was given, less what she gave (E2)
``stakes:3``              stakes in project 3 that can still be withdrawn (F16)
``project:3``             what project 3 has: its stakes once funded, its income, less its costs (E8)
``dust:3``                minor units of project 3 that no holder's whole minor unit reaches yet
``artist:3``, any role    what the project's party of that role was paid (E2)
``firm``                  what the firm has beside its projects (F2)
``market``                buyers who are no customers with an account, negative: what they paid (F2)
``suppliers``             whoever was paid for costs (F2)
========================  =============================================================================

Amounts are signed integers in minor units of the currency: more in the account is positive.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from comaker.events import Event, Kind
from comaker.words import TaskKind

type Column = NDArray[np.int64]

RECORDED = "recorded"
"""The rule of a posting that no rule decided: a fact reported from outside, such as income or a cost."""
SHARING = "sharing"
DUST = "dust"
FIRM = "firm"
MARKET = "market"
SUPPLIERS = "suppliers"
_NOT_ROLES = frozenset({"customer", "stakes", "project", DUST, MARKET, SUPPLIERS})


class LedgerError(Exception):
    """What cannot be booked; the message names the place, the value and what would be right."""


class Posting(NamedTuple):
    """One line of the ledger: ``amount_minor`` more (or, negative, less) in ``account``.

    ``event_id`` is the event it comes from, ``rule`` the file of ``comaker.rules`` that decided (or
    ``RECORDED``), ``version`` the hash of the model in force.
    """

    event_id: int
    account: str
    currency: str
    amount_minor: int
    rule: str
    version: str


@dataclass(frozen=True, eq=False)
class PaymentColumns:
    """The postings of one settlement, with the payments to customers as columns.

    ``customers``: account numbers; ``amounts_minor``: what each is paid, of the same length, both int64;
    ``others``: what the other accounts get or give. Iterating gives every posting that is not 0.
    """

    event_id: int
    currency: str
    rule: str
    version: str
    others: Mapping[str, int]
    customers: Column
    amounts_minor: Column

    def _posting(self, account: str, amount_minor: int) -> Posting:
        return Posting(self.event_id, account, self.currency, amount_minor, self.rule, self.version)

    def named(self) -> tuple[Posting, ...]:
        """The postings beside the payments to customers."""
        return tuple(self._posting(account, amount) for account, amount in self.others.items() if amount)

    def __iter__(self) -> Iterator[Posting]:
        yield from self.named()
        paid = self.amounts_minor.nonzero()
        customers, amounts = self.customers[paid].tolist(), self.amounts_minor[paid].tolist()
        for customer, amount in zip(customers, amounts, strict=True):
            yield self._posting(customer_account(customer), amount)

    def sums(self) -> dict[str, int]:
        """The sum of all amounts of its currency, exact."""
        return {self.currency: sum(self.others.values()) + exact_sum(self.amounts_minor)}


def exact_sum(column: Column) -> int:
    """The sum of a column, never wrapped: halves of 32 bits cannot overflow below 2**31 rows."""
    return (int((column >> 32).sum()) << 32) + int((column & 0xFFFFFFFF).sum())


def sums_of(postings: Iterable[Posting]) -> dict[str, int]:
    """The sum of the amounts of each currency."""
    sums: Counter[str] = Counter()
    for posting in postings:
        sums[posting.currency] += posting.amount_minor
    return dict(sums)


def customer_account(customer: int) -> str:
    """The account of a customer."""
    return f"customer:{customer}"


def dust_account(project: int) -> str:
    """The account of what rounding leaves of a project."""
    return f"{DUST}:{project}"


def party_account(role: str, project: int) -> str:
    """The account of whoever has a role in a project; the firm has one account for all projects.

    Raises ``LedgerError`` for a role named like an account that is not a role's.
    """
    if role in _NOT_ROLES:
        raise LedgerError(f"role {role!r} cannot be paid: {role!r} names accounts of the ledger itself")
    return role if role == FIRM else f"{role}:{project}"


def postings_of(event: Event, *, currency: str, kinds: Mapping[str, TaskKind]) -> tuple[Posting, ...]:
    """The double-entry postings of an event; none where it moves no money (a refusal, a vote).

    ``kinds`` gives the kind of each task of the model. A stake that is ``done`` goes from the customer to
    the project's stakes, one that is ``withdrawn`` (by her, or given back after expiry) or ``lapsed`` (its
    money never came) back again;
    ``funded`` hands all stakes to the project. Money of any other task that is done goes to the firm.
    ``income`` comes from the customer, or from the market, to the project, or without one to the firm;
    a ``cost`` goes from there to the suppliers, and a payment (``paid``) to the customer or to the role
    named. The role ``dust`` names the project's dust; its amount is negative where dust becomes whole.

    Raises ``LedgerError`` for an event without the amount, version, task or parties it needs.
    """
    moved = transfer_of(event, kinds)
    if moved is None:
        return ()
    source, target, amount, rule = moved
    return (
        Posting(event.event_id, source, currency, -amount, rule, event.model),
        Posting(event.event_id, target, currency, amount, rule, event.model),
    )


def transfer_of(event: Event, kinds: Mapping[str, TaskKind]) -> tuple[str, str, int, str] | None:
    """What ``postings_of`` books, in short: from which account, to which, how much (minor units), by which
    rule; None where no money moves. The amount is below 0 only where dust becomes whole.
    """
    route = _ROUTES.get(event.kind)
    if route is None:
        return None
    amount = event.money_minor
    if amount is None and event.kind is not Kind.DONE:
        raise _unclear(event, "it names no amount of money")
    if not amount:
        return None
    if amount < 0 and not (event.kind is Kind.PAID and event.role == DUST):
        raise _unclear(event, f"its amount, {amount} minor units, must be 0 or more")
    if not event.model:
        raise _unclear(event, "it names no version of the model")
    source, target = route(event, kinds)
    return source, target, amount, _rule(event, kinds)


def _unclear(event: Event, what: str) -> LedgerError:
    return LedgerError(f"event {event.event_id} ({event.kind}): {what}")


def _rule(event: Event, kinds: Mapping[str, TaskKind]) -> str:
    if event.kind in (Kind.INCOME, Kind.COST):
        return RECORDED
    if event.kind in (Kind.WITHDRAWN, Kind.LAPSED, Kind.FUNDED):
        return TaskKind.STAKE.value
    if event.kind is Kind.PAID and event.task is None:
        return SHARING
    return _task_kind(event, kinds).value


def _task_kind(event: Event, kinds: Mapping[str, TaskKind]) -> TaskKind:
    if event.task is None or event.task not in kinds:
        known = ", ".join(sorted(kinds)) or "none"
        raise _unclear(event, f"task {event.task!r} is not in the model; it has {known}")
    return kinds[event.task]


def _needed(event: Event, field: str) -> int:
    value: int | None = getattr(event, field)
    if value is None:
        raise _unclear(event, f"it names no {field}")
    return value


def _done(event: Event, kinds: Mapping[str, TaskKind]) -> tuple[str, str]:
    customer = customer_account(_needed(event, "customer"))
    if _task_kind(event, kinds) is TaskKind.STAKE:
        return customer, f"stakes:{_needed(event, 'subject')}"
    return customer, FIRM


def _withdrawn(event: Event, _: object) -> tuple[str, str]:
    return f"stakes:{_needed(event, 'subject')}", customer_account(_needed(event, "customer"))


def _funded(event: Event, _: object) -> tuple[str, str]:
    project = _needed(event, "subject")
    return f"stakes:{project}", f"project:{project}"


def _purse(event: Event) -> str:
    return FIRM if event.subject is None else f"project:{event.subject}"


def _income(event: Event, _: object) -> tuple[str, str]:
    return MARKET if event.customer is None else customer_account(event.customer), _purse(event)


def _cost(event: Event, _: object) -> tuple[str, str]:
    return _purse(event), SUPPLIERS


def _paid(event: Event, _: object) -> tuple[str, str]:
    if event.customer is not None:
        return _purse(event), customer_account(event.customer)
    if event.role is None:
        raise _unclear(event, "it names neither a customer nor a role")
    project = _needed(event, "subject")
    return _purse(event), dust_account(project) if event.role == DUST else party_account(event.role, project)


_ROUTES = {
    Kind.DONE: _done,
    Kind.WITHDRAWN: _withdrawn,
    Kind.LAPSED: _withdrawn,
    Kind.FUNDED: _funded,
    Kind.INCOME: _income,
    Kind.COST: _cost,
    Kind.PAID: _paid,
}
"""What each kind of event that moves money takes from and gives to."""
