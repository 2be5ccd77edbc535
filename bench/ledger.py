"""Settlements: are they exact in every case, and how long does a million holders take?

First Comaker's settlement is held against an oracle of exact fractions in random cases, with the largest
remainder (what most shops do) held against the same properties beside it. Then it is timed with its peers:
the same payment written with Python's Decimal, Fraction and int. The order of all rotates between rounds.

    python bench/ledger.py [--quick] [--json FILE]
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction
from math import floor
from typing import NamedTuple

import numpy as np

from comaker.ledger import Holders, Ledger, Settlement, settle
from figures import Figures, arguments

MANY = 1_000_000
POOL_MINOR = 4_200_000_000_07

Split = Callable[[int, Sequence[int]], list[int]]


class Case(NamedTuple):
    """Holdings, the bases of successive settlements, the share, and a cut of the first holding."""

    held: list[int]
    bases: list[int]
    share_ppm: int
    parts: list[int]


def random_case(luck: random.Random) -> Case:
    """Small and large pools, gains and losses, few and many holders."""
    held = [luck.randrange(0, 10 ** luck.randrange(1, 4)) for _ in range(luck.randrange(1, 20))]
    held[0] += 1
    size = 10 ** luck.randrange(1, 15)
    bases = [luck.randrange(-size // 4, size)]
    for _ in range(luck.randrange(3)):
        bases.append(bases[-1] + luck.randrange(-size // 2, size))
    marks = sorted(luck.randrange(held[0] + 1) for _ in range(luck.randrange(1, 5)))
    parts = [high - low for low, high in zip([0, *marks], [*marks, held[0]], strict=True)]
    return Case(held, bases, luck.choice([1_000_000, 300_000, luck.randrange(1_000_001)]), parts)


def settlement(held: Sequence[int], bases: Sequence[int], share_ppm: int) -> Settlement:
    holders = Holders(np.arange(len(held)), np.array(held))
    done = None
    for base in bases:
        done = settle(
            project=1,
            base_minor=base,
            shares_ppm={"producer": share_ppm},
            pro_rata="producer",
            holders=holders,
            shared=done.shared if done else None,
        )
    assert done is not None
    return done


def by_settlement(pool_minor: int, held: Sequence[int]) -> list[int]:
    return settlement(held, [pool_minor], 1_000_000).payments_minor.tolist()


def by_largest_remainder(pool_minor: int, held: Sequence[int]) -> list[int]:
    """Rounded down, then one minor unit more for the largest remainders, in integers."""
    total = sum(held)
    paid = [pool_minor * shares // total for shares in held]
    order = sorted(range(len(held)), key=lambda row: -(pool_minor * held[row] % total))
    for row in order[: pool_minor - sum(paid)]:
        paid[row] += 1
    return paid


def by_decimal(pool_minor: int, held: Sequence[int]) -> list[int]:
    """The largest remainder as it is usually written, with Decimal and cents."""
    pool, total = Decimal(pool_minor), Decimal(sum(held))
    exact = [pool * shares / total for shares in held]
    paid = [part.to_integral_value(ROUND_FLOOR) for part in exact]
    order = sorted(range(len(held)), key=lambda row: paid[row] - exact[row])
    for row in order[: int(pool - sum(paid))]:
        paid[row] += 1
    return [int(amount) for amount in paid]


def by_fraction(pool_minor: int, held: Sequence[int]) -> list[int]:
    """The largest remainder in exact fractions."""
    share = Fraction(pool_minor, sum(held))
    exact = [share * shares for shares in held]
    paid = [floor(part) for part in exact]
    order = sorted(range(len(held)), key=lambda row: paid[row] - exact[row])
    for row in order[: pool_minor - sum(paid)]:
        paid[row] += 1
    return paid


def wrong_by_oracle(case: Case) -> dict[str, bool]:
    """Which properties a sequence of settlements breaks, judged by exact fractions."""
    held, bases, ppm, parts = case
    shared = settlement(held, bases, ppm).shared
    paid = shared.holders_minor.tolist()
    pool = floor(Fraction(max(*bases, 0) * ppm, 1_000_000))
    exact = [floor(Fraction(pool * shares, sum(held))) for shares in held]
    split = settlement([*parts, *held[1:]], bases, ppm).shared.holders_minor.tolist()
    backwards = settlement(held[::-1], bases, ppm).shared.holders_minor.tolist()
    return {
        "not the exact part rounded down": paid != exact,
        "money lost or made": sum(paid) + shared.dust_minor != pool,
        "dust of a whole unit a holder": not 0 <= shared.dust_minor < len(held),
        "gain from splitting": sum(split[: len(parts)]) > paid[0],
        "merging recovers a unit an account": paid[0] - sum(split[: len(parts)]) >= len(parts),
        "order matters": backwards != paid[::-1],
    }


def unfair(split: Split, case: Case) -> dict[str, bool]:
    """The two properties a single payment can break."""
    held, pool = case.held, abs(case.bases[0])
    before, after = split(pool, held), split(pool + 1, held)
    parts = split(pool, [*case.parts, *held[1:]])[: len(case.parts)]
    return {
        "one minor unit more lowers a holder": any(b > a for b, a in zip(before, after, strict=True)),
        "a blind split gains": sum(parts) > before[0],
    }


def check_cases(figures: Figures, cases: int) -> None:
    luck = random.Random(2007)
    ours: dict[str, int] = {}
    peer: dict[str, int] = {}
    for _ in range(cases):
        case = random_case(luck)
        for what, wrong in (wrong_by_oracle(case) | unfair(by_settlement, case)).items():
            ours[what] = ours.get(what, 0) + wrong
        for what, wrong in unfair(by_largest_remainder, case).items():
            peer[what] = peer.get(what, 0) + wrong
    for what, wrong in ours.items():
        figures.add(f"oracle: {what}", "cases", [wrong], at_most=0, note=f"of {cases:,}")
    for what, wrong in peer.items():
        figures.add(f"largest remainder: {what}", "cases", [wrong], note=f"of {cases:,}; the peer")


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def rotated(works: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """The seconds of each, in an order that moves on by one every round."""
    names = list(works)
    times: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            times[name].append(seconds(works[name]))
    return times


class DecimalPosting(NamedTuple):
    """A posting as plain-text accounting programs keep it: an object with a Decimal amount."""

    account: str
    amount: Decimal
    currency: str


def book_objects(customers: list[int], amounts: list[int]) -> dict[str, Decimal]:
    """The peer of booking: one object a payment, summed to zero, then added to the balances."""
    postings = [
        DecimalPosting(f"customer:{customer}", Decimal(amount).scaleb(-2), "EUR")
        for customer, amount in zip(customers, amounts, strict=True)
    ]
    total = sum(posting.amount for posting in postings)
    postings.append(DecimalPosting("project:1", -total, "EUR"))
    assert sum(posting.amount for posting in postings) == 0
    balances: dict[str, Decimal] = {}
    for posting in postings:
        balances[posting.account] = balances.get(posting.account, Decimal(0)) + posting.amount
    return balances


def book(done: Settlement, *, sum_up: bool) -> Ledger:
    ledger = Ledger()
    ledger.append(done.postings(event_id=1, currency="EUR", version="bench"))
    if sum_up:
        ledger.balances()
    return ledger


def check_peers() -> None:
    """Before anything is timed: all pay the pool, nobody more than one minor unit above Comaker's."""
    held = np.random.default_rng(1).integers(1, 700, 1_000).tolist()
    ours = by_settlement(POOL_MINOR, held)
    for peer in (by_largest_remainder, by_decimal, by_fraction):
        theirs = peer(POOL_MINOR, held)
        assert sum(theirs) == POOL_MINOR
        assert all(0 <= t - o <= 1 for t, o in zip(theirs, ours, strict=True))


