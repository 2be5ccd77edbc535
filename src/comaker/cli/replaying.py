"""``comaker replay``: the requests that were really made, under another rule."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from comaker.cli.options import Changes, Json, Out, WithoutAmendments, again, model_options
from comaker.cli.output import print_json, print_table, progress, refusals, refuse, say_amended

if TYPE_CHECKING:
    import pandas as pd

    from comaker.charts.amounts import Money
    from comaker.model import Model
    from comaker.replay.results import Replayed


def replay(
    events: Annotated[Path, typer.Argument(metavar="EVENTS", help="An event table, as import writes it.")],
    model: Annotated[
        str, typer.Option(metavar="MODEL", help="A model of the gallery by name, or a model file.")
    ],
    *,
    change: Changes = [],
    without_amendments: WithoutAmendments = False,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Replay a recorded log under a model's terms: the same requests, the other rule, nobody reacts.

    \b
    Example:
      comaker simulate my-major-company --without-amendments \\
        --events events.parquet
      comaker replay events.parquet --model my-major-company \\
        --change task.stake.terms.cap=500.00 --without-amendments
    """
    with refusals():
        from comaker import events as event_table
        from comaker import report
        from comaker.charts.amounts import Money
        from comaker.model import load
        from comaker.replay import replay as run

        amendments = not without_amendments
        declared = load(model, amendments=amendments)
        if load(model, changes=change, amendments=amendments).currency != declared.currency:
            refuse("currency: amounts of different currencies cannot be compared; leave it as it is")
        if out:
            report.check(out)
        recorded = event_table.read(events)
        rules: dict[str, list[str]] = {"now": [], "changed": change} if change else {"now": []}
        arms = {}
        for arm, changes in rules.items():
            with progress(f"Replaying {events.name} {arm}") as bar:
                arms[arm] = run(recorded, model, changes=changes, amendments=amendments, progress=bar)
        say_amended(declared, change)
        result = _as_dict(arms)
        if out:
            changed = model_options(change, without_amendments=without_amendments)
            command = again("replay", str(events), "--model", model, *changed)
            _report(out, events, declared, arms, result=result, command=command)
        if as_json:
            print_json(result)
        else:
            _say(arms, Money(declared.currency, declared.minor_digits), out)


def _as_dict(arms: dict[str, Replayed]) -> dict[str, Any]:
    """What ``replay --json`` prints: "changed" is null where nothing was changed."""
    parts = {arm: replayed.as_dict() for arm, replayed in arms.items()}
    last = parts.get("changed", parts["now"])
    sides: dict[str, Any] = {
        arm: {key: part[key] for key in ("hash", "outcomes", "summary")} for arm, part in parts.items()
    }
    common = {key: last[key] for key in ("label", "model", "changes", "currency")}
    return {**common, "changed": None, **sides}


def _outcomes(arms: dict[str, Replayed]) -> pd.DataFrame:
    import pandas as pd

    return pd.concat([each.outcomes.assign(arm=arm) for arm, each in arms.items()], ignore_index=True)


def _figures(arms: dict[str, Replayed], money: Money) -> pd.DataFrame:
    """Name, unit and a column an arm; money in the currency's own unit."""
    table = arms["now"].summary[["name", "unit"]].copy()
    in_minor = table["unit"] == "minor units"
    for arm, replayed in arms.items():
        values = replayed.summary["value"].astype(float)
        table[arm] = values.where(~in_minor, values / 10.0**money.minor_digits)
    table.loc[in_minor, "unit"] = money.unit
    return table


def _say(arms: dict[str, Replayed], money: Money, out: Path | None) -> None:
    from comaker.charts.amounts import label, number

    typer.echo(f"{arms['now'].label[:1].upper()}{arms['now'].label[1:]}.\n")
    outcomes = _outcomes(arms)
    rows = outcomes.pivot_table(
        index="refusal", columns="arm", values=["requests", "money_minor"], aggfunc="sum", fill_value=0
    )
    print_table(
        ["outcome", *(f"{what}, {arm}" for arm in arms for what in ("requests", money.unit))],
        [
            [
                "Accepted" if refusal == "none" else label(str(refusal)),
                *(
                    number(float(amount))
                    for arm in arms
                    for amount in (row["requests", arm], money.major(row["money_minor", arm]))
                ),
            ]
            for refusal, row in rows.sort_values(("requests", "now"), ascending=False).iterrows()
        ],
    )
    typer.echo("")
    print_table(
        ["figure", "unit", *arms],
        [
            [label(row["name"]), row["unit"], *(number(row[arm]) for arm in arms)]
            for row in _figures(arms, money).to_dict("records")
        ],
        left=2,
    )
    if out:
        typer.echo(f"\nThe report: {out / 'index.html'}")


def _report(
    out: Path, events: Path, model: Model, arms: dict[str, Replayed], *, result: dict[str, Any], command: str
) -> None:
    from comaker import report
    from comaker.charts.amounts import Money

    changed = arms.get("changed")
    facts = {
        "Record": events.name,
        "Model": model.name,
        "Hash of the terms": ", ".join(f"{each.hash} ({arm})" for arm, each in arms.items()),
        "Change": " and ".join(f"{key} = {value}" for key, value in changed.changes.items())
        if changed
        else "none",
        "What it is": arms["now"].label,
    }
    report.write_replay(
        out,
        model=model,
        outcomes=_outcomes(arms),
        figures=_figures(arms, Money(model.currency, model.minor_digits)),
        facts=facts,
        result=result,
        command=command,
    )
