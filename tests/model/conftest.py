"""A small whole model, and what is wrong with it once some of its lines are exchanged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from comaker.model import Model, ModelError, Problem, load

SMALL = (Path(__file__).parent / "small.toml").read_text(encoding="utf-8")


def exchanged(*exchanges: tuple[str, str]) -> str:
    """The small model with some of its text exchanged; each must be there."""
    text = SMALL
    for old, new in exchanges:
        assert old in text
        text = text.replace(old, new, 1)
    return text


@pytest.fixture
def model_with(tmp_path: Path) -> Callable[..., Model]:
    """Loads the small model with exchanges of text, and overrides."""

    def load_it(*exchanges: tuple[str, str], changes: tuple[str, ...] = (), amendments: bool = True) -> Model:
        path = tmp_path / "small.toml"
        path.write_text(exchanged(*exchanges), encoding="utf-8")
        return load(path, changes=changes, amendments=amendments)

    return load_it


@pytest.fixture
def problems_with(model_with: Callable[..., Model]) -> Callable[..., tuple[Problem, ...]]:
    """What is wrong with the small model after exchanges of text, and overrides."""

    def problems(*exchanges: tuple[str, str], changes: tuple[str, ...] = ()) -> tuple[Problem, ...]:
        with pytest.raises(ModelError) as refused:
            model_with(*exchanges, changes=changes)
        return refused.value.problems

    return problems


@pytest.fixture
def line_of() -> Callable[[str], int]:
    """The line of the small model on which a text stands first."""
    return lambda text: SMALL[: SMALL.index(text)].count("\n") + 1
