"""Beancount, an independent program, checks every balance that the ledger claims."""

import datetime as dt
import random
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from comaker.events import Event, Kind
from comaker.ledger import Holders, Ledger, LedgerError, postings_of, settle, to_beancount
from comaker.words import TaskKind

DIGITS = {"JPY": 0, "EUR": 2, "BHD": 3}
FUNDED_ON = dt.date(2008, 2, 1)


def referee(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Beancount is run as a program, never imported: its licence is not ours."""
    program = Path(sys.executable).with_name("bean-check")
    found = str(program) if program.exists() else shutil.which("bean-check")
    if found is None:
        pytest.skip("bean-check is not installed (it comes with the extra `dev`)")
    path = folder / "ledger.beancount"
    path.write_text(text, encoding="utf-8")
    return subprocess.run([found, "--no-cache", str(path)], capture_output=True, text=True, check=False)


def history(seed: int, currency: str) -> tuple[Ledger, dict[int, dt.date]]:
    """A project staked on, funded, sold and settled three times, with a loss between."""
    luck = random.Random(seed)
    ledger = Ledger()
    held = [luck.randrange(1, 700) for _ in range(luck.randrange(1, 30))]
    events = [
        Event(0, 0, Kind.DONE, customer=n, task="stake", subject=3, money_minor=shares * 1_000)
        for n, shares in enumerate(held, 1)
    ]
    events.append(Event(0, 0, Kind.FUNDED, subject=3, money_minor=sum(held) * 1_000))
    for number, event in enumerate(events, 1):
        booked = event._replace(event_id=number, model="8f2c")
        ledger.append(postings_of(booked, currency=currency, kinds={"stake": TaskKind.STAKE}))
    number, base, shared = len(events), 0, None
    holders = Holders(np.arange(1, len(held) + 1), np.array(held))
    for kind in (Kind.INCOME, Kind.COST, Kind.INCOME):
        money = luck.randrange(1, 10 ** luck.randrange(1, 13))
        base += money if kind is Kind.INCOME else -money
        event = Event(number + 1, 0, kind, model="8f2c", subject=3, money_minor=money)
        ledger.append(postings_of(event, currency=currency, kinds={}))
        step = settle(
            project=3,
            base_minor=base,
            shares_ppm={"producer": 300_000, "sound_engineer": 200_000, "firm": 500_000},
            pro_rata="producer",
            holders=holders,
            shared=shared,
        )
        ledger.append(step.postings(event_id=number + 2, currency=currency, version="8f2c"))
        number, shared = number + 2, step.shared
    return ledger, {event_id: FUNDED_ON + dt.timedelta(days=event_id) for event_id in range(1, number + 1)}


def exported(seed: int, currency: str) -> str:
    ledger, dates = history(seed, currency)
    return "\n".join(to_beancount(ledger, minor_digits=DIGITS, dates=dates)) + "\n"


@pytest.mark.parametrize("currency", DIGITS)
def test_the_referee_agrees_with_every_balance(currency: str, tmp_path: Path) -> None:
    for seed in range(3):
        verdict = referee(exported(seed, currency), tmp_path)
        assert (verdict.returncode, verdict.stdout + verdict.stderr) == (0, "")


@pytest.mark.parametrize("currency", DIGITS)
@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (" balance Assets:Firm ", "Balance failed for 'Assets:Firm'"),
        ("  Assets:Project:3 ", "Transaction does not balance"),
    ],
)
def test_the_referee_notices_one_minor_unit(currency: str, line: str, complaint: str, tmp_path: Path) -> None:
    rows = exported(1, currency).splitlines()
    row = next(number for number, text in enumerate(rows) if line in text)
    money = next(word for word in rows[row].split() if word.lstrip("-").replace(".", "").isdigit())
    assert money[-1] != "9"
    rows[row] = rows[row].replace(f" {money} ", f" {money[:-1]}{int(money[-1]) + 1} ")
    verdict = referee("\n".join(rows) + "\n", tmp_path)
    assert verdict.returncode != 0
    assert complaint in verdict.stdout + verdict.stderr


def test_every_transaction_names_its_event_rule_and_version() -> None:
    ledger, dates = history(1, "EUR")
    lines = list(to_beancount(ledger, minor_digits=DIGITS, dates=dates))
    assert lines.count('2008-02-02 * "stake"') == 1
    assert lines[lines.index('2008-02-02 * "stake"') + 1 :][:2] == ['  event: "1"', '  version: "8f2c"']
    assert len([line for line in lines if line.startswith("  version:")]) == len(list(ledger.entries()))


def test_amounts_have_the_decimals_of_their_currency() -> None:
    ledger = Ledger()
    for number, currency in enumerate(DIGITS, 1):
        sold = Event(number, 0, Kind.INCOME, model="8f2c", money_minor=1_005)
        ledger.append(postings_of(sold, currency=currency, kinds={}))
    text = "\n".join(to_beancount(ledger, minor_digits=DIGITS, dates=dict.fromkeys((1, 2, 3), FUNDED_ON)))
    for money in ("1005 JPY", "-1005 JPY", "10.05 EUR", "-10.05 EUR", "1.005 BHD", "-1.005 BHD"):
        assert f" {money}" in text


def test_an_empty_ledger_exports_nothing() -> None:
    assert list(to_beancount(Ledger(), minor_digits={}, dates={})) == []


def test_it_says_what_is_missing() -> None:
    ledger, dates = history(1, "EUR")
    with pytest.raises(LedgerError, match="the decimals of EUR is not given"):
        list(to_beancount(ledger, minor_digits={}, dates=dates))
    with pytest.raises(LedgerError, match="the day of event 1 is not given"):
        list(to_beancount(ledger, minor_digits=DIGITS, dates={}))
