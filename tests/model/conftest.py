"""A small whole model, and what is wrong with it once some of its lines are exchanged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from comaker.model import Model, ModelError, Problem, load

SMALL = """\
name = "Small"
currency = "EUR"
launched = 2007-12-01

[role.producer]
tasks = ["stake", "choose"]

[task.stake]
kind = "stake"
stage = "production"
performer = "customer"
[task.stake.terms]
share_price = "10.00"
goal = "700.00"
cap = "70.00"

[task.choose]
kind = "ballot"
stage = "production"
performer = "customer"
after = ["stake"]

[sharing.album]
of = "net income"
to = { producer = "30%" }
by_shares = { producer = "stake" }

[technique.faq]
kind = "literature"
raises = { clarity = { value = 0.15, low = 0.05, high = 0.3, source = "assumed" } }

[[amendment]]
in_force = 2008-05-22
why = "many small stakes promote more"
set = { "task.stake.terms.cap" = "10.00" }

[[amendment]]
in_force = 2009-05-05
why = "albums cost more"
[amendment.set]
"task.stake.terms.goal" = "1000.00"

[assumption.reach]
value = 0.002
low = 0.0005
high = 0.01
source = "assumed"
"""


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
