"""How fast the simulator's way of working is, beside Mesa and NumPy, on one small co-production model.

    python bench/simulate.py [--quick] [--json FILE]

First all engines must agree on the model's outcome, or no speed is printed. Then every engine goes on from
the same week-300 state, in rotated rounds, for 1,000 to 1,000,000 customers. `benchmark_model/__init__.py`
states the model.
"""

import importlib
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
from numba import njit
from rich.progress import Progress

from comaker.simulate.network import barabasi_albert
from figures import Figures, arguments, number, wide_console

PEERS = ("mesa_idiomatic", "mesa_lean", "numpy_arrays", "comaker_kernel")
REFERENCE = "mesa_idiomatic"
LINKS, GUESSED_SPEED = (
    5,
    {"mesa_idiomatic": 6e4, "mesa_lean": 2e5, "numpy_arrays": 1e7, "comaker_kernel": 5e7},
)
LARGEST = {"mesa_idiomatic": 100_000, "mesa_lean": 100_000}
HOME = Path(__file__).parent


def network_of(customers, seed):
    return barabasi_albert(customers, LINKS, np.uint64(seed))


def load_peers(figures):
    """The modules that can be imported; the others are reported."""
    peers = {}
    for name in PEERS:
        try:
            peers[name] = importlib.import_module(f"benchmark_model.{name}")
        except ImportError as error:
            figures.miss(f"{name}: {error}; pip install '.[simulate,bench]'")
    return peers


def outcome(peer, seed):
    """Share of customers who take part in week 150, and money a customer collected until then."""
    engine = importlib.import_module(f"benchmark_model.{peer}").Engine(network_of(2_000, seed), seed)
    course = engine.advance(150)
    return course[-1, 0] / 2_000, course[:, 1].sum() / 2_000


def agree(figures, peers, quick, progress):
    """Do all engines tell the same story as the reference, within 2 standard errors (quick: 3)?"""
    mesa_seeds, other_seeds = (3, 30) if quick else (40, 100)
    # Six comparisons at once: of engines that are the same, one in four differs by 2 errors in some of them.
    most = 3 if quick else 2
    seeds = {peer: mesa_seeds if peer.startswith("mesa") else other_seeds for peer in peers}
    work = [(peer, seed) for peer in peers for seed in range(seeds[peer])]
    bar = progress.add_task("agreement of the outcomes", total=len(work))
    found = {peer: [] for peer in peers}
    with ProcessPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:
        for (peer, _), result in zip(work, pool.map(outcome, *zip(*work, strict=True)), strict=True):
            found[peer].append(result)
            progress.advance(bar)
    agreed = True
    for place, (what, unit) in enumerate(
        (("take part, week 150", "share"), ("collected by week 150", "a customer"))
    ):
        values = {peer: np.array(found[peer])[:, place] for peer in peers}
        errors = {peer: v.std(ddof=1) / len(v) ** 0.5 for peer, v in values.items()}
        for peer, v in values.items():
            apart = abs(v.mean() - values[REFERENCE].mean()) / np.hypot(errors[peer], errors[REFERENCE])
            within = peer == REFERENCE or apart <= most
            agreed &= within
            note = f"mean {v.mean():.5g} ± {errors[peer]:.2g}"
            note += "" if peer == REFERENCE else f", {apart:.1f} standard errors apart"
            figures.add(f"{what}: {peer}", unit, v, note=note)
    return agreed


def threads_change_nothing(kernel):
    """Does the kernel end in the same state, to the last bit, on one thread, on two and on three?"""
    states = []
    for threads in (1, 2, 3):
        engine = kernel.Engine(network_of(5_000, 3), 3, threads=threads)
        engine.advance(60)
        states.append([column.tobytes() for column in engine.state()])
    return states[0] == states[1] == states[2]


def timed(engine, weeks):
    """Seconds on the wall and seconds of all processors."""
    wall, cpu = time.perf_counter(), time.process_time()
    engine.advance(weeks)
    return time.perf_counter() - wall, time.process_time() - cpu


def engines_of(peers, network, customers, threads):
    """Every engine that can hold so many customers, at the state of week 300."""
    kernel = peers["comaker_kernel"]
    first = kernel.Engine(network, 1, threads=threads if customers >= 20_000 else 1)
    first.advance(300)
    state = first.state()
    engines = {}
    for name, module in peers.items():
        if customers <= LARGEST.get(name, customers):
            engines[name] = module.Engine(network, 1)
            engines[name].adopt(state)
    if threads > 1:
        engines[f"comaker_kernel, {threads} threads"] = kernel.Engine(network, 1, threads=threads)
        engines[f"comaker_kernel, {threads} threads"].adopt(state)
    return engines