def time_settling(figures: Figures, rounds: int) -> None:
    for count in (1, 1_000, MANY):
        held = np.random.default_rng(count).integers(1, 700, count)
        plain = held.tolist()
        works: dict[str, Callable[[], object]] = {
            "comaker": lambda held=held: settlement(held, [POOL_MINOR], 1_000_000),
            "int": lambda plain=plain: by_largest_remainder(POOL_MINOR, plain),
            "Decimal": lambda plain=plain: by_decimal(POOL_MINOR, plain),
            "Fraction": lambda plain=plain: by_fraction(POOL_MINOR, plain),
        }
        for name, times in rotated(works, rounds if count == MANY else 5 * rounds).items():
            mine = name == "comaker"
            goal = 1.0 if mine and count == MANY else None
            note = "" if mine else "the peer, largest remainder"
            figures.add(f"settle {count:,} holders: {name}", "s", times, at_most=goal, note=note)


def time_booking(figures: Figures, rounds: int) -> None:
    held = np.random.default_rng(MANY).integers(1, 700, MANY)
    done = settlement(held, [POOL_MINOR], 1_000_000)
    customers, amounts = done.holders.customers.tolist(), done.payments_minor.tolist()
    works: dict[str, Callable[[], object]] = {
        "comaker, settle and append": lambda: book(settlement(held, [POOL_MINOR], 1_000_000), sum_up=False),
        "comaker, append and all balances": lambda: book(done, sum_up=True),
        "objects with Decimal, all balances": lambda: book_objects(customers, amounts),
    }
    for name, times in rotated(works, rounds).items():
        goal = 1.0 if "settle" in name else None
        note = "the peer" if "objects" in name else ""
        figures.add(f"book {MANY:,} payments: {name}", "s", times, at_most=goal, note=note)


def main() -> None:
    options = arguments(__doc__ or "")
    figures = Figures("Settlements", ("comaker", "numpy"))
    check_cases(figures, 10_000 if options.quick else 100_000)
    check_peers()
    time_settling(figures, 1 if options.quick else 5)
    time_booking(figures, 1 if options.quick else 5)
    figures.show()
    figures.write(options.json)


if __name__ == "__main__":
    main()
