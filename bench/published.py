"""Published numbers beside ours, worked out from the same data.

    python bench/published.py --data DIR [--only votes] [--json FILE]

A row a target: what was published, ours, the difference, the verdict (met, missed, or information where
nothing was published) and the source. DIR holds one folder a data set (budget_votes, crowdfunding,
customer_survey, idea_votes, incentive_email, networks, repeat_purchase, service_logs), each with a README
that says where its files come from; they are not part of this repository. Exits with 1 where a target is
missed or could not be tried for want of a file.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from targets import Absent, Row, rows_of, topics


def judged(data: Path, only: str = "") -> Iterator[tuple[str, Row | Absent]]:
    """Every row of every topic whose name holds ``only``, or what its data lack."""
    for name in topics():
        if only not in name:
            continue
        try:
            for row in rows_of(name, data):
                yield name, row
        except Absent as absent:
            yield name, absent


def _shown(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:,.5g}"


def _line(row: Row) -> str:
    apart = row.difference if row.verdict != "information" else None
    difference = "" if apart is None else "0" if apart == 0 else f"{apart:+.2g}"
    ours, published = _shown(row.ours), _shown(row.published)
    return f"{row.verdict:11} {row.target:84} {published:>14} {ours:>14} {difference:>9}  {row.source}"


def main() -> None:
    """Print the table; exit status 1 where a target is missed or a file is absent."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder of the data sets")
    asked.add_argument("--only", default="", help="topics whose name holds this: " + ", ".join(topics()))
    asked.add_argument("--json", type=Path, metavar="FILE", help="also write every row to FILE")
    given = asked.parse_args()
    if not given.data.is_dir():
        asked.exit(1, f"{given.data}: no such folder: name the one that holds the data sets (see --help)\n")
    if not any(given.only in name for name in topics()):
        asked.exit(1, f"--only {given.only}: no topic of that name; there are {', '.join(topics())}\n")
    began, topic, rows, missing = time.perf_counter(), "", [], 0
    print(f"{'verdict':11} {'target':84} {'published':>14} {'ours':>14} {'differs':>9}  source")
    for name, row in judged(given.data, given.only):
        if name != topic:
            topic = name
            print(f"\n{name.replace('_', ' ')}")
        if isinstance(row, Absent):
            missing += 1
            print(f"{'not tried':11} {row}", flush=True)
        else:
            rows.append(row)
            print(_line(row), flush=True)
    count = {
        verdict: sum(row.verdict == verdict for row in rows) for verdict in ("met", "missed", "information")
    }
    said = ", ".join(f"{number} {verdict}" for verdict, number in count.items())
    print(f"\n{said}, {missing} topics not tried; {time.perf_counter() - began:.0f} s")
    if given.json:
        listed = [row._asdict() | {"difference": row.difference, "verdict": row.verdict} for row in rows]
        for each in listed:
            each["tolerance"] = None if each["verdict"] == "information" else each["tolerance"]
        given.json.write_text(json.dumps(listed, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    sys.exit(1 if missing or count["missed"] else 0)


if __name__ == "__main__":
    main()
