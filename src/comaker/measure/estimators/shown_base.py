"""What it does to conversion that a customer sees how many others take part, within one and the same project.

Projects and weeks each have their own level, so neither a project's appeal nor a busy season counts. Taking a
project's mean out, as usual, would mislead: whoever converts makes the base larger that all later customers
see, so luck early in a project looks like a base that repels. Each look is compared with the later looks
only, and by as much as the looks before it let foresee that the base will grow (Arellano & Bover 1995;
Chamberlain 1987).

By hand, because the libraries that are kept do this for short panels of equal length alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from comaker.measure.estimators.intervals import UNKNOWN, Interval

type Numbers = npt.NDArray[np.float64]
type Codes = npt.NDArray[np.int64]
type _Shape = Callable[[Numbers], Numbers]
type _Cause = tuple[Numbers, _Shape]

FEWEST_PROJECTS = 5
"""In fewer projects a base that grows with time is not told from time."""


def _same(values: Numbers) -> Numbers:
    return values


FORMS: dict[str, _Shape] = {
    "log2(1 + n)": lambda base: np.log2(1 + base),
    "n": _same,
    "n log2(1 + n)": lambda base: base * np.log2(1 + base),
    "n squared": np.square,
}
"""How conversion may rise with a base of n."""


class Looks(NamedTuple):
    """Looks at projects, one entry each, those of a project together and in order of time: ``project`` and
    ``week`` (numbers from 0; weeks of several runs differ), ``base`` shown (float64), ``converted``
    (float64, 0 or 1), ``progress`` shown (share of the goal; None: not shown).
    """

    project: Codes
    week: Codes
    base: Numbers
    converted: Numbers
    progress: Numbers | None = None


class Form(NamedTuple):
    """How well a form fits: ``worse_by`` in Akaike's criterion for moments than the best (Andrews & Lu
    2001), its ``weight`` among all forms, and whether the looks ``reject`` it (Hansen's J at 5 %).
    """

    name: str
    worse_by: float
    weight: float
    reject: bool


def per_doubling(looks: Looks, *, hold_progress: bool = False) -> Interval:
    """By how much conversion (a share) differs for each doubling of 1 + the base shown, within projects and
    weeks.

    ``hold_progress``: between looks that showed the same progress (its square too), so that nearing a goal
    does not count. The probability is linear in the base; the interval is a jackknife over projects with
    Student's t. Not identified where the base shown does not vary within projects, or in fewer than
    ``FEWEST_PROJECTS``.
    """
    causes: list[_Cause] = [(looks.base, FORMS["log2(1 + n)"])]
    if hold_progress:
        if looks.progress is None:
            return UNKNOWN
        causes += [(looks.progress, _same), (looks.progress, np.square)]
    if not len(looks.base):
        return UNKNOWN
    sums = _sums(looks, causes)
    moved = np.abs(sums.causes[:, 0, 0]) > 1e-9
    if moved.sum() < FEWEST_PROJECTS:
        return UNKNOWN
    return _jackknife(sums, int(moved.sum()))


def forms(looks: Looks) -> list[Form]:
    """Each of ``FORMS``, and none at all, judged by the same moments: those of all forms' instruments
    together.
    """
    if not len(looks.base):
        return []
    size = max(float(looks.base.max()), 1.0)
    sums = _sums(looks, [(looks.base, _scaled(shape, size)) for shape in FORMS.values()])
    if len(sums.outcome) < 2 * len(FORMS):
        return []
    outcome, causes = sums.outcome.sum(0), sums.causes.sum(0)
    slope = outcome[0] / causes[0, 0] if causes[0, 0] else 0.0
    each = sums.outcome - slope * sums.causes[:, :, 0]
    weight = np.linalg.pinv(each.T @ each, rcond=1e-8, hermitian=True)
    held = int(np.linalg.matrix_rank(weight, hermitian=True))
    misfit = {"none": float(outcome @ weight @ outcome)}
    for place, name in enumerate(FORMS):
        cause = causes[:, place]
        best = cause @ weight @ outcome / max(float(cause @ weight @ cause), 1e-300)
        rest = outcome - best * cause
        misfit[name] = float(rest @ weight @ rest)
    from scipy.special import chdtrc

    free = {name: held - (name != "none") for name in misfit}
    scores = {name: misfit[name] - 2 * free[name] for name in misfit}
    least = min(scores.values())
    weights = {name: float(np.exp((least - score) / 2)) for name, score in scores.items()}
    return [
        Form(
            name,
            scores[name] - least,
            weights[name] / sum(weights.values()),
            bool(chdtrc(max(free[name], 1), misfit[name]) < 0.05),
        )
        for name in misfit
    ]


class _Sums(NamedTuple):
    """Of each project, instruments times outcome (float64[g, k]) and times causes (float64[g, k, k])."""

    outcome: Numbers
    causes: Numbers


def _scaled(shape: _Shape, size: float) -> _Shape:
    """The same shape, 1 at the largest base, so that squares and logarithms are of one order."""
    largest = float(shape(np.array([size]))[0])
    return lambda base: shape(base) / largest


def _jackknife(sums: _Sums, projects: int) -> Interval:
    from scipy.special import stdtrit

    outcome, causes = sums.outcome.sum(0), sums.causes.sum(0)
    left_out = causes - sums.causes
    if min(1 / np.linalg.cond(causes), float((1 / np.linalg.cond(left_out)).min())) < 1e-10:
        return UNKNOWN
    value = float(np.linalg.solve(causes, outcome)[0])
    without = np.linalg.solve(left_out, (outcome - sums.outcome)[..., None])[:, 0, 0]
    error = np.sqrt((projects - 1) / projects * np.square(without - value).sum())
    # Projects weigh unequally: Satterthwaite's degrees of freedom, as in ``within.slope``.
    part = sums.causes[:, 0, 0] / causes[0, 0]
    freedom = max(1 / float(np.square(part).sum()) - 1, 1.0)
    half = float(stdtrit(freedom, 0.975)) * error
    return Interval(value, value - half, value + half)


def _sums(looks: Looks, causes: list[_Cause]) -> _Sums:
    order = _Order(looks.project)
    weeks = _Weeks(looks, order)
    instruments = [weeks.apart(order.foreseen(*cause)) for cause in causes]
    later = [weeks.apart(order.above_later(shape(path))) for path, shape in causes]
    outcome = weeks.apart(order.above_later(looks.converted))

    def of_projects(values: Numbers) -> Numbers:
        return np.bincount(looks.project, values)

    return _Sums(
        np.stack([of_projects(each * outcome) for each in instruments], axis=1),
        np.stack([np.stack([of_projects(z * x) for x in later], axis=1) for z in instruments], axis=1),
    )


_GAUSS = ((0.1127016653792583, 5 / 18), (0.5, 8 / 18), (0.8872983346207417, 5 / 18))
"""Places and weights that give the mean of a smooth function between 0 and 1."""


class _Order:
    """Each look beside the earlier and the later ones of its project."""

    def __init__(self, project: Codes) -> None:
        self.project = project
        looks = np.bincount(project)
        first = np.cumsum(looks) - looks
        self.earlier = np.arange(len(project)) - first[project]
        self.later = looks[project] - 1 - self.earlier
        # Makes the errors of the differences as large as those of single looks, and uncorrelated.
        self.scale = np.sqrt(self.later / (self.later + 1))

    def _before(self, values: Numbers) -> Numbers:
        """The sum over the earlier looks of the project."""
        running = np.cumsum(values) - values
        first = np.flatnonzero(self.earlier == 0)
        start: Numbers = running - running[first][self.project]
        return start

    def above_later(self, values: Numbers) -> Numbers:
        """Each look's value less the mean of the later ones, scaled; 0 for the last."""
        total = np.bincount(self.project, values)[self.project]
        after = total - self._before(values) - values
        found: Numbers = self.scale * (values - after / np.maximum(self.later, 1))
        return found

    def foreseen(self, path: Numbers, shape: _Shape) -> Numbers:
        """``above_later`` of a shape of what grows along a path, as the looks so far let foresee it.

        It goes on to grow by as much a look as until now, drawn towards the mean of all by ten looks' worth.
        """
        start = path[np.flatnonzero(self.earlier == 0)][self.project]
        usual = (path - start).sum() / max(self.earlier.sum(), 1)
        growth = (path - start + 10 * usual) / (self.earlier + 10)
        ahead = sum(part * shape(np.maximum(path + growth * self.later * far, 0.0)) for far, part in _GAUSS)
        found: Numbers = self.scale * (shape(path) - ahead)
        return found

    def above_later_turned(self, values: Numbers) -> Numbers:
        """The transpose of ``above_later``, as a matrix, times values."""
        scaled = self.scale * values
        found: Numbers = scaled - self._before(scaled / np.maximum(self.later, 1))
        return found


class _Weeks:
    """Takes the levels of weeks out of differences: out of all, so that errors of projects do not share
    them.
    """

    def __init__(self, looks: Looks, order: _Order) -> None:
        from scipy import sparse
        from scipy.sparse.linalg import splu

        self.week, self.order = looks.week, order
        met = sparse.csr_array((np.ones(len(looks.week)), (looks.project, looks.week)))
        own = np.bincount(looks.project)
        shared = sparse.diags_array(met.sum(0)) - met.T @ sparse.diags_array(1 / own) @ met
        # The levels are known but for a constant in each group of linked weeks: a grain of ridge picks one.
        self.solve = splu((shared + 1e-8 * sparse.eye_array(shared.shape[0])).tocsc()).solve

    def apart(self, values: Numbers) -> Numbers:
        """What of the differences of looks no difference between weeks explains."""
        level = self.solve(np.bincount(self.week, self.order.above_later_turned(values)))
        found: Numbers = values - self.order.above_later(level[self.week])
        return found
