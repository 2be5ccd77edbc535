"""Simulate a declared business model on synthetic customers, by the very rules that a site would run."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from comaker.model import Model
    from comaker.simulate.results import Comparison, Simulation
    from comaker.simulate.size import Size

Source = str | os.PathLike[str]
Changes = Mapping[str, str] | Sequence[str]
Progress = Callable[[int, int], None]


class SimulationError(Exception):
    """A simulation that cannot be run as asked; the message says what would be right."""


def simulate(
    model: Source | Model,
    *,
    changes: Changes = (),
    amendments: bool = True,
    customers: int = 20_000,
    weeks: int = 104,
    runs: int = 16,
    seed: int = 1,
    events: bool = False,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Simulation:
    """Simulate a model: a gallery name, a path of a model file, or a model that was loaded.

    ``changes`` to the declared terms, as ``{"task.stake.terms.cap": "1000.00"}`` or ``["key=value"]``;
    ``amendments`` False keeps the terms of the launch throughout. ``customers`` in the population, ``weeks``
    from the launch, ``runs`` replicates with luck of their own. The same ``seed`` gives the same bytes for
    any number of ``threads`` (None: one a core). ``events`` keeps the event table. ``progress`` is called
    with runs done and runs in all.

    Raises ``ModelError`` for a model that is refused, ``SimulationError`` for a size that is.
    """
    size = _size(customers=customers, weeks=weeks, runs=runs, seed=seed, events=events)
    return _simulated([_load(model, changes, amendments)], size, threads=threads, progress=progress)[0]


def compare(
    model: Source,
    changes: Changes,
    *,
    amendments: bool = True,
    customers: int = 20_000,
    weeks: int = 104,
    runs: int = 16,
    seed: int = 1,
    events: bool = False,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Compare a model with itself changed, each run paired with its twin of the same luck.

    Arguments and errors as for ``simulate``. The change applies to the launch terms; an amendment that sets
    the same key later still comes into force unless ``amendments`` is False.
    """
    size = _size(customers=customers, weeks=weeks, runs=runs, seed=seed, events=events)
    if not changes:
        raise SimulationError('nothing to compare: give a change such as {"task.stake.terms.cap": "1000.00"}')
    arms = [_load(model, (), amendments), _load(model, changes, amendments)]
    if arms[0].currency != arms[1].currency:
        raise SimulationError(
            "currency: amounts of different currencies cannot be compared; leave it as it is"
        )
    now, changed = _simulated(arms, size, threads=threads, progress=progress)
    from comaker.simulate.results import Comparison, difference

    parts = [change.partition("=") for change in _written(changes)]
    named = {key.strip(): value.strip() for key, _, value in parts}
    return Comparison(now=now, changed=changed, changes=named, metrics=difference(now, changed))


def _simulated(
    models: list[Model], size: Size, *, threads: int | None, progress: Progress | None
) -> list[Simulation]:
    from comaker.simulate.cache import keep_compiled_code_apart

    keep_compiled_code_apart()
    from comaker.simulate.study import simulated

    return simulated(models, size, threads=threads, progress=progress)


_LIMITS = {
    "customers": (1, 10_000_000),
    "weeks": (1, 5_200),
    "runs": (1, 10_000),
    "seed": (0, 2**63 - 1),
}


def _size(*, customers: int, weeks: int, runs: int, seed: int, events: bool) -> Size:
    from comaker.simulate.size import Size

    given = {"customers": customers, "weeks": weeks, "runs": runs, "seed": seed}
    wrong = [
        f"{name} is {value}: give a whole number from {low:,} to {high:,}"
        for name, value in given.items()
        for low, high in [_LIMITS[name]]
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high
    ]
    if wrong:
        raise SimulationError("\n".join(wrong))
    return Size(customers, weeks, runs, seed, events)


def _written(changes: Changes) -> list[str]:
    if isinstance(changes, Mapping):
        return [f"{key}={value}" for key, value in changes.items()]
    return [changes] if isinstance(changes, str) else list(changes)


def _load(model: Source | Model, changes: Changes, amendments: bool) -> Model:
    from comaker.model import Model, load

    written = _written(changes)
    if not isinstance(model, Model):
        return load(model, changes=written, amendments=amendments)
    if written or not amendments:
        raise SimulationError("a loaded model is simulated as it is: give its name or file to change it")
    return model
