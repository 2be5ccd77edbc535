"""Customer-integrated business models: declare one, simulate it, replay a log under its rules, measure one.

The rule that is simulated is the rule that ships: the functions in ``comaker.rules`` decide everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from comaker.measure import MeasureError, measure
from comaker.replay import ReplayError, replay
from comaker.simulate import SimulationError, compare, simulate

if TYPE_CHECKING:
    from comaker.model import Model, ModelError, load

__all__ = [
    "MeasureError",
    "Model",
    "ModelError",
    "ReplayError",
    "SimulationError",
    "compare",
    "load",
    "measure",
    "replay",
    "simulate",
]


def __getattr__(name: str) -> Any:
    # The model's schema takes half a second to build: who only asks for help must not wait for it.
    if name in ("Model", "ModelError", "load"):
        from comaker import model

        return getattr(model, name)
    raise AttributeError(f"module 'comaker' has no attribute {name!r}")
