"""The open books of a project: what came in, what went out, every posting, and the payout line by line."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from comaker.events import Kind
from comaker.host import payout
from comaker.host.access import Access, allow
from comaker.host.context import terms_of
from comaker.host.firm import stake_of
from comaker.host.models import Event, Posting, Project, Reservation, Standing
from comaker.host.pages import reading
from comaker.host.pages.projects import Counted, page_of
from comaker.host.pages.public import firm_of
from comaker.host.wording import clean_name, instant, percent_text, word_of
from comaker.ledger import LedgerError
from comaker.ledger.postings import DUST, exact_sum
from comaker.model import Model
from comaker.rules.sharing import pool_of

POSTINGS = 50
LINES = 50
BLOCK = 1_000
"""Rows read at once for a file, so that it needs the same memory however long the books are."""

MOVING = (Kind.DONE, Kind.WITHDRAWN, Kind.LAPSED, Kind.INCOME, Kind.COST, Kind.PAID)
RISKY = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings of a cell that a spreadsheet would take for a formula."""


class Sums(NamedTuple):
    """What a project's events moved in all, in minor units."""

    staked_minor: int
    returned_minor: int
    income_minor: int
    production_minor: int
    cost_minor: int
    paid_minor: dict[str, int]

    @property
    def stakes_minor(self) -> int:
        """Stakes that are in the project."""
        return self.staked_minor - self.returned_minor

    @property
    def in_minor(self) -> int:
        """All that came in."""
        return self.stakes_minor + self.income_minor

    @property
    def out_minor(self) -> int:
        """All that went out."""
        return self.production_minor + self.cost_minor + sum(self.paid_minor.values())

    @property
    def left_minor(self) -> int:
        """What is there now."""
        return self.in_minor - self.out_minor


class Row(NamedTuple):
    """A posting as people read it."""

    number: int
    at_us: int | None
    kind: str
    source: str
    target: str
    amount_minor: int


def opened_project(slug: str) -> tuple[Project, Standing]:
    """A published project and its standing; 404 for a draft, which has no books yet."""
    found = get_object_or_404(Project, slug=slug)
    standing = Standing.objects.filter(project=found.pk).first()
    if standing is None:
        raise Http404
    return found, standing


@allow(Access.ANYONE)
@require_safe
def books(request: HttpRequest, slug: str) -> HttpResponse:
    """What came in and went out, what waits for its money, and a page of postings."""
    firm = firm_of(request)
    found, standing = opened_project(slug)
    pager = page_of(
        Counted(Posting.objects.filter(chain=found.pk).order_by("number"), POSTINGS, standing.entries),
        request,
    )
    shown = {
        "project": found,
        "standing": standing,
        "card": reading.Card(found, standing, None, reading.price_of(firm)),
        "sums": _sums(found.pk, firm),
        "parts": firm.sharing,
        "waiting": _waiting(found.pk, firm),
        "rows": list(_rows(found, pager.start_index(), pager.end_index(), firm)),
        "page": pager,
    }
    return render(request, "comaker/public/books.html", shown)


@allow(Access.ANYONE)
@require_safe
def payouts(request: HttpRequest, slug: str) -> HttpResponse:
    """The payout that would be due now, line by line, and what was paid before."""
    firm = firm_of(request)
    found, standing = opened_project(slug)
    shown: dict[str, Any] = {"project": found, "standing": standing}
    try:
        opened_under = payout.terms_of(found.pk, terms_of(request)[1])
        basis = payout.Basis(payout.division_of(opened_under), standing.earned_minor)
        settlement = payout.payout_of(found.pk, basis)
    except LedgerError as error:
        return render(request, "comaker/public/payouts.html", {**shown, "problem": str(error)})
    lines = list(payout.lines_of(settlement, basis))
    division, base_minor = basis
    pager = page_of(Counted(lines, LINES, len(lines)), request)
    names = reading.names_of(line.customer for line in pager)
    pools = [
        (word_of(role, firm), percent_text(ppm), pool_of(base_minor, ppm))
        for role, ppm in division.shares_ppm.items()
    ]
    shown |= {
        "base_minor": base_minor,
        "pools": pools,
        "pro_rata": division.pro_rata,
        "total_shares": exact_sum(settlement.holders.shares),
        "lines": [
            (line, names[line.customer] if line.customer else word_of(line.role, firm)) for line in pager
        ],
        "page": pager,
        "due_minor": settlement.total_minor - settlement.dust_change_minor,
        "dust_minor": settlement.shared.dust_minor,
    }
    return render(request, "comaker/public/payouts.html", shown)


