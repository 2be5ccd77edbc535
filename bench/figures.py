"""What every script under bench/ reports with: the machine, figures with their range, JSON and a table."""

import argparse
import json
import os
import platform
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rich.console import Console
from rich.table import Table


def arguments(description: str) -> argparse.Namespace:
    """The two options that all benchmarks share."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--quick", action="store_true", help="the same figures in a minute, from fewer rounds"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every figure to FILE")
    return parser.parse_args()


def machine(packages: Iterable[str] = ()) -> dict[str, object]:
    """What the figures depend on: processor, cores this process may use, memory, versions."""
    return {
        "processor": _from_proc("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory": _from_proc("/proc/meminfo", "MemTotal"),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {package: _version(package) for package in packages},
    }


def wide_console() -> Console:
    """A console on which notes stay readable when the output goes to a file."""
    console = Console()
    return console if console.is_terminal else Console(width=180)


def _from_proc(file: str, name: str) -> str | None:
    if not Path(file).exists():
        return None
    lines = Path(file).read_text().splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(name)), None)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


@dataclass(frozen=True)
class Figure:
    """A measured quantity: the median over rounds with its range. `note`: what is needed to understand it."""

    name: str
    unit: str
    median: float
    low: float
    high: float
    rounds: int
    goal: str = ""
    reached: bool | None = None
    note: str = ""


@dataclass
class Figures:
    """Collects figures of one subject; shows them as a table and writes them as JSON."""

    subject: str
    packages: tuple[str, ...] = ()
    figures: list[Figure] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def add(
        self,
        name: str,
        unit: str,
        rounds: Iterable[float],
        *,
        at_least: float | None = None,
        at_most: float | None = None,
        note: str = "",
    ) -> Figure:
        """Record the values of all rounds. With a goal, the median decides whether it is reached."""
        values = [float(value) for value in rounds]
        median = statistics.median(values)
        goal, reached = "", None
        if at_least is not None:
            goal, reached = f">= {number(at_least)}", bool(median >= at_least)
        elif at_most is not None:
            goal, reached = f"<= {number(at_most)}", bool(median <= at_most)
        figure = Figure(name, unit, median, min(values), max(values), len(values), goal, reached, note)
        self.figures.append(figure)
        return figure

    def miss(self, what: str) -> None:
        """Report a peer or a measurement that could not run, and why."""
        self.missing.append(what)

    def as_dict(self) -> dict[str, object]:
        """Exactly what the JSON file holds."""
        return {
            "subject": self.subject,
            "machine": machine(self.packages),
            "figures": [asdict(figure) for figure in self.figures],
            "missing": self.missing,
        }

    def show(self, console: Console | None = None) -> None:
        """Print the machine, the figures and what is missing."""
        console = console or wide_console()
        table = Table(title=self.subject, title_justify="left")
        for heading, justify in (
            ("figure", "left"),
            ("median", "right"),
            ("range", "right"),
            ("unit", "left"),
            ("rounds", "right"),
            ("goal", "left"),
            ("note", "left"),
        ):
            table.add_column(heading, justify=justify)
        for figure in self.figures:
            mark = {None: "", True: " reached", False: " NOT reached"}[figure.reached]
            spread = f"{number(figure.low)} – {number(figure.high)}" if figure.rounds > 1 else ""
            table.add_row(
                figure.name,
                number(figure.median),
                spread,
                figure.unit,
                str(figure.rounds),
                figure.goal + mark,
                figure.note,
            )
        console.print(table)
        described = machine(self.packages)
        console.print(", ".join(f"{name} {value}" for name, value in described.items() if name != "versions"))
        console.print(", ".join(f"{name} {value}" for name, value in described["versions"].items()))
        for what in self.missing:
            console.print(f"[bold red]missing:[/] {what}")

    def write(self, path: Path | None) -> None:
        """Write the JSON file, whole or not at all."""
        if path is None:
            return
        temporary = path.with_name(path.name + ".part")
        temporary.write_text(json.dumps(self.as_dict(), indent=2) + "\n")
        os.replace(temporary, path)


def number(value: float) -> str:
    """Three digits, without an exponent where a person can read it."""
    if value == 0 or 0.01 <= abs(value) < 1000:
        return f"{value:.3g}"
    return f"{value:,.0f}" if 1000 <= abs(value) < 100_000 else f"{value:.2e}"
