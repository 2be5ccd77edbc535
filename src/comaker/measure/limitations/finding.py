"""What a detector of a limitation found, and how it comes to a verdict in three grades."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

import pandas as pd

from comaker.measure.figures import Figure
from comaker.model import Model
from comaker.words import Limitation


class Verdict(StrEnum):
    """How sure a detector is of a limitation."""

    SEEN = "seen"
    NOT_SEEN = "not seen"
    CANNOT_TELL = "cannot tell"


class Sign(NamedTuple):
    """A figure that speaks for a limitation the higher it is.

    ``harmless``: a value up to which nothing is wrong; ``harmful``: one from which the firm should act. No
    source states either: they are ours, and stand beside every verdict.
    """

    figure: Figure
    harmless: float
    harmful: float

    @property
    def verdict(self) -> Verdict:
        """Not seen where the interval lies below what is harmful; seen where it lies above what is harmless;
        otherwise nobody can tell."""
        value = self.figure.value
        if value is None:
            return Verdict.CANNOT_TELL
        low = value if self.figure.low is None else self.figure.low
        high = value if self.figure.high is None else self.figure.high
        if high < self.harmful:
            return Verdict.NOT_SEEN
        return Verdict.SEEN if low > self.harmless else Verdict.CANNOT_TELL

    def sentence(self) -> str:
        """What was seen of it, with interval and number."""
        figure = self.figure
        what = f"{figure.name} ({figure.of})" if figure.of else figure.name
        if figure.value is None:
            return f"{what.replace('_', ' ')}: not identified, {figure.needs}"
        value, low, high = (self._written(each) for each in (figure.value, figure.low, figure.high))
        ends = "" if figure.low is None else f" [{low} to {high}]"
        of = f", of {figure.n:,} {figure.counted}" if figure.counted else ""
        least = figure.value if figure.low is None else figure.low
        is_small = self.verdict == Verdict.NOT_SEEN and least > self.harmless
        said = "there, but too little to harm" if is_small else self.verdict.value
        return f"{what.replace('_', ' ')} {value}{ends}{of}: {said}"

    def _written(self, value: float | None) -> str:
        """A value as it is read: shares per cent."""
        if value is None:
            return ""
        return f"{100 * value:.3g}\N{NO-BREAK SPACE}%" if self.figure.unit == "share" else f"{value:.3g}"

    def criterion(self) -> str:
        """From where it counts as seen, and up to where as not seen."""
        return (
            f"{self.figure.name.replace('_', ' ')}: seen when the interval lies above "
            f"{self._written(self.harmless)}, not seen when it lies below {self._written(self.harmful)}"
        )


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a detector says of its limitation: every figure, those that decide, tables and remarks."""

    limitation: Limitation
    figures: Sequence[Figure]
    signs: Sequence[Sign]
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    remarks: Sequence[str] = ()

    @property
    def verdict(self) -> Verdict:
        """Seen where one sign is; not seen where every sign that is identified is not; otherwise, or where
        none is identified, nobody can tell."""
        verdicts = {sign.verdict for sign in self.signs if sign.figure.value is not None}
        if Verdict.SEEN in verdicts:
            return Verdict.SEEN
        return Verdict.NOT_SEEN if verdicts == {Verdict.NOT_SEEN} else Verdict.CANNOT_TELL

    def evidence(self) -> str:
        """What decided: the signs that were seen first, what is not identified last."""
        order = [Verdict.SEEN, Verdict.CANNOT_TELL, Verdict.NOT_SEEN]
        ranked = sorted(self.signs, key=lambda sign: (sign.figure.value is None, order.index(sign.verdict)))
        return "; ".join(sign.sentence() for sign in ranked)

    def row(self, model: Model) -> dict[str, str]:
        """The finding as a row of the table of verdicts."""
        criteria = dict.fromkeys(sign.criterion() for sign in self.signs)
        return {
            "limitation": self.limitation.value,
            "verdict": self.verdict.value,
            "evidence": self.evidence(),
            "criterion": "; ".join(criteria),
            "remedy": remedy(model, self.limitation),
        }


def remedy(model: Model, limitation: Limitation) -> str:
    """Which techniques the terms declare as a remedy, in use or not."""
    named = {name: each.on for name, each in model.technique.items() if limitation in each.remedies}
    in_use = [name for name, is_on in named.items() if is_on]
    off = [name for name, is_on in named.items() if not is_on]
    parts = [f"in use: {', '.join(in_use)}"] if in_use else []
    parts += [f"declared but switched off: {', '.join(off)}"] if off else []
    return "; ".join(parts) or "the model declares none"
