"""What every table of a model file has in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from comaker.model.schema.units import Name, Number, Text, digits_of

Found = Iterator[tuple[tuple[str | int, ...], str]]
"""Mistakes between the keys of one table: the key path inside the table, and what would be right."""


class Table(BaseModel):
    """A frozen table that knows all its keys and reports every mistake between them at once."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    def mistakes(self, digits: int) -> Found:
        """Mistakes that no key shows alone; ``digits`` are the decimals of the currency."""
        yield from ()

    @model_validator(mode="after")
    def _keys_agree(self, info: ValidationInfo) -> Self:
        found = list(self.mistakes(digits_of(info)))
        if found:
            raise PydanticCustomError("mistakes", "the keys of this table disagree", {"found": found})
        return self


def _one_or_more(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


_ONE_OR_MORE = BeforeValidator(_one_or_more, json_schema_input_type=str | tuple[str, ...])

Note = Annotated[
    Text | None,
    Field(default=None, exclude=True, description="Words for those who keep the model."),
]
"""Changes no decision, so no version's hash; neither do sources and assumed gaps."""

Sources = Annotated[
    tuple[Text, ...],
    _ONE_OR_MORE,
    Field(default=(), exclude=True, description="Where it comes from: framework ids, papers, addresses."),
]

Assumed = Annotated[
    tuple[Text, ...],
    _ONE_OR_MORE,
    Field(default=(), exclude=True, description="Gaps of the sources that were filled to write this down."),
]

Names = Annotated[tuple[Name, ...], _ONE_OR_MORE]


class Assumption(Table):
    """A number that the sources do not settle, with its range and where it comes from."""

    value: Number
    """The value that is used."""
    low: Number
    """The least it may plausibly be."""
    high: Number
    """The most it may plausibly be."""
    source: Annotated[Text, Field(exclude=True)]
    """Where the number comes from: a framework id, a paper, or "assumed"."""
    unit: Text | None = None
    """What it is counted in."""
    note: Note

    def mistakes(self, digits: int) -> Found:
        if self.low > self.high:
            yield ("low",), f"low must not exceed high ({self.high:g})"
        elif not self.low <= self.value <= self.high:
            yield ("value",), f"must lie between low and high ({self.low:g} to {self.high:g}), or widen them"


class Chance(Assumption):
    """An assumption between 0 and 1."""

    def mistakes(self, digits: int) -> Found:
        yield from super().mistakes(digits)
        for key, number in (("low", self.low), ("value", self.value), ("high", self.high)):
            if not 0 <= number <= 1:
                yield (key,), "must lie between 0 and 1"
