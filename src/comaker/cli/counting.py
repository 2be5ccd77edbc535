"""``comaker count``: which ideas a budget pays for, by the votes of customers."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from comaker.cli.options import Json
from comaker.cli.output import print_json, print_table, progress, refusals, refuse

if TYPE_CHECKING:
    from comaker.ingest.pabulib import Ballots, Option


class Rule(StrEnum):
    """How votes become a choice."""

    GREEDY = "greedy"
    EQUAL_SHARES = "equal-shares"


def count(
    ballots: Annotated[
        Path, typer.Argument(metavar="BALLOTS.pb", help="Votes in the format of Pabulib, plain or gzip.")
    ],
    rule: Annotated[
        Rule,
        typer.Option(
            help="greedy: most votes first, skipping what no longer fits; equal-shares: every voter has the "
            "same part of the budget, and supporters pay for what they chose together."
        ),
    ] = Rule.GREEDY,
    broad_support: Annotated[
        bool,
        typer.Option(
            "--broad-support",
            help="Leave out options whose share of the voters is below a third of their share of the budget.",
        ),
    ] = False,
    step: Annotated[
        int,
        typer.Option(
            min=1,
            help="equal-shares: by how many units of the currency every voter's part is raised at a time "
            "until the budget is used; more is quicker and coarser.",
        ),
    ] = 1,
    as_json: Json = False,
) -> None:
    """Count votes on how to spend a budget, exactly, and compare with the choice that the file states.

    \b
    Example:
      comaker count ideas.pb --rule equal-shares --broad-support
    """
    with refusals():
        from comaker.ingest.pabulib import read_ballots

        with progress(f"Counting {ballots.name}"):
            cast = read_ballots(ballots)
            found = _counted(ballots, cast, rule, broad_support=broad_support, step=step)
        if as_json:
            print_json({"file": str(ballots), **found})
            return
        _print(found)


def _counted(path: Path, cast: Ballots, rule: Rule, *, broad_support: bool, step: int) -> dict[str, Any]:
    from comaker.ingest.pabulib import CUMULATIVE, ORDINAL
    from comaker.rules.budget import broadly_supported, equal_shares_completed, greedy, votes_of

    if cast.type == ORDINAL or (cast.type == CUMULATIVE and rule is Rule.EQUAL_SHARES):
        what = "approvals and points" if rule is Rule.GREEDY else "approvals"
        refuse(f"{path}: vote_type {cast.type}: {rule} counts {what}, no other ballots")
    costs = [option.cost_minor for option in cast.options]
    votes = votes_of(cast.ballots, len(costs))
    score = _points(cast) if cast.type == CUMULATIVE else votes
    standing = list(range(len(costs)))
    if broad_support:
        standing = broadly_supported(costs, votes, len(cast.ballots), cast.budget_minor)
    place = {option: at for at, option in enumerate(standing)}
    own = [costs[option] for option in standing]
    if rule is Rule.GREEDY:
        chosen = greedy(own, [score[option] for option in standing], cast.budget_minor)
    else:
        kept = [[place[option] for option in ballot if option in place] for ballot in cast.ballots]
        chosen = equal_shares_completed(own, kept, cast.budget_minor, step=step * 10**cast.digits)
    winners = [standing[at] for at in chosen]
    stated = {at for at, option in enumerate(cast.options) if option.is_chosen}
    is_stated = any(option.is_chosen is not None for option in cast.options)
    return {
        "rule": rule.value,
        "currency": cast.currency,
        "minor_digits": cast.digits,
        "voters": len(cast.ballots),
        "budget_minor": cast.budget_minor,
        "spent_minor": sum(costs[option] for option in winners),
        "chosen": [_plain(cast.options[at], votes[at], score[at]) for at in winners],
        "excluded": [option.id for at, option in enumerate(cast.options) if at not in place],
        "repeated": len(cast.repeated),
        "as_stated": set(winners) == stated if is_stated else None,
    }


def _points(cast: Ballots) -> list[int]:
    score = [0] * len(cast.options)
    for ballot, points in zip(cast.ballots, cast.points, strict=True):
        for option, given in zip(ballot, points, strict=True):
            score[option] += given
    return score


def _plain(option: Option, votes: int, score: int) -> dict[str, Any]:
    return {
        "id": option.id,
        "name": option.name,
        "votes": votes,
        "score": score,
        "cost_minor": option.cost_minor,
    }


def _print(found: dict[str, Any]) -> None:
    from comaker.model.schema.units import money_text

    def money(amount_minor: int) -> str:
        return money_text(amount_minor, found["minor_digits"])

    print_table(
        ["option", "name", "votes", f"cost ({found['currency']})"],
        [
            [
                _plain_text(each["id"]),
                _plain_text(each["name"]),
                f"{each['votes']:,}",
                money(each["cost_minor"]),
            ]
            for each in found["chosen"]
        ],
        left=2,
    )
    typer.echo("")
    spent, budget = money(found["spent_minor"]), money(found["budget_minor"])
    typer.echo(f"{len(found['chosen'])} chosen by {found['voters']:,} voters: {spent} of {budget} spent.")
    if found["excluded"]:
        typer.echo(f"Left out for want of broad support: {', '.join(found['excluded'])}.")
    if found["repeated"]:
        typer.echo(f"{found['repeated']:,} options that a ballot named again were counted once.")
    if found["as_stated"] is not None:
        typer.echo(f"The file states {'the same' if found['as_stated'] else 'another'} choice.")


def _plain_text(text: str) -> str:
    """A name of the file with nothing in it that a terminal would obey."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
