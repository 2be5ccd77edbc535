"""What is wrong with a model file, said so that an operator can mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import NamedTuple


class Problem(NamedTuple):
    """One mistake: where it stands, what was written, and what would be right.

    ``file`` is the path as given, or ``"change"`` for an override; ``line`` counts from 1 (for an
    override: which one, 0 when there is no line to name); ``key`` is the dotted key path, empty for
    the file as a whole; ``value`` is what was written, shortened, as text.
    """

    file: str
    line: int
    key: str
    value: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        what = f" {self.key}" if self.key else ""
        written = f" = {self.value}" if self.value else ""
        text = f"{place}:{what}{written}: {self.message}" if what or written else f"{place}: {self.message}"
        # One line, and nothing that a terminal would obey.
        return "".join(letter if letter.isprintable() else "?" for letter in text)


class ModelError(ValueError):
    """The model was refused; ``problems`` holds every mistake found, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))

    def __reduce__(self) -> tuple[type[ModelError], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A sentence naming the nearest known word, or listing the few there are."""
    words = sorted(set(known))
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    if not words:
        return "none is declared"
    if len(words) > 24:
        return f"there are {len(words)}, beginning {', '.join(words[:8])}"
    return f"known here: {', '.join(words)}"


def shown(value: object) -> str:
    """What was written, on one line and short enough to read in a message."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = f'"{value}"' if type(value) is str else str(value)
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:57] + "..."
