"""How fast and in how much memory a log is measured, beside the same tables written by hand for other tools.

    python bench/measure.py [--rows 1000000 10000000] [--rounds 3] [--quick] [--only report|tables]

Logs are made up (bench/measuring/logs.py) and written to a temporary folder, or to --keep. Every measurement
is a process of its own, with two threads; the tools take turns in each round. The six heaviest tables are
compared with DuckDB's SQL, Polars and pandas, which must come to the same numbers first; the whole report
(every section, and the page) with its heavy tables alone in pandas.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from measuring import logs

THREADS = 2
TOOLS = ("comaker", "sql", "polars", "pandas")
HEAVY = ("days", "acts", "reached", "drawn", "attempts", "exposures")
MODEL = "my-major-company"


def heavy_table(tool: str, name: str, path: Path) -> Callable[[], Any]:
    """What works out one heavy table from the log by one tool, everything imported and opened before."""
    if tool == "sql":
        from measuring.sql import table

        return lambda: table(name, path, threads=THREADS)
    if tool in ("polars", "pandas"):
        from measuring.frames import pandas_events, pandas_table, polars_table

        by_polars, by_pandas = (
            partial(polars_table, name, path),
            lambda: pandas_table(name, pandas_events(path)),
        )
        return by_polars if tool == "polars" else by_pandas
    from comaker import load
    from comaker.measure import tables
    from comaker.measure.engine import DuckDB
    from comaker.measure.measuring import open_log

    events = open_log(path, load(MODEL), DuckDB(threads=THREADS)).events
    if name == "drawn":
        from measuring.sql import PARTS

        return lambda: tables.drawn(events, "customer", PARTS).to_pyarrow()
    return lambda: getattr(tables, name)(events).to_pyarrow()


def whole_report(path: Path) -> None:
    """Every section and the page, as the command line does it."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [
                *(sys.executable, "-m", "comaker", "measure", str(path), "--model", MODEL),
                *("--threads", str(THREADS), "--memory", "3GB", "--out", str(Path(folder) / "report")),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
        )


def pandas_tables(path: Path) -> None:
    """The six tables in pandas from one reading of the log: what a report needs first."""
    from measuring.frames import pandas_events, pandas_table

    events = pandas_events(path)
    for name in HEAVY:
        pandas_table(name, events)


def one(what: str, tool: str, path: Path) -> dict[str, float]:
    """Seconds and the greatest memory of one measurement, in this process."""
    if what == "report":
        work = partial(whole_report if tool == "comaker" else pandas_tables, path)
    else:
        work = heavy_table(tool, what, path)
    began = time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    who = resource.RUSAGE_CHILDREN if (what, tool) == ("report", "comaker") else resource.RUSAGE_SELF
    return {"seconds": seconds, "gigabytes": resource.getrusage(who).ru_maxrss / 2**20}


def measured(what: str, tool: str, path: Path) -> dict[str, float]:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--one", what, tool, str(path)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    if found.returncode:
        raise SystemExit(f"{what} by {tool} failed:\n{found.stderr[-2000:]}")
    return dict(json.loads(found.stdout.splitlines()[-1]))


def check_equal(path: Path) -> None:
    """All tools come to the same numbers: rows, and the sum of every whole number."""
    for name in HEAVY:
        sums = {tool: _sums(heavy_table(tool, name, path)()) for tool in TOOLS}
        wrong = [tool for tool in TOOLS if sums[tool] != sums["sql"]]
        if wrong:
            raise SystemExit(f"{name}: {', '.join(wrong)} differ from SQL: {sums}")


def _sums(table: Any) -> dict[str, int]:
    import pandas as pd

    if not isinstance(table, pd.DataFrame):
        table = (table if hasattr(table, "to_pandas") else table.to_arrow()).to_pandas()
    table = table.rename(columns={"at": "at_us"}) if "at_us" not in table else table
    numbers = table.select_dtypes(["number", "bool"])
    return {
        "rows": len(table),
        **{name: int(numbers[name].dropna().astype("int64").sum()) for name in sorted(numbers)},
    }


def compare(
    title: str, tools: tuple[str, ...], rounds: int, time_one: Callable[[str], dict[str, float]]
) -> None:
    """Rounds in turn, and a line a tool with its ratio to ours: median and range."""
    found: dict[str, list[dict[str, float]]] = {tool: [] for tool in tools}
    for _ in range(rounds):
        for tool in tools:
            found[tool].append(time_one(tool))
    ours = [each["seconds"] for each in found["comaker"]]
    for tool in tools:
        theirs = [each["seconds"] for each in found[tool]]
        ratios = sorted(other / mine for other, mine in zip(theirs, ours, strict=True))
        memory = max(each["gigabytes"] for each in found[tool])
        said = f"{median(ratios):6.2f}× ours [{ratios[0]:.2f}–{ratios[-1]:.2f}]"
        print(f"{title:28} {tool:8} {median(theirs):8.2f} s {memory:6.2f} GB  {said}", flush=True)


def sizes(given: argparse.Namespace) -> Iterator[tuple[int, Path]]:
    """Logs of every length asked for."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(given.keep or made)
        for rows in given.rows:
            path = folder / f"events-{rows}.parquet"
            if not path.exists():
                logs.write(path, rows)
            yield rows, path


def main() -> None:
    """Print the comparisons."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument(
        "--rows", type=int, nargs="+", default=[1_000_000, 10_000_000], help="events of each log"
    )
    asked.add_argument("--rounds", type=int, default=3, help="how often each is measured")
    asked.add_argument("--quick", action="store_true", help="200,000 events, one round")
    asked.add_argument("--only", choices=["tables", "report"], help="one of the two parts")
    asked.add_argument(
        "--no-pandas", action="store_true", help="leave pandas out, which needs the whole log in memory"
    )
    asked.add_argument("--keep", help="a folder where the logs are kept for another time")
    asked.add_argument("--one", nargs=3, metavar=("WHAT", "TOOL", "LOG"), help=argparse.SUPPRESS)
    asked.add_argument("--equal", metavar="LOG", help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.equal:
        check_equal(Path(given.equal))
        return
    if given.one:
        print(json.dumps(one(given.one[0], given.one[1], Path(given.one[2]))))
        return
    if given.quick:
        given.rows, given.rounds = [200_000], 1
    tools = tuple(tool for tool in TOOLS if not (given.no_pandas and tool == "pandas"))
    for rows, path in sizes(given):
        print(f"\n{rows:,} events, {path.stat().st_size / 2**20:,.0f} MB", flush=True)
        if rows <= 1_000_000:
            # In a process of its own: what follows inherits the greatest memory of this one.
            subprocess.run([sys.executable, __file__, "--equal", str(path)], check=True)
            print("all tools come to the same numbers")
        if given.only != "report":
            for name in HEAVY:
                compare(name, tools, given.rounds, partial(measured, name, path=path))
        if given.only != "tables":
            both = tuple(tool for tool in ("comaker", "pandas") if tool in tools)
            compare("report", both, given.rounds, partial(measured, "report", path=path))


if __name__ == "__main__":
    main()
