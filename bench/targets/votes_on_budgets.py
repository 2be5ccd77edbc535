"""Votes on how to spend a budget (Pabulib): the official winners, by our own counting."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from comaker.ingest.pabulib import APPROVAL, Ballots, read_ballots
from comaker.rules.budget import broadly_supported, equal_shares_completed, greedy, votes_of

from . import INFORMATION, Row, need

SOURCE = "Pabulib (Faliszewski et al. 2023)"

EQUAL_SHARES = (
    ("Świecie 2023", "Poland_Swiecie_2023.pb.gz", 17, 1_040_337),
    ("Assen 2024", "Netherlands_Assen_2024.pb.gz", 9, 76_700),
)
"""Where it was used: name, file, official winners, and what they cost."""


def rows(data: Path) -> Iterator[Row]:
    """Recounted votes, Warsaw by greedy, Świecie and Assen by equal shares."""
    folder = need(data / "budget_votes" / "pb")
    cast = {path.name: read_ballots(path) for path in sorted(folder.glob("*.pb.gz"))}
    yield from _recounted(list(cast.values()))
    warsaw = [one for name, one in cast.items() if name.startswith("Poland_Warszawa_")]
    same = sum(_chosen_by_greedy(one) == stated(one) for one in warsaw)
    yield Row(
        "Warsaw 2023 and 2024: districts where greedy chooses the official winners", 36, same, 0, SOURCE
    )
    for place, name, winners, spent in EQUAL_SHARES:
        yield from _equal_shares(place, cast[need(folder / name).name], winners, spent)


def stated(cast: Ballots) -> set[int]:
    """The options that the file says were chosen."""
    return {place for place, option in enumerate(cast.options) if option.is_chosen}


def _recounted(cast: list[Ballots]) -> Iterator[Row]:
    approvals = [one for one in cast if one.type == APPROVAL]
    same = once = 0
    for one in approvals:
        votes = votes_of(one.ballots, len(one.options))
        once += all(option.votes == found for option, found in zip(one.options, votes, strict=True))
        for option in one.repeated:
            votes[option] += 1
        same += all(option.votes == found for option, found in zip(one.options, votes, strict=True))
    what = "approval files whose votes, recounted, are the file's on every project"
    yield Row(what, len(approvals), same, 0, SOURCE)
    said = f"{SOURCE}; a ballot of one Amsterdam file names projects twice, and the file counts them twice"
    yield Row("the same, each ballot counting once for a project", "", once, INFORMATION, said)
    ballots = sum(int(one.meta["num_votes"]) for one in cast)
    yield Row(
        "ballots in all files", ballots, sum(len(one.ballots) for one in cast), 0, f"{SOURCE}: num_votes"
    )


def _chosen_by_greedy(cast: Ballots) -> set[int]:
    costs = [option.cost_minor for option in cast.options]
    return set(greedy(costs, votes_of(cast.ballots, len(costs)), cast.budget_minor))


def _equal_shares(place: str, cast: Ballots, winners: int, spent: int) -> Iterator[Row]:
    costs = [option.cost_minor for option in cast.options]
    standing = list(range(len(costs)))
    if "Świecie" in place:
        votes = votes_of(cast.ballots, len(costs))
        standing = broadly_supported(costs, votes, len(cast.ballots), cast.budget_minor)
        excluded = len(costs) - len(standing)
        yield Row(f"{place}: projects excluded for want of broad support", 1, excluded, 0, SOURCE)
    at = {option: number for number, option in enumerate(standing)}
    ballots = [[at[option] for option in ballot if option in at] for ballot in cast.ballots]
    own = [costs[option] for option in standing]
    chosen = {
        standing[each]
        for each in equal_shares_completed(own, ballots, cast.budget_minor, step=10**cast.digits)
    }
    what = f"{place}, equal shares"
    yield Row(f"{what}: winners", winners, len(chosen), 0, SOURCE)
    yield Row(f"{what}: options chosen otherwise than officially", 0, len(chosen ^ stated(cast)), 0, SOURCE)
    cost = sum(costs[option] for option in chosen) // 10**cast.digits
    yield Row(f"{what}: {cast.currency} spent", spent, cost, 0, SOURCE)
