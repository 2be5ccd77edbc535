"""Customer-integrated business models: declare one, simulate it, replay a log under its rules.

The rule that is simulated is the rule that ships: the functions in ``comaker.rules`` decide everywhere.
"""

from comaker.model import Model, ModelError, load
from comaker.replay import ReplayError, replay
from comaker.simulate import SimulationError, compare, simulate

__all__ = ["Model", "ModelError", "ReplayError", "SimulationError", "compare", "load", "replay", "simulate"]