@allow(Access.ANYONE)
@require_safe
def books_csv(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """Every posting of the project as a table, written as it is read."""
    firm = firm_of(request)
    found, standing = opened_project(slug)
    answer = StreamingHttpResponse(
        _csv_lines(found, standing.entries, firm), content_type="text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = f'attachment; filename="{found.slug}-books.csv"'
    return answer


def _csv_lines(found: Project, entries: int, firm: Model) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(["number", "at", "kind", "from", "to", "amount_minor", "currency"])
    for first in range(1, entries + 1, BLOCK):
        for row in _rows(found, first, min(first + BLOCK - 1, entries), firm, named=False):
            at = "" if row.at_us is None else instant(row.at_us).isoformat()
            cells = (row.number, at, row.kind, row.source, row.target, row.amount_minor, firm.currency)
            yield writer.writerow([plain_cell(cell) for cell in cells])


def plain_cell(value: object) -> object:
    """A cell that no spreadsheet takes for a formula: an apostrophe stands before what would be one."""
    return f"'{value}" if isinstance(value, str) and value.startswith(RISKY) else value


class _Echo:
    """A file for the csv module that gives each line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def _waiting(project: int, firm: Model) -> dict[str, int]:
    """What waits for its money, in minor units: stakes, booked already, and purchases, not booked yet."""
    found = stake_of(firm)
    rows = (
        Reservation.objects.filter(project=project, state=Reservation.State.WAITING)
        .values_list("task")
        .annotate(Sum("money_minor"))
        .order_by()
    )
    sums = {"stakes": 0, "purchases": 0}
    for task, amount in rows:
        sums["stakes" if found and task == found[0] else "purchases"] += amount
    return sums


def _sums(project: int, firm: Model) -> Sums:
    found = stake_of(firm)
    rows = (
        Event.objects.filter(subject=project, kind__in=[kind.value for kind in MOVING])
        .values_list("kind", "task", "stage", "role")
        .annotate(Sum("money_minor"))
        .order_by()
    )
    sums = dict.fromkeys(("staked", "returned", "income", "production", "cost"), 0)
    paid: dict[str, int] = {}
    for kind, task, stage, role, amount in rows:
        if kind == Kind.PAID:
            name = _("kept for rounding") if role == DUST else word_of(role or "customer", firm)
            paid[name] = paid.get(name, 0) + (amount or 0)
        elif key := _place(kind, task, stage, found[0] if found else ""):
            sums[key] += amount or 0
    return Sums(
        staked_minor=sums["staked"],
        returned_minor=sums["returned"],
        income_minor=sums["income"],
        production_minor=sums["production"],
        cost_minor=sums["cost"],
        paid_minor=paid,
    )


def _place(kind: str, task: str | None, stage: str | None, stake_task: str) -> str:
    if kind == Kind.DONE:
        return "staked" if task == stake_task else ""
    if kind == Kind.COST:
        return "production" if stage == "production" else "cost"
    return "income" if kind == Kind.INCOME else "returned"


def _rows(found: Project, first: int, last: int, firm: Model, *, named: bool = True) -> Iterator[Row]:
    """Postings of a project by their numbers, from the first to the last."""
    postings = list(
        Posting.objects.filter(chain=found.pk, number__gte=first, number__lte=last).order_by("number")
    )
    events = Event.objects.only("at_us", "kind", "stage").in_bulk({posting.event_id for posting in postings})
    names = _names(postings) if named else {}
    for posting in postings:
        event = events.get(posting.event_id)
        yield Row(
            number=posting.number,
            at_us=event.at_us if event else None,
            kind=_kind_text(event, posting, firm) if named else (event.kind if event else posting.rule),
            source=_account_text(posting.source, names, firm) if named else posting.source,
            target=_account_text(posting.target, names, firm) if named else posting.target,
            amount_minor=posting.amount_minor,
        )


def _names(postings: list[Posting]) -> dict[int | None, str]:
    accounts = [name for posting in postings for name in (posting.source, posting.target)]
    return reading.names_of(int(name[9:]) for name in accounts if name.startswith("customer:"))


def _account_text(account: str, names: dict[int | None, str], firm: Model) -> str:
    """An account of the ledger in words."""
    part, _colon, number = account.partition(":")
    if part == "customer":
        return clean_name(names.get(int(number), "")) or _("Customer %s") % number
    words: dict[str, str] = {
        "stakes": _("Stakes"),
        "project": word_of("project", firm).capitalize() + _(": purse"),
        "dust": _("Kept for rounding"),
        "firm": _("The firm"),
        "market": _("Buyers"),
        "suppliers": _("Suppliers"),
    }
    return words.get(part) or word_of(part, firm).capitalize()


def _kind_text(event: Event | None, posting: Posting, firm: Model) -> str:
    if event is None:
        return posting.rule
    texts: dict[str, Callable[[], str]] = {
        Kind.DONE: lambda: pgettext("posting", "Stake"),
        Kind.WITHDRAWN: lambda: _("Stake taken back"),
        Kind.LAPSED: lambda: _("Money never came: given back"),
        Kind.FUNDED: lambda: _("Goal reached: stakes handed over"),
        Kind.EXPIRED: lambda: _("Time over: given back"),
        Kind.INCOME: lambda: pgettext("posting", "Income"),
        Kind.COST: lambda: (
            _("Cost of production") if event.stage == "production" else pgettext("posting", "Cost")
        ),
        Kind.PAID: lambda: _("Payout"),
    }
    return texts[event.kind]() if event.kind in texts else event.kind
