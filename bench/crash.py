"""Crashes: is anything lost that a customer was told is done, and how soon is the site open again?

Kills: the gateway serves stakes under granian with a writing process behind it, eight clients send them, and
SIGKILL ends both at a random moment, again and again. After each: every stake that was answered is there
once, asked again with its key it gets the same answer from the next site, the audit of everything finds
nothing wrong, and the time until the database can be read again. On SQLite; with --database also on
PostgreSQL (an address under which databases may be made). To kill often, sites are forked from a process
that has everything imported; they open the database and the port by themselves.

Power cuts: the writer's own code writes through an APSW file system that keeps what was synced and, at
random, parts of the rest, torn and in any order (``powercut.py``). It runs on an APSW connection with the
site's own pragmas in place of Django's; every second cut lets SQLite checkpoint often, so that cuts hit
that too. The control has ``synchronous=NORMAL``, as is often advised: it must lose something.

    python bench/crash.py [--quick] [--json FILE] [--database postgresql://…]
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from crashing.cuts import cut_power
from crashing.kills import kill
from crashing.site import Damage, People, closed_file, populate, start_django, use
from figures import Figures

KILLS_A_SITE = 20
REOPENED_S = 2.0


def report(figures: Figures, what: str, damage: Damage) -> None:
    note = f"{damage.answered:,} answers"
    figures.add(f"{what}: crashes", "crashes", [damage.crashes], note=note)
    figures.add(f"{what}: answered and lost", "requests", [damage.lost], at_most=0)
    figures.add(f"{what}: answered otherwise when asked again", "requests", [damage.changed], at_most=0)
    figures.add(
        f"{what}: wrong by the audit",
        "rows",
        [len(damage.wrong)],
        at_most=0,
        note="; ".join(damage.wrong[:1]),
    )
    slowest = max(damage.reopened_s)
    figures.add(f"{what}: until the database was open again, slowest", "s", [slowest], at_most=REOPENED_S)


def cut_many(figures: Figures, folder: Path, people: People, cuts: int) -> None:
    template = folder / "comaker.sqlite3"
    damage = Damage()
    for seed in range(cuts):
        cut_power(template, folder, people, seed, damage, synchronous="FULL")
    report(figures, "power cuts", damage)
    control = Damage()
    tries = max(cuts // 10, 20)
    for seed in range(tries):
        cut_power(template, folder, people, seed, control, synchronous="NORMAL")
    figures.add(
        "power cuts with synchronous=NORMAL: lost something",
        "cuts",
        [control.crashes_with_loss],
        at_least=1,
        note=f"the control, of {tries}; {control.lost:,} of {control.answered:,} answers lost",
    )


def kill_many(figures: Figures, what: str, site_of: Callable[[int], str], people: People, kills: int) -> None:
    damage, started = Damage(), []
    for turn in range(-(-kills // KILLS_A_SITE)):
        started += kill(site_of(turn), people, min(KILLS_A_SITE, kills - turn * KILLS_A_SITE), turn, damage)
    report(figures, f"SIGKILL on {what}", damage)
    figures.add(f"SIGKILL on {what}: from a fork until it listens", "s", started)


def postgresql_sites(address: str) -> tuple[str, Callable[[int], str]]:
    """An empty database for the first site, and copies of it; all are made anew."""
    import psycopg

    def execute(*statements: str) -> None:
        with psycopg.connect(address, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def named(name: str) -> str:
        before, _, after = address.partition("?")
        return f"{before.rpartition('/')[0]}/{name}" + (f"?{after}" if after else "")

    execute("DROP DATABASE IF EXISTS crash_first WITH (FORCE)", "CREATE DATABASE crash_first")

    def copied(turn: int) -> str:
        use(named("crash_first"))
        from django.db import connection

        connection.close()
        execute(
            "DROP DATABASE IF EXISTS crash_copy WITH (FORCE)",
            "CREATE DATABASE crash_copy TEMPLATE crash_first",
        )
        return named("crash_copy")

    return named("crash_first"), copied


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="20 kills and 40 cuts instead of 1,000 each")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every figure to FILE")
    parser.add_argument(
        "--database", metavar="URL", help="also kill on PostgreSQL: where databases may be made"
    )
    return parser.parse_args()


def main() -> None:
    options = arguments()
    kills, cuts = (20, 40) if options.quick else (1_000, 1_000)
    figures = Figures("Crashes", ("comaker", "django", "apsw", "granian", "psycopg"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        template = folder / "comaker.sqlite3"
        start_django(folder)
        people = populate()
        closed_file(template)
        cut_many(figures, folder, people, cuts)

        def sqlite_site(turn: int) -> str:
            path = folder / f"killed-{turn}.sqlite3"
            shutil.copyfile(template, path)
            return f"sqlite:///{path}"

        kill_many(figures, "SQLite", sqlite_site, people, kills)
        if options.database:
            first, copied = postgresql_sites(options.database)
            use(first)
            people = populate()
            kill_many(figures, "PostgreSQL", copied, people, kills)
        else:
            figures.miss("PostgreSQL: name an address with --database")
    figures.show()
    figures.write(options.json)


if __name__ == "__main__":
    main()
