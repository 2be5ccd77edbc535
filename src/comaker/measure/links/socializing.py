"""Link 3, socialization (F4.3): what a technique does to customers who were offered it by lot.

An experiment is told by ``arm``: "faq: on" and "faq: off" are the arms of the experiment on technique faq.
Arms called off, control, none or hidden are controls. Who met a technique by her own choice is never compared
with who did not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from comaker.measure.estimators import encouragement
from comaker.measure.estimators.encouragement import WEAK, Arm
from comaker.measure.estimators.intervals import proportion
from comaker.measure.figures import About, Figure
from comaker.measure.links.part import Part
from comaker.measure.log import Log
from comaker.measure.moves import MOVES
from comaker.measure.socialization import in_force

CONTROLS = ("off", "control", "none", "hidden")
"""What the arm without the technique is called."""

BROKEN = 0.001
"""Arms whose sizes are less likely than this were not drawn, or not recorded, as they should have been."""

_OFFERED = About(
    "intention_to_treat",
    "Share of customers with a first valid contribution in the arm with the technique, less that in the arm "
    "without (intention to treat).",
    "difference of shares",
    "customers drawn into the two arms",
    "F4.3; interval: Newcombe 1998",
)
_MET = About(
    "complier_effect",
    "Effect of meeting the technique on the share with a first valid contribution, among those who met it "
    "because it was offered (complier effect).",
    "difference of shares",
    "customers drawn into the two arms",
    "F4.3; Imbens & Angrist 1994; interval: Anderson & Rubin 1949",
)
_TAKEN_UP = About(
    "take_up",
    "Share of customers who met the technique in the arm with it, less that in the arm without.",
    "difference of shares",
    "customers drawn into the two arms",
    "F4.3; interval: Newcombe 1998",
)
_SOONER = About(
    "hazard_ratio",
    "Rate of first valid contributions of those without one yet, in the arm with the technique over the arm "
    "without (hazard ratio).",
    "ratio",
    "customers drawn into the two arms",
    "F4.3; Cox 1972",
)
_DONE = About(
    "first_contribution_share",
    "Share of the arm's customers who made a first valid contribution before the log ends.",
    "share",
    "customers in the arm",
    "F4.3; interval: Wilson 1927",
)
_DRAWN = About(
    "share_drawn_into_the_arm",
    "Share of the experiment's customers in the arm; it should hold the share the lot was meant to give.",
    "share",
    "customers in the experiment",
    "interval: Wilson 1927",
)
_EFFECTS = (_OFFERED, _MET, _TAKEN_UP, _SOONER)

_NO_LOT = (
    "no lot decided who was offered a technique; comparing who met it with who did not would measure who "
    'chooses to. An experiment would identify it: arm "faq: on" or "faq: off" on customers\' rows, by lot'
)


class Trial(NamedTuple):
    """An experiment: its name, what its customers did (Ibis, see ``_joined``), and counts by arm."""

    name: str
    customers: ir.Table
    arms: dict[str, Arm]

    @property
    def control(self) -> str:
        """The arm without the technique; "" where none is called so."""
        return next((arm for arm in self.arms if arm.lower() in CONTROLS), "")


def measured(log: Log) -> Part:
    """Figures of link 3, of each experiment on a technique: intention to treat, complier effect and time to
    the first valid contribution (a row of kind done at the technique's tasks), and the balance of its arms.
    """
    figures: list[Figure] = []
    rows: list[dict[str, Any]] = []
    remarks: list[str] = []
    for trial in _trials(log, remarks):
        figures += _figures(trial)
        rows += [{"experiment": trial.name, "arm": arm, **of._asdict()} for arm, of in trial.arms.items()]
        remarks += _balance(trial)
    if not figures:
        figures = [about.missing(_NO_LOT) for about in _EFFECTS]
    columns = ["experiment", "arm", *Arm._fields]
    return Part(figures, {"arms": pd.DataFrame(rows, columns=columns)}, remarks)


def _trials(log: Log, remarks: list[str]) -> Iterator[Trial]:
    """Every experiment on a technique; what is not used of the arms is told in ``remarks``."""
    techniques = in_force(log).technique
    armed = _armed(log)
    for name, arms in _experiments(log.frame(armed.select("arm").distinct()).arm).items():
        if name not in techniques:
            remarks.append(
                f'The experiment "{name}" is on no technique of the model: no effect of socialization.'
            )
            continue
        drawn = log.engine.keep(_joined(log, _drawn(armed, arms), name, techniques[name].tasks))
        if several := int(drawn.is_crossed.cast("int64").sum().to_pyarrow().as_py()):
            remarks.append(f"Customers recorded in several arms of {name} and left out: {several:,}.")
        customers = drawn.filter(~drawn.is_crossed & drawn.is_new)
        yield Trial(name, customers, _arms(log, customers))


def _armed(log: Log) -> ir.Table:
    """Customers' rows with an arm: of all events only where not those of ``log.moves`` alone have one."""
    armed = log.events.filter(log.events.arm.notnull())
    kinds = set(log.frame(armed.select("kind").distinct()).kind)
    events = log.moves if kinds <= set(MOVES) else log.events
    return events.filter(events.customer.notnull(), events.arm.notnull())


def _experiments(recorded: Iterable[str]) -> dict[str, dict[str, str]]:
    """Experiments in the order of their names, each with its arms as recorded and what they are called."""
    found: dict[str, dict[str, str]] = {}
    for whole in recorded:
        name, _, arm = (part.strip() for part in whole.partition(":"))
        if name and arm:
            found.setdefault(name, {})[whole] = arm
    return dict(sorted(found.items()))


def _drawn(armed: ir.Table, arms: dict[str, str]) -> ir.Table:
    """Customers of an experiment: one row a run and customer, with the first arm by name, whether there is
    another, and when she was drawn."""
    own = armed.filter(armed.arm.isin(list(arms)))
    named = own.mutate(arm=ibis.cases(*((own.arm == whole, arm) for whole, arm in arms.items())))
    return named.group_by(["run", "customer"]).aggregate(
        arm=named.arm.min(), is_crossed=named.arm.min() != named.arm.max(), drawn_us=named.at_us.min()
    )


def _joined(log: Log, drawn: ir.Table, technique: str, tasks: Sequence[str]) -> ir.Table:
    """One row a customer drawn: ``arm``, ``is_crossed``, ``is_new``, ``met``, ``did`` and ``waited_us``.

    The wait runs from the draw to the first contribution, to leaving or to the end of the log. Customers who
    had contributed before they were drawn are no newcomers and to be left out, in every arm alike.
    """
    acts = log.acts.filter(log.acts.task.isin(list(tasks))) if tasks else log.acts
    firsts = acts.group_by(["run", "customer"]).aggregate(first_done_us=acts.first_us.min())
    meetings = log.meetings.filter(log.meetings.technique == technique).select("run", "customer", "times")
    keys = ["run", "customer"]
    rows = drawn.left_join(firsts, keys).select(*drawn.columns, "first_done_us")
    rows = rows.left_join(log.left, keys).select(*rows.columns, "left_us")
    rows = rows.left_join(meetings, keys).select(*rows.columns, "times")
    last = ibis.coalesce(rows.first_done_us, rows.left_us, log.cleaned.until_us)
    return rows.select(
        "arm",
        "is_crossed",
        is_new=rows.first_done_us.isnull() | (rows.first_done_us >= rows.drawn_us),
        met=rows.times.notnull(),
        did=rows.first_done_us.notnull(),
        waited_us=ibis.greatest(last - rows.drawn_us, 0),
    )


def _arms(log: Log, customers: ir.Table) -> dict[str, Arm]:
    found = log.frame(
        customers.group_by("arm").aggregate(
            customers=customers.count(),
            met=customers.met.cast("int64").sum(),
            done=customers.did.cast("int64").sum(),
            both=(customers.met & customers.did).cast("int64").sum(),
        )
    ).sort_values("arm")
    counts = found[list(Arm._fields)].to_numpy(np.int64).tolist()
    return {str(name): Arm(*row) for name, row in zip(found.arm, counts, strict=True)}


def _figures(trial: Trial) -> list[Figure]:
    drawn = sum(arm.customers for arm in trial.arms.values())
    figures = []
    for name, arm in trial.arms.items():
        of = f"{trial.name}: {name}"
        figures.append(_DRAWN.estimate(*proportion(arm.customers, drawn), n=drawn, of=of))
        figures.append(_DONE.estimate(*proportion(arm.done, arm.customers), n=arm.customers, of=of))
    if not trial.control or len(trial.arms) < 2:
        needs = f"it has no two arms of which one is called {', '.join(CONTROLS[:-1])} or {CONTROLS[-1]}"
        return [*figures, *(about.missing(needs, n=drawn, of=trial.name) for about in _EFFECTS)]
    for name in trial.arms:
        if name != trial.control:
            figures += _effects(trial, name)
    return figures


def _effects(trial: Trial, treated: str) -> list[Figure]:
    one, other = trial.arms[treated], trial.arms[trial.control]
    of = trial.name if len(trial.arms) == 2 else f"{trial.name}: {treated}"
    n = one.customers + other.customers
    figures = [_OFFERED.estimate(*encouragement.offered(one, other), n=n, of=of)]
    figures.append(_TAKEN_UP.estimate(*encouragement.taken_up(one, other), n=n, of=of))
    if not one.met + other.met:
        needs = 'nobody is recorded to have met it: rows of kind seen whose shown has {"technique": "%s"}'
        figures.append(_MET.missing(needs % trial.name, n=n, of=of))
    else:
        found = encouragement.complied(one, other)
        strength = encouragement.strength(one, other)
        if found.low == found.low:
            figures.append(_MET.estimate(*found, n=n, of=of))
        else:
            needs = f"the lot moved too few to meet it: F is {strength:.1f}, {WEAK:.0f} or more are needed"
            figures.append(_MET.missing(needs, n=n, of=of))
    return [*figures, _sooner(trial, treated, of, n)]


def _sooner(trial: Trial, treated: str, of: str, n: int) -> Figure:
    rows = trial.customers.filter(trial.customers.arm.isin([treated, trial.control]))
    seconds = rows.waited_us // 1_000_000
    # Only the order of waits counts: seconds in the first hour, minutes in the first day, then hours.
    step = ibis.cases((seconds < 3_600, 1), (seconds < 86_400, 60), else_=3_600)
    rows = rows.mutate(waited_s=seconds // step * step)
    counted = rows.group_by(["arm", "waited_s"]).aggregate(
        ended=rows.count(), done=rows.did.cast("int64").sum()
    )
    found: pd.DataFrame = counted.to_pandas()
    ratio = encouragement.hazard_ratio(
        found.waited_s, found.arm == treated, ended=found.ended, done=found.done
    )
    if ratio.low == ratio.low:
        return _SOONER.estimate(*ratio, n=n, of=of)
    return _SOONER.missing("in one of the two arms nobody contributed: a longer log", n=n, of=of)


def _balance(trial: Trial) -> list[str]:
    """A warning where the arms are not of the sizes a fair lot gives."""
    sizes = [arm.customers for arm in trial.arms.values()]
    if encouragement.mismatch(sizes, [1.0] * len(sizes)) >= BROKEN:
        return []
    told = ", ".join(f"{name} {arm.customers:,}" for name, arm in trial.arms.items())
    return [
        f"The arms of {trial.name} are of unlike size ({told}): unless the lot was meant to give that, "
        "customers are missing from one of them and its effects cannot be trusted (sample ratio mismatch)."
    ]
