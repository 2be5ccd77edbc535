"""The ledger itself: entries are added, never changed or removed; each sums to zero."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from comaker.ledger.postings import LedgerError, PaymentColumns, Posting, sums_of

type Entry = tuple[Posting, ...] | PaymentColumns


class Ledger:
    """Every posting in the order it was booked.

    What is wrong is put right by a new entry that moves the money back, never by changing one.
    """

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._balances: dict[tuple[str, str], int] = {}
        self._counted = 0

    def append(self, postings: Iterable[Posting]) -> None:
        """Book the postings of one event as one entry, all or none; no postings, no entry.

        Raises ``LedgerError``, and books nothing, where an amount is not an integer, an account, rule or
        version is missing, the postings are of several events, rules or versions, or a currency's amounts
        do not sum to zero.
        """
        entry = postings if isinstance(postings, PaymentColumns) else tuple(postings)
        first = next(iter(entry), None)
        if first is None:
            return
        _check_lines(entry.named() if isinstance(entry, PaymentColumns) else entry)
        sums = entry.sums() if isinstance(entry, PaymentColumns) else sums_of(entry)
        for currency, total in sums.items():
            if total != 0:
                place = f"event {first.event_id}: its postings in {currency}"
                raise LedgerError(f"{place} sum to {total} minor units; they must sum to 0")
        self._entries.append(entry)

    def entries(self) -> Iterator[Iterable[Posting]]:
        """The entries in order, each the postings of one event."""
        return iter(self._entries)

    def __iter__(self) -> Iterator[Posting]:
        for entry in self.entries():
            yield from entry

    def balances(self) -> dict[tuple[str, str], int]:
        """What stands in every account that was ever booked, in minor units, by (account, currency)."""
        return dict(self._up_to_date())

    def balance(self, account: str, *, currency: str) -> int:
        """What stands in an account, in minor units; 0 where nothing was ever booked."""
        return self._up_to_date().get((account, currency), 0)

    def _up_to_date(self) -> dict[tuple[str, str], int]:
        # Counted when asked for: an entry of a million payments is booked at once, summed up once.
        balances = self._balances
        for entry in self._entries[self._counted :]:
            for posting in entry:
                key = (posting.account, posting.currency)
                balances[key] = balances.get(key, 0) + posting.amount_minor
        self._counted = len(self._entries)
        return balances


def _check_lines(postings: tuple[Posting, ...]) -> None:
    for posting in postings:
        place = f"event {posting.event_id}, account {posting.account!r}"
        if type(posting.amount_minor) is not int:
            raise LedgerError(f"{place}: {posting.amount_minor!r} is not an integer of minor units")
        missing = [name for name in ("account", "currency", "rule", "version") if not getattr(posting, name)]
        if missing:
            raise LedgerError(f"{place}: it must name its {' and '.join(missing)}")
    origins = {(posting.event_id, posting.rule, posting.version) for posting in postings}
    if len(origins) > 1:
        raise LedgerError(
            f"one entry is one event under one rule and version, not {len(origins)}: {sorted(origins)}"
        )
