"""How fast the whole model of My Major Company is: beside the benchmark model, and as a question answered.

    python bench/what_if.py [--quick] [--json FILE]

One run of the declared model and one advance of the benchmark model of `simulate.py` take turns on one
thread, for the same number of customers. Then a comparison of 16 paired runs of 20,000 customers over 104
weeks is asked as a user asks it: from Python, and from a shell with the compiled code on disk.
"""

import subprocess
import sys
import time

import numpy as np
from rich.progress import Progress

from benchmark_model.comaker_kernel import Engine
from comaker.model import load
from comaker.simulate import compare
from comaker.simulate.network import barabasi_albert
from comaker.simulate.run import new_site, one_run, plan_of
from comaker.simulate.size import Size
from figures import Figures, arguments

MODEL, CHANGE = "my-major-company", {"task.stake.terms.cap": "1000.00"}
WEEKS = 104
SETTLED_WEEKS = 300


def timed(work):
    """Seconds of the wall clock and of the processor."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


def beside_the_benchmark(figures, customers, rounds, progress):
    """Customer-weeks a second of both models in turn, and their ratio by processor time."""
    plan = plan_of(load(MODEL, amendments=False))
    engine = Engine(barabasi_albert(customers, 5, np.uint64(1)), 1)
    engine.advance(SETTLED_WEEKS)
    size = Size(customers, WEEKS, 1, 1, False)
    one_run(plan, size, 1)
    whole, small = [], []
    bar = progress.add_task(f"{customers:,} customers, both models", total=rounds)
    for number in range(rounds):
        whole.append(timed(lambda run=number: one_run(plan, size, run + 1)))
        small.append(timed(lambda: engine.advance(WEEKS)))
        progress.advance(bar)
    work = customers * WEEKS
    figures.add(f"declared model, {customers:,}", "customer-weeks/s", [work / wall for wall, _ in whole])
    figures.add(f"benchmark model, {customers:,}", "customer-weeks/s", [work / wall for wall, _ in small])
    figures.add(
        f"declared over benchmark, {customers:,}",
        "times the processor time",
        [one / other for (_, one), (_, other) in zip(whole, small, strict=True)],
        at_most=4,
    )


def memory(figures, customers):
    """Bytes of state a customer beside the network."""
    site = new_site(plan_of(load(MODEL)), customers=customers, weeks=WEEKS, events=False)
    held = sum(column.nbytes for column in site.crowd.customers)
    figures.add("state of a customer beside the network", "bytes", [held / customers], at_most=160)


def answered(figures, rounds, progress):
    """The question as a user asks it."""
    bar = progress.add_task("16 paired runs", total=2 * rounds)
    walls, processors, shells = [], [], []
    for seed in range(rounds):
        wall, processor = timed(lambda seed=seed: compare(MODEL, CHANGE, amendments=False, seed=seed))
        walls.append(wall)
        processors.append(processor)
        progress.advance(bar)
        change = [f"--change={key}={value}" for key, value in CHANGE.items()]
        asked = ["compare", MODEL, "--without-amendments", *change, f"--seed={seed}", "--json"]
        command = [sys.executable, "-c", "from comaker.cli import main; main()", *asked]
        shell, _ = timed(lambda typed=command: subprocess.run(typed, check=True, capture_output=True))
        shells.append(shell)
        progress.advance(bar)
    figures.add("16 paired runs, 20,000 × 104, from Python", "s", walls, at_most=3)
    figures.add("the same, processor", "s", processors, note="both cores added up")
    figures.add("the same from a shell, start and compiled code from disk included", "s", shells)


def main():
    options = arguments(__doc__.splitlines()[0])
    figures = Figures("A what-if with the whole model", ("numpy", "numba", "pandas"))
    rounds = 3 if options.quick else 9
    with Progress(transient=True) as progress:
        for customers in (20_000, 100_000):
            beside_the_benchmark(figures, customers, rounds, progress)
        memory(figures, 20_000)
        answered(figures, rounds, progress)
    figures.show()
    figures.write(options.json)


if __name__ == "__main__":
    main()
