"""Counting votes on how to spend a budget: greedy, and the Method of Equal Shares, both exactly.

Options are whatever was voted on (ideas, projects), named by their place from 0. Costs and budgets are whole
numbers of one unit, such as minor units of a currency; nothing is rounded on the way, so two counts of the
same ballots agree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from math import gcd
from typing import NamedTuple

type Ballot = Collection[int]
"""The options that one voter approves of, each once."""


class _Cast(NamedTuple):
    """Ballots as counting needs them: by groups who cast the same one, and so have always the same left.

    ``voters`` of each group; ``wanted_by``: the groups that want an option, for each that somebody wants.
    """

    costs: Sequence[int]
    votes: Sequence[int]
    voters: Sequence[int]
    wanted_by: Mapping[int, Sequence[int]]


class _Offer(NamedTuple):
    """An option and what each supporter pays: ``price`` / ``payers`` parts of the unit, or all she has."""

    option: int
    price: int
    payers: int


def votes_of(ballots: Sequence[Ballot], options: int) -> list[int]:
    """How many ballots approve of each option."""
    votes = [0] * options
    for ballot in ballots:
        for option in ballot:
            votes[option] += 1
    return votes


def broadly_supported(costs: Sequence[int], votes: Sequence[int], voters: int, budget: int) -> list[int]:
    """Options whose share of the voters is at least a third of their share of the budget.

    The rule of Świecie 2023: what would take much of the budget must be wanted by some part of the town.
    """
    return [
        option
        for option, (cost, support) in enumerate(zip(costs, votes, strict=True))
        if 3 * support * budget >= cost * voters
    ]


def greedy(costs: Sequence[int], votes: Sequence[int], budget: int) -> list[int]:
    """Options by votes, skipping what no longer fits, in the order chosen.

    Ties go to the cheaper option, then to the one listed first. Options without a vote are never chosen.
    The rule of most towns (Warsaw's too), called utilitarian greedy by Faliszewski et al. 2023 (IJCAI).
    """
    chosen = []
    for option in sorted(range(len(costs)), key=lambda option: (-votes[option], costs[option], option)):
        if votes[option] and costs[option] <= budget:
            chosen.append(option)
            budget -= costs[option]
    return chosen


def equal_shares(costs: Sequence[int], ballots: Sequence[Ballot], share: Fraction) -> list[int]:
    """What voters buy together of whom each has ``share`` to spend, in the order bought.

    An option is bought by its supporters, each paying the same, or all that is left to her. Next comes the
    option with the lowest payment per unit of its cost, its cost being its worth to a supporter ("cost
    utilities"); ties go to the cheaper option, then to that with more votes, then to the one listed first.
    Peters, Pierczyński and Skowron 2021 (NeurIPS); Faliszewski et al. 2023 (IJCAI).
    """
    return _bought(_cast(costs, ballots), share)


def _cast(costs: Sequence[int], ballots: Sequence[Ballot]) -> _Cast:
    groups = Counter(map(frozenset, ballots))
    wanted_by: dict[int, list[int]] = {}
    for at, ballot in enumerate(groups):
        for option in ballot:
            wanted_by.setdefault(option, []).append(at)
    return _Cast(costs, votes_of(ballots, len(costs)), list(groups.values()), wanted_by)


def _bought(cast: _Cast, share: Fraction) -> list[int]:
    costs, votes, voters, wanted_by = cast
    # What each has left is kept in parts of one unit that grows finer, so that all stay whole numbers.
    unit = share.denominator
    left = [share.numerator] * len(voters)
    # Money only shrinks, so that what an option asks only grows: its last asking is a lower bound.
    asked = dict.fromkeys(wanted_by, Fraction(0))
    chosen: list[int] = []
    while True:
        best: tuple[Fraction, int, int, int] | None = None
        taken = _Offer(-1, 0, 1)
        for option in sorted(asked, key=asked.__getitem__):
            if best and asked[option] > best[0]:
                break
            purses = [(left[at], voters[at]) for at in wanted_by[option]]
            offer = _asked(option, costs[option] * unit, purses)
            if offer is None:
                del asked[option]
                continue
            asked[option] = Fraction(offer.price, offer.payers * unit * (costs[option] or 1))
            rank = (asked[option], costs[option], -votes[option], option)
            if best is None or rank < best:
                best, taken = rank, offer
        if best is None:
            return chosen
        chosen.append(taken.option)
        del asked[taken.option]
        unit *= taken.payers
        left = [each * taken.payers for each in left]
        for at in wanted_by[taken.option]:
            left[at] = max(left[at] - taken.price, 0)


def _asked(option: int, price: int, purses: list[tuple[int, int]]) -> _Offer | None:
    """What an option asks of supporters, (left, voters) each; None where they have not enough together.

    Whoever has less than the mean payment pays all she has, which raises the mean for the others.
    """
    payers = sum(voters for _, voters in purses)
    while payers:
        rich = [(left, voters) for left, voters in purses if left * payers >= price]
        if len(rich) == len(purses):
            common = gcd(price, payers)
            return _Offer(option, price // common, payers // common)
        price -= sum(left * voters for left, voters in purses if left * payers < price)
        purses = rich
        payers = sum(voters for _, voters in rich)
    return None


def equal_shares_completed(
    costs: Sequence[int], ballots: Sequence[Ballot], budget: int, *, step: int
) -> list[int]:
    """Equal shares of a budget, the shares then raised by ``step`` at a time until the budget is used.

    Equal shares alone leave money over, as supporters of some options run out of it. So each voter is given
    one ``step`` (one whole unit of currency) more, again and again, until nothing further would fit into the
    budget or the next step would exceed it ("add-1" of Faliszewski et al. 2023, IJCAI; used in Świecie and
    Assen).
    """
    if not ballots:
        return []
    cast = _cast(costs, ballots)
    chosen = _bought(cast, Fraction(budget, len(ballots)))
    share = budget // (len(ballots) * step) * step
    while _something_fits(cast, chosen, budget):
        share += step
        richer = _bought(cast, Fraction(share))
        if sum(costs[option] for option in richer) > budget:
            break
        chosen = richer
    return chosen


def _something_fits(cast: _Cast, chosen: Sequence[int], budget: int) -> bool:
    left = budget - sum(cast.costs[option] for option in chosen)
    return any(cast.costs[option] <= left for option in cast.wanted_by if option not in chosen)
