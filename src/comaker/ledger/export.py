"""The ledger as beancount text, so that an independent program can check every balance."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from comaker.ledger.book import Ledger
from comaker.ledger.postings import LedgerError, Posting


def to_beancount(
    ledger: Ledger, *, minor_digits: Mapping[str, int], dates: Mapping[int, dt.date]
) -> Iterator[str]:
    """The lines of a beancount 3 file: every entry, and what must stand in each account afterwards.

    ``minor_digits``: decimals of each currency (0, 2 or 3); ``dates``: the day of each event. All accounts
    are ``Assets``, because an account says where money is. No rounding is tolerated.
    Raises ``LedgerError`` for a currency or an event that is not given.
    """
    entries = [tuple(entry) for entry in ledger.entries()]
    days = [_given(dates, entry[0].event_id, "the day of event") for entry in entries]
    balances = ledger.balances()
    if not entries:
        return
    yield 'option "title" "Comaker"'
    yield 'option "tolerance_multiplier" "0"'
    for account in sorted({account for account, _ in balances}):
        yield f"{min(days)} open {beancount_account(account)}"
    for day, entry in zip(days, entries, strict=True):
        yield from _transaction(day, entry, minor_digits)
    after = max(days) + dt.timedelta(days=1)
    for (account, currency), amount in sorted(balances.items()):
        money = _decimal(amount, _given(minor_digits, currency, "the decimals of"))
        yield f"{after} balance {beancount_account(account)} {money} {currency}"


def beancount_account(account: str) -> str:
    """An account's name in beancount: ``customer:12`` is ``Assets:Customer:12``."""
    parts = account.replace("_", "-").replace(" ", "-").split(":")
    return ":".join(["Assets", *(part[:1].upper() + part[1:] for part in parts)])


def _transaction(day: dt.date, entry: tuple[Posting, ...], minor_digits: Mapping[str, int]) -> Iterator[str]:
    first = entry[0]
    yield f'{day} * "{first.rule}"'
    yield f'  event: "{first.event_id}"'
    yield f'  version: "{first.version}"'
    for posting in entry:
        money = _decimal(posting.amount_minor, _given(minor_digits, posting.currency, "the decimals of"))
        yield f"  {beancount_account(posting.account)} {money} {posting.currency}"


def _decimal(amount_minor: int, digits: int) -> str:
    whole, part = divmod(abs(amount_minor), 10**digits)
    sign = "-" if amount_minor < 0 else ""
    return f"{sign}{whole}.{part:0{digits}d}" if digits else f"{sign}{whole}"


def _given[K, V](values: Mapping[K, V], key: K, what: str) -> V:
    if key not in values:
        raise LedgerError(f"{what} {key} is not given")
    return values[key]