def race(figures, peers, customers, quick, progress):
    """Customer-weeks a second of every engine, in rotated order: nobody always meets the noise."""
    threads = 2 if len(os.sched_getaffinity(0)) > 1 else 1
    rounds, lasting_s = (2, 0.1) if quick else (9, 0.4)
    bar = progress.add_task(f"speed of {customers:,} customers", total=rounds + 2)
    engines = engines_of(peers, network_of(customers, 1), customers, threads)
    progress.advance(bar)
    weeks = {n: max(1, round(lasting_s * GUESSED_SPEED[n.split(",")[0]] / customers)) for n in engines}
    for name, engine in engines.items():
        if not name.startswith("mesa"):
            engine.advance(1)
    progress.advance(bar)
    speeds, busy, triads = {name: [] for name in engines}, {name: [] for name in engines}, []
    for turn in range(rounds):
        names = list(engines)
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            wall, cpu = timed(engines[name], weeks[name])
            speeds[name].append(customers * weeks[name] / wall)
            busy[name].append(cpu / wall)
        triads.append(triad(threads))
        progress.advance(bar)
    for name in engines:
        processors = np.median(busy[name])
        each = number(1e9 * processors / np.median(speeds[name]))
        note = f"{processors:.2f} processors, {each} ns of them each"
        figures.add(f"{customers:,} customers: {name}", "customer-weeks/s", speeds[name], note=note)
    for name in sorted(set(peers) - set(engines)):
        wait_s = customers / GUESSED_SPEED[name]
        figures.miss(f"{name} at {customers:,} customers: left out, a week takes about {wait_s:.0f} s")
    figures.add(
        f"{customers:,} customers: memory triad",
        "GB/s",
        triads,
        note=f"{threads} threads, a = b + s * c, 24 bytes",
    )
    return {name: np.array(values) for name, values in speeds.items()}, np.array(triads), engines


@njit(cache=True, nogil=True)
def _triad(a, b, c, begin, end):
    for i in range(begin, end):
        a[i] = b[i] + 3.0 * c[i]


@cache
def _triad_arrays():
    arrays = [np.ones(8_000_000) for _ in range(3)]
    _triad(*arrays, 0, 10)
    return arrays


def triad(threads):
    """Memory in GB/s over three arrays of 64 MB, best of 10; lines read to be written do not count."""
    arrays = _triad_arrays()
    items = len(arrays[0])
    edges = np.linspace(0, items, threads + 1).astype(int)
    best = np.inf
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(10):
            began = time.perf_counter()
            list(pool.map(lambda t: _triad(*arrays, edges[t], edges[t + 1]), range(threads)))
            best = min(best, time.perf_counter() - began)
    return 24 * items / best / 1e9


def best_of(speeds):
    """Comaker's speed with as many threads as pay, round by round."""
    ours = [values for name, values in speeds.items() if name.startswith("comaker_kernel")]
    return max(ours, key=np.median)


def compare(figures, customers, speeds):
    """How many times as fast as each peer, in the same rounds."""
    goals = {"mesa_idiomatic": 1_000, "numpy_arrays": 8} if customers == 100_000 else {}
    ours = best_of(speeds)
    note = next(f"with {name}" for name, values in speeds.items() if values is ours)
    for name, values in speeds.items():
        if not name.startswith("comaker_kernel"):
            what = f"{customers:,} customers: Comaker over {name}"
            figures.add(what, "times", ours / values, at_least=goals.get(name), note=note)


def weigh(figures, customers, engine, speeds, triads):
    """Memory a customer needs, and how near the speed is to what the memory can carry."""
    population = engine.population
    beside = sum(a.nbytes for a in population) - population.slices.nbytes - population.neighbours.nbytes
    figures.add(
        f"{customers:,} customers: state beside the network",
        "bytes a customer",
        [beside / customers],
        at_most=160,
    )
    listed = population.neighbours.nbytes / customers
    took_part = np.median(engine.advance(1)[:, 0]) / customers
    must = listed + 24 + 20 + 4 * took_part
    note = f"{must:.0f} bytes must be touched: neighbours {listed:.0f}, fields 24 read and 20 written, "
    note += f"a holding of 2 read and written by {took_part:.0%}"
    figures.add(
        f"{customers:,} customers: share of the memory limit",
        "%",
        100 * best_of(speeds) * must / (triads * 1e9),
        at_least=25 if customers == 1_000_000 else None,
        note=note,
    )


