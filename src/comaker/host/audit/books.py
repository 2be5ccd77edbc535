"""Every posting held against its event and its chain; what stands in each account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from comaker.events import Event, Kind
from comaker.host.audit.findings import Findings
from comaker.host.audit.rows import EventRow, PostingRow
from comaker.host.writer.chain import BEGINNING, Link, link
from comaker.host.writer.terms import Terms
from comaker.ledger import LedgerError, postings_of

KINDS = frozenset(Kind)
NEVER_NEGATIVE = ("stakes:", "dust:")
"""Accounts that cannot be overdrawn, by the beginning of their names."""

type Line = tuple[str, str, str, int, str, str]
_COLUMNS = PostingRow._fields[4:10]


class Books:
    """Walks through all postings beside the events, chain by chain.

    ``balances``: what stands in each account by (account, currency), in minor units. ``entries`` and
    ``head`` are those of the chain that is being read.
    """

    def __init__(
        self, postings: Iterable[PostingRow], terms: Mapping[str, Terms], findings: Findings
    ) -> None:
        self.balances: dict[tuple[str, str], int] = {}
        self.counted = 0
        self._rows = iter(postings)
        self._next = next(self._rows, None)
        self._terms = terms
        self._findings = findings
        self._begin()

    def _begin(self) -> None:
        self.entries, self.head = 0, BEGINNING

    def open(self, project: int) -> None:
        """Come to the chain of a project; chains before it belong to none."""
        while self._next is not None and self._next.chain < project:
            self._orphan(self._take(), "a project with events")
        self._begin()

    def event(self, event: EventRow) -> None:
        """Hold the postings of an event against what it should have booked."""
        while (row := self._waiting(event.project)) is not None and row.event_id < event.id:
            self._orphan(self._take(), f"an event of project {event.project}, in their order")
        right = self._lines(event)
        for line in right:
            row = self._waiting(event.project)
            if row is None or row.event_id != event.id:
                self._findings.add("event", event.id, "its posting", says="missing", right=_told(line))
                continue
            self._take()
            if row[4:10] != line:
                for name, value in zip(_COLUMNS, line, strict=True):
                    self._findings.check("posting", row.id, name, says=getattr(row, name), right=value)
        while (row := self._waiting(event.project)) is not None and row.event_id == event.id:
            self._take()
            said = f"event {event.id} ({event.kind})"
            self._findings.add(
                "posting", row.id, "its event", says=said, right=f"one that books {len(right) + 1}"
            )

    def close(self, project: int) -> None:
        """Leave the chain of a project."""
        while self._waiting(project) is not None:
            self._orphan(self._take(), f"an event of project {project}, in their order")

    def finish(self) -> None:
        """Come to the end of all chains."""
        while self._next is not None:
            self._orphan(self._take(), "a project with events")

    def _waiting(self, project: int) -> PostingRow | None:
        row = self._next
        return row if row is not None and row.chain == project else None

    def _orphan(self, row: PostingRow, right: str) -> None:
        self._findings.add("posting", row.id, "event_id", says=row.event_id, right=right)

    def _take(self) -> PostingRow:
        row = self._next
        assert row is not None
        self._next = next(self._rows, None)
        self.counted += 1
        self._findings.check("posting", row.id, "number", says=row.number, right=self.entries + 1)
        right = link(self.head, Link(*row[1:-1]))
        self._findings.check("posting", row.id, "hash", says=row.hash, right=right)
        # Go on from what it says: what follows is not wrong too.
        self.entries, self.head = row.number, row.hash
        self._move(row.source, row, -row.amount_minor)
        self._move(row.target, row, row.amount_minor)
        return row

    def _move(self, account: str, row: PostingRow, amount_minor: int) -> None:
        key = (account, row.currency)
        balance = self.balances.get(key, 0) + amount_minor
        self.balances[key] = balance
        if balance < 0 and account.startswith(NEVER_NEGATIVE):
            said = f"{balance} minor units after it"
            self._findings.add("posting", row.id, f"the balance of {account}", says=said, right="0 or more")

    def _lines(self, event: EventRow) -> list[Line]:
        """Source, target, currency, amount, rule and version of each posting that an event books."""
        terms = self._terms.get(event.model)
        if terms is None or event.kind not in KINDS:
            return []
        plain = Event(
            event.id,
            event.at_us,
            Kind(event.kind),
            model=event.model,
            customer=event.customer,
            role=event.role,
            task=event.task,
            subject=event.subject,
            quantity=event.quantity,
            money_minor=event.money_minor,
        )
        try:
            lines = postings_of(plain, currency=terms.currency, kinds=terms.kinds)
        except LedgerError as error:
            self._findings.add(
                "event", event.id, "what it books", says=error, right="what the ledger can book"
            )
            return []
        if not lines:
            return []
        given, taken = lines if lines[0].amount_minor < 0 else lines[::-1]
        line = (given.account, taken.account, taken.currency, taken.amount_minor, taken.rule, taken.version)
        return [line]


def _told(line: Line) -> str:
    source, target, currency, amount_minor, rule, version = line
    return f"{amount_minor} minor units of {currency} from {source} to {target} ({rule}, {version})"
