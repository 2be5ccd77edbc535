"""What a project owes: the same figures for whoever proposes, approves or reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from comaker.host.models import Event, Holding, Posting, Publication, Standing
from comaker.host.payout import division_of, lines_of, payout_of, terms_of
from comaker.ledger import LedgerError, Settlement

PROJECT = 7


def opened(site: Any, *, earned_minor: int, holdings: dict[int, tuple[int, int, int]]) -> None:
    """A project as the writer leaves it; holdings: shares, of them reserved, paid so far."""
    version = site.model.versions[0]
    Event.objects.create(at_us=1, kind="opened", subject=PROJECT, model=version.hash)
    shares = sum(held for held, _, _ in holdings.values())
    Standing.objects.create(
        project=PROJECT,
        status=1,
        goal_shares=7000,
        most_shares=7000,
        collected_shares=shares,
        reserved_shares=sum(reserved for _, reserved, _ in holdings.values()),
        opened_us=1,
        earned_minor=earned_minor,
        head=bytes(32),
    )
    for customer, (held, reserved, paid) in holdings.items():
        Holding.objects.create(
            project=PROJECT, customer=customer, shares=held, reserved_shares=reserved, paid_minor=paid
        )


def book(settlement: Settlement, *, number: int) -> None:
    """Postings as the writer books them, and what each holder was paid."""
    paid = zip(settlement.holders.customers.tolist(), settlement.payments_minor.tolist(), strict=True)
    moves = [(f"customer:{customer}", amount) for customer, amount in paid]
    moves += [(f"{role}:{PROJECT}", amount) for role, amount in settlement.parties_minor.items()]
    moves += [(f"dust:{PROJECT}", settlement.dust_change_minor)]
    for account, amount in moves:
        ends = (f"project:{PROJECT}", account) if amount > 0 else (account, f"project:{PROJECT}")
        if amount:
            number += 1
            Posting.objects.create(
                event_id=number,
                chain=PROJECT,
                number=number,
                source=ends[0],
                target=ends[1],
                currency="EUR",
                amount_minor=abs(amount),
                rule="sharing",
                version="x",
                hash=bytes(32),
            )
        if account.startswith("customer:"):
            holding = Holding.objects.get(project=PROJECT, customer=int(account[9:]))
            holding.paid_minor += amount
            holding.save()


def test_it_pays_the_declared_shares_and_keeps_what_rounding_leaves(
    database: str, make_site: Callable[..., Any]
) -> None:
    opened(make_site(), earned_minor=10_001, holdings={1: (1, 0, 0), 2: (1, 0, 0), 3: (1, 0, 0)})
    settlement = payout_of(PROJECT)
    assert settlement.payments_minor.tolist() == [1000, 1000, 1000]
    assert settlement.parties_minor == {"artist": 2000}
    assert settlement.total_minor == 5000
    assert settlement.dust_change_minor == 0


def test_shares_whose_money_has_not_come_take_no_part(database: str, make_site: Callable[..., Any]) -> None:
    opened(make_site(), earned_minor=10_000, holdings={1: (10, 0, 0), 2: (40, 30, 0), 3: (5, 5, 0)})
    settlement = payout_of(PROJECT)
    assert dict(zip([1, 2, 3], settlement.payments_minor.tolist(), strict=True)) == {1: 1500, 2: 1500, 3: 0}
    assert [line.customer for line in lines_of(settlement)] == [None, 1, 2]


def test_a_second_payout_pays_only_what_came_since_and_makes_dust_whole(
    database: str, make_site: Callable[..., Any]
) -> None:
    opened(make_site(), earned_minor=1_115, holdings={1: (1, 0, 0), 2: (1, 0, 0), 3: (1, 0, 0)})
    first = payout_of(PROJECT)
    assert first.dust_change_minor > 0
    book(first, number=0)
    assert payout_of(PROJECT).total_minor == 0
    Standing.objects.update(earned_minor=1_120)
    second = payout_of(PROJECT)
    assert second.shared.total_minor == 1_120 // 2
    book(second, number=10)
    assert payout_of(PROJECT).total_minor == 0


def test_the_lines_add_up_to_the_payout(database: str, make_site: Callable[..., Any]) -> None:
    opened(make_site(), earned_minor=99_999, holdings={1: (3, 0, 0), 2: (4, 0, 0)})
    settlement = payout_of(PROJECT)
    lines = list(lines_of(settlement))
    assert sum(line.due_minor for line in lines) + settlement.dust_change_minor == settlement.total_minor
    assert [line.entitled_minor - line.paid_minor for line in lines] == [line.due_minor for line in lines]
    assert [line.role for line in lines] == ["artist", "producer", "producer"]


def test_a_loss_pays_nobody(site: Any) -> None:
    opened(site, earned_minor=-5_000, holdings={1: (3, 0, 0)})
    assert payout_of(PROJECT).total_minor == 0


def test_a7_terms_amended_later_do_not_change_what_is_owed(site: Any) -> None:
    opened(site, earned_minor=10_000, holdings={1: (3, 0, 0)})
    before = payout_of(PROJECT)
    latest = Publication.objects.latest("id")
    text = latest.text + '\n[[amendment]]\nin_force = 2030-01-01\nwhy = "x"\n'
    text = text + 'set = { "sharing.album.to.producer" = "10%" }\n'
    # The first table after the amendments would swallow a table written after it.
    Publication.objects.create(text=text, hash="later")
    assert terms_of(PROJECT).terms_hash == site.model.versions[0].hash
    assert payout_of(PROJECT).total_minor == before.total_minor == 5_000


def test_what_the_firm_keeps_is_no_payment(site: Any) -> None:
    division = division_of(site.model)
    assert division.pro_rata == "producer"
    assert division.shares_ppm == {"producer": 300_000, "artist": 200_000}


def test_a_project_never_opened_is_refused_with_its_number(site: Any) -> None:
    with pytest.raises(LedgerError, match="project 99 was never opened"):
        payout_of(99)