FIRST_STEP = """
import sys, time
began = time.perf_counter()
import numpy as np
from comaker.simulate.network import barabasi_albert
from benchmark_model import comaker_kernel
imported = time.perf_counter()
comaker_kernel.Engine(barabasi_albert(1_000, 5, np.uint64(1)), 1).advance(1)
print(imported - began, time.perf_counter() - imported)
"""
PEAK = """
import sys
from importlib import import_module
import numpy as np
from comaker.simulate.network import barabasi_albert

def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))

module = import_module("benchmark_model." + sys.argv[1])
before = peak()
module.Engine(barabasi_albert(int(sys.argv[2]), 5, np.uint64(1)), 1).advance(2)
print(before, peak())
"""


def apart(code, *words, compiled=None):
    """Run code in a fresh Python and return the numbers it prints."""
    places = [str(HOME), str(HOME.parent / "src"), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(places)}
    if compiled:
        environment["NUMBA_CACHE_DIR"] = compiled
    done = subprocess.run(
        [sys.executable, "-c", code, *words], env=environment, capture_output=True, text=True, check=True
    )
    return [float(word) for word in done.stdout.split()]


def start_up(figures, quick, progress):
    """Time to the first step in a fresh process: once with nothing compiled (a full run only), then from the
    cache on disk."""
    warm_rounds = 2 if quick else 5
    bar = progress.add_task("first step", total=1 + warm_rounds)
    with tempfile.TemporaryDirectory() as empty:
        compiled = None if quick else empty
        _, cold = (None, None) if quick else apart(FIRST_STEP, compiled=compiled)
        progress.advance(bar)
        warm = []
        for _ in range(warm_rounds):
            warm.append(apart(FIRST_STEP, compiled=compiled))
            progress.advance(bar)
    imports, firsts = zip(*warm, strict=True)
    note = "network, population and one week of 1,000 customers"
    if cold is not None:
        figures.add("first step, cold: nothing compiled", "s", [cold], note=note)
    figures.add("first step, warm: compiled code on disk", "s", firsts, at_most=1, note=note)
    figures.add("imports before it", "s", imports)


def peaks(figures, peers, quick, progress):
    """Peak memory of a process that builds the network and the population and lives two weeks."""
    if not Path("/proc/self/status").exists():
        figures.miss("peak memory: only Linux tells it")
        return
    part = 10 if quick else 1
    runs = [(name, LARGEST.get(name, 1_000_000) // part) for name in peers]
    bar = progress.add_task("peak memory", total=len(runs))
    for name, customers in runs:
        before, peak = apart(PEAK, name, str(customers))
        figures.add(
            f"{customers:,} customers: peak memory, {name}",
            "MiB",
            [peak],
            note=f"{number(before)} before it began",
        )
        progress.advance(bar)


def main():
    options = arguments(__doc__.splitlines()[0])
    console = wide_console()
    figures = Figures(
        "The simulator's benchmark model", ("comaker", "numba", "numpy", "scipy", "mesa", "networkx")
    )
    peers = load_peers(figures)
    if not {REFERENCE, "comaker_kernel"} <= set(peers):
        figures.show(console)
        sys.exit(1)
    if not threads_change_nothing(peers["comaker_kernel"]):
        console.print("[bold red]The number of threads changes the outcome: no speed is measured.[/]")
        sys.exit(1)
    with Progress(console=console) as progress:
        if not agree(figures, peers, options.quick, progress):
            progress.stop()
            figures.show(console)
            console.print("[bold red]The engines do not agree: no speed is measured.[/]")
            sys.exit(1)
        for customers in (1_000, 10_000, 100_000, 1_000_000):
            speeds, triads, engines = race(figures, peers, customers, options.quick, progress)
            compare(figures, customers, speeds)
            weigh(figures, customers, engines["comaker_kernel"], speeds, triads)
        start_up(figures, options.quick, progress)
        peaks(figures, peers, options.quick, progress)
    figures.show(console)
    figures.write(options.json)


if __name__ == "__main__":
    main()
